"""Whose subjects were in stores by what was known at a time: by the rules of the fold, over standings of then. Pure but for rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from footfall.units import NS_PER_MS
from gateway.fans.recut import recut, recut_dwells, wholes_of
from gateway.fold.handovers import handovers_of
from gateway.fold.lendings import Heard, VisitsIn, among, as_given_back, ended_ns, is_over, without
from gateway.fold.link_index import span_at
from gateway.fold.store import DwellRow, TouchRow, VisitRow, is_visit
from gateway.fold.visit_fans import is_withdrawn
from gateway.fold.visit_segments import opened_ns
from gateway.identity.facts import FOR_EVER_NS, Span, Standing
from gateway.identity.facts_json import gives_back
from gateway.identity.naming import StandingOf

VisitsOf = Callable[[str], Sequence[VisitRow]]
"""Returns the visits of a subject, also those that are not over."""
_KEPT: Final = 10_000


def lent_until_ns(span: Span, timeout_ns: int, visits: Sequence[VisitRow]) -> int:
    """Return until when a span of something lent lasts in a store by its visits there: while one goes on, as long as it may."""
    ended = ended_ns(span, timeout_ns, _heard(visits))
    return span.to_ns if ended is None else min(span.to_ns, ended + NS_PER_MS)


def _heard(visits: Sequence[VisitRow]) -> VisitsIn:
    return among([Heard(row.start_ns, row.last_ns, bool(row.open)) for row in visits if is_visit(row)])


class WhoseThen:
    """Standings by name, and the visits with which what was lent ended."""

    def __init__(self, visits_of: VisitsOf, standing_of: StandingOf, timeout_ns: Mapping[str, int]) -> None:
        """`timeout_ns`: by store, after which silence a visit is over."""
        self._standing_of: Final = standing_of
        self._timeout_ns: Final = timeout_ns
        self._visits_of: Final[VisitsOf] = lru_cache(_KEPT)(visits_of)

    def parts_of(self, subject: str) -> list[VisitRow]:
        """Return the visits of a subject, cut where it passed on."""
        standing = self._standing_of(subject)
        return [part for whole in wholes_of(self._visits_of(subject)) for part in recut(whole, standing)]

    def handovers_ns(self, subject: str, store: str) -> list[int]:
        """Return when a subject passed from one to another in a store, in order."""
        standing = self._standing_of(subject)
        return handovers_of(standing, store) if standing else []

    def dwells_of(self, subject: str, rows: Iterable[DwellRow]) -> list[DwellRow]:
        """Return dwells of a subject, cut where it passed on, each with its fan; "" for nobody known."""
        return recut_dwells(rows, self._standing_of(subject), self._of_dwell)

    def of_visit(self, row: VisitRow, until_ns: int = FOR_EVER_NS) -> str:
        """Return the fan of a visit, one of `parts_of`, by what it was up to a time; "" for nobody known."""
        here, begun_ns = self._within(row.subject, row.store), opened_ns(row.key_ns)
        fan = self._fan_of(here, row.store, begun_ns) if here else ""
        if here is None or is_withdrawn(here, fan, min(row.start_ns, begun_ns), min(row.last_ns, until_ns)):
            return ""
        return fan

    def _of_dwell(self, row: DwellRow) -> str:
        here = self._within(row.subject, row.store)
        return self._fan_of(here, row.store, row.start_ns) if here else ""

    def at(self, row: TouchRow) -> StandingOf:
        """Return what gives the standings of names as they held at a touch."""

        is_return = gives_back(json.loads(row.body))
        asked_ns = row.time_ns - NS_PER_MS if is_return else row.time_ns

        def standing(name: str) -> Standing | None:
            here = self._within(name, row.store)
            if here is None or not here.is_lent:
                return here
            span = span_at(here, asked_ns)
            if span and self._is_over(here, row.store, span, asked_ns):
                here = without(here, span)
            return as_given_back(here, row.time_ns) if is_return else here

        return standing

    def is_over(self, name: str, time_ns: int, store: str = "") -> bool:
        """Return whether what a name is of was lent, and no longer is at a time: in a store, else wherever it is the same and was heard."""
        standing = self._standing_of(name)
        if standing is None or not standing.is_lent:
            return False
        apart = {each.store for each in standing.in_stores}
        stores = {store} if store else {row.store for row in self._visits_of(name)} - apart or {""}
        spans = {each: span for each in stores if (span := span_at(standing.within(each), time_ns))}
        return bool(spans) and all(self._is_over(standing.within(each), each, span, time_ns) for each, span in spans.items())

    def _within(self, name: str, store: str) -> Standing | None:
        standing = self._standing_of(name)
        return standing.within(store) if standing else None

    def _fan_of(self, here: Standing, store: str, time_ns: int) -> str:
        span = span_at(here, time_ns) if here.spans else None
        return "" if span is None or self._is_over(here, store, span, time_ns) else span.fan

    def _is_over(self, here: Standing, store: str, span: Span, time_ns: int) -> bool:
        def ended(each: Span) -> int | None:
            visits_in = _heard([row for row in self._visits_of(here.name) if row.store == store])
            return ended_ns(each, self._timeout_ns.get(store, 0), visits_in)

        return is_over(here, span, time_ns, ended)
