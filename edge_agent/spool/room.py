"""Which frames make room, and how much room there is. An open database in; nothing is decided by a clock."""

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
"""A commit needs some room beside the rows themselves."""
_DROP_STEP: Final = 64


@dataclass(slots=True)
class Freed:
    """`oldest`: by epoch the lowest seq that is left; the bytes that were freed, and the rows that no receipt covers."""

    oldest: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    dropped_rows: int = 0
    room_bytes: int | None = None
    """What could be written before anything was deleted, less what was added; None: nobody asked for room."""
    is_disk_full: bool = False

    def apply(self, ledgers: Mapping[str, EpochState]) -> None:
        """Once it is committed."""
        for name, seq in self.oldest.items():
            ledgers[name].oldest = seq


def kept_free_bytes(disk_bytes: int, wanted: int | None) -> int:
    return min(FREE_BYTES, round(disk_bytes * FREE_SHARE)) if wanted is None else wanted


def make_room(db: sqlite3.Connection, ledgers: Iterable[EpochState], excess_bytes: int, current: EpochState, new: int) -> Freed:
    """Delete frames of `excess_bytes` or a little more, if there are: receipted ones first, then the oldest; never an epoch's last.

    `new`: so many were added to the current epoch in the same transaction.
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
    """The epoch's oldest frames."""
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
    """Return the last seq that was receipted before that time of the gateway; 0 if none."""
    return max((step.upto for step in ledger.steps.values() if step.gateway_ns < before_ns), default=0)


def aged_upto(db: sqlite3.Connection, ledger: EpochState, before_boot_ns: int) -> int:
    """Return the last seq, but for the epoch's very last, that was made before that moment; 0 if none."""
    first = listed_at(db, ledger, ledger.oldest)
    if first is None or first.made_boot_ns >= before_boot_ns:
        return 0
    span = (ledger.base + ledger.oldest, ledger.base + ledger.last - 1, before_boot_ns)
    found = db.execute("SELECT max(id) FROM listed WHERE id BETWEEN ? AND ? AND made_boot_ns < ?", span).fetchone()[0]
    return 0 if found is None else int(found) - ledger.base


def listed_at(db: sqlite3.Connection, ledger: EpochState, seq: int) -> Listed | None:
    row = db.execute("SELECT * FROM listed WHERE id = ?", (ledger.base + seq,)).fetchone()
    return row and Listed.whole(row)
