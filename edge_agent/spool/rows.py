"""Rows of the spool's file that know by themselves whether they are whole. No file here: an open database, or values.

Small tables are there twice (`Twin`), and each row bears a check sum over its table's name, its number and its values: a bit that a
card flips is seen, and the other copy holds what it was. Of a frame the list (`listed`) and the body beside it hold the same. `change`
grows with every commit, so that of several versions in a broken file the last can be found.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from footfall.errors import ContractError
from footfall.frames import Body, decode_body, encode_body

FRAME_OVERHEAD_BYTES: Final = 100
KEPT_DEAD: Final = 100


def row_sum(table: str, values: Iterable[Any]) -> int:
    return zlib.crc32(repr((table, *values)).encode("utf-8", "surrogateescape"))


def number_of(name: str) -> int:
    """Return the row of a name: 56 bits of its digest, so that no index is needed, which may be damaged."""
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()[:7])


@dataclass(frozen=True, slots=True)
class Loaded:
    """`rows`: by number; `change`: the latest; `damaged`: rows that failed their sum, or were in one copy only; `lost`: those in none."""

    rows: Mapping[int, tuple[Any, ...]]
    change: int
    damaged: int
    lost: int


@dataclass(frozen=True, slots=True)
class Twin:
    """A small table and its copy: an integer key, then `columns`."""

    name: str
    columns: str
    key: str = "id"

    @property
    def tables(self) -> tuple[str, str]:
        return self.name, f"{self.name}_twin"

    @property
    def script(self) -> str:
        return "".join(
            f"CREATE TABLE {table} ({self.key} INTEGER PRIMARY KEY, {self.columns}, change INTEGER, sum INTEGER);" for table in self.tables
        )

    def put(self, db: sqlite3.Connection, number: int, values: tuple[Any, ...] | None, change: int) -> None:
        """Store a row in both tables; None deletes it."""
        for table in self.tables:
            if values is None:
                db.execute(f"DELETE FROM {table} WHERE {self.key} = ?", (number,))
            else:
                row = (number, *values, change)
                marks = ", ".join("?" * (len(row) + 1))
                db.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", (*row, row_sum(self.name, row)))

    def whole(self, row: tuple[Any, ...]) -> bool:
        return bool(row[-1] == row_sum(self.name, row[:-1]))

    def load(self, db: sqlite3.Connection) -> Loaded:
        copies = [self._copy(db, table) for table in self.tables]
        found: dict[int, tuple[Any, ...]] = {}
        for copy in copies:
            for row in copy.whole:
                if row[0] not in found or found[row[0]][-2] < row[-2]:
                    found[row[0]] = row
        damaged = sum(len(copy.broken) for copy in copies) + (set(copies[0].whole) != set(copies[1].whole))
        lost = max(0, max(len(copy.whole) + len(copy.broken) for copy in copies) - len(found))
        change = max((row[-2] for row in found.values()), default=0)
        return Loaded({number: row[1:-2] for number, row in sorted(found.items())}, change, damaged, lost)

    def rewrite(self, db: sqlite3.Connection, rows: Mapping[int, tuple[Any, ...]], change: int) -> None:
        """Both tables anew."""
        for table in self.tables:
            db.execute(f"DELETE FROM {table}")
        for number, values in rows.items():
            self.put(db, number, values, change)

    def _copy(self, db: sqlite3.Connection, table: str) -> _Copy:
        rows = db.execute(f"SELECT * FROM {table}").fetchall()
        whole = [row for row in rows if self.whole(row)]
        return _Copy(whole, [row for row in rows if not self.whole(row)])


class _Copy(NamedTuple):
    whole: list[tuple[Any, ...]]
    broken: list[tuple[Any, ...]]


EPOCHS: Final = Twin(
    "epochs",
    "epoch TEXT, boot TEXT, last INTEGER, mark INTEGER, base INTEGER, receipted INTEGER, receipted_ns INTEGER",
    key="n",
)
RECEIPTED: Final = Twin("receipted", "epoch_n INTEGER, upto INTEGER, gateway_ns INTEGER")
JOURNALS: Final = Twin("journals", "journal_id TEXT", key="n")
READINGS: Final = Twin("readings", "key TEXT, value TEXT")
BOOTS: Final = Twin("boots", "boot TEXT, length_ns INTEGER", key="n")
TIMES: Final = Twin(
    "times",
    "epoch TEXT, first_seq INTEGER, last_seq INTEGER, offset_ns INTEGER, width_ns INTEGER, quality INTEGER",
)
FACTS: Final = Twin("facts", "name TEXT, value INTEGER")
STORES: Final = Twin("stores", "store TEXT", key="n")
"""By epoch: where its run of the agent heard all that it heard."""
TWINS: Final = (EPOCHS, RECEIPTED, JOURNALS, READINGS, BOOTS, TIMES, FACTS, STORES)


class Listed(NamedTuple):
    """A frame in the list. `id` is its epoch's base + seq."""

    id: int
    epoch_n: int
    seq: int
    first_row: int
    rows: int
    made_boot_ns: int
    crc32: int
    size_bytes: int

    @property
    def sum(self) -> int:
        return zlib.crc32(_LISTED % self)

    @classmethod
    def whole(cls, row: tuple[Any, ...]) -> Listed | None:
        """Return a row of the table; None if it is not as it was written."""
        return cls(*row[:-1]) if is_listed(row) else None

    @classmethod
    def of(cls, number: int, epoch_n: int, seq: int, body: bytes) -> Listed | None:
        """Return what the list must hold of a body that is whole; None if it is none."""
        try:
            read = decode_body(body)
        except ContractError:
            return None
        size = len(body) + FRAME_OVERHEAD_BYTES
        return cls(number, epoch_n, seq, read.first_row, len(read), read.made_boot_ns, zlib.crc32(body), size)


_LISTED: Final = b"%d,%d,%d,%d,%d,%d,%d,%d"


def is_listed(row: tuple[Any, ...]) -> bool:
    """Return whether a row of the list is as it was written; a start asks it of every frame."""
    try:
        return bool(zlib.crc32(_LISTED % row[:-1]) == row[-1])
    except TypeError:  # something else than integers
        return False


class StoredFrame(NamedTuple):
    """A frame as it is to be written."""

    listed: Listed
    body: bytes

    @classmethod
    def made(cls, base: int, epoch_n: int, seq: int, body: Body) -> StoredFrame:
        data = encode_body(body)
        size_bytes = len(data) + FRAME_OVERHEAD_BYTES
        return cls(Listed(base + seq, epoch_n, seq, body.first_row, len(body), body.made_boot_ns, zlib.crc32(data), size_bytes), data)

    def moved(self, base: int, epoch_n: int) -> StoredFrame:
        """Return the same under the numbers of another epoch in the file."""
        return self._replace(listed=self.listed._replace(id=base + self.listed.seq, epoch_n=epoch_n))


def put_frames(db: sqlite3.Connection, frames: Iterable[StoredFrame]) -> None:
    """Write the body beside its own description, and the list. A number is given out once: whatever stands there is damage."""
    frames = list(frames)
    db.executemany(
        "INSERT OR REPLACE INTO frames (id, epoch_n, seq, first_row, rows, made_boot_ns, crc32, bytes, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(*frame.listed, frame.body) for frame in frames],
    )
    db.executemany(
        "INSERT OR REPLACE INTO listed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [(*frame.listed, frame.listed.sum) for frame in frames]
    )


def delete_frames(db: sqlite3.Connection, first_id: int, last_id: int) -> None:
    for table in ("frames", "listed"):
        db.execute(f"DELETE FROM {table} WHERE id BETWEEN ? AND ?", (first_id, last_id))


def body_of(db: sqlite3.Connection, number: int, epoch_n: int, seq: int) -> StoredFrame | None:
    """Return a frame whose row in the list is broken, from its body; None if that is broken, too."""
    row = db.execute("SELECT epoch_n, seq, crc32, body FROM frames WHERE id = ?", (number,)).fetchone()
    if row is None or row[:2] != (epoch_n, seq) or not isinstance(row[3], bytes) or zlib.crc32(row[3]) != row[2]:
        return None
    listed = Listed.of(number, epoch_n, seq, row[3])
    return listed and StoredFrame(listed, row[3])


def add_dead(db: sqlite3.Connection, epoch: str, seq: int, reason: str, body: bytes) -> None:
    """A dead letter; the last ones are kept for inspection."""
    db.execute("INSERT INTO dead (epoch, seq, reason, body) VALUES (?, ?, ?, ?)", (epoch, seq, reason, body))
    db.execute("DELETE FROM dead WHERE id <= (SELECT max(id) FROM dead) - ?", (KEPT_DEAD,))
