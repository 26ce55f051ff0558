"""The journal: what was taken in, durable before it is acknowledged.

One SQLite file (WAL, synchronous=FULL): records, marks, clock bounds, ids of plain events and the balance, all in one transaction a
batch. Any process may append a record of its own kind (links, a new site); positions are given inside the transaction.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from footfall.boot_clock import UNKNOWN, Bounds
from footfall.checksums import checksum
from footfall.sqlite import DamagedFile, connect, migrate, naming, transaction
from gateway.accept.decisions import Runs
from gateway.accept.memory import Mark
from gateway.accept.outcome import Entry
from gateway.records import Record, RecordKind
from gateway.state import decided
from gateway.state import journal_reader as journaled
from gateway.state.checksums import record_checksum
from gateway.state.event_ids import EventIds
from gateway.state.journal_reader import Aside, Head
from gateway.state.journal_schema import SCHEMA

_MARK_COLUMNS, _CLOCK_COLUMNS = ", ".join(Mark._fields), ", ".join(Bounds._fields)
_INSERT: Final = f"INSERT OR REPLACE INTO records ({', '.join(journaled.COLUMNS)}) VALUES (?{',?' * (len(journaled.COLUMNS) - 1)})"
"""Replaces what stands where nothing can: a damaged row, whose position became another."""
STORE_BOUNDS_EVERY_NS: Final = 60_000_000_000
_CACHE_ENTRIES: Final = 200_000
_MARK: Final = f"SELECT {_MARK_COLUMNS}, crc FROM marks WHERE agent=? AND epoch=?"
_CLOCK: Final = f"SELECT {_CLOCK_COLUMNS}, crc FROM clocks WHERE agent=? AND boot=?"


class Journal:
    """One writer at a time; `Memory` of accept. Changes count only once `commit` has returned."""

    def __init__(self, path: Path, busy_timeout_s: float = 30.0, take_over: bool = True) -> None:
        """`take_over`: a file of an earlier release is made one of this; see `migrate`."""
        self.path: Final = path
        self._db: Final = connect(path, busy_timeout_s)
        self.journal_id: Final = _set_up(self._db, path, take_over)
        self._marks: dict[tuple[str, str], Mark] = {}
        self._bounds: dict[tuple[str, str], Bounds] = {}
        self._stored_bounds: dict[tuple[str, str], Bounds] = {}
        self._dirty_marks: dict[tuple[str, str], Mark] = {}
        self._dirty_bounds: dict[tuple[str, str], Bounds] = {}
        self._event_ids: Final = EventIds(self._db)
        with naming(path, "a journal that cannot be read", ". Put back a backup: footfall restore"):
            self.decided: Final = decided.Decided(self._db)
            self.last_pos, self.last_received_ns, _ = journaled.head(self._db)

    def close(self) -> None:
        self._db.close()

    # What accept remembers

    @contextmanager
    def looking_up(self) -> Iterator[None]:
        """Look up all of a batch in one state of the file: a lock for each look-up would be half of its cost."""
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            if self._db.in_transaction:  # an error of the disk ends it
                self._db.execute("COMMIT")

    def mark(self, agent: str, epoch: str) -> Mark:
        key = (agent, epoch)
        known = self._marks.get(key)
        if known is None:
            row = self._recall(_MARK, key)
            known = self._marks[key] = Mark(*row) if row else Mark()
        return known

    def _recall(self, sql: str, key: tuple[str, str]) -> tuple[Any, ...] | None:
        """Return what was learned, if it is what was written. Of a damaged mark nothing is known: its agent's headers have the number."""
        row = self._db.execute(sql, key).fetchone()
        return row[:-1] if row and checksum(*key, *row[:-1]) == row[-1] else None

    def set_mark(self, agent: str, epoch: str, mark: Mark) -> None:
        self._marks[agent, epoch] = self._dirty_marks[agent, epoch] = mark

    def bounds(self, agent: str, boot: str) -> Bounds:
        key = (agent, boot)
        known = self._bounds.get(key)
        if known is None:
            row = self._recall(_CLOCK, key)
            known = self._bounds[key] = Bounds(*row) if row else UNKNOWN
        return known

    def set_bounds(self, agent: str, boot: str, bounds: Bounds) -> None:
        """Write bounds when they are narrower, and once a minute: older bounds stay true, only wider."""
        key = (agent, boot)
        self._bounds[key] = bounds
        stored = self._stored_bounds.get(key)
        if stored is None or bounds.at_boot_ns - stored.at_boot_ns > STORE_BOUNDS_EVERY_NS or bounds.width_ns < stored.width_ns // 2:
            self._dirty_bounds[key] = bounds

    def is_new_event(self, id_hash: bytes, earlier: bytes | None = None, content: bytes = b"") -> bool:
        return self._event_ids.is_new(id_hash, earlier, content)

    def event_content(self, id_hash: bytes) -> bytes:
        return self._event_ids.content(id_hash)

    def sure_ns(self, agent: str) -> int:
        """Return the latest time, in ns, at which a frame of the agent surely was made."""
        found = self._db.execute("SELECT MAX(sure_ns) FROM marks WHERE agent=?", (agent,)).fetchone()[0] or 0
        return max([found, *(mark.sure_ns for (name, _), mark in self._dirty_marks.items() if name == agent)])

    def decisions(self, agent: str) -> Runs:
        return self.decided.runs(agent)

    def set_decisions(self, agent: str, runs: Runs) -> None:
        self.decided.set_runs(agent, runs)

    def knows(self, agent: str) -> bool:
        if any(name == agent for name, _ in self._dirty_bounds):
            return True
        return self._db.execute("SELECT 1 FROM clocks WHERE agent=? LIMIT 1", (agent,)).fetchone() is not None

    def was_away(self, time_ns: int) -> bool:
        return self.decided.was_away(time_ns)

    def back_ns(self) -> int:
        return self.decided.back_ns()

    def history_ns(self, store: str) -> int:
        return self.decided.history_ns(store)

    def set_history_ns(self, store: str, until_ns: int) -> None:
        self.decided.set_history_ns(store, until_ns)

    def forget_uncommitted(self) -> None:
        """Forget, after a commit that failed, all but what is durable."""
        self._dirty_marks, self._dirty_bounds, self._marks, self._bounds = {}, {}, {}, {}
        self._event_ids.forget_new()
        self.decided.forget()

    # Records

    def next_ns(self, now_ns: int) -> int:
        """Return the time of the next records: later than the last."""
        return max(now_ns, self.last_received_ns + 1)

    def accept_clock(self, now_ns: int, why: str) -> list[Record]:
        """Let time go on from here: the clock was ahead when the last records were written. Return the record of it, if so.

        It bears a time before theirs; the fold knows by that what happened, whenever it reads it.
        """
        if now_ns >= self.last_received_ns:
            return []
        entry = Entry(RecordKind.NOTE, "", "", 0, f"the clock was set back by {self.last_received_ns - now_ns} ns: {why}".encode())
        return self._append([(now_ns, entry)], {}, lambda last_ns, received_ns: received_ns)

    def commit(self, entries: Sequence[tuple[int, Entry]], counted: Mapping[str, int]) -> list[Record]:
        """Make (received_ns, entry) pairs durable, with all that accept learned and the balance's growth; their records.

        Raises sqlite3.OperationalError (disk full, locked): then nothing of it is durable and nothing may be acknowledged.
        """
        return self._append(entries, counted, max)

    def _append(self, entries: Sequence[tuple[int, Entry]], counted: Mapping[str, int], later: Callable[[int, int], int]) -> list[Record]:
        """`later(last_ns, received_ns)`: the time of a record that was received then, after the last."""
        with transaction(self._db):
            pos, last_ns, total = journaled.head(self._db)
            total = max(total, 0)
            records, rows = [], []
            for received_ns, entry in entries:
                pos, last_ns = pos + 1, later(last_ns, received_ns)
                total += entry.rows
                records.append(entry.record(pos, last_ns))
                rows.append((*records[-1], entry.rows, total, record_checksum(records[-1], entry.rows, total)))
            self._db.executemany(_INSERT, rows)
            if records:
                journaled.write_down(self._db, "head", pos, last_ns, total)
            self._write_memory(last_ns)
            self._db.executemany(decided.COUNT, list(counted.items()))
        self.last_pos, self.last_received_ns = pos, last_ns
        self._forget_written()
        return records

    def _forget_written(self) -> None:
        """What accept has learned is durable now; caches that have grown large begin anew."""
        self._stored_bounds.update(self._dirty_bounds)
        self._dirty_marks, self._dirty_bounds = {}, {}
        self._event_ids.forget_new()
        self.decided.written()
        for cache in (self._marks, self._bounds, self._stored_bounds):
            if len(cache) > _CACHE_ENTRIES:
                cache.clear()

    def _write_memory(self, now_ns: int) -> None:
        self._db.executemany(
            f"INSERT OR REPLACE INTO marks (agent, epoch, {_MARK_COLUMNS}, crc) VALUES (?,?{',?' * len(Mark._fields)},?)",
            [_checked(*key, *mark) for key, mark in self._dirty_marks.items()],
        )
        self._db.executemany(
            f"INSERT OR REPLACE INTO clocks (agent, boot, {_CLOCK_COLUMNS}, crc) VALUES (?,?,?,?,?,?,?)",
            [_checked(*key, *bounds) for key, bounds in self._dirty_bounds.items()],
        )
        self.decided.write()
        self._event_ids.write(now_ns)

    def read(self, after_pos: int, limit: int, most_bytes: int = 1 << 40) -> list[Record]:
        """Return records after a position, in order: up to `limit`, and no more once their bodies have `most_bytes`.

        journaled.Damaged if the next ones are not what was written: set them aside, and read again.
        """
        return journaled.read(self._db, after_pos, limit, most_bytes)

    def set_aside(self, aside: Aside) -> None:
        """Mark records that cannot be read or folded: from now on every reader has one of kind ASIDE in their place."""
        with transaction(self._db):
            journaled.set_aside(self._db, aside)

    def asides(self) -> list[Aside]:
        """Return all that was ever set aside and is not pruned."""
        return journaled.asides(self._db)

    def rows_of(self, pos: int) -> tuple[int, int]:
        """Return how many rows of the balance a record stands for, and all up to and with it; -1: not counted."""
        row = self._db.execute("SELECT rows, rows_total FROM records WHERE pos=?", (pos,)).fetchone()
        return (row[0], row[1]) if row and row[0] is not None else (-1, -1)

    def head(self) -> Head:
        """Return where the journal ends, also where another process wrote it."""
        return journaled.head(self._db)

    def pruned_to(self) -> int:
        """Return up to which position records may be gone; 0 if none are."""
        return journaled.pruned_to(self._db)

    def balance(self) -> dict[str, int]:
        return dict(self._db.execute(decided.BALANCE))

    def prune(self, up_to_pos: int, before_ns: int, most: int = 1 << 40) -> int:
        """Delete the oldest records at or below a position and older than a time, at most `most`; how many.

        The last one stays, from which positions go on, and so does every site: without its estate no record can be folded.
        """
        row = self._db.execute(
            "SELECT pos FROM records WHERE received_ns BETWEEN ? AND ? AND kind != ? ORDER BY pos LIMIT 1",
            (before_ns, self.last_received_ns, RecordKind.SITE),
        )
        young = row.fetchone()
        end = min(up_to_pos + 1, young[0] if young else self.last_pos, self.last_pos)
        oldest = "SELECT pos FROM records WHERE pos < ? AND kind != ? ORDER BY pos LIMIT ?"
        with transaction(self._db):
            gone = self._db.execute(f"SELECT max(pos), count(*) FROM ({oldest})", (end, RecordKind.SITE, most)).fetchone()
            if gone[1]:
                self._db.execute(f"DELETE FROM records WHERE pos IN ({oldest})", (end, RecordKind.SITE, most))
                self._db.execute("DELETE FROM aside WHERE pos <= ?", (gone[0],))
                journaled.write_down(self._db, "pruned", gone[0])
        return int(gone[1])

    def forget_events(self, before_ns: int) -> None:
        """Forget ids of plain events that were seen before a time. It reads all of them: call it once a day."""
        with transaction(self._db):
            self._event_ids.forget(before_ns)

    def size_bytes(self) -> int:
        """Return the bytes in use, without pages that are free again."""
        return journaled.size_bytes(self._db)


def _set_up(db: sqlite3.Connection, path: Path, take_over: bool) -> str:
    migrate(db, path, SCHEMA, take_over)
    with naming(path, "a journal that cannot be read", ". Put back a backup: footfall restore"):
        db.execute("INSERT OR IGNORE INTO meta VALUES ('journal_id', ?)", (secrets.token_hex(8),))
        journal_id = db.execute("SELECT value FROM meta WHERE key='journal_id'").fetchone()[0]
        db.execute("INSERT OR IGNORE INTO meta VALUES ('journal_crc', ?)", (checksum(journal_id),))
        if db.execute("SELECT value FROM meta WHERE key='journal_crc'").fetchone()[0] != checksum(journal_id):
            raise DamagedFile(path, "the journal's own name is damaged")
        return str(journal_id)


def _checked(*values: str | int) -> tuple[str | int, ...]:
    return (*values, checksum(*values))


def append(path: Path, entries: Iterable[Entry]) -> int:
    """Append records from beside the gateway, whether it runs or not; the last position.

    They bear the time of the last record: this clock may be ahead, and nothing depends on when they came.
    """
    journal = Journal(path, take_over=False)
    try:
        now_ns = journal.last_received_ns or time.time_ns()
        with naming(path, "nothing was written", ". Is the disk full?"):
            return journal.commit([(now_ns, entry) for entry in entries], {})[-1].pos
    finally:
        journal.close()
