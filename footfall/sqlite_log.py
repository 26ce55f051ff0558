"""The write-ahead log beside a SQLite file whose process was killed: checks and repairs it.

    broken_log(path) -> str      # what is wrong with the log of the file at `path`; "": nothing
    mend_log(path) -> str        # the same, and repair it; requires exclusive use of the file

SQLite uses a log up to the first frame with a wrong checksum, and drops the rest silently. After a power cut that is right, since the last
transaction may be incomplete. But a transaction that is followed by another was durable once. So if the log continues after a broken
one, the disk has lost data.

The checksum of a frame continues that of the frame before, so each can be checked alone. It is linear, so it shows which bit flipped, if
only one did and it was not the highest of a word. Other damage stays in its page, for the reader to find. The format:
https://sqlite.org/fileformat2.html#walformat
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

PAGE_BYTES: Final = 4096
"""Page size of SQLite's new files; ours have no other."""
_HEADER: Final = struct.Struct(">8I")
_FRAME: Final = struct.Struct(">6I")
_STEP: Final = _FRAME.size + PAGE_BYTES
_ORDERS: Final[dict[int, Literal["<", ">"]]] = {0x377F0682: "<", 0x377F0683: ">"}
"""Byte order of the words that are summed, by the log's magic number."""
_FORMAT: Final = 3_007_000
_SALTS_AT: Final = 8
_SUMS_AT: Final = 16
_SUMMED_OF_HEADER: Final = 24
_WORD: Final = 0xFFFF_FFFF
_PAIRS: Final = (8 + PAGE_BYTES) // 8
_NUMBERS: Final = 2
"""Words summed before the page: the page's number, and the file's number of pages after a commit."""
_MOST_PAGES: Final = 1 << 23
"""Pages in 32 GiB: no file of ours has more."""
_CHANGES: Final = tuple(sign << bit for bit in range(32) for sign in (1, -1))

Sums = tuple[int, int]


@dataclass(slots=True)
class _Log:
    """`first`: the checksum of its header; None if that is damaged."""

    data: bytearray
    order: Literal["<", ">"]
    salts: bytes
    first: Sums | None

    def starts(self) -> range:
        return range(_HEADER.size, len(self.data) - _STEP + 1, _STEP)

    def has_salts(self, at: int) -> bool:
        return self.data[at + _SALTS_AT : at + _SUMS_AT] == self.salts

    def stated(self, at: int) -> Sums:
        high, low = struct.unpack_from(">2I", self.data, at + _SUMS_AT)
        return high, low

    def is_commit(self, at: int) -> bool:
        return any(self.data[at + 4 : at + _SALTS_AT])

    def sums(self, at: int, before: Sums) -> Sums:
        return _sums(self.order, self.data[at : at + _SALTS_AT] + self.data[at + _FRAME.size : at + _STEP], before)


def broken_log(path: Path) -> str:
    log = _read(path)
    if log is None:
        return ""
    if not path.exists() or not path.stat().st_size:
        return "the file is empty, and its log is not"
    if log.first is None:
        return "its log does not begin as it was written"
    is_whole, is_over, before = True, False, log.first
    for at in log.starts():
        if is_whole:
            is_whole = log.has_salts(at) and log.sums(at, before) == log.stated(at)
            before = log.stated(at)
        if not is_whole and log.has_salts(at):
            if is_over:
                return "its log is broken, and what was durable lies behind the place"
            is_over = log.is_commit(at)
    return ""


def mend_log(path: Path) -> str:
    damage, log = broken_log(path), _read(path)
    if not damage or log is None:
        return ""
    end = _mend_frames(log)
    _sum_anew(log, end)
    new = path.with_name(f"{path.name}-wal.new")
    with new.open("wb") as file:
        file.write(log.data[:end])
        file.flush()
        os.fsync(file.fileno())
    new.replace(path.with_name(f"{path.name}-wal"))
    return damage


def _read(path: Path) -> _Log | None:
    """Return the log; None if it is absent or empty, or the disk itself reports an error."""
    try:
        data = bytearray(path.with_name(f"{path.name}-wal").read_bytes())
    except OSError:
        return None
    if not any(data[_HEADER.size :]) or len(data) < _HEADER.size + _STEP:
        return None
    magic, _, page_bytes, _, _, _, high, low = _HEADER.unpack_from(data)
    order = _ORDERS.get(magic, "<")
    if magic in _ORDERS and page_bytes == PAGE_BYTES and _sums(order, data[:_SUMMED_OF_HEADER], (0, 0)) == (high, low):
        return _Log(data, order, bytes(data[_SUMS_AT:_SUMMED_OF_HEADER]), (high, low))
    return _Log(data, order, bytes(data[_HEADER.size + _SALTS_AT : _HEADER.size + _SUMS_AT]), None)


def _mend_frames(log: _Log) -> int:
    """Repair the frames. Return where the log ends after its last transaction."""
    end, before = _HEADER.size, log.first
    for at in log.starts():
        if not log.has_salts(at) and not _is_one_bit_off(log.data[at + _SALTS_AT : at + _SUMS_AT], log.salts):
            break
        is_right = before is None or log.sums(at, before) == log.stated(at)
        before = log.stated(at) if before is None or is_right else _mend_frame(log, at, before)
        if log.is_commit(at):
            end = at + _STEP
    return end


def _mend_frame(log: _Log, at: int, before: Sums) -> Sums:
    """Repair one frame. Return the checksum with which the next one continues."""
    made, stated, after = log.sums(at, before), log.stated(at), at + _STEP
    if after + _STEP <= len(log.data) and log.sums(after, made) == log.stated(after):
        return made
    if (found := _flipped(log, at, made, stated)) is not None:
        word, change = found
        struct.pack_into(f"{log.order}I", log.data, _place(at, word), _word(log, at, word) + change & _WORD)
    return stated


def _place(at: int, word: int) -> int:
    return at + 4 * word if word < _NUMBERS else at + _FRAME.size + 4 * (word - _NUMBERS)


def _word(log: _Log, at: int, word: int) -> int:
    value: int = struct.unpack_from(f"{log.order}I", log.data, _place(at, word))[0]
    return value


def _flipped(log: _Log, at: int, made: Sums, stated: Sums) -> tuple[int, int] | None:
    """Return which word must change, and by which power of two, to give the stated checksum; None unless exactly one can."""
    off = (stated[0] - made[0] & _WORD, stated[1] - made[1] & _WORD)
    found, first, second = [], (1, 1), (0, 1)  # what the two words of a pair, changed by 1, do to the sums at the end
    for pair in range(_PAIRS - 1, -1, -1):
        for word, (high, low) in ((2 * pair, first), (2 * pair + 1, second)):
            found += [(word, change) for change in _CHANGES if high * change & _WORD == off[0] and low * change & _WORD == off[1]]
        first, second = _one_pair_on(first), _one_pair_on(second)
    absurd = [
        each for each in found if each[0] < _NUMBERS and int.from_bytes(log.data[at + 4 * each[0] : at + 4 * each[0] + 4]) > _MOST_PAGES
    ]
    return (absurd or found)[0] if len(absurd or found) == 1 else None


def _one_pair_on(sums: Sums) -> Sums:
    return sums[0] + sums[1] & _WORD, sums[0] + 2 * sums[1] & _WORD


def _is_one_bit_off(one: bytes | bytearray, other: bytes) -> bool:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count() <= 1


def _sum_anew(log: _Log, end: int) -> None:
    magic = next(magic for magic, order in _ORDERS.items() if order == log.order)
    struct.pack_into(">4I", log.data, 0, magic, _FORMAT, PAGE_BYTES, 0)
    log.data[_SUMS_AT:_SUMMED_OF_HEADER] = log.salts
    before = _sums(log.order, log.data[:_SUMMED_OF_HEADER], (0, 0))
    struct.pack_into(">2I", log.data, _SUMMED_OF_HEADER, *before)
    for at in range(_HEADER.size, end, _STEP):
        before = log.sums(at, before)
        log.data[at + _SALTS_AT : at + _SUMS_AT] = log.salts
        struct.pack_into(">2I", log.data, at + _SUMS_AT, *before)


def _sums(order: Literal["<", ">"], data: bytes | bytearray, before: Sums) -> Sums:
    first, second = before
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for i in range(0, len(words), 2):
        first = first + words[i] + second & _WORD
        second = second + words[i + 1] + first & _WORD
    return first, second
