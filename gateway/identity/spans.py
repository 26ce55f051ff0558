"""Intervals of time, `from_ns <= time < to_ns`: united, subtracted, cut. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter

Interval = tuple[int, int]


def united(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the same times as disjoint intervals, by time; empty ones are left out."""
    ordered = sorted(intervals)
    if len(ordered) == 1 and ordered[0][0] < ordered[0][1]:
        return ordered
    made: list[Interval] = []
    for from_ns, to_ns in ordered:
        if from_ns >= to_ns:
            continue
        if made and from_ns <= made[-1][1]:
            made[-1] = (made[-1][0], max(to_ns, made[-1][1]))
        else:
            made.append((from_ns, to_ns))
    return made


def without(interval: Interval, taken: Sequence[Interval]) -> list[Interval]:
    """Return what is left of an interval; `taken` is united."""
    left = []
    from_ns, to_ns = interval
    for taken_from, taken_to in taken:
        if taken_to <= from_ns or taken_from >= to_ns:
            continue
        if taken_from > from_ns:
            left.append((from_ns, taken_from))
        from_ns = max(from_ns, taken_to)
    return [*left, (from_ns, to_ns)] if from_ns < to_ns else left


def within(interval: Interval, kept: Sequence[Interval]) -> list[Interval]:
    """Return the parts of an interval that lie in `kept`, which is united."""
    from_ns, to_ns = interval
    return [(max(from_ns, each[0]), min(to_ns, each[1])) for each in kept if each[0] < to_ns and each[1] > from_ns]


def overlaps(interval: Interval, others: Sequence[Interval]) -> bool:
    """Return whether an interval has a moment in common with any of others, which are united."""
    nth = bisect_right(others, interval[0], key=itemgetter(1))
    return nth < len(others) and others[nth][0] < interval[1]
