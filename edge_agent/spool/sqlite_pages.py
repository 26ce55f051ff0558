"""Rows of a SQLite file that SQLite itself may refuse to read: found page by page, without its schema and trees.

    rows_of(path) -> Iterator[(rowid, values)]

Reads every leaf of a table, in the file and its write-ahead log, including leaves that are free by now. The caller needs checksums of its
own to know which rows are whole, and which of several versions is the last. The format: https://sqlite.org/fileformat2.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

CellValue = int | float | str | bytes | None

PAGE_BYTES: Final = 4096
"""Page size of SQLite's new files; ours have no other."""
MAX_PAYLOAD_BYTES: Final = 1 << 24
_LEAF: Final = 0x0D
_FILE_HEADER_BYTES: Final = 100
_WAL_HEADER_BYTES: Final = 32
_WAL_FRAME_BYTES: Final = 24
_LOCAL_MAX: Final = PAGE_BYTES - 35
_LOCAL_MIN: Final = (PAGE_BYTES - 12) * 32 // 255 - 23
_CHAINED: Final = PAGE_BYTES - 4
_INTEGER_BYTES: Final = (0, 1, 2, 3, 4, 6, 8)


class _Unreadable(Exception):
    """These bytes are no record."""


def rows_of(path: Path) -> Iterator[tuple[int, tuple[CellValue, ...]]]:
    """Yield (rowid, values) of every record that can be read, some more than once, in no order."""
    pages = _Pages(path)
    for page in pages.all():
        for start in _cells(page):
            try:
                yield _row(pages, page, start)
            except (_Unreadable, IndexError, struct.error):
                continue


class _Pages:
    """The pages of a file and of its log; where both have one, the log's last is the valid one."""

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self._wal_path: Final = path.with_name(f"{path.name}-wal")
        self._size_bytes: Final = path.stat().st_size if path.exists() else 0
        self._in_wal: Final = dict(self._wal_frames())

    def all(self) -> Iterator[bytes]:
        for number in range(1, -(-self._size_bytes // PAGE_BYTES) + 1):
            yield self._read(self._path, (number - 1) * PAGE_BYTES)
        for _, offset in self._wal_frames():
            yield self._read(self._wal_path, offset)

    def get(self, number: int) -> bytes:
        offset = self._in_wal.get(number)
        if offset is not None:
            return self._read(self._wal_path, offset)
        if not 1 <= number <= -(-self._size_bytes // PAGE_BYTES):
            raise _Unreadable
        return self._read(self._path, (number - 1) * PAGE_BYTES)

    def _wal_frames(self) -> Iterator[tuple[int, int]]:
        """Yield (page number, offset in the log), oldest first."""
        if not self._wal_path.exists():
            return
        with self._wal_path.open("rb") as wal:
            offset = _WAL_HEADER_BYTES
            while True:
                wal.seek(offset)
                header = wal.read(_WAL_FRAME_BYTES)
                if len(header) < _WAL_FRAME_BYTES:
                    return
                yield int.from_bytes(header[:4]), offset + _WAL_FRAME_BYTES
                offset += _WAL_FRAME_BYTES + PAGE_BYTES

    @staticmethod
    def _read(path: Path, offset: int) -> bytes:
        try:
            with path.open("rb") as file:
                file.seek(offset)
                return file.read(PAGE_BYTES).ljust(PAGE_BYTES, b"\0")
        except OSError:  # a sector that the card cannot read any more
            return bytes(PAGE_BYTES)


def _cells(page: bytes) -> list[int]:
    """Return where the cells of a table's leaf begin; none of any other page."""
    first = _FILE_HEADER_BYTES if page.startswith(b"SQLite format 3\0") else 0
    if page[first] != _LEAF:
        return []
    count = int.from_bytes(page[first + 3 : first + 5])
    pointers = page[first + 8 : first + 8 + 2 * count]
    starts = struct.unpack(f">{len(pointers) // 2}H", pointers[: len(pointers) // 2 * 2])
    return [start for start in starts if first + 8 <= start < PAGE_BYTES]


def _row(pages: _Pages, page: bytes, at: int) -> tuple[int, tuple[CellValue, ...]]:
    size, at = _varint(page, at)
    rowid, at = _varint(page, at)
    if size > MAX_PAYLOAD_BYTES:
        raise _Unreadable
    if size <= _LOCAL_MAX:
        return rowid, _record(page[at : at + size])
    local = _LOCAL_MIN + (size - _LOCAL_MIN) % _CHAINED
    local = local if local <= _LOCAL_MAX else _LOCAL_MIN
    payload = bytearray(page[at : at + local])
    following = int.from_bytes(page[at + local : at + local + 4])
    while len(payload) < size:
        more = pages.get(following)
        following = int.from_bytes(more[:4])
        payload += more[4 : 4 + size - len(payload)]
    return rowid, _record(bytes(payload))


def _record(payload: bytes) -> tuple[CellValue, ...]:
    end, at = _varint(payload, 0)
    types = []
    while at < end:
        kind, at = _varint(payload, at)
        types.append(kind)
    values, at = [], end
    for kind in types:
        value, at = _value(payload, at, kind)
        values.append(value)
    if at != len(payload):
        raise _Unreadable
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[CellValue, int]:
    if kind == 0:
        return None, at
    if kind in (8, 9):
        return kind - 8, at
    size = _INTEGER_BYTES[kind] if kind < 7 else 8 if kind == 7 else (kind - 12) // 2
    data = payload[at : at + size]
    if len(data) != size or kind in (10, 11):
        raise _Unreadable
    if kind < 7:
        return int.from_bytes(data, signed=True), at + size
    if kind == 7:
        return struct.unpack(">d", data)[0], at + size
    return (data.decode("utf-8", "surrogateescape") if kind % 2 else data), at + size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of 1 to 9 bytes, signed of 64 bits, and where the next begins."""
    value = 0
    for i in range(8):
        byte = data[at + i]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + i + 1
    value = value << 8 | data[at + 8]
    return value - (1 << 64) if value >> 63 else value, at + 9
