"""The journal: what was taken in, durable before it is acknowledged.

One SQLite file (WAL, synchronous=FULL): records, marks, clock bounds, ids of plain events and the balance, all in one transaction a
batch. Any process may append a record of its own kind (links, a new site); positions are given inside the transaction.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from footfall.boot_clock import UNKNOWN, Bounds
from footfall.sqlite import Schema, connect, migrate, transaction
from gateway.accept.accept import Entry, Mark
from gateway.records import Record, RecordKind

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
CREATE TABLE decisions (agent TEXT, n INTEGER, epoch TEXT NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
    offset_ns INTEGER NOT NULL, width_ns INTEGER NOT NULL, quality INTEGER NOT NULL, decided_ns INTEGER NOT NULL,
    PRIMARY KEY (agent, n)) WITHOUT ROWID;
CREATE TABLE histories (store TEXT PRIMARY KEY, until_ns INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE absences (to_ns INTEGER PRIMARY KEY, from_ns INTEGER NOT NULL);
"""
SCHEMA: Final = Schema("a journal", "records", _FIRST, (_KEYS_AND_DATES,))
_INSERT: Final = "INSERT INTO records VALUES (?,?,?,?,?,?,?,?,?,?,?)"
STORE_BOUNDS_EVERY_NS: Final = 60_000_000_000
_CACHE_ENTRIES: Final = 200_000
_MARK, _CLOCK = (
    "SELECT seq, next_row, made_ns, key_base, sure_ns FROM marks WHERE agent=? AND epoch=?",
    "SELECT at_boot_ns, low_ns, high_ns, restarts FROM clocks WHERE agent=? AND boot=?",
)


class Journal:
    """One writer at a time; `Memory` of accept. Changes count only once `commit` has returned."""

    def __init__(self, path: Path, busy_timeout_s: float = 30.0) -> None:
        self.path: Final = path
        self._db: Final = connect(path, busy_timeout_s)
        self.journal_id: Final = _set_up(self._db, path)
        self._marks: dict[tuple[str, str], Mark] = {}
        self._bounds: dict[tuple[str, str], Bounds] = {}
        self._stored_bounds: dict[tuple[str, str], Bounds] = {}
        self._dirty_marks: dict[tuple[str, str], Mark] = {}
        self._dirty_bounds: dict[tuple[str, str], Bounds] = {}
        self._new_ids: dict[bytes, None] = {}
        self.last_pos, self.last_received_ns = self._last()

    def close(self) -> None:
        self._db.close()

    # What accept remembers

    def mark(self, agent: str, epoch: str) -> Mark:
        key = (agent, epoch)
        known = self._marks.get(key)
        if known is None:
            row = self._db.execute(_MARK, key).fetchone()
            known = self._marks[key] = Mark(*row) if row else Mark()
        return known

    def set_mark(self, agent: str, epoch: str, mark: Mark) -> None:
        self._marks[agent, epoch] = self._dirty_marks[agent, epoch] = mark

    def bounds(self, agent: str, boot: str) -> Bounds:
        key = (agent, boot)
        known = self._bounds.get(key)
        if known is None:
            row = self._db.execute(_CLOCK, key).fetchone()
            known = self._bounds[key] = Bounds(*row) if row else UNKNOWN
        return known

    def set_bounds(self, agent: str, boot: str, bounds: Bounds) -> None:
        """Written when they say something new, and once a minute: older bounds stay true, only wider."""
        key = (agent, boot)
        self._bounds[key] = bounds
        stored = self._stored_bounds.get(key, UNKNOWN)
        if bounds.at_boot_ns - stored.at_boot_ns > STORE_BOUNDS_EVERY_NS or bounds.width_ns < stored.width_ns // 2:
            self._dirty_bounds[key] = bounds

    def is_new_event(self, id_hash: bytes) -> bool:
        if id_hash in self._new_ids or self._db.execute("SELECT 1 FROM event_ids WHERE id=?", (id_hash,)).fetchone():
            return False
        self._new_ids[id_hash] = None
        return True

    def forget_uncommitted(self) -> None:
        """After a commit that failed: accept remembers again what is durable, and nothing else."""
        self._dirty_marks, self._dirty_bounds, self._new_ids = {}, {}, {}
        self._marks, self._bounds = {}, {}

    # Records

    def commit(self, entries: Sequence[tuple[int, Entry]], counted: Mapping[str, int]) -> list[Record]:
        """Make (received_ns, entry) pairs durable, with all that accept learned and the balance's growth; their records.

        Raises sqlite3.OperationalError (disk full, locked): then nothing of it is durable and nothing may be acknowledged.
        """
        with transaction(self._db):
            pos, last_ns = self._last()
            records = []
            for received_ns, entry in entries:
                pos, last_ns = pos + 1, max(last_ns, received_ns)
                records.append(
                    Record(pos, last_ns, entry.kind, entry.store, entry.agent, entry.seq, entry.offset_ns, entry.time_quality,
                           entry.clock_width_ns, entry.body, entry.key_base)
                )  # fmt: skip
            self._db.executemany(_INSERT, records)
            self._write_memory(last_ns)
            self._db.executemany(
                "INSERT INTO balance VALUES (?,?) ON CONFLICT (name) DO UPDATE SET total = total + excluded.total", list(counted.items())
            )
        self.last_pos, self.last_received_ns = pos, last_ns
        self._stored_bounds.update(self._dirty_bounds)
        self._dirty_marks, self._dirty_bounds, self._new_ids = {}, {}, {}
        for cache in (self._marks, self._bounds, self._stored_bounds):
            if len(cache) > _CACHE_ENTRIES:
                cache.clear()
        return records

    def _write_memory(self, now_ns: int) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO marks VALUES (?,?,?,?,?,?,?)",
            [(agent, epoch, *mark) for (agent, epoch), mark in self._dirty_marks.items()],
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO clocks VALUES (?,?,?,?,?,?)",
            [(agent, boot, b.at_boot_ns, b.low_ns, b.high_ns, b.restarts) for (agent, boot), b in self._dirty_bounds.items()],
        )
        self._db.executemany("INSERT OR IGNORE INTO event_ids VALUES (?,?)", [(key, now_ns) for key in self._new_ids])

    def read(self, after_pos: int, limit: int, most_bytes: int = 1 << 40) -> list[Record]:
        """Records after a position, in order: up to `limit`, and no more once their bodies have `most_bytes`."""
        records, size = [], 0
        rows = self._db.execute("SELECT * FROM records WHERE pos > ? ORDER BY pos LIMIT ?", (after_pos, limit))
        for row in rows:
            records.append(Record(row[0], row[1], RecordKind(row[2]), *row[3:]))
            size += len(records[-1].body)
            if size >= most_bytes:
                break
        rows.close()
        return records

    def balance(self) -> dict[str, int]:
        return dict(self._db.execute("SELECT name, total FROM balance"))

    def prune(self, up_to_pos: int, before_ns: int, most: int = 1 << 40) -> int:
        """Delete the oldest records at or below a position and older than a time, at most `most`; how many.

        The last one stays, from which positions go on, and so does every site: without its estate no record can be folded.
        """
        row = self._db.execute(
            "SELECT pos FROM records WHERE received_ns >= ? AND kind != ? ORDER BY pos LIMIT 1", (before_ns, RecordKind.SITE)
        )
        young = row.fetchone()
        end = min(up_to_pos + 1, young[0] if young else self.last_pos, self.last_pos)
        with transaction(self._db):
            return self._db.execute(
                "DELETE FROM records WHERE pos IN (SELECT pos FROM records WHERE pos < ? AND kind != ? ORDER BY pos LIMIT ?)",
                (end, RecordKind.SITE, most),
            ).rowcount

    def forget_events(self, before_ns: int) -> None:
        """Ids of plain events that were seen before a time are forgotten. Reads all of them: to be called once a day."""
        with transaction(self._db):
            self._db.execute("DELETE FROM event_ids WHERE received_ns < ?", (before_ns,))

    def size_bytes(self) -> int:
        """Bytes in use, without pages that are free again."""
        pages, free, size = (
            int(self._db.execute(f"PRAGMA {what}").fetchone()[0]) for what in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    def _last(self) -> tuple[int, int]:
        row = self._db.execute("SELECT pos, received_ns FROM records ORDER BY pos DESC LIMIT 1").fetchone()
        return (row[0], row[1]) if row else (0, 0)


def _set_up(db: sqlite3.Connection, path: Path) -> str:
    migrate(db, path, SCHEMA)
    db.execute("INSERT OR IGNORE INTO meta VALUES ('journal_id', ?)", (secrets.token_hex(8),))
    return str(db.execute("SELECT value FROM meta WHERE key='journal_id'").fetchone()[0])


def append(path: Path, entries: Iterable[Entry]) -> int:
    """Append records from beside the gateway, whether it runs or not; the last position. Times never go back."""
    journal = Journal(path)
    try:
        now_ns = max(time.time_ns(), journal.last_received_ns)
        return journal.commit([(now_ns, entry) for entry in entries], {})[-1].pos
    finally:
        journal.close()
