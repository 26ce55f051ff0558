"""Absences: when nobody heard the subject of a visit for so long that it came in again.

A visit has one entry more than absences. One is longer than the store's `reentry_s` and than what the profile allows between two rows
of one presence, and shorter than the store's idle timeout, after which another visit begins. Each is the span between two rows of
evidence that follow each other. So late evidence within one shortens it, splits it or ends it: what is kept is a function of the
evidence, whatever its order.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.fold.state import State

Span = tuple[int, int]
"""From and to, ns since 1970."""


class Absences:
    """Those of the visits that tracks have now, by slot: most have none."""

    def __init__(self, state: State) -> None:
        self._state: Final = state
        self._spans: dict[int, tuple[Span, ...]] = {}

    def of(self, slot: int) -> tuple[Span, ...]:
        """Return those of a track's visit, in order."""
        return self._spans.get(slot, ())

    def put(self, slot: int, spans: tuple[Span, ...]) -> None:
        """Take those of a track's visit, in order."""
        self._spans.pop(slot, None)
        if spans:
            self._spans[slot] = spans

    def begin(self, slots: Any) -> None:
        """Take that a visit begins, of a track or of several."""
        if self._spans:
            for slot in np.atleast_1d(slots).tolist():
                self._spans.pop(slot, None)

    def extend(self, slot: int, time_ns: int) -> None:
        """Take evidence after the latest of the track's visit."""
        self._add(slot, (self._state.tracks.v_last_ns.item(slot), time_ns))

    def earlier(self, slot: int, time_ns: int) -> None:
        """Take evidence before the begin of the track's visit."""
        self._add(slot, (time_ns, self._state.tracks.v_start_ns.item(slot)))

    def is_away(self, slot: int, time_ns: int) -> bool:
        """Return whether the subject of the track's visit was away then, as far as is known."""
        return any(from_ns < time_ns < to_ns for from_ns, to_ns in self.of(slot))

    def fill(self, slot: int, time_ns: int) -> None:
        """Take late evidence within the span of the track's visit."""
        before = self._spans.pop(slot, ())
        for from_ns, to_ns in before:
            for part in ((from_ns, time_ns), (time_ns, to_ns)) if from_ns < time_ns < to_ns else ((from_ns, to_ns),):
                self._add(slot, part)

    def _add(self, slot: int, span: Span) -> None:
        if span[1] - span[0] > self._least_ns(slot):
            self._spans[slot] = tuple(sorted([*self.of(slot), span]))

    def _least_ns(self, slot: int) -> int:
        t, estate = self._state.tracks, self._state.estate
        reentry_ns: int = estate.reentry_ns.item(t.store.item(slot))
        gap_ns: int = estate.limits_of[t.profile.item(slot)].gap_ns
        return max(reentry_ns, gap_ns)

    def entries(self, slots: npt.NDArray[Any]) -> Any:
        """Return how many entries visits of tracks have."""
        return np.array([1 + len(self.of(slot)) for slot in slots.tolist()], np.int64) if self._spans else 1

    def texts(self, slots: npt.NDArray[Any]) -> list[str]:
        """Return what the store keeps of the visits of tracks."""
        return [to_text(self.of(slot)) for slot in slots.tolist()]

    def dump(self) -> list[list[object]]:
        return [[slot, spans] for slot, spans in self._spans.items()]

    def load(self, values: Iterable[tuple[int, Sequence[Sequence[int]]]]) -> None:
        self._spans = {slot: _spans(spans) for slot, spans in values}


def to_text(absences: Sequence[Span]) -> str:
    """Return what the store keeps of absences."""
    return json.dumps(absences) if absences else ""


def from_text(text: str) -> tuple[Span, ...]:
    """Return the absences that the store kept."""
    return _spans(json.loads(text)) if text else ()


def heard_spans(start_ns: int, last_ns: int, absences: Sequence[Span]) -> Iterator[Span]:
    """Yield the parts of a visit between its absences."""
    for from_ns, to_ns in absences:
        yield start_ns, from_ns
        start_ns = to_ns
    yield start_ns, last_ns


def absences_between(heard: Iterable[Span], least_ns: int) -> tuple[Span, ...]:
    """Return when somebody was away who was heard in these spans, by any device: silences longer than `least_ns`."""
    first, *others = sorted(heard)
    found, until_ns = [], first[1]
    for from_ns, to_ns in others:
        if from_ns - until_ns > least_ns:
            found.append((until_ns, from_ns))
        until_ns = max(until_ns, to_ns)
    return tuple(found)


def _spans(values: Sequence[Sequence[int]]) -> tuple[Span, ...]:
    return tuple((from_ns, to_ns) for from_ns, to_ns in values)
