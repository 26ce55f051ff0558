"""Walks that contradict each other: in one zone receivers hear the carrier otherwise than on another walk. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from statistics import fmean, median
from typing import Final, NamedTuple

from gateway.calibration.walks import Walk

APART_DB: Final = 10.0
"""Bodies, pockets and shelves change the difference of two receivers by a few dB; so much is another place, or another receiver."""
LEAST_ROWS: Final = 5
Levels = Mapping[tuple[str, str], float]
"""By (true zone, hearing zone) the median level, dBm."""


class Disagreement(NamedTuple):
    """In `zone` two walks have `by` hear the carrier at these levels, dBm, what all receivers differ by alike left out."""

    walks: tuple[str, str]
    zone: str
    by: str
    levels_dbm: tuple[float, float]
    apart_db: float


def disagreements(walks: Sequence[Walk]) -> list[Disagreement]:
    """Return the widest disagreement of each pair of walks that has one."""
    levels = [(walk.name, _levels(walk)) for walk in walks]
    found = []
    for (one, of_one), (other, of_other) in combinations(levels, 2):
        apart = list(_apart((one, other), of_one, of_other))
        if apart:
            found.append(max(apart, key=lambda each: each.apart_db))
    return found


def _levels(walk: Walk) -> Levels:
    times = [t_ns for t_ns, _ in walk.truth]
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in walk.rows:
        at = bisect_right(times, row.t_ns)
        if row.dbm is not None and at:
            found[walk.truth[at - 1][1], row.zone].append(row.dbm)
    return {place: median(levels) for place, levels in found.items() if len(levels) >= LEAST_ROWS}


def _apart(names: tuple[str, str], one: Levels, other: Levels) -> Iterator[Disagreement]:
    """Another carrier is louder or fainter everywhere: only what is left of the differences in a zone counts, so two must hear it."""
    zones = dict.fromkeys(zone for zone, _ in one)
    for zone in zones:
        both = [by for at, by in one if at == zone and (zone, by) in other]
        if len(both) < 2:
            continue
        differ = {by: one[zone, by] - other[zone, by] for by in both}
        shift_db = fmean(differ.values())
        for by in both:
            if abs(differ[by] - shift_db) >= APART_DB:
                yield Disagreement(names, zone, by, (one[zone, by], other[zone, by]), abs(differ[by] - shift_db))
