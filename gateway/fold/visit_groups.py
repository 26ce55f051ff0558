"""Which segments are one visit: a person's that lie within the idle timeout of each other, or that touches between them bridge.

Somebody who tries things on or pays was there, whether the device was heard or not. So a touch of the fan that only a person in the store
can make bridges like evidence: two segments are one visit if no silence between them and such touches is longer than the timeout. A touch
alone makes no visit, and none lasts longer for it. Nobody known is one person up to the next handover only: who has a tag before it is
lent is not who has it after its return.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from gateway.fold.state import State
from gateway.fold.visit_rows import Segment, entries_of
from gateway.fold.visit_segments import EVER_NS, VisitSegments
from gateway.fold.visit_touches import vouching_ns
from gateway.fold.whose import Whose


class _Person(NamedTuple):
    """A fan, or somebody of whom only is known which subject they had when: then `fan` is ""."""

    fan: str
    subject: str = ""
    had_ns: int = 0


class VisitGroups:
    """Finds them. What tracks have is newer than the store: save segments first."""

    def __init__(self, state: State, segments: VisitSegments, whose: Whose) -> None:
        self._state: Final = state
        self.segments: Final = segments
        self._whose: Final = whose

    def of(self, store: int, segment: Segment) -> list[Segment]:
        """Return the segments of the visit that a segment is of, by key."""
        return self._reach(store, _Person(segment.fan, segment.subject, segment.start_ns), segment.start_ns, segment.last_ns)

    def around(self, store: int, fan: str, start_ns: int, last_ns: int) -> list[Segment]:
        """Return the fan's segments that would be one visit with evidence of a span."""
        return self._reach(store, _Person(fan), start_ns, last_ns)

    def near(self, store: int, fan: str, segment: Segment) -> list[Segment]:
        """Return the segments that a segment joins as a fan's; as nobody's it is one visit with others of its subject."""
        if fan:
            return self.around(store, fan, segment.start_ns, segment.last_ns)
        timeout_ns = self._timeout_ns(store)
        return self.segments.in_span([segment.subject], store, segment.start_ns - timeout_ns, segment.last_ns + timeout_ns)

    def touched(self, store: int, fan: str, time_ns: int) -> list[Segment]:
        """Return segments of every visit of the fan that a touch at a time changes: those near it, and those that it may bridge.

        It bridges only where segments are on both sides, so without a later one no chain of touches is read.
        """
        person, timeout = _Person(fan), self._timeout_ns(store)
        near = self._of(person, store, time_ns - timeout, time_ns + timeout)
        if any(each.start_ns <= time_ns <= each.last_ns for each in near):
            return near
        if not self._of(person, store, time_ns, EVER_NS):
            return near
        until_ns = self._vouched_until(store, fan, time_ns) + timeout
        if not self._of(person, store, time_ns, until_ns):
            return near
        return self._reach(store, person, time_ns, time_ns)

    def _reach(self, store: int, person: _Person, start_ns: int, last_ns: int) -> list[Segment]:
        """Touches are read beyond what is reached only, so each once."""
        timeout = self._timeout_ns(store)
        while True:
            first_ns, final_ns = self._vouched_from(store, person.fan, start_ns), self._vouched_until(store, person.fan, last_ns)
            group = self._of(person, store, first_ns - timeout, final_ns + timeout)
            start_ns = min([first_ns, *(each.start_ns for each in group)])
            last_ns = max([final_ns, *(each.last_ns for each in group)])
            if (first_ns, final_ns) == (start_ns, last_ns):
                return group

    def _of(self, person: _Person, store: int, from_ns: int, to_ns: int) -> list[Segment]:
        if person.fan:
            return self.segments.in_span_of_fan(person.fan, store, from_ns, to_ns)
        unknown = (each for each in self.segments.in_span([person.subject], store, from_ns, to_ns) if not each.fan)
        return [each for each in unknown if each.staff or not self._is_handed_on(store, person, each.start_ns)]

    def _is_handed_on(self, store: int, person: _Person, time_ns: int) -> bool:
        """Return whether a subject passed on between a time and that at which a person had it."""
        return bool(self._whose.handovers_ns(person.subject, store, *sorted((person.had_ns, time_ns))))

    def _timeout_ns(self, store: int) -> int:
        return int(self._state.estate.timeout_ns[store])

    def _vouched_from(self, store: int, fan: str, time_ns: int) -> int:
        """Return the earliest touch from which touches lead to a time without a silence longer than the timeout; the time if none."""
        timeout = self._timeout_ns(store)
        while earlier := vouching_ns(self._state, fan, store, time_ns - timeout, time_ns - 1):
            time_ns = earlier[0]
        return time_ns

    def _vouched_until(self, store: int, fan: str, time_ns: int) -> int:
        """Return the latest touch to which touches lead from a time without a silence longer than the timeout; the time if none."""
        timeout = self._timeout_ns(store)
        while later := vouching_ns(self._state, fan, store, time_ns + 1, time_ns + timeout):
            time_ns = later[-1]
        return time_ns

    def is_bridged(self, slot: int) -> bool:
        """Return whether touches near a track's segment may make it one with others of its fan."""
        t = self._state.tracks
        fan, store = self._state.fan_name(t.v_fan.item(slot)), t.store.item(slot)
        timeout = self._timeout_ns(store)
        return bool(vouching_ns(self._state, fan, store, t.v_start_ns.item(slot) - timeout, t.v_last_ns.item(slot) + timeout))

    def entries_ns(self, store: int, parts: Sequence[Segment]) -> list[int]:
        """Return when the person of a visit came in: who touched something meanwhile was not away."""
        reentry_ns = self._state.estate.reentry_ns.item(store)
        entries = entries_of(parts, reentry_ns, ())
        if len(entries) == 1:
            return entries
        start_ns, last_ns = min(part.start_ns for part in parts), max(part.last_ns for part in parts)
        return entries_of(parts, reentry_ns, vouching_ns(self._state, parts[0].fan, store, start_ns, last_ns))
