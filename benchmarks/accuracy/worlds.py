"""The figures of simulated stores: each seed is played through agents and gateway, and what is stored compared with its truth."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

from benchmarks.accuracy.baselines import RULES, dwells_by
from benchmarks.accuracy.found import Figures, Picture
from benchmarks.accuracy.rows import Goal, Row
from edge_agent.sources.source import Sighting
from footfall.units import NS_PER_DAY
from simulators.accuracy.course import Course
from simulators.accuracy.decisions import DecisionSink
from simulators.accuracy.figures import Accuracy, figures, share
from simulators.accuracy.playing import SELDOM_S, play_world
from simulators.accuracy.simulated import courses_of_truth, stored_by_subject
from simulators.accuracy.stays import PeopleStays, ZoneStays, stays_of_visitors, zone_stays
from simulators.estate import brand_secret
from simulators.scenes import scene
from simulators.score import IDLE_NS
from simulators.true_figures import whole_visits
from simulators.truth import Truth, collect, subject_hex, truth_of
from simulators.visit_score import subjects_of
from simulators.world import World

SEEDS: Final = tuple(range(1, 11))
SEEDS_OF_OTHERS: Final = (1, 2)
ROWS_BEFORE: Final = 68_323
"""So many rows of presence the agents of release 0.1.0 send in the scene `store` of seed 1."""
STILL_FLUSH_S: Final = 60.0
"""In a week of one beacon frames may be rare: what they contain is the same."""
ReadRow = Callable[[Accuracy, Sequence["Played"]], float]


class Returns(NamedTuple):
    """How often visitors came in again within a visit: truly, as stored, and both."""

    true: int
    stored: int
    both: int


NO_RETURNS: Final = Returns(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Played:
    """One seed. `strays`: stored visits of lasting identifiers that nobody carried inside. Sums of doors count both directions."""

    courses: Sequence[Course]
    people: PeopleStays
    strays: int
    staff_as_visitors: int
    counted: int
    counted_off: int
    staff_in: int = 0
    staff_in_off: int = 0
    returns: Returns = NO_RETURNS
    rows: int = 0
    """Of presence, that the agents sent."""
    zone_stays: Mapping[str, int] = field(default_factory=dict)
    """Stays by zone, as `zone_traffic` counts them: what several devices of one fan are heard of is one."""
    others: Mapping[str, Sequence[Course]] = field(default_factory=dict)
    """What the rules of others make of the same sightings, of a few seeds."""


def played(name: str, seed: int) -> Played:
    """Play a scene. Runs in a process of its own."""
    world = scene(name, seed)
    truth, secret = collect(truth_of(world)), brand_secret(world.seed)
    done = play_world(world, every_s=SELDOM_S)
    stored = done.sink.stored(done.end_ns)
    dwells, visits = stored_by_subject(stored)
    outside = {subject for other in truth.others for subject in subjects_of(other.carried, secret)}
    staff = {subject for visit in truth.visits if visit.staff_id for subject in subjects_of(visit.carried, secret)}
    through = sum(minute.entered + minute.left for minute in done.sink.minutes.values())
    counted = _counted(truth, world.end_ns)
    return Played(
        courses_of_truth(truth, secret, dwells, visits, truth.end_ns, done.leads),
        stays_of_visitors(truth, stored, truth.end_ns),
        sum(len(visits.get(subject, ())) for subject in outside),
        sum(len(visits.get(subject, ())) for subject in staff),
        counted,
        abs(through - counted),
        staff_in := _staff_in(truth, world.end_ns),
        abs(sum(minute.in_staff for minute in done.sink.minutes.values()) - staff_in),
        _returns(truth, secret, done.sink),
        done.rows,
        zone_stays(stored),
        by_others(world, truth, secret) if seed in SEEDS_OF_OTHERS else {},
    )


def by_others(world: World, truth: Truth, secret: bytes) -> dict[str, list[Course]]:
    """Return the courses of visitors as the rules of others have them, by rule."""
    receivers = {receiver.name: receiver.zone for receiver in world.plan.receivers}
    lasting = {one.identifier: one.id_type for visit in truth.visits for one in visit.carried if one.lasting}
    heard = [
        Sighting(0, one.receiver, one.profile, one.identifier, one.rssi_dbm, one.t_boot_ns)
        for one in world.heard(origin_ns=world.start_ns)
        if isinstance(one, Sighting) and one.identifier in lasting
    ]
    found = {}
    for name, make in RULES.items():
        dwells = {subject_hex(secret, lasting[who], who): of for who, of in dwells_by(make, heard, receivers).items()}
        found[name] = courses_of_truth(truth, secret, dwells, {}, truth.end_ns)
    return found


def still(seed: int) -> float:
    """Return the changes of zone a day that are stored of a beacon that lies still for a week."""
    world = scene("still", seed)
    done = play_world(world, flush_s=STILL_FLUSH_S)
    dwells, _ = stored_by_subject(done.sink.stored(done.end_ns))
    changes = sum(a.zone != b.zone for of in dwells.values() for a, b in pairwise(of))
    return changes * NS_PER_DAY / world.length_ns


def store(seeds: Sequence[Played]) -> Figures:
    """Four receivers, 300 visitors who walk, shadowing of 4 dB, 15 % loss."""
    how = f"presence rows that the agents of seed 1 send, beside {ROWS_BEFORE:,} of release 0.1.0"
    wire = Row("store-rows-on-the-wire", seeds[0].rows / ROWS_BEFORE, how, Goal(2, bound="<="))
    return Figures([*_rows("store", seeds, _STORE), wire], [_picture("store", seeds)])


def store_hard(seeds: Sequence[Played]) -> Figures:
    """The same with two devices on 30 % of the fans, staff, re-entries, pockets, and receivers that fail in turn."""
    return Figures(_rows("store-hard", seeds, _HARD), [_picture("store-hard", seeds)])


def still_rows(seeds: Sequence[float]) -> Figures:
    how = f"a beacon that lies between two zones for a simulated week, {len(seeds)} seeds: their mean"
    return Figures([Row("still-false-changes-a-day", sum(seeds) / len(seeds), how, Goal(1, bound="<="))])


def _rows(name: str, seeds: Sequence[Played], wanted: Sequence[tuple[str, ReadRow, Goal | None, str]]) -> list[Row]:
    courses = [course for each in seeds for course in each.courses]
    people = PeopleStays.joined([each.people for each in seeds])
    found = figures(courses, people=people)
    others = {
        rule: figures([course for each in seeds for course in each.others.get(rule, ())], least_s=people.least_s)
        for rule in RULES
        if any(rule in each.others for each in seeds)
    }
    about = f"scene {name}, {len(seeds)} seeds, {len(courses)} visits of people with a lasting identifier"
    rows = []
    for what, of, goal, how in wanted:
        baseline = {rule: of(each, seeds) for rule, each in others.items()} if what in _OF_ZONES else {}
        value = of(found, seeds)
        rows.append(Row(f"{name}-{what}", None if math.isnan(value) else value, f"{about}; {how}", goal, baseline))
    return rows


def _picture(name: str, seeds: Sequence[Played]) -> Picture:
    return Picture(name, f"scene {name}: the first visitors of the first seed", seeds[0].courses)


def _worst(stays: Sequence[ZoneStays], off: Callable[[ZoneStays], float]) -> float:
    """Return how far the zone that is furthest off is from the truth."""
    return max((off(each) for each in stays), default=float("nan"))


def _stays_off(found: Accuracy, seeds: Sequence[Played]) -> float:
    counted = {each.zone: sum(seed.zone_stays.get(each.zone, 0) for seed in seeds) for each in found.stays}
    return _worst(found.stays, lambda each: share(abs(counted[each.zone] - each.true.count), each.true.count))


def _phase_off(name: str) -> ReadRow:
    return lambda found, _: _worst(found.stays_by_phase.get(name, ()), _count_off)


def _count_off(zone: ZoneStays) -> float:
    return share(abs(zone.stored.count - zone.true.count), zone.true.count)


def _median_off(found: Accuracy, seeds: Sequence[Played]) -> float:
    return _worst(found.stays, lambda each: share(abs(each.stored.median_s - each.true.median_s), each.true.median_s))


def _visits_off(found: Accuracy, seeds: Sequence[Played]) -> float:
    return share(abs(found.visits.stored + sum(each.strays for each in seeds) - found.visits.true), found.visits.true)


def _precision(found: Accuracy, seeds: Sequence[Played]) -> float:
    return share(found.visits.paired, found.visits.stored + sum(each.strays for each in seeds))


def _counts_off(found: Accuracy, seeds: Sequence[Played]) -> float:
    return share(sum(each.counted_off for each in seeds), sum(each.counted for each in seeds))


def _staff(found: Accuracy, seeds: Sequence[Played]) -> float:
    return float(sum(each.staff_as_visitors for each in seeds))


def _staff_in_off(found: Accuracy, seeds: Sequence[Played]) -> float:
    return share(sum(each.staff_in_off for each in seeds), sum(each.staff_in for each in seeds))


def _returns(truth: Truth, secret: bytes, sink: DecisionSink) -> Returns:
    found = [
        (visit.entries - 1, sink.returns(subjects, visit.enter_ns, visit.leave_ns))
        for visit in whole_visits(truth.visits, IDLE_NS)
        if not visit.staff_id and (subjects := subjects_of(visit.carried, secret))
    ]
    return Returns(sum(true for true, _ in found), sum(stored for _, stored in found), sum(map(min, found)))


def _returns_precision(found: Accuracy, seeds: Sequence[Played]) -> float:
    return share(sum(each.returns.both for each in seeds), sum(each.returns.stored for each in seeds))


def _returns_recall(found: Accuracy, seeds: Sequence[Played]) -> float:
    return share(sum(each.returns.both for each in seeds), sum(each.returns.true for each in seeds))


def _staff_in(truth: Truth, until_ns: int) -> int:
    """Return how many of those whom the door counter counted as coming in were staff."""
    return sum(visit.counted[0] for visit in truth.visits if visit.staff_id and visit.enter_ns < until_ns)


def _counted(truth: Truth, until_ns: int) -> int:
    """Return how many times the door counter counted somebody, in and out."""
    ways = [(visit.enter_ns, visit.counted[0], visit.extra[0]) for visit in truth.visits]
    ways += [(visit.leave_ns, visit.counted[1], visit.extra[1]) for visit in truth.visits]
    return sum(seen + extra for t_ns, seen, extra in ways if t_ns < until_ns)


_OF_ZONES: Final = frozenset({"zones-right", "flapping", "entries-f1-5s", "median-dwell-off"})
"""Figures that the rules of others have too: they make no visits."""
_STORE: Final[Sequence[tuple[str, ReadRow, Goal, str]]] = (
    ("visit-precision", _precision, Goal(0.98), "stored visits that overlap a true one"),
    ("visit-recall", lambda found, _: found.visits.recall, Goal(0.98), "true visits that a stored one overlaps"),
    ("visit-error-median-s", lambda found, _: found.visits.error_median_s, Goal(3, bound="<="), "difference of lengths"),
    ("visit-error-p95-s", lambda found, _: found.visits.error_p95_s, Goal(15, bound="<="), "difference of lengths"),
    ("zones-right", lambda found, _: found.zones_right("stored"), Goal(0.97), "every second in a zone, as stored"),
    ("flapping", lambda found, _: found.transitions.flapping, Goal(1.15, 1.08, "<="), "stored changes for each true one, passes left out"),
    ("entries-f1-5s", lambda found, _: found.transitions.f1(5), Goal(0.87, 0.90), "changes of zone within 5 s"),
    ("stays-off", _stays_off, Goal(0.10, 0.05, "<="), "stays that zone_traffic counts, of the zone that is furthest off"),
    ("median-dwell-off", _median_off, Goal(0.15, 0.10, "<="), "median of stays, of the zone that is furthest off"),
)
_HARD: Final[Sequence[tuple[str, ReadRow, Goal | None, str]]] = (
    ("visits-off", _visits_off, Goal(0.03, 0.02, "<="), "number of visits"),
    ("counts-off", _counts_off, Goal(0.03, 0.02, "<="), "people through doors, stored beside counted"),
    ("stays-off", _stays_off, Goal(0.15, bound="<="), "stays that zone_traffic counts, of the zone that is furthest off"),
    ("stays-off-while-all-heard", _phase_off("intact"), None, "the same of stays that began while all receivers hung and heard as first"),
    ("stays-off-in-outages", _phase_off("silent"), None, "the same of those that began while one was down"),
    ("stays-off-after-re-hanging", _phase_off("rehung"), None, "the same of those that began after one that was down hung elsewhere"),
    ("returns-precision", _returns_precision, Goal(0.98), "entries after the first of a visit, stored beside true"),
    ("returns-recall", _returns_recall, Goal(0.98), "entries after the first of a visit, true beside stored"),
    ("staff-in-off", _staff_in_off, Goal(0.10, bound="<="), "staff among those whom doors counted as coming in, in_staff beside the truth"),
    ("staff-in-traffic", _staff, Goal(0, bound="<="), "visits of staff stored as visitors'"),
    ("zones-right", lambda found, _: found.zones_right("stored"), Goal(0.97), "every second in a zone, as stored"),
)
