"""Which intervals of an answer are not whole: the span cuts them, or they are not over yet. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from gateway.query.asked import AskedStore
from gateway.query.intervals import Cut
from gateway.query.show_text import period
from gateway.query.spans import iso

MOST_NAMED: Final = 3
"""Intervals named in a note; stores of several clocks may have many."""


def cut_notes(stores: Sequence[AskedStore], interval: str | None, now_ns: int) -> list[str]:
    """Return a note of the intervals that the span cuts, and one of those that are not over at `now_ns`; none without intervals."""
    if interval is None:
        return []
    clocks = {id(store.cut): store for store in stores}.values()
    running = {id(store.cut): _running(store.cut, now_ns) for store in clocks}
    cuts = [text for store in clocks for text in _cuts(store.cut, store.zone, interval, running[id(store.cut)])]
    open_yet = [period(store.cut.labels[i], interval) for store in clocks if (i := running[id(store.cut)]) is not None]
    return [*_note("not whole", cuts), *_note("not over yet", open_yet)]


def _note(what: str, intervals: Iterable[str]) -> list[str]:
    each = list(dict.fromkeys(intervals))
    more = f", and {len(each) - MOST_NAMED:,} more by other clocks" if len(each) > MOST_NAMED else ""
    return [f"{what}: {', '.join(each[:MOST_NAMED])}{more}"] if each else []


def _running(cut: Cut, now_ns: int) -> int | None:
    """The number of the interval that is not over yet, if the span does not end before now."""
    begins = cut.begins_ns
    if not begins[0] <= now_ns < cut.edges_ns[-1]:
        return None
    return max(i for i, begin in enumerate(begins) if begin <= now_ns)


def _cuts(cut: Cut, zone: ZoneInfo, interval: str, running: int | None) -> Iterator[str]:
    from_ns, to_ns, last = int(cut.edges_ns[0]), int(cut.edges_ns[-1]), len(cut.labels) - 1
    begin = _wall(from_ns, zone) if cut.begin_ns < from_ns else ""
    end = _wall(to_ns, zone) if to_ns < cut.end_ns and running != last else ""
    if begin and end and last == 0:
        yield f"{period(cut.labels[0], interval)} (only {begin} to {end})"
        return
    if begin:
        yield f"{period(cut.labels[0], interval)} (only from {begin})"
    if end:
        yield f"{period(cut.labels[last], interval)} (only until {end})"


def _wall(time_ns: int, zone: ZoneInfo) -> str:
    return iso(time_ns, zone)[:16].replace("T", " ")
