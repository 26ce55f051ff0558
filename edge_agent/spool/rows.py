"""Frames in the spool's file: a row of the list, with a checksum, and the body beside it. No file here: an open database, or values.

The list (`listed`) and the row of the body (`frames`) hold the same numbers, so either can be restored from the other.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from footfall.errors import ContractError
from footfall.frames import Body, decode_body, encode_body

FRAME_OVERHEAD_BYTES: Final = 100
KEPT_DEAD: Final = 100


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
        """Return the list entry in a row of the table; None if the row is not as it was written."""
        return cls(*row[:-1]) if is_listed(row) else None

    @classmethod
    def of(cls, number: int, epoch_n: int, seq: int, body: bytes) -> Listed | None:
        """Return the list entry of an intact body; None for bytes that are no body."""
        try:
            read = decode_body(body)
        except ContractError:
            return None
        size = len(body) + FRAME_OVERHEAD_BYTES
        return cls(number, epoch_n, seq, read.first_row, len(read), read.made_boot_ns, zlib.crc32(body), size)


_LISTED: Final = b"%d,%d,%d,%d,%d,%d,%d,%d"


def is_listed(row: tuple[Any, ...]) -> bool:
    """Return whether a row of the list is as it was written. Each start checks every frame."""
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
        """Return the same frame, renumbered for another epoch in the file."""
        return self._replace(listed=self.listed._replace(id=base + self.listed.seq, epoch_n=epoch_n))


def put_frames(db: sqlite3.Connection, frames: Iterable[StoredFrame]) -> None:
    """Write bodies and list entries. Numbers are assigned once: a row found in the place is damage, and is replaced."""
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
    """Return a frame, restored from its body, whose row in the list is broken; None if the body is broken too."""
    found = db.execute("SELECT crc32, body FROM frames WHERE id = ? AND epoch_n = ? AND seq = ?", (number, epoch_n, seq)).fetchone()
    crc32, body = found or (0, None)
    if not isinstance(body, bytes) or zlib.crc32(body) != crc32:
        return None
    listed = Listed.of(number, epoch_n, seq, body)
    return listed and StoredFrame(listed, body)


def add_dead(db: sqlite3.Connection, epoch: str, seq: int, reason: str, body: bytes) -> None:
    """Add a dead letter; the latest are kept for inspection."""
    db.execute("INSERT INTO dead (epoch, seq, reason, body) VALUES (?, ?, ?, ?)", (epoch, seq, reason, body))
    db.execute("DELETE FROM dead WHERE id <= (SELECT max(id) FROM dead) - ?", (KEPT_DEAD,))
