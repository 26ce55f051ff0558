"""A fan's history: the visits with their zones and touches, where the fan is now, and the visits before each purchase. Pure.

A visit is what the fold makes of it: segments of any of the fan's devices that lie within the store's idle timeout of each other, or that
touches between them bridge.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from footfall.campaigns import campaigns_of
from footfall.units import NS_PER_S
from gateway.fold.estate_index import seconds_of
from gateway.fold.fan_touches import VOUCHES
from gateway.fold.open_tracks import OpenTrack
from gateway.fold.store import DwellRow, TouchRow, VisitRow, is_visit

PURCHASES: Final = frozenset({"transaction"})
_STILL: Final = 1 << 62


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


def history_of(rows: FanRows) -> History:
    """Return the history that a fan's rows are."""
    touches = tuple(sorted(map(_touched, rows.touches)))
    found = sorted(
        (visit for store, there in _by_store(rows, touches).items() for visit in _visits(store, there, rows.timeout_ns.get(store, 0))),
        key=lambda visit: (visit.start_ns, visit.store),
    )
    return History(_now(rows.open), tuple(found), touches, _purchases(touches, found))


@dataclass(slots=True)
class _There:
    """What a fan's rows have of one store."""

    visits: list[VisitRow] = field(default_factory=list)
    dwells: list[DwellRow] = field(default_factory=list)
    open: list[OpenTrack] = field(default_factory=list)
    touches: list[Touched] = field(default_factory=list)


def _by_store(rows: FanRows, touches: Iterable[Touched]) -> Mapping[str, _There]:
    """Return the rows of each store."""
    found: defaultdict[str, _There] = defaultdict(_There)
    for visit in rows.visits:
        found[visit.store].visits.append(visit)
    for dwell in rows.dwells:
        found[dwell.store].dwells.append(dwell)
    for track in rows.open:
        found[track.store].open.append(track)
    for touch in touches:
        found[touch.store].touches.append(touch)
    return found


class _Segment(NamedTuple):
    start_ns: int
    last_ns: int
    is_open: bool
    is_touch: bool = False


def _visits(store: str, rows: _There, timeout_ns: int) -> Iterable[Visited]:
    over = [_Segment(row.start_ns, row.last_ns, bool(row.open)) for row in rows.visits if is_visit(row)]
    going = [_Segment(track.start_ns, track.last_ns, True) for track in rows.open]
    bridges = [_Segment(each.time_ns, each.time_ns, False, True) for each in rows.touches if each.what in VOUCHES]
    tracks = [track for track in rows.open if track.zone]
    for group in _within(sorted([*over, *going, *bridges]), timeout_ns):
        segments = [each for each in group if not each.is_touch]
        if segments:
            start_ns, last_ns = min(each.start_ns for each in segments), max(each.last_ns for each in segments)
            there = [each for each in rows.touches if start_ns <= each.time_ns <= last_ns + timeout_ns]
            stays = _stays(start_ns, last_ns, rows.dwells, tracks)
            yield Visited(store, start_ns, last_ns, any(each.is_open for each in segments), stays, tuple(there))


def _within(segments: Sequence[_Segment], timeout_ns: int) -> Iterable[list[_Segment]]:
    """Yield runs of segments, by their start, without a silence longer than the timeout."""
    run: list[_Segment] = []
    until_ns = 0
    for segment in segments:
        if run and segment.start_ns > until_ns + timeout_ns:
            yield run
            run = []
        until_ns = max(segment.last_ns, until_ns) if run else segment.last_ns
        run.append(segment)
    if run:
        yield run


def _stays(start_ns: int, last_ns: int, dwells: Sequence[DwellRow], tracks: Sequence[OpenTrack]) -> tuple[Stay, ...]:
    """Return the stays of a visit with this span, by when each zone was entered first; several in a zone are one."""
    spans: defaultdict[str, list[tuple[int, int, bool]]] = defaultdict(list)
    for row in dwells:
        if row.start_ns <= last_ns and row.last_ns >= start_ns:
            spans[row.zone].append((row.start_ns, row.last_ns, bool(row.open)))
    for track in tracks:
        if start_ns <= track.zone_since_ns <= last_ns:
            spans[track.zone].append((track.zone_since_ns, track.last_ns, True))
    stays = [Stay(zone, min(each)[0], _covered_s(each), any(is_open for _, _, is_open in each)) for zone, each in spans.items()]
    return tuple(sorted(stays, key=lambda stay: (stay.start_ns, stay.zone)))


def _covered_s(spans: Sequence[tuple[int, int, bool]]) -> float:
    covered, until_ns = 0, -_STILL
    for start_ns, last_ns, _ in sorted(spans):
        covered += max(last_ns - max(start_ns, until_ns), 0)
        until_ns = max(until_ns, last_ns)
    return covered / NS_PER_S


def _touched(row: TouchRow) -> Touched:
    values = json.loads(row.body)
    return Touched(
        row.time_ns, row.store, values["what"], values["zone"], values["staff_id"], values["department"], values["channel"],
        values["campaign"], values["ref"], values["items"], float(values["amount"]), row.id or "",
        values.get("squad", ""), tuple(campaigns_of(values)), values.get("stage", ""), values.get("code", ""), values.get("shared_by", ""),
    )  # fmt: skip


def _purchases(touches: Sequence[Touched], visits: Sequence[Visited]) -> tuple[Purchase, ...]:
    """Return each sale with the visits that began since the one before."""
    purchases, after_ns = [], -_STILL
    for touch in touches:
        if touch.what in PURCHASES:
            before = tuple(visit for visit in visits if after_ns < visit.start_ns <= touch.time_ns)
            purchases.append(Purchase(touch, before))
            after_ns = touch.time_ns
    return tuple(purchases)


def _now(tracks: Sequence[OpenTrack]) -> Place | None:
    """Return where the device that was heard last is."""
    if not tracks:
        return None
    last = max(tracks, key=lambda track: (track.last_ns, track.zone != "", track.store))
    return Place(last.store, last.zone, last.zone_since_ns if last.zone else last.start_ns, last.last_ns)
