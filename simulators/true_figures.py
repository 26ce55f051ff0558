"""What the truth amounts to: visits with their entries, stays and passes by zone, people through doors, people inside by the minute.

Pure: records of the truth in, figures out. Times in ns since 1970.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from footfall.units import NS_PER_MINUTE, NS_PER_S
from simulators.truth import Carried, Visit, ZoneStay

NEAR_NS: Final = 5 * NS_PER_S
"""A dwell that lies so close around a pass of its zone is that pass."""


class InZone(Protocol):
    """A span in a zone."""

    @property
    def zone(self) -> str: ...
    @property
    def from_ns(self) -> int: ...
    @property
    def to_ns(self) -> int: ...


@dataclass(frozen=True, slots=True)
class WholeVisit:
    """The entries of one person that lie within the idle time of each other: from the first coming until the last going."""

    store: str
    person: str
    fan: str
    staff_id: str
    enter_ns: int
    leave_ns: int
    entries: int
    inside_ns: int
    """Without the times between two entries."""
    carried: tuple[Carried, ...]
    stays: tuple[ZoneStay, ...]
    passes: tuple[ZoneStay, ...] = ()

    @property
    def devices(self) -> int:
        """How many identifiers were carried."""
        return len({(carried.id_type, carried.identifier) for carried in self.carried})


@dataclass(frozen=True, slots=True)
class ZoneFigures:
    """Stays and passes of one zone, with the lengths of the stays in seconds."""

    stays: int
    passes: int
    median_s: float
    p90_s: float


@dataclass(frozen=True, slots=True)
class DoorFigures:
    """People through one door: how many there were, how many of them were staff, how many the counter counted."""

    entered: int = 0
    left: int = 0
    staff_entered: int = 0
    staff_left: int = 0
    counted_in: int = 0
    counted_out: int = 0


def whole_visits(visits: Iterable[Visit], idle_ns: int | Mapping[str, int]) -> list[WholeVisit]:
    """Return the visits in the order of their coming; an absence of up to `idle_ns`, of all stores or by store, does not end one."""
    found: list[WholeVisit] = []
    latest: dict[tuple[str, str], list[Visit]] = {}
    for visit in sorted(visits, key=lambda visit: visit.enter_ns):
        entries = latest.setdefault((visit.store, visit.person), [])
        most_ns = idle_ns if isinstance(idle_ns, int) else idle_ns[visit.store]
        if entries and visit.enter_ns - entries[-1].leave_ns > most_ns:
            found.append(_whole(entries))
            entries.clear()
        entries.append(visit)
    found += [_whole(entries) for entries in latest.values()]
    return sorted(found, key=lambda visit: (visit.enter_ns, visit.store, visit.person))


def is_pass(dwell: InZone, passes: Iterable[InZone]) -> bool:
    """Return whether a stored dwell is only one of the true passes: a change into it and out again is neither true nor false."""
    near = ((one.zone, one.from_ns - NEAR_NS, one.to_ns + NEAR_NS) for one in passes)
    return any(dwell.zone == zone and dwell.from_ns >= from_ns and dwell.to_ns <= to_ns for zone, from_ns, to_ns in near)


def zone_at(visit: Visit, t_ns: int) -> str:
    """Return the zone in which the visitor was, "" between two zones and outside."""
    return next((span.zone for span in (*visit.stays, *visit.passes) if span.from_ns <= t_ns < span.to_ns), "")


def zone_figures(visits: Iterable[Visit]) -> dict[str, ZoneFigures]:
    """Return what there was in each zone, by its name."""
    lengths_s: dict[str, list[float]] = {}
    passes: Counter[str] = Counter()
    for visit in visits:
        passes.update(span.zone for span in visit.passes)
        for stay in visit.stays:
            lengths_s.setdefault(stay.zone, []).append((stay.to_ns - stay.from_ns) / 1e9)
    return {zone: _figures(lengths_s.get(zone, ()), passes[zone]) for zone in sorted(lengths_s.keys() | passes.keys())}


def occupancy(visits: Sequence[Visit], from_ns: int, to_ns: int, *, staff: bool = False) -> list[int]:
    """Return how many people were inside at the end of each minute of the span; staff are left out unless `staff` is true."""
    ends_ns = np.arange(from_ns + NS_PER_MINUTE, to_ns + 1, NS_PER_MINUTE)
    inside = [visit for visit in visits if staff or not visit.staff_id]
    came, went = (np.sort(np.array(times, "i8")) for times in ([v.enter_ns for v in inside], [v.leave_ns for v in inside]))
    counts: list[int] = (np.searchsorted(came, ends_ns, side="left") - np.searchsorted(went, ends_ns, side="left")).tolist()
    return counts


def door_figures(visits: Iterable[Visit], from_ns: int, to_ns: int) -> dict[str, DoorFigures]:
    """Return who went through each door within the span, by its name."""
    sums: dict[str, Counter[str]] = {}
    for visit in visits:
        at = sums.setdefault(visit.door, Counter())
        ways = (("entered", "in", visit.enter_ns), ("left", "out", visit.leave_ns))
        for (way, direction, t_ns), counted, extra in zip(ways, visit.counted, visit.extra, strict=True):
            if from_ns <= t_ns < to_ns:
                at.update({way: 1, f"staff_{way}": bool(visit.staff_id), f"counted_{direction}": counted + extra})
    return {door: DoorFigures(**sums[door]) for door in sorted(sums)}


def _whole(entries: Sequence[Visit]) -> WholeVisit:
    first, last = entries[0], max(entries, key=lambda visit: visit.leave_ns)
    return WholeVisit(
        first.store,
        first.person,
        first.fan,
        first.staff_id,
        first.enter_ns,
        last.leave_ns,
        len(entries),
        sum(visit.leave_ns - visit.enter_ns for visit in entries),
        tuple(carried for visit in entries for carried in visit.carried),
        tuple(stay for visit in entries for stay in visit.stays),
        tuple(span for visit in entries for span in visit.passes),
    )


def _figures(lengths_s: Sequence[float], passes: int) -> ZoneFigures:
    if not lengths_s:
        return ZoneFigures(0, passes, float("nan"), float("nan"))
    return ZoneFigures(len(lengths_s), passes, float(np.quantile(lengths_s, 0.5)), float(np.quantile(lengths_s, 0.9)))
