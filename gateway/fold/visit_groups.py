"""Which segments are one visit: a person's that lie within the idle timeout of each other, or that touches between them bridge.

Somebody who tries things on or pays was there, whether the device was heard or not. So a touch of the fan that only a person in the store
can make bridges like evidence: two segments are one visit if no silence between them and such touches is longer than the timeout. A touch
alone makes no visit, and none lasts longer for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.fold.state import State
from gateway.fold.visit_rows import Segment, entries_of
from gateway.fold.visit_segments import VisitSegments
from gateway.fold.visit_touches import vouching_ns


class VisitGroups:
    """Finds them. What tracks have is newer than the store: save segments first."""

    def __init__(self, state: State, segments: VisitSegments) -> None:
        self._state: Final = state
        self._segments: Final = segments

    def of(self, store: int, segment: Segment) -> list[Segment]:
        """Return the segments of the visit that a segment is of, by key."""
        subjects = self._state.links.subjects_of(segment.fan) if segment.fan else [segment.subject]
        return self._reach(store, segment.fan, subjects, segment.start_ns, segment.last_ns)

    def around(self, store: int, fan: str, start_ns: int, last_ns: int) -> list[Segment]:
        """Return the fan's segments that would be one visit with evidence of a span."""
        return self._reach(store, fan, self._state.links.subjects_of(fan), start_ns, last_ns)

    def _reach(self, store: int, fan: str, subjects: Sequence[str], start_ns: int, last_ns: int) -> list[Segment]:
        timeout = int(self._state.estate.timeout_ns[store])
        while True:
            near = self._segments.in_span(subjects, store, start_ns - timeout, last_ns + timeout)
            group = [each for each in near if each.fan == fan]
            vouched = vouching_ns(self._state, fan, store, start_ns - timeout, last_ns + timeout)
            first_ns = min([start_ns, *(each.start_ns for each in group), *vouched])
            final_ns = max([last_ns, *(each.last_ns for each in group), *vouched])
            if (first_ns, final_ns) == (start_ns, last_ns):
                return group
            start_ns, last_ns = first_ns, final_ns

    def is_bridged(self, slot: int) -> bool:
        """Return whether touches near a track's segment may make it one with others of its fan."""
        t = self._state.tracks
        fan, store = self._state.fan_name(t.v_fan.item(slot)), t.store.item(slot)
        timeout = int(self._state.estate.timeout_ns[store])
        return bool(vouching_ns(self._state, fan, store, t.v_start_ns.item(slot) - timeout, t.v_last_ns.item(slot) + timeout))

    def entries_ns(self, store: int, parts: Sequence[Segment]) -> list[int]:
        """Return when the person of a visit came in: who touched something meanwhile was not away."""
        start_ns, last_ns = min(part.start_ns for part in parts), max(part.last_ns for part in parts)
        vouched = vouching_ns(self._state, parts[0].fan, store, start_ns, last_ns)
        return entries_of(parts, self._state.estate.reentry_ns.item(store), vouched)
