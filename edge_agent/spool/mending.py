"""Checks the list of frames, and finds what replaces its broken rows. An open database in, rows out."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from edge_agent.spool.epochs import EpochState
from edge_agent.spool.rows import Listed, StoredFrame, body_of, is_listed

Substitute = Callable[[EpochState, Listed], StoredFrame]
"""Makes the gap that replaces a frame, from what is known of it."""


@dataclass(slots=True)
class Scan:
    """The whole frames in the list: their bytes, and by epoch the lowest seq and the latest `made_boot_ns`. `missing`: runs of seqs.

    `strangers`: ids of rows that fail their sum, or belong to no epoch.
    """

    size_bytes: int = 0
    oldest: dict[int, int] = field(default_factory=dict)
    made_ns: dict[int, int] = field(default_factory=dict)
    missing: list[tuple[EpochState, int, int]] = field(default_factory=list)
    strangers: list[int] = field(default_factory=list)


def scan(db: sqlite3.Connection, ledgers: Iterable[EpochState]) -> Scan:
    """Read the whole list once; it is short compared to the bodies."""
    found = Scan()
    by_n = {ledger.n: ledger for ledger in ledgers}
    next_seq: dict[int, int] = {}
    for row in db.execute("SELECT * FROM listed ORDER BY id"):
        number, n, seq, _, _, made_ns, _, size_bytes, _ = row
        ledger = by_n.get(n) if is_listed(row) else None
        if ledger is None or number != ledger.base + seq or not 0 < seq <= ledger.last:
            found.strangers.append(number)
            continue
        expected = next_seq.get(n)
        if expected is None:
            found.oldest[n], found.made_ns[n] = seq, made_ns
        elif seq > expected:
            found.missing.append((ledger, expected, seq - 1))
        next_seq[n] = seq + 1
        if made_ns > found.made_ns[n]:
            found.made_ns[n] = made_ns
        found.size_bytes += size_bytes
    for ledger in by_n.values():
        _look_at_ends(db, ledger, found, next_seq.get(ledger.n))
    return found


def _look_at_ends(db: sqlite3.Connection, ledger: EpochState, found: Scan, next_seq: int | None) -> None:
    """Add runs missing at either end of an epoch: first frames whose bodies are there, and a last one that is owed."""
    span = (ledger.base + ledger.mark + 1, ledger.base + ledger.last)
    lowest = db.execute("SELECT min(id) FROM frames WHERE id BETWEEN ? AND ?", span).fetchone()[0]
    first = found.oldest.get(ledger.n, ledger.last + 1)
    if lowest is not None and lowest - ledger.base < first:
        found.missing.append((ledger, lowest - ledger.base, first - 1))
        found.oldest[ledger.n] = lowest - ledger.base
    elif next_seq is None and ledger.owes:
        found.missing.append((ledger, ledger.last, ledger.last))
        found.oldest[ledger.n] = ledger.last
    if next_seq is not None and next_seq <= ledger.last:
        found.missing.append((ledger, next_seq, ledger.last))


def mended(
    db: sqlite3.Connection, ledger: EpochState, first_seq: int, last_seq: int, substitute: Substitute
) -> tuple[list[StoredFrame], int]:
    """Return what replaces missing frames, and how many of these are gaps.

    Receipted frames need no gap: they stay holes.
    """
    before, after = _neighbour(db, ledger, first_seq - 1), _neighbour(db, ledger, last_seq + 1)
    frames, gaps = [], 0
    for seq in range(first_seq, last_seq + 1):
        number = ledger.base + seq
        frame = body_of(db, number, ledger.n, seq)
        if frame is None and seq > ledger.mark:
            frame = substitute(ledger, _guessed(number, ledger.n, seq, before, after))
            gaps += 1
        if frame is not None:
            frames.append(frame)
            before = frame.listed
    return frames, gaps


def _neighbour(db: sqlite3.Connection, ledger: EpochState, seq: int) -> Listed | None:
    row = db.execute("SELECT * FROM listed WHERE id = ?", (ledger.base + seq,)).fetchone() if 0 < seq <= ledger.last else None
    return row and Listed.whole(row)


def _guessed(number: int, epoch_n: int, seq: int, before: Listed | None, after: Listed | None) -> Listed:
    """Return a list entry with all rows between the neighbours; with none if one of them is unknown."""
    first_row = before.first_row + before.rows if before else after.first_row if after else 0
    rows = max(0, after.first_row - first_row) if after else 0
    beside = before or after
    return Listed(number, epoch_n, seq, first_row, rows, beside.made_boot_ns if beside else 0, 0, 0)
