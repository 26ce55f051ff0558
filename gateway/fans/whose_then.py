"""Whose subjects were in stores by what was known at a time: by the rules of the fold, over standings of then. Pure but for rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Final, Protocol

from gateway.fold.lendings import Heard, ended_ns, is_over, without
from gateway.fold.link_index import span_at
from gateway.fold.store import DwellRow, TouchRow, VisitRow, is_visit
from gateway.fold.visit_fans import is_withdrawn
from gateway.fold.visit_segments import opened_ns
from gateway.identity.facts import Span, Standing
from gateway.identity.naming import StandingOf


class Visits(Protocol):
    """The visits of a subject, also those that are not over."""

    def visits_of(self, subject: str) -> list[VisitRow]: ...


class WhoseThen:
    """Standings by name, and the visits with which what was lent ended."""

    def __init__(self, visits: Visits, standings: Mapping[str, Standing], timeout_ns: Mapping[str, int]) -> None:
        """`timeout_ns`: by store, after which silence a visit is over."""
        self._standings: Final = standings
        self._timeout_ns: Final = timeout_ns
        self._visits_of: Final[Callable[[str], Sequence[VisitRow]]] = cache(visits.visits_of)

    def of_visit(self, row: VisitRow, until_ns: int) -> str:
        """Return the fan of a visit by what it was up to a time; "" for nobody known."""
        standing, begun_ns = self._standings[row.subject], opened_ns(row.key_ns)
        if is_withdrawn(standing, min(row.start_ns, begun_ns), min(row.last_ns, until_ns)):
            return ""
        return self._fan_of(row.subject, row.store, begun_ns)

    def of_dwell(self, row: DwellRow) -> str:
        """Return the fan of a dwell; "" for nobody known."""
        return self._fan_of(row.subject, row.store, row.start_ns)

    def at(self, row: TouchRow) -> StandingOf:
        """Return what gives the standings of names as they held at a touch."""

        def standing(name: str) -> Standing | None:
            found = self._standings.get(name)
            span = span_at(found, row.time_ns) if found else None
            return without(found, span) if found and span and self._is_over(found, row.store, span, row.time_ns) else found

        return standing

    def is_over(self, name: str, time_ns: int, store: str = "") -> bool:
        """Return whether what a name is of was lent, and no longer is at a time: in a store, else wherever it was handed over or heard."""
        standing = self._standings[name]
        span = span_at(standing, time_ns) if standing.lent or standing.lent_in else None
        if span is None:
            return False
        one = store or dict(standing.lent_in).get(span.from_ns, "")
        stores = {one} if one else {row.store for row in self._visits_of(name)} or {""}
        return all(self._is_over(standing, each, span, time_ns) for each in stores)

    def _fan_of(self, subject: str, store: str, time_ns: int) -> str:
        standing = self._standings[subject]
        span = span_at(standing, time_ns) if standing.spans else None
        return "" if span is None or self._is_over(standing, store, span, time_ns) else span.fan

    def _is_over(self, standing: Standing, store: str, span: Span, time_ns: int) -> bool:
        def visits_in(from_ns: int, to_ns: int) -> list[Heard]:
            rows = (row for row in self._visits_of(standing.name) if row.store == store and is_visit(row))
            return [Heard(row.start_ns, row.last_ns, bool(row.open)) for row in rows if row.last_ns >= from_ns and row.start_ns <= to_ns]

        return is_over(standing, store, span, time_ns, lambda each: ended_ns(each, self._timeout_ns.get(store, 0), visits_in))
