"""What a spool's file holds, and the steps from the files of earlier releases."""

from __future__ import annotations

import sqlite3
from typing import Final

from edge_agent.spool.rows import Listed
from edge_agent.spool.twins import (
    BOOTS,
    EPOCHS,
    FACTS,
    JOURNALS,
    READINGS,
    RECEIPTED,
    STORES,
    TIMES,
    BootRow,
    EpochRow,
    FactRow,
    JournalRow,
    ReadingRow,
    ReceiptedRow,
    number_of,
)  # fmt: skip
from footfall.sqlite import Schema, run_script

SCHEMA_FACT: Final = "schema"
RECEIPTED_FACT: Final = "receipted_ns"
TIMES_FACT: Final = "times_n"

_FIRST: Final = """
CREATE TABLE epochs (
    n INTEGER PRIMARY KEY AUTOINCREMENT, epoch TEXT NOT NULL UNIQUE, boot TEXT NOT NULL,
    last INTEGER NOT NULL DEFAULT 0, mark INTEGER NOT NULL DEFAULT 0);
CREATE TABLE frames (
    id INTEGER PRIMARY KEY, epoch_n INTEGER NOT NULL, seq INTEGER NOT NULL, first_row INTEGER NOT NULL, rows INTEGER NOT NULL,
    made_boot_ns INTEGER NOT NULL, crc32 INTEGER NOT NULL, bytes INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX frames_by_seq ON frames (epoch_n, seq, bytes, rows, made_boot_ns);
CREATE TABLE receipted (epoch_n INTEGER NOT NULL, upto INTEGER NOT NULL, gateway_ns INTEGER NOT NULL);
CREATE TABLE journals (n INTEGER PRIMARY KEY AUTOINCREMENT, journal_id TEXT NOT NULL UNIQUE);
CREATE TABLE readings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE dead (
    id INTEGER PRIMARY KEY, epoch TEXT NOT NULL, seq INTEGER NOT NULL, reason TEXT NOT NULL, body BLOB NOT NULL);
"""

_LISTED: Final = (
    "CREATE TABLE listed (id INTEGER PRIMARY KEY, epoch_n INTEGER, seq INTEGER, first_row INTEGER, rows INTEGER, made_boot_ns INTEGER,"
    " crc32 INTEGER, bytes INTEGER, sum INTEGER);"
)
_RENAMED: Final = ("epochs", "receipted", "journals", "readings")
_TWINS_2: Final = (EPOCHS, RECEIPTED, JOURNALS, READINGS, BOOTS, TIMES, FACTS)


def _to_checked_rows(db: sqlite3.Connection) -> None:
    """Migrate to version 2: every row bears its checksum, and what is small is stored twice."""
    for table in _RENAMED:
        db.execute(f"ALTER TABLE {table} RENAME TO {table}_1")
    run_script(db, "".join(twin.script for twin in _TWINS_2) + _LISTED)
    bases = _number_frames(db)
    latest_ns = db.execute("SELECT coalesce(max(gateway_ns), 0) FROM receipted_1").fetchone()[0]
    lengths: dict[str, int] = {}
    for n, epoch, boot, last, mark in db.execute("SELECT n, epoch, boot, last, mark FROM epochs_1 ORDER BY n").fetchall():
        EPOCHS.put(db, n, EpochRow(epoch, boot, last, mark, bases[n], mark, latest_ns), 0)
        made_ns = db.execute("SELECT coalesce(max(made_boot_ns), 0) FROM listed WHERE epoch_n = ?", (n,)).fetchone()[0]
        lengths[boot] = max(lengths.get(boot, 0), made_ns)
    for i, (boot, length_ns) in enumerate(lengths.items(), 1):
        BOOTS.put(db, i, BootRow(boot, length_ns), 0)
    for i, row in enumerate(db.execute("SELECT epoch_n, upto, gateway_ns FROM receipted_1").fetchall(), 1):
        RECEIPTED.put(db, i, ReceiptedRow(*row), 0)
    for n, journal_id in db.execute("SELECT n, journal_id FROM journals_1").fetchall():
        JOURNALS.put(db, n, JournalRow(journal_id), 0)
    for key, value in db.execute("SELECT key, value FROM readings_1").fetchall():
        READINGS.put(db, number_of(key), ReadingRow(key, value), 0)
    run_script(db, "DROP INDEX frames_by_seq;" + "".join(f"DROP TABLE {table}_1;" for table in _RENAMED))
    for fact, value in ((SCHEMA_FACT, 2), (RECEIPTED_FACT, latest_ns), (TIMES_FACT, 0)):
        FACTS.put(db, number_of(fact), FactRow(fact, value), 0)


def _number_frames(db: sqlite3.Connection) -> dict[int, int]:
    """Write to every frame the id base + seq, which nearly all have already. Return the base of each epoch."""
    bases: dict[int, int] = {}
    free = 1 + db.execute("SELECT coalesce(max(id), 0) FROM frames").fetchone()[0]
    for n, last in db.execute("SELECT n, last FROM epochs_1 ORDER BY n").fetchall():
        low, high, steady = db.execute("SELECT min(id - seq), max(id - seq), max(seq) FROM frames WHERE epoch_n = ?", (n,)).fetchone()
        last = max(last, steady or 0)
        if low is not None and low == high and low >= max((base for base in bases.values()), default=0):
            bases[n] = low
        else:
            bases[n] = free
            db.execute("UPDATE frames SET id = ? + seq WHERE epoch_n = ?", (free, n))
            free += last + 1
        free = max(free, bases[n] + last + 1)
        db.execute("UPDATE epochs_1 SET last = ? WHERE n = ?", (last, n))
    for row in db.execute("SELECT id, epoch_n, seq, first_row, rows, made_boot_ns, crc32, bytes FROM frames").fetchall():
        listed = Listed(*row)
        db.execute("INSERT INTO listed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*listed, listed.sum))
    return bases


def _to_stores(db: sqlite3.Connection) -> None:
    """Migrate to version 3: the store of every epoch. Epochs of before get none: the agent's present store counts for them."""
    run_script(db, STORES.script)
    FACTS.put(db, number_of(SCHEMA_FACT), FactRow(SCHEMA_FACT, 3), 1)


SCHEMA: Final = Schema("a spool", "frames", _FIRST, steps=(_to_checked_rows, _to_stores), was_unversioned=True)
