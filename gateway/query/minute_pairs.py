"""Which minutes of one side stand for which of the other: the same wall time on paired days, open and observed on both. Pure.

Minutes go in buckets, as databases add them up: a minute that was lost on one side takes its whole bucket out on both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE
from gateway.query.coverage import TASKS, CoverageMasks, CoverageTask
from gateway.query.day_pairs import DayPairs
from gateway.query.intervals import BUCKETS_NS, bucket_ns
from gateway.query.spans import day_begin_ns, day_of
from gateway.query.wall import NsColumn, steady_spans, wall_ns

LEAST_COVERED: Final = 0.9
"""A store is comparable that was observed in so great a share of its open minutes, on both sides."""
MOST_BUCKETS: Final = 1_500_000
"""Of stores and buckets; longer buckets are taken rather than more."""
_FIRST_DAY: Final = date(1970, 1, 1).toordinal()


class StoreClock(NamedTuple):
    """How a store's days run."""

    zone: ZoneInfo
    day_start: time


class BucketPairs(NamedTuple):
    """Buckets of this side and their counterparts, by their begins, in the order of this side."""

    here_ns: NsColumn
    there_ns: NsColumn

    def where(self, kept: npt.NDArray[np.bool_]) -> BucketPairs:
        return BucketPairs(self.here_ns[kept], self.there_ns[kept])


class SideMinutes(NamedTuple):
    """Open minutes of one side, and how many of these each task observed."""

    open: int
    observed: dict[CoverageTask, int]


@dataclass(frozen=True, slots=True)
class Matched:
    """What of one store is compared: `pairs`, with the minutes of them that were open here. `reason` is why it is not comparable."""

    pairs: BucketPairs
    open_minutes: int
    compared_minutes: int
    tasks: frozenset[CoverageTask]
    """Those that are needed of it."""
    reason: str = ""
    every_here_ns: NsColumn | None = None
    """The buckets of this side, where more of them count than are paired."""

    @property
    def here_ns(self) -> NsColumn:
        """Return the buckets of this side that count."""
        return self.pairs.here_ns if self.every_here_ns is None else self.every_here_ns


def local_days(clock: StoreClock, from_ns: int, to_ns: int) -> list[date]:
    """Return the days that [from_ns, to_ns) touches."""
    first, last = (day_of(time_ns, clock.zone, clock.day_start) for time_ns in (from_ns, to_ns - 1))
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def grain_ns(edges_ns: Sequence[int], clocks: Sequence[tuple[StoreClock, int, int]], stores: int) -> int:
    """Return how long buckets are, ns: the shortest of which there are not too many, among those that divide edges, offsets and days.

    `clocks` has each side's clock with its span.
    """
    marks = [*edges_ns]
    for clock, from_ns, to_ns in clocks:
        marks += [clock.day_start.hour * NS_PER_HOUR + clock.day_start.minute * NS_PER_MINUTE]
        marks += [mark for span in steady_spans(clock.zone, from_ns, to_ns) for mark in (span.offset_ns, span.begin_ns)]
    longest = bucket_ns([mark // NS_PER_MINUTE * NS_PER_MINUTE for mark in marks])
    span_ns = (edges_ns[-1] - edges_ns[0]) * max(stores, 1)
    return next((size for size in reversed(BUCKETS_NS) if size >= longest or span_ns // size <= MOST_BUCKETS), longest)


def pair_buckets(here: StoreClock, there: StoreClock, from_ns: int, to_ns: int, days: DayPairs, grain: int) -> BucketPairs:
    """Return the buckets of [from_ns, to_ns) with those of the same wall time on the paired days.

    Where clocks show a time twice, the first is paired with the first; a time that one side's clocks skip has no pair.
    """
    buckets = np.arange(-(-from_ns // grain) * grain, to_ns // grain * grain, grain, dtype=np.int64)
    if not days.pairs or not len(buckets):
        return BucketPairs(buckets[:0], buckets[:0])
    begin = day_begin_ns(min(days.pairs.values()), there.zone, there.day_start)
    end = day_begin_ns(max(days.pairs.values()) + timedelta(days=1), there.zone, there.day_start)
    others = np.arange(-(-begin // grain) * grain, end, grain, dtype=np.int64)
    wall, other_wall = _wall(here, buckets), _wall(there, others)
    moved = _moved(wall, days)
    known = np.flatnonzero(moved >= 0)
    _, mine, theirs = np.intersect1d(moved[known], other_wall, return_indices=True)
    order = np.argsort(mine)
    return BucketPairs(buckets[known[mine[order]]], others[theirs[order]])


def _wall(clock: StoreClock, time_ns: NsColumn) -> NsColumn:
    """Wall time since the day of it began, counted from the first day of 1970."""
    starts = clock.day_start.hour * NS_PER_HOUR + clock.day_start.minute * NS_PER_MINUTE
    return wall_ns(clock.zone, time_ns) - starts


def _moved(wall: NsColumn, days: DayPairs) -> NsColumn:
    """The wall times on the paired days; -1 where a day has no pair."""
    day = wall // NS_PER_DAY
    first = int(day.min())
    to_day = np.full(int(day.max()) - first + 1, -1, np.int64)
    for here, there in days.pairs.items():
        if 0 <= (i := here.toordinal() - _FIRST_DAY - first) < len(to_day):
            to_day[i] = there.toordinal() - _FIRST_DAY
    other = to_day[day - first]
    return np.where(other < 0, -1, other * NS_PER_DAY + wall % NS_PER_DAY)


def match(
    pairs: BucketPairs, here: tuple[CoverageMasks, str], there: tuple[CoverageMasks, str], tasks: frozenset[CoverageTask], grain: int
) -> Matched:
    """Return what of a store is compared, if it is comparable.

    `here` and `there` are the coverage of each side with the store's name in it. `tasks` are those that the measures need; one that no
    agent has on either side is needed by none. Minutes that are closed on both sides are compared as they are.
    """
    sides = [_bits(coverage, store, time_ns, grain) for (coverage, store), time_ns in zip((here, there), pairs, strict=True)]
    needed = frozenset(task for task in tasks if any(side[task].any() for side in sides))
    counts = [_minutes(side, needed) for side in sides]
    bad = sides[0]["open"] ^ sides[1]["open"]
    for side in sides:
        for task in needed:
            bad |= side["open"] & ~side[task]
    kept = bad == 0
    compared = int(np.bitwise_count(sides[0]["open"][kept]).sum())
    reason = _reason(counts, tasks, needed) or ("" if compared else _NO_MINUTE)
    return Matched(pairs.where(kept), counts[0].open, compared, needed, reason)


def observed(time_ns: NsColumn, coverage: CoverageMasks, store: str, tasks: frozenset[CoverageTask], grain: int) -> npt.NDArray[np.bool_]:
    """Return whether the minutes of each bucket were observed wholly, or were not open."""
    side = _bits(coverage, store, time_ns, grain)
    lost = np.zeros(len(time_ns), np.int64)
    for task in tasks:
        lost |= side["open"] & ~side[task]
    whole: npt.NDArray[np.bool_] = lost == 0
    return whole


_NO_MINUTE: Final = "no minute was open and observed on both sides"


def _reason(counts: Sequence[SideMinutes], tasks: frozenset[CoverageTask], needed: frozenset[CoverageTask]) -> str:
    """Why a store is not comparable; "" if it is."""
    for side, when in zip(counts, ("in the span", "in what it is compared with"), strict=True):
        if not side.open:
            return f"not open {when}"
        if tasks and not needed:
            return f"no agent observed {' or '.join(sorted(tasks))}"
        for task in TASKS:
            if task in needed and side.observed[task] < LEAST_COVERED * side.open:
                return f"{task} observed in {100 * side.observed[task] // side.open} % of its open minutes {when}"
    return ""


def _minutes(side: dict[str, NsColumn], tasks: frozenset[CoverageTask]) -> SideMinutes:
    opened = side["open"]
    return SideMinutes(int(np.bitwise_count(opened).sum()), {task: int(np.bitwise_count(opened & side[task]).sum()) for task in tasks})


def _bits(coverage: CoverageMasks, store: str, time_ns: NsColumn, grain: int) -> dict[str, NsColumn]:
    """The minutes of each bucket as bits, the first the lowest. What is not known to be observed counts as observed."""
    row, hour = coverage.rows[store], (time_ns - coverage.hours_ns[0]) // NS_PER_HOUR
    minute, whole = time_ns % NS_PER_HOUR // NS_PER_MINUTE, (1 << grain // NS_PER_MINUTE) - 1
    unknown = np.where(coverage.is_unknown(time_ns), whole, 0)
    found = {"open": coverage.open[row][hour] >> minute & whole}
    for task in TASKS:
        found[task] = getattr(coverage, task)[row][hour] >> minute & whole | unknown
    return found
