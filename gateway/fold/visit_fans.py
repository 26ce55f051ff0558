"""Whose visits are: each is its fan's as of its opening, and nobody's if the fan withdraws consent before it ends.

A visit that goes on may reach a withdrawal that is known already. Few subjects are of anybody who withdrew, so only theirs are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import numpy.typing as npt

from footfall.units import NS_PER_MS
from gateway.fold.link_index import Changed
from gateway.fold.state import State
from gateway.fold.store import VisitRow
from gateway.fold.visit_rows import Segment
from gateway.fold.visit_segments import VisitSegments, opened_ns
from gateway.fold.whose import Whose
from gateway.identity.facts import Span, Standing, is_registered


class Renamed(NamedTuple):
    """A segment, as it is, that is to be another fan's."""

    store: int
    segment: Segment
    fan: str


class VisitFans:
    """Finds which segments have another fan now: after standings changed, or after evidence."""

    def __init__(self, state: State, segments: VisitSegments, whose: Whose) -> None:
        self._state: Final = state
        self._segments: Final = segments
        self._whose: Final = whose
        self._heard: dict[int, None] = {}
        """Slots whose visits have evidence since `take_heard` was called last, of subjects that pass on, or of those who withdrew."""

    def fan_of(self, store: int, visit: Segment | VisitRow, key_ns: int) -> str:
        """Return the fan of a visit in a store (a code) with its opening event's key; "" for nobody known."""
        fan = self._whose.fan_of(visit.subject, store, opened_ns(key_ns))
        if fan and self._is_withdrawn(fan, visit.subject, store, min(visit.start_ns, opened_ns(key_ns)), visit.last_ns):
            return ""
        return fan

    def heard(self, slot: int) -> None:
        """Take that the visit of a track begins earlier or ends later than it did."""
        if self._state.links.is_watched(self._state.tracks.subject.item(slot)):
            self._heard[slot] = None

    def heard_many(self, slots: npt.NDArray[Any]) -> None:
        """Take the same of several tracks."""
        self._heard |= dict.fromkeys(slots[self._state.links.watched(self._state.tracks.subject[slots])].tolist())

    def take_heard(self) -> list[int]:
        """Return the slots whose visits have evidence since the last call, and may have reached a handover or a withdrawal by it."""
        heard, self._heard = self._heard, {}
        return [slot for slot in heard if self._state.tracks.v_state[slot]]

    def forget(self, slot: int) -> None:
        """Drop what is remembered of a slot that is about to be freed."""
        self._heard.pop(slot, None)

    def withdrawn(self, slots: Iterable[int]) -> list[Renamed]:
        """Return those of the segments of tracks that reached a withdrawal."""
        tracks = self._state.tracks
        segments = [(tracks.store.item(slot), self._segments.of_track(slot)) for slot in slots]
        return [Renamed(store, each, fan) for store, each in segments if (fan := self.fan_of(store, each, each.key.key_ns)) != each.fan]

    def moved(self, changed: Changed) -> Iterator[Renamed]:
        """Yield the segments of a subject that have another fan after its standing changed."""
        for store in self._segments.stores_changed(changed):
            for segment in self._segments.in_span([changed.name], store, changed.from_ns, changed.to_ns):
                fan = self.fan_of(store, segment, segment.key.key_ns)
                if fan != segment.fan:
                    yield Renamed(store, segment, fan)

    def _is_withdrawn(self, fan: str, subject: str, store: int, first_ns: int, last_ns: int) -> bool:
        if int(subject, 16) not in self._state.links.withdrawn:
            return False
        standing = self._state.links.standing(subject)
        return standing is not None and is_withdrawn(standing.within(self._state.estate.stores.names[store]), fan, first_ns, last_ns)


def is_withdrawn(standing: Standing, fan: str, first_ns: int, last_ns: int) -> bool:
    """Return whether whoever a standing means has withdrawn consent at any time of a visit of a fan, to the millisecond.

    Who gets something after having withdrawn withdraws nothing for the fan who had it before.
    """
    first_ms, last_ms, lent = first_ns // NS_PER_MS, last_ns // NS_PER_MS, {*standing.lent, *standing.given_back}
    spans = (each for each in standing.spans if not each.fan and each.from_ns not in lent and not _is_another_s(each, fan))
    return any(each.from_ns // NS_PER_MS <= last_ms and first_ms < each.to_ns // NS_PER_MS for each in spans)


def _is_another_s(span: Span, fan: str) -> bool:
    """Return whether another person than a fan withdrew consent; who is not known yet may be that one."""
    return span.withdrawn not in ("", fan) and is_registered(fan)
