"""The tables of the journal's file, and the steps by which files of earlier releases get them."""

from __future__ import annotations

import sqlite3
from typing import Final

from footfall.checksums import checksum
from footfall.sqlite import Schema
from gateway.records import RecordKind
from gateway.state import decided
from gateway.state import journal_reader as journaled

MAY_HOLD_IDENTIFIERS: Final = "may_hold_identifiers"
"""A key in `meta`."""
_FIRST: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE records (pos INTEGER PRIMARY KEY, received_ns INTEGER NOT NULL, kind INTEGER NOT NULL, store TEXT NOT NULL,
    agent TEXT NOT NULL, seq INTEGER NOT NULL, offset_ns INTEGER NOT NULL, time_quality INTEGER NOT NULL,
    clock_width_ns INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE marks (agent TEXT, epoch TEXT, seq INTEGER NOT NULL, next_row INTEGER NOT NULL, made_ns INTEGER NOT NULL,
    PRIMARY KEY (agent, epoch)) WITHOUT ROWID;
CREATE TABLE clocks (agent TEXT, boot TEXT, at_boot_ns INTEGER NOT NULL, low_ns INTEGER NOT NULL, high_ns INTEGER NOT NULL,
    restarts INTEGER NOT NULL, PRIMARY KEY (agent, boot)) WITHOUT ROWID;
CREATE TABLE event_ids (id BLOB PRIMARY KEY, received_ns INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE balance (name TEXT PRIMARY KEY, total INTEGER NOT NULL) WITHOUT ROWID;
"""
_KEYS_AND_DATES: Final = """
ALTER TABLE records ADD COLUMN key_base INTEGER NOT NULL DEFAULT -1;
ALTER TABLE marks ADD COLUMN key_base INTEGER NOT NULL DEFAULT -1;
ALTER TABLE marks ADD COLUMN sure_ns INTEGER NOT NULL DEFAULT 0;
"""
_CHECKED: Final = """
ALTER TABLE records ADD COLUMN rows INTEGER;
ALTER TABLE records ADD COLUMN rows_total INTEGER;
ALTER TABLE records ADD COLUMN crc INTEGER;
ALTER TABLE marks ADD COLUMN crc INTEGER;
ALTER TABLE clocks ADD COLUMN crc INTEGER;
CREATE TABLE aside (pos INTEGER PRIMARY KEY, first_pos INTEGER NOT NULL, received_ns INTEGER NOT NULL, from_ns INTEGER NOT NULL,
    store TEXT NOT NULL, agent TEXT NOT NULL, rows INTEGER NOT NULL, rows_total INTEGER NOT NULL, reason TEXT NOT NULL,
    crc INTEGER NOT NULL);
"""


def _check_memory(db: sqlite3.Connection) -> None:
    """What accept remembers gets its checksums; where the journal ends and how far it was pruned is written down."""
    marks, clocks = "seq, next_row, made_ns, key_base, sure_ns", "at_boot_ns, low_ns, high_ns, restarts"
    for table, columns, key in (("marks", marks, "epoch"), ("clocks", clocks, "boot")):
        rows = db.execute(f"SELECT agent, {key}, {columns} FROM {table}").fetchall()
        db.executemany(f"UPDATE {table} SET crc=? WHERE agent=? AND {key}=?", [(checksum(*row), *row[:2]) for row in rows])
    last = db.execute("SELECT pos, received_ns FROM records ORDER BY pos DESC LIMIT 1").fetchone() or (0, 0)
    journaled.write_down(db, "head", *last, -1 if last[0] else 0)
    first = db.execute("SELECT pos FROM records WHERE kind != ? ORDER BY pos LIMIT 1", (RecordKind.SITE,)).fetchone() or (last[0] + 1,)
    sites = db.execute("SELECT count(*) FROM records WHERE pos < ?", first).fetchone()[0]
    journaled.write_down(db, "pruned", 0 if sites == first[0] - 1 else first[0] - 1)


_PSEUDONYMISED: Final = f"""
INSERT OR IGNORE INTO meta VALUES ('{MAY_HOLD_IDENTIFIERS}', 1);
ALTER TABLE event_ids ADD COLUMN content BLOB;
"""
"""Records of earlier releases hold staff's identifiers in clear: `pseudonymised.hide_identifiers` takes the mark away with them."""

SCHEMA: Final = Schema(
    "a journal",
    "records",
    _FIRST,
    (_KEYS_AND_DATES + decided.TABLES, _CHECKED, _check_memory, decided.CHECKED, decided.check, _PSEUDONYMISED),
)
"""A column that records get one day goes to the end of `Record`, with a default; who changes what is remembered renews its checksums."""
