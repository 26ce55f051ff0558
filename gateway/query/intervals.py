"""A span cut into intervals of a store's own clock and calendar, each with a label that all stores share. Pure.

    cut(facts, from_ns, to_ns, "1h") -> Cut(edges_ns, ("2026-10-24T10:00", …))

The day of a chain is the sum of each store's own day: stores of several time zones have other edges and equal labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import lru_cache
from heapq import heappop, heappush
from itertools import pairwise
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from footfall.errors import ConfigError
from footfall.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE
from gateway.query.estate import StoreFacts
from gateway.query.spans import day_begin_ns, day_of, iso
from gateway.query.wall import NsColumn, Repeated, repeated, steady_spans

Day = Literal["midnight", "store"]
DAYS: Final[tuple[Day, ...]] = ("midnight", "store")
"""When a day begins: at midnight, or at the store's `day_start`, so that an evening that ends at two is one day."""

MIDNIGHT: Final = time()
MAX_INTERVALS: Final = 200_000
_WALL_CHARS: Final = len("2026-10-25T02:00")
"""A label that is longer has an offset."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A length of the clock (`step_ns`), or whole local days that `first_day` and `next_day` group."""

    name: str
    step_ns: int = 0
    first_day: Callable[[date], date] = lambda day: day
    next_day: Callable[[date], date] = lambda day: day + timedelta(days=1)


def _month_after(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


_CLOCK: Final = {
    "1m": NS_PER_MINUTE, "5m": 5 * NS_PER_MINUTE, "15m": 15 * NS_PER_MINUTE, "30m": 30 * NS_PER_MINUTE, "1h": NS_PER_HOUR,
}  # fmt: skip
INTERVALS: Final[Mapping[str, Interval]] = {name: Interval(name, step_ns) for name, step_ns in _CLOCK.items()} | {
    each.name: each
    for each in (
        Interval("1d"),
        Interval("1w", 0, lambda day: day - timedelta(days=day.weekday()), lambda day: day + timedelta(days=7)),
        Interval("month", 0, lambda day: day.replace(day=1), lambda day: _month_after(day, 1)),
        Interval("quarter", 0, lambda day: date(day.year, (day.month - 1) // 3 * 3 + 1, 1), lambda day: _month_after(day, 3)),
        Interval("year", 0, lambda day: date(day.year, 1, 1), lambda day: date(day.year + 1, 1, 1)),
    )
}
"""By name, the shortest first. Weeks begin on Monday; days are local, so that one of changing clocks has 23 or 25 hours."""

BUCKETS_NS: Final = tuple(sorted(_CLOCK.values(), reverse=True))
"""The lengths that databases add up by, the longest first."""


class Cut(NamedTuple):
    """Interval i is from `edges_ns[i]` to before `edges_ns[i + 1]`; uncut, the first begins at `begin_ns` and the last ends at `end_ns`.

    `labels[i]` is its begin in local wall time, `2026-10-24T10:00`, with the offset where clocks show that time twice; of days and longer
    intervals their first day, `2026-10-24`. It is the begin of the whole interval where the span cuts it short; "" without intervals.
    """

    edges_ns: NsColumn
    labels: tuple[str, ...]
    begin_ns: int
    end_ns: int
    from_ns: int
    to_ns: int
    """The first and the last edge: asked for once a store, and an element of an array takes longer to read."""

    @property
    def begins_ns(self) -> list[int]:
        """Return where each interval begins, uncut."""
        return [self.begin_ns, *self.edges_ns[1:-1].tolist()]


def cut(facts: StoreFacts, from_ns: int, to_ns: int, interval: str | None, day: Day = "midnight", zone: ZoneInfo | None = None) -> Cut:
    """Return the intervals of [from_ns, to_ns) by the store's clock, or by that of `zone`. The span is widened to whole minutes.

    `interval` is a name of INTERVALS, or None for one interval. Raise ConfigError for an empty span or more than MAX_INTERVALS intervals.
    """
    clock = zone or facts.timezone
    if to_ns <= from_ns:
        raise ConfigError(
            f"the span is empty or ends before it begins: from {iso(from_ns, clock)} to {iso(to_ns, clock)}"
            " (a day given as --to is included)"
        )
    first, last = from_ns // NS_PER_MINUTE * NS_PER_MINUTE, -(-to_ns // NS_PER_MINUTE) * NS_PER_MINUTE
    return _cut(clock, day_start(facts, day), first, last, interval)


def day_start(facts: StoreFacts, day: Day) -> time:
    """Return the local time at which a day of the store begins."""
    return facts.day_start if day == "store" else MIDNIGHT


def bucket_ns(edges_ns: Iterable[int] | NsColumn) -> int:
    """Return the longest of 1h, 30m, 15m, 5m and 1m of which every edge is a multiple, ns; 1m if there is none."""
    edges = np.asarray(edges_ns, np.int64)
    return next((size for size in BUCKETS_NS if not (edges % size).any()), NS_PER_MINUTE)


def labels_in_order(cuts: Iterable[Sequence[str]]) -> list[str]:
    """Return the labels of several clocks, each once, so that those of every clock are in its own order.

    By wall time they are, but where clocks show a time twice: then all of the first time comes before all of the second.
    """
    cuts = [labels for labels in cuts if labels]
    every = sorted({label for labels in cuts for label in labels})
    if not any(len(label) > _WALL_CHARS for label in every):
        return every
    following: dict[str, set[str]] = {label: set() for label in every}
    for labels in cuts:
        for label, after in pairwise(labels):
            following[label].add(after)
    before = Counter(after for found in following.values() for after in found)
    ready = [label for label in every if not before[label]]
    ordered: list[str] = []
    while ready:
        label = heappop(ready)
        ordered.append(label)
        for after in following[label]:
            before[after] -= 1
            if not before[after]:
                heappush(ready, after)
    return ordered


@lru_cache(maxsize=512)
def _cut(zone: ZoneInfo, starts: time, from_ns: int, to_ns: int, interval: str | None) -> Cut:
    """Stores of the same clock share one object."""
    whole = from_ns, to_ns
    if interval is None:
        edges, labels = np.array([from_ns, to_ns]), [""]
    elif step_ns := INTERVALS[interval].step_ns:
        edges, labels = _by_clock(zone, from_ns, to_ns, step_ns)
        whole = _steps_around(zone, from_ns, to_ns, step_ns)
    else:
        edges, labels = _by_days(zone, starts, from_ns, to_ns, INTERVALS[interval])
        after = INTERVALS[interval].next_day(date.fromisoformat(labels[-1]))
        whole = day_begin_ns(date.fromisoformat(labels[0]), zone, starts), day_begin_ns(after, zone, starts)
    edges.setflags(write=False)
    return Cut(edges, tuple(labels), *whole, int(edges[0]), int(edges[-1]))


def _check_few(intervals: int) -> None:
    if intervals > MAX_INTERVALS:
        raise ConfigError(f"more than {MAX_INTERVALS:,} intervals: ask for a shorter span or a longer interval")


def _by_clock(zone: ZoneInfo, from_ns: int, to_ns: int, step_ns: int) -> tuple[NsColumn, list[str]]:
    """An edge at every wall time that is a multiple of the step, and at every change of the clock."""
    _check_few((to_ns - from_ns) // step_ns)
    # A change just outside decides, too, whether a wall time within is shown twice.
    spans = steady_spans(zone, from_ns - NS_PER_DAY, to_ns + NS_PER_DAY)
    twice = repeated(spans)
    edges, labels = [], []
    for span in spans:
        begin, end = max(span.begin_ns, from_ns), min(span.end_ns, to_ns)
        if begin < end:
            inner = np.arange(-(-(begin + 1 + span.offset_ns) // step_ns) * step_ns - span.offset_ns, end, step_ns)
            here = np.concatenate([[begin], inner])
            edges.append(here)
            labels += _wall_labels((here + span.offset_ns) // step_ns * step_ns, span.offset_ns, twice, step_ns)
    return np.concatenate([*edges, [to_ns]]), labels


def _steps_around(zone: ZoneInfo, from_ns: int, to_ns: int, step_ns: int) -> tuple[int, int]:
    """Where the first step begins and the last one ends. A change of the clock ends a step."""
    spans = steady_spans(zone, from_ns - NS_PER_DAY, to_ns + NS_PER_DAY)
    first = next(span for span in spans if span.begin_ns <= from_ns < span.end_ns)
    last = next(span for span in spans if span.begin_ns < to_ns <= span.end_ns)
    begin_ns = (from_ns + first.offset_ns) // step_ns * step_ns - first.offset_ns
    end_ns = -(-(to_ns + last.offset_ns) // step_ns) * step_ns - last.offset_ns
    return max(begin_ns, first.begin_ns), min(end_ns, last.end_ns)


def _wall_labels(walls_ns: NsColumn, offset_ns: int, twice: Iterable[Repeated], step_ns: int) -> list[str]:
    texts: list[str] = np.datetime_as_string(walls_ns.astype("datetime64[ns]"), unit="m").tolist()
    shown_twice = np.zeros(len(walls_ns), np.bool_)
    for span in twice:
        shown_twice |= (walls_ns >= span.begin_ns // step_ns * step_ns) & (walls_ns < span.end_ns)
    for i in np.flatnonzero(shown_twice).tolist():
        texts[i] += _offset_text(offset_ns)
    return texts


def _offset_text(offset_ns: int) -> str:
    minutes = abs(offset_ns) // NS_PER_MINUTE
    return f"{'-' if offset_ns < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


def _by_days(zone: ZoneInfo, starts: time, from_ns: int, to_ns: int, interval: Interval) -> tuple[NsColumn, list[str]]:
    found = dict(_days(zone, starts, from_ns, to_ns, interval))
    return np.array([from_ns, *list(found)[1:], to_ns], np.int64), [first.isoformat() for first in found.values()]


def _days(zone: ZoneInfo, starts: time, from_ns: int, to_ns: int, interval: Interval) -> Iterator[tuple[int, date]]:
    """Begin and first day of each interval. A day that clocks skip has the begin of the next one, which replaces it."""
    first = interval.first_day(day_of(from_ns, zone, starts))
    _check_few((to_ns - from_ns) // NS_PER_DAY // max((interval.next_day(first) - first).days, 1))
    while (begin := day_begin_ns(first, zone, starts)) < to_ns:
        yield begin, first
        first = interval.next_day(first)
