"""Whose a subject was in a store: as its standing has it, but for what was lent and not given back (gateway.fold.lendings).

A visit may still change, by late evidence: then what lies around it is to be given its fan anew.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.pseudonyms import to_hex
from footfall.units import NS_PER_MS
from gateway.fold.handovers import dwell_ends_of, handovers_of
from gateway.fold.lendings import Heard, as_given_back, begun_before, ended_ns, is_over, without
from gateway.fold.link_index import Changed, span_at
from gateway.fold.state import State
from gateway.fold.visit_rows import OPEN, Segment
from gateway.fold.visit_segments import VisitSegments
from gateway.identity.facts import Span, Standing
from gateway.identity.naming import StandingOf

_CACHED: Final = 10_000
EndsOf = Callable[[Standing, str], list[int]]


class Whose:
    """Asks the standings of a state, and the visits of `segments` where something is lent."""

    def __init__(self, state: State, segments: VisitSegments) -> None:
        self._state: Final = state
        self._segments: Final = segments
        self._changed: dict[tuple[str, int], tuple[int, int]] = {}
        """By subject of something lent and store, the span of its visits that changed."""
        self._ends: Final[dict[tuple[EndsOf, str, int], tuple[Standing, list[int]]]] = {}
        """Of visits or of dwells, by subject and store, with the standing of which they are."""

    def fan_of(self, subject: int | str, store: int, time_ns: int) -> str:
        """Return the fan of a subject in a store (a code) at a time; "" for nobody known."""
        number = subject if isinstance(subject, int) else int(subject, 16)
        span = self._state.links.span_of(number, time_ns, self._name(store))
        if span is None or (number in self._state.links.lent and self._is_over(to_hex(number), store, span, time_ns)):
            return ""
        return span.fan

    def read_ahead(self, slots: npt.NDArray[Any]) -> None:
        """Read whom those are who have no visit yet and are about to begin one."""
        tracks = self._state.tracks
        self._state.links.read_ahead(tracks.subject[slots[tracks.v_state[slots] != OPEN]])

    def handovers_ns(self, subject: str, store: int, from_ns: int, to_ns: int) -> list[int]:
        """Return when a subject passed from one to another in a store, after one time and up to another, in order."""
        if int(subject, 16) not in self._state.links.handed:
            return []
        return self._ends_ns(handovers_of, subject, store, from_ns, to_ns)

    def dwell_ends_ns(self, subject: str, store: int, from_ns: int, to_ns: int) -> list[int]:
        """Return the same of when its dwells end, which are cut where consent is withdrawn, too."""
        number = int(subject, 16)
        if number not in self._state.links.handed and number not in self._state.links.withdrawn:
            return []
        return self._ends_ns(dwell_ends_of, subject, store, from_ns, to_ns)

    def _ends_ns(self, ends_of: EndsOf, subject: str, store: int, from_ns: int, to_ns: int) -> list[int]:
        if (standing := self._state.links.standing(subject)) is None:
            return []
        key = ends_of, subject, store
        known = self._ends.get(key)
        if known is None or known[0] is not standing:
            if len(self._ends) >= _CACHED:
                self._ends.clear()
            known = self._ends[key] = standing, ends_of(standing, self._name(store))
        return known[1][bisect_right(known[1], from_ns) : bisect_right(known[1], to_ns)]

    def standing_of(self, store: int, time_ns: int, is_return: bool = False) -> StandingOf:
        """Return what gives the standings of names as they hold in a store at a time, or as a touch then finds them that gives back."""
        asked_ns = time_ns - NS_PER_MS if is_return else time_ns

        def standing(name: str) -> Standing | None:
            found = self._state.links.standing(name)
            if found is None or not found.is_lent:
                return found
            here = found.within(self._name(store))
            span = span_at(here, asked_ns)
            if span and self._is_over(name, store, span, asked_ns):
                here = without(here, span)
            return as_given_back(here, time_ns) if is_return else here

        return standing

    def are_lent(self, subjects: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        """Return for each subject whether it is or was something lent; few are."""
        lent = self._state.links.lent
        if not lent:
            return np.zeros(len(subjects), np.bool_)
        return np.isin(subjects, np.fromiter(lent, np.uint64, len(lent)))

    def visit_changed(self, segment: Segment) -> None:
        """Take that a segment began, ended, or has another span."""
        if self._state.links.lent and int(segment.subject, 16) in self._state.links.lent:
            key = segment.subject, segment.key.store
            first, last = self._changed.get(key, (segment.start_ns, segment.last_ns))
            self._changed[key] = min(first, segment.start_ns), max(last, segment.last_ns)

    def take_changed(self) -> list[Changed]:
        """Return what visits that changed since the last call may change of whose something lent is."""
        changed, self._changed = self._changed, {}
        return [self._around(*key, *span) for key, span in sorted(changed.items())]

    def forget_changed(self) -> None:
        """Forget what changed since `take_changed`: another fan of a visit ends no other."""
        self._changed = {}

    def dump(self) -> list[list[object]]:
        """Return what changed since `take_changed` as `load` takes it back."""
        return [[*key, *span] for key, span in self._changed.items()]

    def load(self, values: Iterable[tuple[str, int, int, int]]) -> None:
        """Go on from what `dump` returned."""
        self._changed = {(subject, store): (first_ns, last_ns) for subject, store, first_ns, last_ns in values}

    def _around(self, subject: str, store: int, first_ns: int, last_ns: int) -> Changed:
        """Return the times of the spans that a visit lies in, and of those that it may prolong; its own where it is long behind their end.

        Visits only grow, so it was behind the one that ended them before, too.
        """
        name, timeout_ns = self._name(store), int(self._state.estate.timeout_ns[store])
        begun, ended = (self._state.links.span_of(subject, time_ns, name) for time_ns in (first_ns, last_ns))
        if begun and begun == ended:
            ended_ns = self._ended_ns(subject, store, begun)
            if ended_ns is not None and first_ns - ended_ns > timeout_ns:
                return Changed(subject, first_ns, last_ns, (name,))
        from_ns, standing = begun.from_ns if begun else first_ns, self._state.links.standing(subject)
        if standing is not None:
            from_ns = begun_before(standing.within(name), first_ns - timeout_ns, from_ns)
        return Changed(subject, from_ns, ended.to_ns if ended else last_ns, (name,))

    def _is_over(self, subject: str, store: int, span: Span, time_ns: int) -> bool:
        """Return whether a span is lent, and ended before a time with its visit."""
        standing = self._state.links.standing(subject)
        if standing is None or not standing.is_lent:
            return False
        return is_over(standing.within(self._name(store)), span, time_ns, lambda each: self._ended_ns(subject, store, each))

    def _name(self, store: int) -> str:
        name: str = self._state.estate.stores.names[store]
        return name

    def _ended_ns(self, subject: str, store: int, span: Span) -> int | None:
        """Return when what is lent ended with its visit, as `lendings.ended_ns` has it."""
        self._segments.save()

        def visits_in(from_ns: int, to_ns: int) -> list[Heard]:
            found = self._segments.in_span([subject], store, from_ns, to_ns)
            return [Heard(each.start_ns, each.last_ns, each.is_open) for each in found]

        return ended_ns(span, int(self._state.estate.timeout_ns[store]), visits_in)
