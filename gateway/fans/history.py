"""A fan's history: the visits with their zones and touches, where the fan is now, and the visits before each purchase. Pure.

A visit is what the fold makes of it: segments of any of the fan's devices that lie within the store's idle timeout of each other, or that
touches between them bridge.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, NamedTuple

from footfall.campaigns import campaigns_of
from footfall.units import NS_PER_S
from gateway.fold.estate_index import seconds_of
from gateway.fold.fan_touches import VOUCHES
from gateway.fold.open_tracks import OpenTrack
from gateway.fold.store import DwellRow, TouchRow, VisitRow, is_visit
from gateway.site.staff import Member, Roster

PURCHASES: Final = frozenset({"transaction"})
_STILL: Final = 1 << 62
_NOBODY: Final = Member("")
_Row = VisitRow | DwellRow | OpenTrack
_Evidence = tuple[str, int, int, bool, bool]
"""That a fan was in a store: store, first, last, whether it goes on, whether it is a touch."""
_BY_TIME: Final = itemgetter(1, 0)
"""Visits by when they began."""


class Stay(NamedTuple):
    """How long a fan was in a zone during a visit; with several devices at once, counted once."""

    zone: str
    start_ns: int
    seconds: float
    is_open: bool


class Touched(NamedTuple):
    """One touch of a fan."""

    time_ns: int
    store: str
    what: str
    zone: str
    staff_id: str
    department: str
    channel: str
    campaign: str
    ref: str
    items: str
    amount: float
    id: str
    squad: str = ""
    campaigns: Sequence[str] = ()
    """All of them; `campaign` is the first."""
    stage: str = ""
    code: str = ""
    shared_by: str = ""


class Visited(NamedTuple):
    """One visit of a fan to a store; `last_ns` is the latest evidence of one that is open."""

    store: str
    start_ns: int
    last_ns: int
    is_open: bool
    stays: tuple[Stay, ...]
    touches: tuple[Touched, ...]

    @property
    def seconds(self) -> float:
        """How long it lasted, or lasts."""
        return seconds_of(self.start_ns, self.last_ns)


class Purchase(NamedTuple):
    """A sale, and the visits since the one before it; the last may be the one in which it was made."""

    touch: Touched
    visits: tuple[Visited, ...]


class Heard(NamedTuple):
    """Where and when a fan was heard last."""

    store: str
    time_ns: int


class Place(NamedTuple):
    """Where a fan is: `zone` is "" between zones. `heard_ns`: the latest evidence."""

    store: str
    zone: str
    since_ns: int
    heard_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FanRows:
    """What the ledger has of one fan."""

    visits: Sequence[VisitRow] = ()
    dwells: Sequence[DwellRow] = ()
    touches: Sequence[TouchRow] = ()
    """Those that are not void."""
    open: Sequence[OpenTrack] = ()
    timeout_ns: Mapping[str, int]
    """By store, after which silence a visit is over."""


class History(NamedTuple):
    """By time, the first visit first."""

    now: Place | None
    visits: tuple[Visited, ...]
    touches: tuple[Touched, ...]
    purchases: tuple[Purchase, ...]
    heard: tuple[tuple[int, int], ...] = ()
    """Of what the visits are joined of: from when to when each of the devices was heard. What is as of a time follows from these alone."""

    @property
    def last_heard(self) -> Heard | None:
        """Where and when the fan was heard last; None if never."""
        last = max(self.visits, key=lambda visit: (visit.last_ns, visit.store), default=None)
        return Heard(last.store, last.last_ns) if last else None


def history_of(rows: FanRows, roster: Roster = Roster(), now_ns: int | None = None) -> History:  # noqa: B008 # nobody; it never changes
    """Return the history that a fan's rows are; a touch that leaves out department or squad has those that its staff had then.

    `now_ns`: when that is asked. Who was not heard for longer than the store's timeout before is not there, and the visit is over, though
    the fold may not know it yet: a store's time stands still while none of its agents is heard. None: when each was heard last.
    """

    def is_going(row: _Row) -> bool:
        return now_ns is None or now_ns - row.last_ns <= rows.timeout_ns.get(row.store, 0)

    touches = tuple(sorted(_touched(row, roster) for row in rows.touches))
    visits = sorted(_visits(rows, touches, is_going), key=_BY_TIME)
    heard = tuple((start_ns, last_ns) for _, start_ns, last_ns, _, _ in _heard(rows, is_going))
    return History(_now([track for track in rows.open if is_going(track)]), tuple(visits), touches, _purchases(touches, visits), heard)


class _Stretch(NamedTuple):
    """A time in a store, or in a zone of it."""

    store: str
    start_ns: int
    last_ns: int
    is_open: bool
    zone: str = ""


def _visits(rows: FanRows, touches: Iterable[Touched], is_going: Callable[[_Row], bool]) -> Iterator[Visited]:
    """Yield the visits, by store; of those that the fold has not ended some are over."""
    spans = _spans(rows, touches, is_going)
    begins = [span[:2] for span in spans]
    stays: list[list[_Stretch]] = [[] for _ in spans]
    done: list[list[Touched]] = [[] for _ in spans]
    for zone in _zones(rows, is_going):
        at = bisect_right(begins, (zone.store, zone.last_ns)) - 1
        while at >= 0 and spans[at].store == zone.store and spans[at].last_ns >= zone.start_ns:
            stays[at].append(zone)
            at -= 1
    for touch in touches:
        at = bisect_right(begins, (touch.store, touch.time_ns)) - 1
        if at >= 0 and spans[at].store == touch.store and touch.time_ns <= spans[at].last_ns + rows.timeout_ns.get(touch.store, 0):
            done[at].append(touch)
    for (store, start_ns, last_ns, is_open, _), zones, of in zip(spans, stays, done, strict=True):
        yield Visited(store, start_ns, last_ns, is_open, _stays(zones), tuple(of))


def _spans(rows: FanRows, touches: Iterable[Touched], is_going: Callable[[_Row], bool]) -> Sequence[_Stretch]:
    """Return when visits began and ended, by store and time: runs of what was heard and touched without a silence beyond the timeout."""
    found: list[_Stretch] = []
    there, until_ns, is_new = "", 0, True
    for part in sorted([*_heard(rows, is_going), *_vouched(touches)]):
        store, start_ns, last_ns, is_open, is_touch = part
        if store != there:
            there, until_ns, is_new = store, last_ns, True
        elif start_ns > until_ns + rows.timeout_ns.get(store, 0):
            is_new = True
        until_ns = max(until_ns, last_ns)
        if is_touch:
            continue
        if is_new:
            found.append(_Stretch(store, start_ns, last_ns, is_open))
        else:
            last = found[-1]
            found[-1] = _Stretch(store, last.start_ns, max(last.last_ns, last_ns), last.is_open or is_open)
        is_new = False
    return found


def _heard(rows: FanRows, is_going: Callable[[_Row], bool]) -> Iterator[_Evidence]:
    for visit in rows.visits:
        if is_visit(visit):
            yield visit.store, visit.start_ns, visit.last_ns, visit.open != 0 and is_going(visit), False
    for track in rows.open:
        yield track.store, track.start_ns, track.last_ns, is_going(track), False


def _vouched(touches: Iterable[Touched]) -> set[_Evidence]:
    return {(touch.store, touch.time_ns, touch.time_ns, False, True) for touch in touches if touch.what in VOUCHES}


def _zones(rows: FanRows, is_going: Callable[[_Row], bool]) -> Iterator[_Stretch]:
    for dwell in rows.dwells:
        yield _Stretch(dwell.store, dwell.start_ns, dwell.last_ns, dwell.open != 0 and is_going(dwell), dwell.zone)
    for track in rows.open:
        if track.zone:
            yield _Stretch(track.store, max(track.zone_since_ns, track.start_ns), track.last_ns, is_going(track), track.zone)


def _stays(zones: Sequence[_Stretch]) -> tuple[Stay, ...]:
    """Return the stays of a visit, by when each zone was entered first; several in a zone are one."""
    if len(zones) == 1:
        ((_, start_ns, last_ns, is_open, zone),) = zones
        return (Stay(zone, start_ns, max(last_ns - start_ns, 0) / NS_PER_S, is_open),)
    by_zone: defaultdict[str, list[_Stretch]] = defaultdict(list)
    for each in zones:
        by_zone[each.zone].append(each)
    return tuple(sorted(map(_stay, by_zone.values()), key=lambda stay: (stay.start_ns, stay.zone)))


def _stay(some: Sequence[_Stretch]) -> Stay:
    """Return the stay that stretches in one zone are; what several cover counts once."""
    covered_ns, until_ns, is_open = 0, -_STILL, False
    for _, start_ns, last_ns, going, _ in sorted(some):
        covered_ns += max(last_ns - max(start_ns, until_ns), 0)
        until_ns = max(until_ns, last_ns)
        is_open = is_open or going
    return Stay(some[0].zone, min(some).start_ns, covered_ns / NS_PER_S, is_open)


def _touched(row: TouchRow, roster: Roster) -> Touched:
    values = json.loads(row.body)
    member = (roster.at(values["staff_id"], row.time_ns) if values["staff_id"] else None) or _NOBODY
    return Touched(
        row.time_ns, row.store, values["what"], values["zone"], values["staff_id"], values["department"] or member.department,
        values["channel"], values["campaign"], values["ref"], values["items"], float(values["amount"]), row.id or "",
        values.get("squad", "") or member.squad, tuple(campaigns_of(values)), values.get("stage", ""), values.get("code", ""),
        values.get("shared_by", ""),
    )  # fmt: skip


def _purchases(touches: Sequence[Touched], visits: Sequence[Visited]) -> tuple[Purchase, ...]:
    """Return each sale with the visits that began since the one before."""
    purchases, starts, after = [], [visit.start_ns for visit in visits], 0
    for touch in touches:
        if touch.what in PURCHASES:
            until = bisect_right(starts, touch.time_ns)
            purchases.append(Purchase(touch, tuple(visits[after:until])))
            after = until
    return tuple(purchases)


def _now(tracks: Sequence[OpenTrack]) -> Place | None:
    """Return where the device that was heard last is."""
    if not tracks:
        return None
    last = max(tracks, key=lambda track: (track.last_ns, track.zone != "", track.store))
    return Place(last.store, last.zone, max(last.zone_since_ns, last.start_ns) if last.zone else last.start_ns, last.last_ns)
