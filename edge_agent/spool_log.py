"""Whether the write-ahead log beside a spool still is what was written. Bytes in, a reason out.

    broken_log(path) -> str      # what is wrong with the log of the file at `path`; "": nothing

SQLite takes of a log what comes before the first frame whose check sum is wrong, and drops all behind it without a word: after a power
cut that is right, since the last transaction may lie there by half. But a transaction that another one follows was durable once. So
if the log goes on behind the one that is broken, the card has lost what it had. The format: https://sqlite.org/fileformat2.html#walformat
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final, Literal

from edge_agent.sqlite_pages import PAGE_BYTES

_HEADER: Final = struct.Struct(">8I")
_FRAME: Final = struct.Struct(">6I")
_STEP: Final = _FRAME.size + PAGE_BYTES
_ORDERS: Final[dict[int, Literal["<", ">"]]] = {0x377F0682: "<", 0x377F0683: ">"}
"""By the log's first number: in which order the words of its sums are."""
_SUMMED_OF_FRAME: Final = 8
_SUMMED_OF_HEADER: Final = 24
_WORD: Final = 0xFFFF_FFFF


def broken_log(path: Path) -> str:
    wal = path.with_name(f"{path.name}-wal")
    try:
        log = wal.read_bytes()
        has_file = path.exists() and path.stat().st_size > 0
    except OSError:  # there is none, or the disk will say so itself
        return ""
    if not any(log[_HEADER.size :]):
        return ""
    if not has_file:
        return "the file is empty, and its log is not"
    magic, _, page_bytes, _, *salts, high, low = _HEADER.unpack_from(log)
    order = _ORDERS.get(magic)
    if order is None or page_bytes != PAGE_BYTES or _sums(order, log[:_SUMMED_OF_HEADER], (0, 0)) != (high, low):
        return "its log does not begin as it was written"
    return _broken_frames(log, order, salts, (high, low))


def _broken_frames(log: bytes, order: Literal["<", ">"], salts: list[int], sums: tuple[int, int]) -> str:
    """Frames of another salt are left of an earlier use of the log."""
    is_whole, is_over = True, False
    for at in range(_HEADER.size, len(log) - _STEP + 1, _STEP):
        _, pages, *salt, high, low = _FRAME.unpack_from(log, at)
        if is_whole:
            summed = log[at : at + _SUMMED_OF_FRAME] + log[at + _FRAME.size : at + _STEP]
            sums = _sums(order, summed, sums) if salt == salts else (-1, -1)
            is_whole = sums == (high, low)
        if not is_whole and salt == salts:
            if is_over:
                return "its log is broken, and what was durable lies behind the place"
            is_over = pages > 0
    return ""


def _sums(order: Literal["<", ">"], data: bytes, sums: tuple[int, int]) -> tuple[int, int]:
    first, second = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for i in range(0, len(words), 2):
        first = first + words[i] + second & _WORD
        second = second + words[i + 1] + first & _WORD
    return first, second
