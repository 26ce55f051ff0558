"""Deletes frames to make room, and measures the room. An open database in; it reads no clock."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from edge_agent.spool.epochs import EpochState
from edge_agent.spool.rows import Listed, delete_frames

FREE_BYTES: Final = 64 << 20
FREE_SHARE: Final = 0.05
LOG_BYTES: Final = 64 << 10
"""Room that a commit needs beside its rows."""
_DROP_STEP: Final = 64


@dataclass(slots=True)
class Freed:
    """What was deleted: the bytes freed, the rows that no receipt covers, and by epoch the lowest seq left in `oldest`."""

    oldest: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    dropped_rows: int = 0
    room_bytes: int | None = None
    """Bytes that could be written before anything was deleted, less those added; None: room was not measured."""
    is_disk_full: bool = False

    def apply(self, ledgers: Mapping[str, EpochState]) -> None:
        """Update the memory, once the deletion is committed."""
        for name, seq in self.oldest.items():
            ledgers[name].oldest = seq


def kept_free_bytes(disk_bytes: int, wanted: int | None) -> int:
    return min(FREE_BYTES, round(disk_bytes * FREE_SHARE)) if wanted is None else wanted


def make_room(db: sqlite3.Connection, ledgers: Iterable[EpochState], excess_bytes: int, current: EpochState, new: int) -> Freed:
    """Delete frames of at least `excess_bytes`, if there are: receipted ones first, then the oldest; never an epoch's last.

    `new`: frames added to the current epoch in the same transaction.
    """
    freed = Freed()
    ledgers = list(ledgers)
    for receipted in (True, False):
        for ledger in ledgers:
            end = ledger.mark if receipted else ledger.last - 1 + (new if ledger is current else 0)
            while freed.bytes < excess_bytes and (first := freed.oldest.get(ledger.name, ledger.oldest)) <= end:
                delete_upto(db, ledger, min(end, first + _DROP_STEP - 1), freed)
    return freed


def delete_upto(db: sqlite3.Connection, ledger: EpochState, upto: int, freed: Freed) -> None:
    """Delete the epoch's frames up to a seq."""
    first = freed.oldest.get(ledger.name, ledger.oldest)
    span = (ledger.base + first, ledger.base + upto)
    size, rows = db.execute(
        "SELECT coalesce(sum(bytes), 0), coalesce(sum(CASE WHEN id > ? THEN rows ELSE 0 END), 0) FROM listed WHERE id BETWEEN ? AND ?",
        (ledger.base + ledger.mark, *span),
    ).fetchone()
    delete_frames(db, *span)
    freed.oldest[ledger.name] = upto + 1
    freed.bytes += int(size)
    freed.dropped_rows += int(rows)


def receipted_upto(ledger: EpochState, before_ns: int) -> int:
    """Return the last seq receipted before that gateway time; 0 if none."""
    return max((step.upto for step in ledger.steps.values() if step.gateway_ns < before_ns), default=0)


def aged_upto(db: sqlite3.Connection, ledger: EpochState, before_boot_ns: int) -> int:
    """Return the last seq made before that moment, except the epoch's very last; 0 if none."""
    first = listed_at(db, ledger, ledger.oldest)
    if first is None or first.made_boot_ns >= before_boot_ns:
        return 0
    span = (ledger.base + ledger.oldest, ledger.base + ledger.last - 1, before_boot_ns)
    found = db.execute("SELECT max(id) FROM listed WHERE id BETWEEN ? AND ? AND made_boot_ns < ?", span).fetchone()[0]
    return 0 if found is None else int(found) - ledger.base


def listed_at(db: sqlite3.Connection, ledger: EpochState, seq: int) -> Listed | None:
    row = db.execute("SELECT * FROM listed WHERE id = ?", (ledger.base + seq,)).fetchone()
    return row and Listed.whole(row)
