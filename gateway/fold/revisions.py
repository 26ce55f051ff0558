"""Revisions: what a point was before late knowledge changed it, so that a report can be made once more as it was at its time.

A point that is emitted more than an hour after its own time leaves a revision: when that was, and the fields that the point had until
then. Going back to a time, each point has the fields of its first revision after that time. Points that were changed sooner have none.
A point that changes several times in one second leaves one revision: what it was before that second.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from footfall.units import NS_PER_HOUR, NS_PER_MINUTE, NS_PER_S
from gateway.fold.history import DERIVED, History
from gateway.points import SCHEMA, Points
from gateway.points.revision import NOT_THERE, series_of
from gateway.points.rows import KEY_SIZE, MEASUREMENT, PointRow, RevisionPoint

LATE_NS: Final = NS_PER_HOUR


class Revisions:
    """`now_s` is the second of the records that are being folded. It, and what was emitted in it, are part of the fold's state."""

    def __init__(self, history: History) -> None:
        self.now_s = 0
        self._history: Final = history
        self._emitted: set[tuple[Any, ...]] = set()
        """The keys of this second's revisions."""

    def begin(self, now_s: int) -> None:
        """Begin a second of the records, or go on with it."""
        if now_s != self.now_s:
            self.now_s = now_s
            self._emitted.clear()

    def is_late(self, time_ns: int) -> bool:
        """Return whether a point that ends at that time leaves a revision when it changes now."""
        return time_ns + LATE_NS < self.now_s * NS_PER_S

    def of(self, row: PointRow, was: PointRow | None) -> RevisionPoint | None:
        """Return the revision of a point that becomes `row` now, and was another or None.

        None if that is not late, not ours, or not the point's first change in this second.
        """
        measurement, keys = MEASUREMENT[row.__class__], KEY_SIZE[row.__class__]
        ends_ns = row.time_ns + DERIVED.get(measurement, 0)
        if not self.is_late(ends_ns) or (measurement in DERIVED and ends_ns <= self._history.of(row.store)):
            return None
        fields = NOT_THERE if was is None else json.dumps(was[keys:], ensure_ascii=False, separators=(",", ":"))
        revision = self._revision(measurement, [str(tag) for tag in row[1:keys]], row.time_ns, fields)
        key = tuple(revision[: KEY_SIZE[RevisionPoint]])
        if key in self._emitted:
            return None
        self._emitted.add(key)
        return revision

    def of_new(self, points: Points) -> Iterator[RevisionPoint]:
        """Yield the revisions of points that did not exist until now, and are not derived."""
        tags = [points.tags[tag] for tag in SCHEMA[points.measurement].tags]
        for row in np.flatnonzero(points.time_ns + LATE_NS < self.now_s * NS_PER_S).tolist():
            names = [tag.names[tag.codes[row]] for tag in tags]
            yield self._revision(points.measurement, names, int(points.time_ns[row]), NOT_THERE)

    def _revision(self, measurement: str, tags: Sequence[str], point_ns: int, fields: str) -> RevisionPoint:
        """`tags` are in the order of the schema."""
        named = dict(zip(SCHEMA[measurement].tags, tags, strict=True))
        store = named.pop("store")
        return RevisionPoint(
            self.now_s * NS_PER_S + _digits(point_ns), of=measurement, series=series_of(named.values()), store=store, point_ns=point_ns,
            was=fields,
        )  # fmt: skip

    def dump(self) -> dict[str, Any]:
        """Return the state; `load` takes it back."""
        return {"now_s": self.now_s, "emitted": list(self._emitted)}

    def load(self, values: Mapping[str, Any] | None) -> None:
        """Go on from what `dump` returned; None of a release that kept none."""
        if values:
            self.now_s, self._emitted = values["now_s"], {tuple(key) for key in values["emitted"]}


def _digits(time_ns: int) -> int:
    """Below a second: of whole minutes their number, since they share all other digits."""
    minute, rest = divmod(time_ns, NS_PER_MINUTE)
    return (rest or minute) % NS_PER_S
