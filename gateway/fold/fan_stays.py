"""Dwells of one fan's several devices as stays. Pure.

Those in one zone at one time are one stay. And a fan is in one place: a dwell that lies within one of another device in another zone is
none. What a body or a shelf makes of one device's levels for half a minute, the other one shows to be nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from footfall.units import NS_PER_MINUTE, NS_PER_MS
from gateway.fold.dwell_rows import closed, opened
from gateway.fold.estate_index import seconds_of
from gateway.fold.fan_codes import FanCodes
from gateway.fold.minute_counts import ZONE_COLUMN

STILL_NS: Final = 1 << 62
"""When an open dwell ends, in ns or ms: not yet."""
Cell = tuple[int, int, int]
"""A zone, a minute and a column of ZONE."""
Span = tuple[int, int]


class CountedDwell(NamedTuple):
    """What a dwell has that the minutes count of it."""

    subject: str
    zone: int
    fan: int
    """Code of the fan, -1: nobody known."""
    key_ns: int
    agent: str
    start_ns: int
    last_ns: int
    minute: int
    """The last minute in which it is counted as present."""
    is_open: bool
    staff: bool

    @property
    def end_ns(self) -> int:
        """When it ends, in ns; an open one reaches over all that comes later."""
        return STILL_NS if self.is_open else self.last_ns

    @property
    def key(self) -> tuple[str, int, str]:
        return self.subject, self.key_ns, self.agent


def in_one_place(dwells: Iterable[CountedDwell], from_ns: int = 0) -> Iterator[CountedDwell]:
    """Yield dwells of a fan in a store, by their begin, but those that are over and lie within a longer one of another device elsewhere.

    Those whose key is before `from_ns` are all yielded: an earlier release counted them.
    """
    reached: dict[tuple[str, int], Span] = {}
    """By device and zone the latest end so far, and the earliest begin of those that end then, less than 0."""
    for dwell in sorted(dwells, key=lambda each: (each.start_ns // NS_PER_MS, -_end_ms(each), each.key)):
        span = _end_ms(dwell), -(dwell.start_ns // NS_PER_MS)
        others = (other for (subject, zone), other in reached.items() if subject != dwell.subject and zone != dwell.zone)
        if dwell.is_open or dwell.key_ns < from_ns or not any(other > span for other in others):
            yield dwell
        of = dwell.subject, dwell.zone
        reached[of] = max(reached.get(of, span), span)


def reach(dwells: Sequence[CountedDwell], of_zones: Mapping[int, Span]) -> dict[int, Span]:
    """Return the span of each zone, ns, with those of its dwells that overlap it, or each other and so reach it."""
    found = dict(of_zones)
    for zone in found:
        own = sorted((dwell.start_ns, dwell.end_ns) for dwell in dwells if dwell.zone == zone)
        before, wide = None, found[zone]
        while before != wide:
            before = wide
            near = [each for each in own if each[0] <= wide[1] + NS_PER_MS and each[1] >= wide[0] - NS_PER_MS]
            wide = min([wide[0], *(first for first, _ in near)]), max([wide[1], *(last for _, last in near)])
        found[zone] = wide
    return found


def stays(dwells: Iterable[CountedDwell]) -> Iterator[list[CountedDwell]]:
    """Yield the stays that a fan's dwells in a zone are: those of several devices at the same time, to the millisecond, are one."""
    together: list[CountedDwell] = []
    end_ms = 0
    for dwell in sorted(dwells, key=lambda each: (each.start_ns // NS_PER_MS, each.key)):
        if together and dwell.start_ns // NS_PER_MS > end_ms:
            yield from _as_stays(together)
            together = []
        end_ms = max(end_ms if together else 0, _end_ms(dwell))
        together.append(dwell)
    yield from _as_stays(together)


def _as_stays(together: list[CountedDwell]) -> Iterator[list[CountedDwell]]:
    """Dwells of one device alone are a stay each."""
    if len({dwell.subject for dwell in together}) > 1:
        yield together
    else:
        yield from ([dwell] for dwell in together)


def _end_ms(dwell: CountedDwell) -> int:
    if dwell.is_open:
        return STILL_NS
    return dwell.start_ns // NS_PER_MS + round(seconds_of(dwell.start_ns, dwell.last_ns) * 1000)


def counted(dwells: Sequence[CountedDwell], fans: FanCodes, from_ns: int = 0) -> Iterator[tuple[Cell, float]]:
    """Yield what dwells of a fan in a store count, as a cell and an amount. Those whose key is before `from_ns` all count."""
    by_zone: dict[int, list[CountedDwell]] = defaultdict(list)
    for dwell in in_one_place(dwells, from_ns):
        by_zone[dwell.zone].append(dwell)
    for zone, own in by_zone.items():
        for stay in stays(own):
            yield from (((zone, minute, column), amount) for minute, column, amount in _of_stay(stay, fans))


def _of_stay(stay: Sequence[CountedDwell], fans: FanCodes) -> Iterator[tuple[int, int, float]]:
    """Yield what a stay counts, as minute, column of ZONE and amount.

    Minutes of which it is not known yet that an open dwell lasted in them are not counted: that a device left may not be settled when the
    next one comes.
    """
    known = fans.known(stay[0].fan)
    minutes = {minute for dwell in stay for minute in range(dwell.start_ns // NS_PER_MINUTE, dwell.minute + 1)}
    first = min(minutes)
    for column, amount in opened(known).items():
        yield first, column, amount
    for minute in minutes - {first}:
        yield minute, ZONE_COLUMN["present"], 1
        yield minute, ZONE_COLUMN["known_present"], known
    if not any(dwell.is_open for dwell in stay):
        begin_ms, end_ms = min(dwell.start_ns for dwell in stay) // NS_PER_MS, max(map(_end_ms, stay))
        ended = max(dwell.last_ns for dwell in stay) // NS_PER_MINUTE
        for column, amount in closed(begin_ms * NS_PER_MS, end_ms * NS_PER_MS).items():
            yield ended, column, amount
