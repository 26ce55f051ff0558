"""How a day that was folded once more differs from what the ledger has: for people, before it is done. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from gateway.fold.rebuilt import RebuiltDwell, RebuiltPart, RebuiltVisit, dwells_of_rows, visits_of_rows
from gateway.fold.store import DwellRow, VisitRow


class Rows(NamedTuple):
    """How many rows of a kind are new, other than before, and no more."""

    new: int
    changed: int
    gone: int

    def __str__(self) -> str:
        return f"{self.new:,} new, {self.changed:,} changed, {self.gone:,} void"


@dataclass(frozen=True, slots=True)
class DayDifference:
    """Of one day; `entered` and `left` are (before, after)."""

    day: str
    visits: Rows
    dwells: Rows
    minutes: int
    entered: tuple[int, int]
    left: tuple[int, int]

    @property
    def is_none(self) -> bool:
        return not any((*self.visits, *self.dwells, self.minutes))


class Before(NamedTuple):
    """What the ledger has of a day."""

    visits: Sequence[VisitRow]
    dwells: Sequence[DwellRow]
    zones: Sequence[str]
    """The store's zones, in the order of the bits of its visits."""
    doors: Mapping[int, tuple[int, int]]
    """By minute, in and out."""
    still_there: frozenset[str] = frozenset()
    """Subjects who are in the store since that day, or were until a moment ago: what they did is left as it is."""


def with_subjects_of(part: RebuiltPart, before: Before) -> RebuiltPart:
    """Return the part with the subjects of whom only dwells are there, which are to be looked at as well."""
    known = part.observed | {row.subject for row in before.visits}
    return replace(part, subjects=tuple(sorted({row.subject for row in before.dwells} - known)))


def difference(before: Before, part: RebuiltPart) -> DayDifference:
    """Return what taking the part would change."""
    was = visits_of_rows(row._replace(zones=_mask(row.zones, before.zones, part.zones)) for row in before.visits)
    stays = before.still_there
    now = {each.minute: (each.entered, each.left) for each in part.doors}
    minutes = [minute for minute in {*now, *before.doors} if now.get(minute, (0, 0)) != before.doors.get(minute, (0, 0))]
    return DayDifference(
        part.day,
        _rows(*(_by_visit_key(row for row in rows if row.zones and row.subject not in stays) for rows in (was, part.visits))),
        _rows(*(_by_dwell_key(row for row in rows if row.subject not in stays) for rows in (dwells_of_rows(before.dwells), part.dwells))),
        len(minutes),
        (sum(each[0] for each in before.doors.values()), sum(each[0] for each in now.values())),
        (sum(each[1] for each in before.doors.values()), sum(each[1] for each in now.values())),
    )


def _rows(was: Mapping[Any, Any], now: Mapping[Any, Any]) -> Rows:
    changed = sum(was[key] != now[key] for key in was.keys() & now.keys())
    return Rows(len(now.keys() - was.keys()), changed, len(was.keys() - now.keys()))


def _by_visit_key(rows: Iterable[RebuiltVisit]) -> dict[tuple[str, int, str], RebuiltVisit]:
    return {(row.subject, row.key_ns, row.agent): row for row in rows}


def _by_dwell_key(rows: Iterable[RebuiltDwell]) -> dict[tuple[str, int, str, str], RebuiltDwell]:
    return {(row.subject, row.key_ns, row.agent, row.zone): row for row in rows}


def _mask(zones: int, theirs: Sequence[str], ours: Sequence[str]) -> int:
    """Return a mask of zones in another order of bits; both signed."""
    places = {name: min(place, 63) for place, name in enumerate(ours)}
    found = 0
    for place, name in enumerate(theirs):
        if zones >> min(place, 63) & 1 and name in places:
            found |= 1 << places[name]
    return found - (1 << 64) if found >> 63 else found
