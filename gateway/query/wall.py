"""Local wall time as columns: what the clocks of a time zone show, and where they change. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_DAY, NS_PER_MINUTE, NS_PER_S

NsColumn = npt.NDArray[np.int64]


class Steady(NamedTuple):
    """A span in which a zone's clocks do not change: local time is UTC + `offset_ns`."""

    begin_ns: int
    end_ns: int
    offset_ns: int


class Repeated(NamedTuple):
    """Wall times that clocks showed twice, as ns of wall time since 1970: from `begin_ns` to before `end_ns`."""

    begin_ns: int
    end_ns: int


@lru_cache(maxsize=4096)
def steady_spans(zone: ZoneInfo, from_ns: int, to_ns: int) -> tuple[Steady, ...]:
    """Return the parts of [from_ns, to_ns) between the zone's changes of the clock, in order. They tile the span."""
    edges = [from_ns, *_changes(zone, from_ns, to_ns), to_ns]
    return tuple(Steady(begin, end, offset_ns(zone, begin)) for begin, end in pairwise(edges))


def repeated(spans: tuple[Steady, ...]) -> list[Repeated]:
    """Return the wall times that a change between these parts shows twice."""
    return [Repeated(after.begin_ns + after.offset_ns, after.begin_ns + before.offset_ns)
            for before, after in pairwise(spans) if after.offset_ns < before.offset_ns]  # fmt: skip


def wall_ns(zone: ZoneInfo, time_ns: NsColumn) -> NsColumn:
    """Return what the zone's clocks show at each moment, as ns of wall time since 1970."""
    if not len(time_ns):
        return time_ns
    first, last = int(time_ns.min()), int(time_ns.max())
    # Whole days, so that neighbouring questions share what is remembered.
    spans = steady_spans(zone, first // NS_PER_DAY * NS_PER_DAY, (last // NS_PER_DAY + 1) * NS_PER_DAY)
    begins = np.array([span.begin_ns for span in spans])
    offsets = np.array([span.offset_ns for span in spans])
    shown: NsColumn = time_ns + offsets[np.searchsorted(begins, time_ns, "right") - 1]
    return shown


def offset_ns(zone: ZoneInfo, time_ns: int) -> int:
    """Return local time less UTC at a moment, ns, in whole minutes: before 1970 some zones had seconds."""
    offset = datetime.fromtimestamp(time_ns // NS_PER_S, zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds() // 60) * NS_PER_MINUTE


def _changes(zone: ZoneInfo, from_ns: int, to_ns: int) -> Iterator[int]:
    at, before = from_ns, offset_ns(zone, from_ns)
    while at < to_ns:
        step = min(at + NS_PER_DAY, to_ns)
        if offset_ns(zone, step) != before:
            step = _change(zone, at, step)
            before = offset_ns(zone, step)
            if step < to_ns:
                yield step
        at = step


def _change(zone: ZoneInfo, before_ns: int, after_ns: int) -> int:
    """The first second with another offset than `before_ns` has: clocks change on whole seconds."""
    low, high = before_ns // NS_PER_S, -(-after_ns // NS_PER_S)
    offset = offset_ns(zone, before_ns)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset_ns(zone, middle * NS_PER_S) == offset else (low, middle)
    return high * NS_PER_S
