"""Checksums of what the journal keeps: a row that is not what was written is known for it. Pure.

CRC-32 finds every change of up to 32 bits in a row, so every flipped bit; a damaged page is found by SQLite or by a position that is
not there.
"""

from __future__ import annotations

import zlib
from typing import Any, Final, NamedTuple

from gateway.records import Record, RecordKind

_KINDS: Final = {int(kind): kind for kind in RecordKind}


class Written(NamedTuple):
    """A record with what the journal writes beside it: its rows of the balance, and those of all records up to and with it.

    -1: written by a release that did not count them.
    """

    record: Record
    rows: int = -1
    rows_total: int = -1


def record_checksum(record: Record, rows: int, rows_total: int) -> int:
    """Return the checksum of a whole record. A field that is added later counts only where it is not its default: older rows have none."""
    pos, received_ns, kind, store, agent, seq, offset_ns, quality, width_ns, body, key_base = record
    said = f"{pos} {received_ns} {kind:d} {seq} {offset_ns} {quality} {width_ns} {key_base} {rows} {rows_total} {store}\x1f{agent}"
    return zlib.crc32(body, zlib.crc32(said.encode()))


def record_of(row: tuple[Any, ...]) -> Written | None:
    """Return the record that a row of the journal, its texts as bytes, is; None if it is not what was written.

    One without a checksum is of an earlier release, and believed if it can be one at all.
    """
    *values, rows, rows_total, found = row
    try:
        pos, received_ns, kind, store, agent, *rest = values
        record = Record(pos, received_ns, _KINDS[kind], store.decode(), agent.decode(), *rest)
        if found is None:
            return Written(record) if _is_plausible(record) else None
        return Written(record, rows, rows_total) if record_checksum(record, rows, rows_total) == found else None
    except (KeyError, TypeError, ValueError, AttributeError):  # a flipped bit may make any type of any other
        return None


def _is_plausible(record: Record) -> bool:
    numbers = (record.pos, record.received_ns, record.seq, record.offset_ns, record.time_quality, record.clock_width_ns)
    return all(isinstance(number, int) for number in numbers) and isinstance(record.body, bytes)
