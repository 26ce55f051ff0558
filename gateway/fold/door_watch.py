"""Counters of doors that fell silent: for longer, in opening hours, than they usually are. Pure.

    watch.apply(site, now_ns)                    # the estate that is in force
    watch.count(store, door, time_ns)            # somebody was counted
    watch.silent(now_ns) -> [DoorSilence, …]     # called from any thread

Of each door the longest silence of each of the last KEPT_DAYS days with counts is known, in opening hours. Usual is the longest of them but
one, since one may have been an outage. What was never counted before MANY_DAYS of such days has a day to be heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from footfall.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, NS_PER_S
from gateway.site.closings import OpenDates
from gateway.site.open_time import open_ns
from gateway.site.recorded import RecordedSite

KEPT_DAYS: Final = 14
MANY_DAYS: Final = 4
LEAST_NS: Final = NS_PER_HOUR
"""A shorter silence is never named, however busy the door is."""
UNUSUAL: Final = 2
"""So many times what is usual is too long."""
UNKNOWN_NS: Final = 8 * NS_PER_HOUR
"""Opening hours after which a door is named of which too little is known to say what is usual."""


LOOK_EVERY_NS: Final = 10 * NS_PER_S


class DoorSilence(NamedTuple):
    """`last_ns` 0: it counted nobody since it is known. `usual_ns` 0: what is usual is not known yet."""

    store: str
    door: str
    last_ns: int
    silent_ns: int
    """In opening hours."""
    usual_ns: int


@dataclass(slots=True)
class _Door:
    since_ns: int
    """When it came into the estate."""
    last_ns: int = 0
    days: list[list[int]] = field(default_factory=list)
    """[day since 1970, longest silence of it in opening hours, ns], the latest last."""

    def learn(self, day: int, silent_ns: int) -> None:
        if self.days and self.days[-1][0] >= day:
            self.days[-1][1] = max(self.days[-1][1], silent_ns)
        else:
            self.days = [*self.days[1 - KEPT_DAYS :], [day, silent_ns]]

    def usual_ns(self) -> int:
        lengths = sorted(longest for _, longest in self.days)
        return lengths[-2] if len(lengths) >= MANY_DAYS else 0


class DoorWatch:
    """By store and door, as the estate that is in force has them."""

    def __init__(self) -> None:
        self._doors: dict[tuple[str, str], _Door] = {}
        self._open: dict[str, tuple[OpenDates, ZoneInfo]] = {}
        self._looked: tuple[int, list[DoorSilence]] = (-1, [])
        """What was silent at the last look: a chain's doors are not looked at for each of many questions."""

    def apply(self, site: RecordedSite, now_ns: int) -> None:
        """Put an estate in force; what is known of doors that stay is kept."""
        self._open = {store.name: (OpenDates(store), ZoneInfo(store.timezone)) for store in site.stores}
        names = [(store.name, door) for store in site.stores for door in store.doors if store.now is None]
        self._doors = {name: self._doors.get(name) or _Door(now_ns) for name in names}
        self._looked = (-1, [])

    def count(self, store: str, door: str, time_ns: int) -> None:
        """Take the time at which people passed; doors that the estate does not have are passed over."""
        known = self._doors.get((store, door))
        if known is None or time_ns <= known.last_ns:
            return
        day, before_ns = time_ns // NS_PER_DAY, known.last_ns
        known.last_ns = time_ns
        if not before_ns:
            known.learn(day, 0)
        elif not known.days or day > known.days[-1][0] or time_ns - before_ns > known.days[-1][1]:
            known.learn(day, self._open_ns(store, before_ns, time_ns))

    def count_all(self, counts: Iterable[tuple[str, str, int]]) -> None:
        """Take many, store, door and time, one after the other: the state is the same in batches of any size."""
        for store, door, time_ns in counts:
            self.count(store, door, time_ns)

    def silent(self, now_ns: int) -> list[DoorSilence]:
        """Return the doors that are silent for longer than is usual, in the order of their names; up to LOOK_EVERY_NS old."""
        turn = now_ns // LOOK_EVERY_NS
        if self._looked[0] != turn:
            self._looked = (turn, sorted(self._silent(now_ns)))
        return self._looked[1]

    def _silent(self, now_ns: int) -> Iterator[DoorSilence]:
        for (store, door), known in list(self._doors.items()):
            usual_ns, since_ns = known.usual_ns(), max(known.last_ns, known.since_ns)
            limit_ns = max(LEAST_NS, UNUSUAL * usual_ns) if usual_ns else UNKNOWN_NS
            if now_ns - since_ns > limit_ns and (silent_ns := self._open_ns(store, since_ns, now_ns)) > limit_ns:
                yield DoorSilence(store, door, known.last_ns, silent_ns, usual_ns)

    def _open_ns(self, store: str, from_ns: int, to_ns: int) -> int:
        dates, zone = self._open[store]
        return open_ns(dates, zone, from_ns, to_ns)

    def dump(self) -> list[list[Any]]:
        """Return the state; `load` takes it back."""
        return [[*name, known.since_ns, known.last_ns, known.days] for name, known in self._doors.items()]

    def load(self, values: Iterable[list[Any]], now_ns: int) -> None:
        """Go on from what `dump` returned, once the estate is in force; doors of a release that watched none are watched from now on."""
        for known in self._doors.values():
            known.since_ns = now_ns
        self._looked = (-1, [])
        for store, door, since_ns, last_ns, days in values:
            if (store, door) in self._doors:
                self._doors[store, door] = _Door(since_ns, last_ns, days)


def silence_text(silence: DoorSilence) -> str:
    """Return `store/door`, for how long it is silent, and what is usual."""
    usual = f"usually at most {_span(silence.usual_ns)}" if silence.usual_ns else "what is usual is not known yet"
    ever = "" if silence.last_ns else ", and never since it is in site.toml"
    return f"{silence.store}/{silence.door} for {_span(silence.silent_ns)} of opening hours{ever} ({usual})"


def _span(ns: int) -> str:
    return f"{ns // NS_PER_MINUTE} min" if ns < 2 * NS_PER_HOUR else f"{ns // NS_PER_HOUR} h"
