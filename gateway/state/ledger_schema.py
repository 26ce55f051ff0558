"""The tables of the ledger's file, and the steps by which files of earlier releases get them."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Sequence
from typing import Any, Final

from footfall.checksums import checksum_of, checksums_of
from footfall.sqlite import Schema, run_script
from gateway.fold.store import TouchRow
from gateway.fold.touch_names import name_rows

_FIRST: Final = """
CREATE TABLE visits (subject TEXT, store TEXT, key_ns INTEGER, agent TEXT, start_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL,
    zones INTEGER NOT NULL, staff INTEGER NOT NULL, open INTEGER NOT NULL, fan TEXT NOT NULL, grouped INTEGER NOT NULL,
    counted TEXT NOT NULL, PRIMARY KEY (subject, store, key_ns, agent)) WITHOUT ROWID;
CREATE INDEX visits_by_time ON visits (store, start_ns);
CREATE TABLE dwells (subject TEXT, store TEXT, zone TEXT, key_ns INTEGER, agent TEXT, start_ns INTEGER NOT NULL,
    last_ns INTEGER NOT NULL, staff INTEGER NOT NULL, open INTEGER NOT NULL, fan TEXT NOT NULL,
    PRIMARY KEY (subject, store, key_ns, agent, zone)) WITHOUT ROWID;
CREATE TABLE touches (store TEXT, agent TEXT, row INTEGER, time_ns INTEGER NOT NULL, key_ns INTEGER NOT NULL, id TEXT,
    subject TEXT NOT NULL, fan TEXT NOT NULL, given_fan TEXT NOT NULL, void INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (store, agent, row)) WITHOUT ROWID;
CREATE INDEX touches_by_subject ON touches (subject);
CREATE INDEX touches_by_fan ON touches (fan, store, time_ns);
CREATE INDEX touches_by_id ON touches (id) WHERE id IS NOT NULL;
CREATE TABLE counts (id TEXT PRIMARY KEY, store TEXT NOT NULL, agent TEXT NOT NULL, door TEXT NOT NULL, key_ns INTEGER NOT NULL,
    entered INTEGER NOT NULL, left INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE links (subject TEXT, fan TEXT, from_ns INTEGER, to_ns INTEGER, source TEXT, confidence REAL NOT NULL,
    PRIMARY KEY (subject, fan, from_ns, to_ns, source)) WITHOUT ROWID;
CREATE INDEX links_by_fan ON links (fan);
CREATE TABLE cells (kind TEXT, owner INTEGER, minute INTEGER, cell BLOB NOT NULL, PRIMARY KEY (kind, owner, minute)) WITHOUT ROWID;
CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE outbox (id INTEGER PRIMARY KEY, rows INTEGER NOT NULL, points BLOB NOT NULL);
"""
_CLAIMS: Final = """
CREATE TABLE claims (owner INTEGER, key_ns INTEGER, content INTEGER NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (owner, key_ns)) WITHOUT ROWID;
"""


def _check_state(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE state ADD COLUMN crc INTEGER NOT NULL DEFAULT 0")
    for key, value in db.execute("SELECT key, value FROM state").fetchall():
        db.execute("UPDATE state SET crc=? WHERE key=?", (zlib.crc32(value), key))


def row_checksum(*row: Any) -> int:
    """Return the checksum of a row whose last value may be long bytes."""
    return row_checksum_of(row)


def row_checksums(rows: Sequence[tuple[Any, ...]]) -> list[int]:
    """Return the checksums of rows of one table: of a damaged row a wrong one, of whatever types its values are."""
    return [row_checksum_of(row) for row in rows] if rows and rows[0][-1].__class__ is bytes else checksums_of(rows)


def row_checksum_of(row: tuple[Any, ...]) -> int:
    """Return the same of a row that is a tuple already."""
    return zlib.crc32(row[-1], checksum_of(row[:-1])) if row[-1].__class__ is bytes else checksum_of(row)


_AS_SEALED: Final = {
    "visits": "subject, store, key_ns, agent, start_ns, last_ns, zones, staff, open, fan, grouped, counted",
    "dwells": "subject, store, zone, key_ns, agent, start_ns, last_ns, staff, open, fan",
    "touches": "store, agent, row, time_ns, key_ns, id, subject, fan, given_fan, void, body",
    "counts": "id, store, agent, door, key_ns, entered, left",
    "links": "subject, fan, from_ns, to_ns, source, confidence",
    "cells": "kind, owner, minute, cell",
    "claims": "owner, key_ns, content, number",
    "outbox": "id, rows, points",
}
"""The columns of the version that this step makes: it stays as it is when rows get another field."""


def _seal_rows(db: sqlite3.Connection) -> None:
    db.create_function("row_crc", -1, row_checksum, deterministic=True)
    for table, columns in _AS_SEALED.items():
        db.execute(f"ALTER TABLE {table} ADD COLUMN crc INTEGER NOT NULL DEFAULT 0")
        db.execute(f"UPDATE {table} SET crc = row_crc({columns})")


def _add_sealed(db: sqlite3.Connection, table: str, before: str, column: str, kind: str) -> None:
    """Add a column at the end of a sealed table, whose columns were `before`. A row that was damaged stays so."""
    db.create_function("row_crc", -1, row_checksum, deterministic=True)
    db.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
    db.execute(f"UPDATE {table} SET crc = row_crc({before}, {column}) WHERE crc = row_crc({before})")


def _add_absences(db: sqlite3.Connection) -> None:
    _add_sealed(db, "visits", _AS_SEALED["visits"], "absences", "TEXT NOT NULL DEFAULT ''")


def _add_inner(db: sqlite3.Connection) -> None:
    _add_sealed(db, "counts", _AS_SEALED["counts"], "inner", "INTEGER NOT NULL DEFAULT -1")


def _add_quality(db: sqlite3.Connection) -> None:
    _add_sealed(db, "dwells", _AS_SEALED["dwells"], "quality", "INTEGER NOT NULL DEFAULT -100")


_IDENTITY: Final = """
CREATE TABLE touch_names (name TEXT, store TEXT, agent TEXT, row INTEGER, time_ns INTEGER NOT NULL, crc INTEGER NOT NULL,
    PRIMARY KEY (name, store, agent, row)) WITHOUT ROWID;
CREATE TABLE facts (n INTEGER PRIMARY KEY, id TEXT NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL, actor TEXT NOT NULL,
    known_ns INTEGER NOT NULL, body TEXT NOT NULL, crc INTEGER NOT NULL);
CREATE INDEX facts_by_id ON facts (id);
CREATE INDEX facts_by_known ON facts (known_ns) WHERE kind <> 'mention';
CREATE TABLE fact_names (name TEXT, n INTEGER, PRIMARY KEY (name, n)) WITHOUT ROWID;
CREATE TABLE standings (name TEXT PRIMARY KEY, number INTEGER NOT NULL, rank INTEGER NOT NULL, only_by_ref INTEGER NOT NULL,
    spans TEXT NOT NULL, lent TEXT NOT NULL, label TEXT NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX standings_lent ON standings (name) WHERE lent <> '[]';
CREATE TABLE standing_fans (fan TEXT, name TEXT, crc INTEGER NOT NULL, PRIMARY KEY (fan, name)) WITHOUT ROWID;
CREATE TABLE corrections (of TEXT, store TEXT, agent TEXT, row INTEGER, kind TEXT NOT NULL, time_ns INTEGER NOT NULL,
    waits INTEGER NOT NULL, body TEXT NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (of, store, agent, row)) WITHOUT ROWID;
CREATE INDEX corrections_waiting ON corrections (waits) WHERE waits = 1;
CREATE INDEX visits_by_fan ON visits (fan, store, start_ns) WHERE fan <> '';
CREATE INDEX dwells_by_fan ON dwells (fan, store, start_ns) WHERE fan <> '';
"""


def _add_identity(db: sqlite3.Connection) -> None:
    """Add what decides who a touch is by all that it names; before, only its first identifier did."""
    run_script(db, _IDENTITY)
    columns = _AS_SEALED["touches"]
    for *values, crc in db.execute(f"SELECT {columns}, crc FROM touches").fetchall():
        if row_checksum(*values) == crc:  # one that was damaged is found as such when it is used
            touch = TouchRow(*values)
            rows = name_rows(touch, json.loads(touch.body))
            db.executemany("INSERT OR REPLACE INTO touch_names VALUES (?,?,?,?,?,?)", [(*row, row_checksum(*row)) for row in rows])


def _add_touches_by_time(db: sqlite3.Connection) -> None:
    """The outcome of a store's day is made of the touches of all."""
    db.execute("CREATE INDEX touches_by_time ON touches (store, time_ns)")


def _add_parts(db: sqlite3.Connection) -> None:
    """A segment during which its subject passed from one to another is stored in parts."""
    _add_sealed(db, "visits", _AS_SEALED["visits"] + ", absences", "part_of_ns", "INTEGER NOT NULL DEFAULT 0")


def _add_dwell_parts(db: sqlite3.Connection) -> None:
    """So is a dwell."""
    _add_sealed(db, "dwells", _AS_SEALED["dwells"] + ", quality", "part_of_ns", "INTEGER NOT NULL DEFAULT 0")


_TOUCHES_BY_ARRIVAL: Final = """
CREATE TABLE touches_by_arrival (store TEXT, agent TEXT, row INTEGER, time_ns INTEGER NOT NULL, key_ns INTEGER NOT NULL, id TEXT,
    subject TEXT NOT NULL, fan TEXT NOT NULL, given_fan TEXT NOT NULL, void INTEGER NOT NULL, body TEXT NOT NULL,
    crc INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (store, agent, row));
INSERT INTO touches_by_arrival SELECT store, agent, row, time_ns, key_ns, id, subject, fan, given_fan, void, body, crc FROM touches;
DROP TABLE touches;
ALTER TABLE touches_by_arrival RENAME TO touches;
CREATE INDEX touches_by_subject ON touches (subject);
CREATE INDEX touches_by_fan ON touches (fan, store, time_ns) WHERE fan <> '';
CREATE INDEX touches_by_id ON touches (id) WHERE id IS NOT NULL;
CREATE INDEX touches_by_time ON touches (store, time_ns);
"""
"""Rows as long as these are moved about when they stand in the order of their key, and each index repeats the key: a third of the cost."""


SCHEMA: Final = Schema(
    "a ledger", "visits", _FIRST,
    (
        _CLAIMS, _check_state, _seal_rows, _add_absences, _add_inner, _add_quality, _add_identity, _add_touches_by_time, _add_parts,
        _add_dwell_parts, _TOUCHES_BY_ARRIVAL,
    ),
)  # fmt: skip
