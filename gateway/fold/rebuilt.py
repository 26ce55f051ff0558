"""A past day of a store as it came out when it was folded once more: the body of REBUILT records.

What whose rows are is not in it: the fold names them when it takes the record, by the standings of then. A busy day is several records,
each with the subjects whose number leaves its `part` when divided by `parts`; what the doors counted is in the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, NamedTuple, TypeVar

import msgpack

from gateway.fold.store import DwellRow, VisitRow
from gateway.fold.wholes import whole_dwell, whole_visit

ROWS_A_PART: Final = 10_000
_Row = TypeVar("_Row", VisitRow, DwellRow)


class DoorMinute(NamedTuple):
    """How many the doors counted in a minute since 1970, UTC."""

    minute: int
    entered: int
    left: int


class RebuiltVisit(NamedTuple):
    """A segment of a visit without what follows from its neighbours and its fan."""

    subject: str
    key_ns: int
    agent: str
    start_ns: int
    last_ns: int
    zones: int
    """A bit for each of the part's `zones`, as a signed 64-bit integer; 0 for a pass."""
    staff: int
    absences: str
    counted: str
    """Of a pass alone."""


class RebuiltDwell(NamedTuple):
    subject: str
    zone: str
    key_ns: int
    agent: str
    start_ns: int
    last_ns: int
    staff: int
    quality: int


class CountInner(NamedTuple):
    """Whether the door of a count is an inner one, 0 or 1."""

    id: str
    inner: int


class CountAdjusted(NamedTuple):
    """How many of an adjustment count, by the id of its count: nobody while it waits."""

    id: str
    entered: int
    left: int


class StoredPoint(NamedTuple):
    """A derived point that the database has of a day which another gateway made; what it has no tag or subject of is ""."""

    measurement: str
    time_ns: int
    agent: str
    zone: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuiltPart:
    """Rows have keys from `from_ns` to before `to_ns`: those of the store that are not among these are no more."""

    from_ns: int
    to_ns: int
    day: str
    actor: str
    reason: str
    learned_ns: int
    part: int = 0
    parts: int = 1
    zones: tuple[str, ...] = ()
    visits: tuple[RebuiltVisit, ...] = ()
    dwells: tuple[RebuiltDwell, ...] = ()
    subjects: tuple[str, ...] = ()
    """Others of whom there were dwells."""
    doors: tuple[DoorMinute, ...] = ()
    counts: tuple[CountInner, ...] = ()
    adjusted: tuple[CountAdjusted, ...] = ()
    """Adjustments of the day, which `doors` has in its minutes; earlier releases wrote none."""
    ours_from_ns: int = 0
    """From when on the store's history is this gateway's though another made it: all of the day is emitted. 0: it was this one's before."""
    is_all: bool = False
    """Whether nothing of what is before `ours_from_ns` can be rebuilt: the other gateway's history is dealt with."""
    stored: tuple[StoredPoint, ...] = ()
    """What the database has of a day that another gateway made."""
    keeps_rows: bool = False
    """What was observed is as it is there: only what follows from the staff and the rules of contributions is worked out again."""

    @property
    def observed(self) -> set[str]:
        """The subjects of whom there are visits or dwells."""
        return {row.subject for row in self.visits} | {row.subject for row in self.dwells}

    def is_of(self, subject: str) -> bool:
        """Return whether a subject's rows are in this part."""
        return int(subject, 16) % self.parts == self.part

    def without_rows(self) -> RebuiltPart:
        """Return the part of the same day that leaves what was observed as it is."""
        return RebuiltPart(
            from_ns=self.from_ns, to_ns=self.to_ns, day=self.day, actor=self.actor, reason=self.reason, learned_ns=self.learned_ns,
            keeps_rows=True,
        )  # fmt: skip

    def in_parts(self, most_rows: int = ROWS_A_PART) -> Iterator[RebuiltPart]:
        """Yield the same in parts of about so many rows at most."""
        parts = -(-max(len(self.visits) + len(self.dwells) + len(self.stored), 1) // most_rows)
        for part in range(parts):
            one = replace(self, part=part, parts=parts)
            yield replace(
                one,
                visits=tuple(row for row in self.visits if one.is_of(row.subject)),
                dwells=tuple(row for row in self.dwells if one.is_of(row.subject)),
                subjects=tuple(each for each in self.subjects if one.is_of(each)),
                stored=tuple(each for each in self.stored if (one.is_of(each.subject) if each.subject else not part)),
                doors=() if part else self.doors,
                counts=() if part else self.counts,
                adjusted=() if part else self.adjusted,
            )


def visits_of_rows(rows: Iterable[VisitRow]) -> tuple[RebuiltVisit, ...]:
    """Return rows of a store, in the order of their keys, without what follows from others; parts of one segment are one."""
    return tuple(sorted(
        RebuiltVisit(row.subject, row.key_ns, row.agent, row.start_ns, row.last_ns, row.zones, row.staff, row.absences,
                     "" if row.zones else row.counted)
        for row in map(whole_visit, _by_whole(rows))
    ))  # fmt: skip


def _by_whole(rows: Iterable[_Row]) -> Iterator[list[_Row]]:
    """Yield the parts of each segment, or dwell; one that is whole alone."""
    parts: dict[tuple[str, str, int, str], list[_Row]] = {}
    for row in rows:
        if row.part_of_ns:
            parts.setdefault((row.subject, row.store, row.part_of_ns, row.agent), []).append(row)
        else:
            yield [row]
    yield from parts.values()


def dwells_of_rows(rows: Iterable[DwellRow]) -> tuple[RebuiltDwell, ...]:
    """Return the same of dwells."""
    wholes = map(whole_dwell, _by_whole(rows))
    return tuple(sorted(RebuiltDwell(*[getattr(row, name) for name in RebuiltDwell._fields]) for row in wholes))


def encode(part: RebuiltPart) -> bytes:
    """Return the body of a REBUILT record."""
    return bytes(msgpack.packb(asdict(part)))


def decode(body: bytes) -> RebuiltPart:
    """Return what `encode` was given."""
    values: dict[str, Any] = msgpack.unpackb(body)
    rows: dict[str, Any] = {name: tuple(kind(*row) for row in values.pop(name, ())) for name, kind in _ROWS.items()}
    values |= {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return RebuiltPart(**values, **rows)


_ROWS: Final[Mapping[str, type[Any]]] = {
    "visits": RebuiltVisit, "dwells": RebuiltDwell, "doors": DoorMinute, "counts": CountInner, "adjusted": CountAdjusted,
    "stored": StoredPoint,
}  # fmt: skip
