"""What was sent and what is stored, row by row. Pure.

A row's identity is everything that its sender decided: agent, place, kind, subject, level, counts, and its number in the agent's run.
Only its time is the gateway's to decide, so it is no part of the identity: a row stored a second time at another time is found.
A gap holds little more than its time, so each of several equal gaps is looked for near its own time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from footfall.frames import KINDS, Body, Kind
from footfall.pseudonyms import to_hex
from gateway.sinks.table import PointTable
from simulators.chaos.feeds import TILL_DOOR, Counted

_MS: Final = 1_000_000
_NEAR_NS: Final = 2_000_000_000
"""No agent is killed twice in so short a time, and no date is further off."""
Row = tuple[str | int, ...]
"""What makes a row that row; the first is its measurement."""


@dataclass(slots=True)
class Rows:
    """How often each row is there, and when it happened, ns since 1970; unsorted."""

    times_ns: dict[Row, list[int]] = field(default_factory=dict)

    def add(self, row: Row, time_ns: int) -> None:
        self.times_ns.setdefault(row, []).append(time_ns)

    @property
    def counts(self) -> Counter[Row]:
        return Counter({row: len(times) for row, times in self.times_ns.items()})

    def __len__(self) -> int:
        return sum(map(len, self.times_ns.values()))


@dataclass(frozen=True, slots=True)
class Verdict:
    """`lost` were sent and are not stored; `doubled` are stored more often than they were sent. `time_errors_ms`: sorted.

    `is_still`: nothing was sent while the database was read.
    """

    is_still: bool
    sent: int
    stored: int
    lost: Sequence[Row]
    doubled: Sequence[Row]
    time_errors_ms: Sequence[float]

    @property
    def is_right(self) -> bool:
        return not self.lost and not self.doubled


def add_frames(rows: Rows, frames: Iterable[tuple[str, Body]], offset_ns: int) -> None:
    """Rows that an agent made; `offset_ns` is what its boot clock is behind the wall clock. Plain events are in the till's list."""
    for agent, body in frames:
        columns = zip(
            body.kind.tolist(), body.t_boot_ns.tolist(), body.subject.tolist(), body.zone.tolist(), body.profile.tolist(),
            body.rssi_dbm.tolist(), body.count.tolist(), np.round(body.value.astype("f8"), 3).tolist(), strict=True,
        )  # fmt: skip
        for i, (kind, t_ns, subject, zone, profile, rssi_dbm, count, value) in enumerate(columns):
            number = body.first_row + i
            if kind in (Kind.IN, Kind.OUT):
                passed = (count, 0) if kind == Kind.IN else (0, count)
                row: Row = ("door", agent, body.zones[zone], *passed, number)
            elif kind == Kind.GAP:
                more = body.extra[i]
                row = ("gap", agent, str(more["reason"]), int(more["rows"]))
            elif kind in (Kind.ENTER, Kind.STAY, Kind.EXIT):
                made_of = (body.zones[zone], KINDS[kind - 1], to_hex(subject), body.profiles[profile], rssi_dbm, str(value))
                row = ("presence", agent, *made_of, number)
            else:
                continue
            rows.add(row, t_ns + offset_ns)


def add_counted(rows: Rows, agent: str, counted: Iterable[Counted]) -> None:
    for each in counted:
        rows.add(_counted(agent, each.time_ms, each.entered, each.left), each.time_ms * _MS)


def add_stored(rows: Rows, presence: PointTable, door: PointTable, gap: PointTable) -> None:
    """Add the stored points. Below the millisecond a point's time is a row's number. That of a gap also depends on the run of its agent, so
    gaps are compared by their number."""
    for time_ns, *values in _columns(presence, "agent", "zone", "kind", "subject", "profile", "rssi_dbm", "dwell_s"):
        values[-1] = str(values[-1])
        rows.add(("presence", *values, time_ns % _MS), time_ns)
    for time_ns, agent, name, entered, left in zip(
        door.time_ns.tolist(), *(door.values(n) for n in ("agent", "door", "in", "out")), strict=True
    ):
        if name == TILL_DOOR:
            rows.add(_counted(agent, time_ns // _MS, entered, left), time_ns)
        else:
            rows.add(("door", agent, name, entered, left, time_ns % _MS), time_ns)
    for time_ns, agent, reason, lost in _columns(gap, "agent", "reason", "rows"):
        rows.add(("gap", agent, reason, lost), time_ns)


def compare(sent_before: Rows, stored: Rows, sent_after: Rows) -> Verdict:
    """Agents still run while the database is read: what was sent before must be there, what is there must have been sent by after."""
    there = stored.counts
    lost = (sent_before.counts - there) | _gaps_apart(sent_before, stored)
    doubled = (there - sent_after.counts) | _gaps_apart(stored, sent_after)
    errors = [
        abs(a - b) / _MS
        for row, times in stored.times_ns.items()
        if row in sent_after.times_ns
        for a, b in zip(sorted(times), sorted(sent_after.times_ns[row]), strict=False)
    ]
    return Verdict(
        is_still=len(sent_before) == len(sent_after),
        sent=len(sent_after),
        stored=len(stored),
        lost=sorted(lost.elements(), key=str),
        doubled=sorted(doubled.elements(), key=str),
        time_errors_ms=sorted(errors),
    )


def _gaps_apart(rows: Rows, others: Rows) -> Counter[Row]:
    """Return the gaps that have no equal near their time among the others."""
    return Counter({row: _apart(times, others.times_ns.get(row, [])) for row, times in rows.times_ns.items() if row[0] == "gap"})


def _apart(times_ns: Sequence[int], others_ns: Sequence[int]) -> int:
    """How many of these times find none of the others within `_NEAR_NS`, each of which is found once."""
    left = sorted(others_ns, reverse=True)
    apart = 0
    for time_ns in sorted(times_ns):
        while left and left[-1] < time_ns - _NEAR_NS:
            left.pop()
        if left and left[-1] <= time_ns + _NEAR_NS:
            left.pop()
        else:
            apart += 1
    return apart


def _columns(table: PointTable, *names: str) -> Iterator[tuple[Any, ...]]:
    """Time and columns, row by row."""
    return zip(table.time_ns.tolist(), *map(table.values, names), strict=True)


def _counted(agent: str, time_ms: int, entered: int, left: int) -> Row:
    return ("count", agent, time_ms, entered, left)
