"""Visits as whoever made them: segments of one person that are one visit, by standings that are not the fold's. Pure but for what it reads.

Its rules are those of `gateway.fold.visit_groups`: segments of one person within the store's timeout of each other, or that touches between
them bridge. Nobody known is one person up to the next handover.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from gateway.fans.whose_then import WhoseThen
from gateway.fold.fan_touches import VOUCHES
from gateway.fold.store import TouchRow, VisitRow, is_visit

FanOf = Callable[[TouchRow], str]
NamesOf = Callable[[str], Collection[str]]
_SEPARATOR: Final = ":"
_KEPT: Final = 10_000


class NamedVisitKey(NamedTuple):
    """The key of a visit's point, and the subject of that segment: parts of two visits may begin in one millisecond at one agent."""

    store: str
    agent: str
    key_ns: int
    subject: str


class PersonVisit(NamedTuple):
    """Whose a visit is, "" for nobody known, and from when to when all its segments last."""

    fan: str
    start_ns: int
    last_ns: int


class PersonVisits:
    """By standings, those of `whose`; `names_of` has every name that may mean a fan, before or afterwards."""

    def __init__(
        self,
        whose: WhoseThen,
        names_of: NamesOf,
        touches_of: Callable[[str], Iterable[TouchRow]],
        fan_of: FanOf,
        timeout_ns: Mapping[str, int],
    ) -> None:
        self._whose: Final = whose
        self._names_of: Final = names_of
        self._touches_of: Final = touches_of
        self._fan_of: Final = fan_of
        self._timeout_ns: Final = timeout_ns
        self.segments_of: Final = lru_cache(_KEPT)(self._segments_of)
        """Returns the segments of a subject, cut where it passed on, each with its fan."""
        self._vouched: Final[dict[str, list[tuple[str, int]]]] = {}

    def _segments_of(self, subject: str) -> list[tuple[VisitRow, str]]:
        return [(row, self._whose.of_visit(row)) for row in self._whose.parts_of(subject) if is_visit(row)]

    def of_fan(self, fan: str) -> dict[NamedVisitKey, PersonVisit]:
        """Return the visits of a fan."""
        names = (name for name in self._names_of(fan) if _SEPARATOR not in name)
        return dict(self._visits(fan, [row for name in names for row, whose in self.segments_of(name) if whose == fan]))

    def of_nobody(self, subject: str) -> dict[NamedVisitKey, PersonVisit]:
        """Return the visits of a subject that are nobody's."""
        return {key: visit for some in self._unknown(subject) for key, visit in self._visits("", some)}

    def _unknown(self, subject: str) -> Iterator[list[VisitRow]]:
        """Yield a subject's segments that are nobody's, those between two handovers together."""
        found: defaultdict[tuple[str, int], list[VisitRow]] = defaultdict(list)
        handed: dict[str, list[int]] = {}
        for row in (row for row, fan in self.segments_of(subject) if not fan):
            times_ns = handed.get(row.store)
            if times_ns is None:
                times_ns = handed[row.store] = self._whose.handovers_ns(subject, row.store)
            found[row.store, bisect_right(times_ns, row.start_ns)].append(row)
        yield from found.values()

    def _visits(self, fan: str, rows: Iterable[VisitRow]) -> Iterator[tuple[NamedVisitKey, PersonVisit]]:
        group: list[VisitRow] = []
        last_ns = 0
        for row in sorted(rows, key=lambda row: (row.store, row.start_ns, row.last_ns)):
            if group and (row.store != group[0].store or not self._is_one(fan, row.store, last_ns, row.start_ns)):
                yield _visit(fan, group)
                group = []
            last_ns = max(last_ns, row.last_ns) if group else row.last_ns
            group.append(row)
        if group:
            yield _visit(fan, group)

    def _is_one(self, fan: str, store: str, from_ns: int, to_ns: int) -> bool:
        """Return whether no silence between two times is longer than the timeout, but for touches that show the fan there."""
        timeout_ns = self._timeout_ns.get(store, 0)
        if to_ns - from_ns > timeout_ns and fan:
            for of, time_ns in self._vouching(fan):
                if of == store and from_ns < time_ns <= from_ns + timeout_ns:
                    from_ns = time_ns
        return to_ns - from_ns <= timeout_ns

    def _vouching(self, fan: str) -> Sequence[tuple[str, int]]:
        """Return where and when a fan made touches that show it there, in order."""
        if fan not in self._vouched:
            rows = {(row.store, row.agent, row.row): row for name in self._names_of(fan) for row in self._touches_of(name) if not row.void}
            self._vouched[fan] = sorted(
                (row.store, row.time_ns) for row in rows.values() if json.loads(row.body)["what"] in VOUCHES and self._fan_of(row) == fan
            )
        return self._vouched[fan]


def _visit(fan: str, group: Sequence[VisitRow]) -> tuple[NamedVisitKey, PersonVisit]:
    """Return the point that stands for segments, that of the least key, and what it has."""
    key_ns, agent, subject = min((row.key_ns, row.agent, row.subject) for row in group)
    visit = PersonVisit(fan, min(row.start_ns for row in group), max(row.last_ns for row in group))
    return NamedVisitKey(group[0].store, agent, key_ns, subject), visit
