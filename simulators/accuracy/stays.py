"""Stays of people, stored beside true: what several devices of a fan are heard of is one stay, as `zone_traffic` counts it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from footfall.pseudonyms import is_day_subject
from footfall.units import NS_PER_S
from gateway.points import Coded
from gateway.query.stays import joined_dwells
from gateway.sinks.table import PointTable
from simulators.stored_rows import Stored, StoredDwell
from simulators.true_figures import InZone
from simulators.truth import Failure, Truth

AROUND_NS: Final = 30 * NS_PER_S
"""A stay that begins so long before a receiver falls silent, or after it is back, is still one of its outage: neither is exact."""
_Placed = tuple[str, InZone]
_TEXTS: Final = ("store", "zone", "subject", "fan")


@dataclass(frozen=True, slots=True)
class Lengths:
    """How many stays there were in a zone, and how long they took, seconds; nan for none."""

    count: int
    median_s: float
    p90_s: float
    sum_s: float = 0.0

    @staticmethod
    def of(lengths_s: Sequence[float]) -> Lengths:
        return Lengths(len(lengths_s), quantile(lengths_s, 0.5), quantile(lengths_s, 0.9), sum(lengths_s))


@dataclass(frozen=True, slots=True)
class ZoneStays:
    zone: str
    true: Lengths
    stored: Lengths
    true_passes: int = 0
    stored_passes: int = 0
    """Spans in the zone that were shorter than a stay is."""


class Spans(NamedTuple):
    """Stays and passes, true and stored."""

    true: tuple[InZone, ...]
    stored: tuple[InZone, ...]

    def by_zone(self, least_s: float) -> tuple[ZoneStays, ...]:
        """Return the figures zone by zone, in the order in which zones first occur; shorter spans than `least_s` are passes."""
        true_s, stored_s = _lengths(self.true), _lengths(self.stored)
        return tuple(_of_zone(zone, true_s.get(zone, []), stored_s.get(zone, []), least_s) for zone in dict.fromkeys([*true_s, *stored_s]))


PHASES: Final = ("intact", "silent", "rehung")
"""When a stay began: while all receivers heard as they hung first; while one was silent; after one that was silent hung elsewhere."""


@dataclass(frozen=True, slots=True)
class PeopleStays:
    """Stays and passes of visitors with a lasting identifier, by the phase in which they began."""

    phases: Mapping[str, Spans]
    least_s: float

    @property
    def had_outages(self) -> bool:
        return len(self.phases) > 1

    def by_zone(self) -> tuple[ZoneStays, ...]:
        """Return the figures of all zones, at all times."""
        return _together(self.phases.values()).by_zone(self.least_s)

    @staticmethod
    def joined(parts: Sequence[PeopleStays]) -> PeopleStays:
        """Return the stays of several worlds."""
        phases = {name: _together(part.phases[name] for part in parts if name in part.phases) for name in PHASES}
        return PeopleStays({name: of for name, of in phases.items() if any(of)}, max(part.least_s for part in parts))


def _together(parts: Iterable[Spans]) -> Spans:
    every = list(parts)
    return Spans(tuple(one for part in every for one in part.true), tuple(one for part in every for one in part.stored))


def of_people(dwells: Sequence[StoredDwell]) -> list[StoredDwell]:
    """Return the stays and passes that dwells are: the first dwell of each, with the length of the whole, in the order of their begin."""
    rows = sorted(dwells, key=lambda dwell: (dwell.from_ns, dwell.to_ns, dwell.subject))
    columns: dict[str, Coded | np.ndarray] = {name: Coded.of([getattr(dwell, name) for dwell in rows]) for name in _TEXTS}
    columns["seconds"] = np.array([_seconds(dwell) for dwell in rows], np.float64)
    columns["open"] = np.array([dwell.open for dwell in rows], np.bool_)
    columns["is_staff"] = np.array([dwell.is_staff for dwell in rows], np.bool_)
    columns["row"] = np.arange(len(rows), dtype=np.int64)
    found = joined_dwells(PointTable("dwell", np.array([dwell.from_ns for dwell in rows], np.int64), columns))
    until_ns = max((dwell.to_ns for dwell in rows if dwell.open), default=0)
    return [
        _whole(rows[row], seconds, is_open, until_ns)
        for row, seconds, is_open in zip(*(found.values(name) for name in ("row", "seconds", "open")), strict=True)
    ]


def stays_of_visitors(truth: Truth, stored: Stored, until_ns: int) -> PeopleStays:
    """Return what visitors with a lasting identifier stayed and passed before `until_ns`, truly and as it is stored.

    What is stored of subjects that nobody carried inside counts too: nobody could tell it from the rest. An open dwell lasts until the
    truth has nobody in a zone any more: a store that is judged for longer than it was played would lengthen it.
    """
    visitors = [visit for visit in truth.visits if not visit.staff_id and any(one.lasting for one in visit.carried)]
    true = [
        (visit.store, replace(span, to_ns=min(span.to_ns, until_ns)))
        for visit in visitors
        for span in (*visit.stays, *visit.passes)
        if span.from_ns < until_ns
    ]
    known = [dwell for dwell in stored.dwells if not dwell.is_staff and not is_day_subject(int(dwell.subject, 16))]
    known = list(_clipped(known, _last_ns(truth), until_ns))
    found = [(one.store, one) for one in of_people(known)]
    return PeopleStays(dict(_by_phase(true, found, truth.failures)), least_stay_s(truth))


def _last_ns(truth: Truth) -> Mapping[str, int]:
    """Return, by store, up to when the truth has somebody in a zone; a store without is absent."""
    last_ns: dict[str, int] = {}
    for visit in truth.visits:
        for span in (*visit.stays, *visit.passes):
            last_ns[visit.store] = max(last_ns.get(visit.store, 0), span.to_ns)
    return last_ns


def _clipped(dwells: Iterable[StoredDwell], last_ns: Mapping[str, int], until_ns: int) -> Iterator[StoredDwell]:
    """Yield dwells; those that are open end with what the truth knows of their store, and none begins after it."""
    for dwell in dwells:
        end_ns = last_ns.get(dwell.store, until_ns)
        if not dwell.open:
            yield dwell
        elif dwell.from_ns < end_ns:
            yield replace(dwell, to_ns=min(dwell.to_ns, end_ns))


def least_stay_s(truth: Truth) -> float:
    """Return how long somebody is in a zone at least, seconds, if it is a stay and no pass."""
    return max((store.least_stay_ns for store in truth.stores), default=0) / NS_PER_S


def _by_phase(true: Sequence[_Placed], stored: Sequence[_Placed], failures: Sequence[Failure]) -> Iterator[tuple[str, Spans]]:
    """Yield what there is of each phase; both are (store, span)."""
    parts = [[(_phase(store, one, failures), one) for store, one in of] for of in (true, stored)]
    for name in PHASES:
        found = Spans(*(tuple(one for phase, one in part if phase == name) for part in parts))
        if any(found):
            yield name, found


def _phase(store: str, one: InZone, failures: Sequence[Failure]) -> str:
    own = [failure for failure in failures if failure.store == store]
    if any(failure.from_ns - AROUND_NS <= one.from_ns <= failure.to_ns + AROUND_NS for failure in own):
        return "silent"
    return "rehung" if any(failure.to_ns < one.from_ns and (failure.moved_m or failure.offset_db) for failure in own) else "intact"


def _of_zone(zone: str, true_s: Sequence[float], stored_s: Sequence[float], least_s: float) -> ZoneStays:
    stays = [[length_s for length_s in of if length_s >= least_s] for of in (true_s, stored_s)]
    return ZoneStays(zone, Lengths.of(stays[0]), Lengths.of(stays[1]), len(true_s) - len(stays[0]), len(stored_s) - len(stays[1]))


def zone_stays(stored: Stored) -> dict[str, int]:
    """Return the stays that `zone_traffic` counts by zone, of everybody, without passes."""
    found: dict[str, int] = {}
    for minute in stored.zone_minutes:
        found[minute.zone] = found.get(minute.zone, 0) + minute.stays
    return found


def quantile(values: Sequence[float], q: float) -> float:
    """Return a quantile, nan of nothing."""
    return float(np.quantile(values, q)) if values else float("nan")


def _lengths(spans: Iterable[InZone]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for one in spans:
        found.setdefault(one.zone, []).append((one.to_ns - one.from_ns) / NS_PER_S)
    return found


def _seconds(dwell: StoredDwell) -> float:
    return (dwell.to_ns - dwell.from_ns) / NS_PER_S


def _whole(first: StoredDwell, seconds: float, is_open: bool, until_ns: int) -> StoredDwell:
    to_ns = max(until_ns, first.to_ns) if is_open else first.from_ns + round(seconds * NS_PER_S)
    return replace(first, to_ns=to_ns, open=is_open)
