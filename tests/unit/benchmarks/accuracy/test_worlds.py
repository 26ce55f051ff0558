"""The figures of simulated stores fall with what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.accuracy import suite, worlds
from benchmarks.accuracy.worlds import Played, Returns, store, store_hard
from simulators.accuracy.course import Course, DecidedDwell, Span, TrueStay
from simulators.accuracy.figures import figures
from simulators.accuracy.stays import PeopleStays, Spans
from simulators.estate import brand_secret
from simulators.people import Crowd
from simulators.truth import collect, truth_of
from simulators.world import World

S = 10**9


def course(late_s: int = 0, visits: tuple[Span, ...] = (Span(0, 100 * S),)) -> Course:
    """A minute at a shelf, then at the checkout; the stored change is so late."""
    at_ns = (60 + late_s) * S
    dwells = (DecidedDwell("shelf", 0, at_ns, 0), DecidedDwell("checkout", at_ns, 100 * S, at_ns))
    stays = (TrueStay("shelf", 0, 60 * S), TrueStay("checkout", 60 * S, 100 * S))
    moments = np.arange(100) * S
    return Course("v", moments, ("shelf",) * 60 + ("checkout",) * 40, stays, dwells, (Span(0, 100 * S),), visits)


def played(*courses: Course, strays: int = 0) -> Played:
    stays = {"shelf": len(courses), "checkout": len(courses)}
    people = PeopleStays({"intact": _spans(courses)}, 10.0)
    return Played(courses, people, strays, 0, 200, 0, staff_in=4, returns=Returns(3, 3, 3), zone_stays=stays)


def _spans(courses: Sequence[Course]) -> Spans:
    return Spans(tuple(stay for each in courses for stay in each.stays), tuple(dwell for each in courses for dwell in each.dwells))


def values(seeds: list[Played], hard: bool = False) -> dict[str, float | None]:
    return {row.name.partition("hard-" if hard else "store-")[2]: row.value for row in (store_hard if hard else store)(seeds).rows}


def test_what_is_right_reaches_every_goal() -> None:
    for part in (store, store_hard):
        assert all(row.reached is not False for row in part([played(course()), played(course())]).rows)


def test_a_change_that_is_late_costs_zones_entries_and_dwells() -> None:
    found = values([played(course(late_s=20))])
    assert found["zones-right"] == 0.8
    assert found["entries-f1-5s"] == 0.0
    assert found["stays-off"] == 0.0
    assert found["median-dwell-off"] == 0.5, "of the checkout: 20 s instead of 40"


def test_staff_whom_the_doors_counted_are_compared_with_the_truth() -> None:
    assert values([played(course())], hard=True)["staff-in-off"] == 0.0
    assert values([replace(played(course()), staff_in_off=1)], hard=True)["staff-in-off"] == 0.25


def test_stays_in_outages_are_a_figure_of_their_own() -> None:
    one, people = course(), played(course()).people
    there = people.phases["intact"]
    phases = {"intact": there, "silent": Spans(there.true, there.stored * 2)}
    found = values([replace(played(one), people=PeopleStays(phases, 10.0))], hard=True)
    assert (found["stays-off-while-all-heard"], found["stays-off-in-outages"]) == (0.0, 1.0)
    assert values([played(one)], hard=True)["stays-off-in-outages"] is None


def test_entries_after_the_first_are_scored_by_visit() -> None:
    found = values([replace(played(course()), returns=Returns(4, 5, 3))], hard=True)
    assert (found["returns-precision"], found["returns-recall"]) == (0.6, 0.75)


def test_rows_on_the_wire_stand_beside_those_of_the_release_before() -> None:
    (row,) = [row for row in store([replace(played(course()), rows=worlds.ROWS_BEFORE * 3)]).rows if row.name == "store-rows-on-the-wire"]
    assert (row.value, row.reached) == (3.0, False)


def test_the_rules_of_others_have_the_figures_of_zones_but_not_of_visits() -> None:
    rows = store([replace(played(course()), others={"EdgeX": [course(late_s=20)]}), played(course())]).rows
    found = {row.name: row.baseline for row in rows}
    assert found["store-zones-right"] == {"EdgeX": 0.8}
    assert found["store-entries-f1-5s"] == {"EdgeX": 0.0}
    assert found["store-visit-recall"] == {}


def test_others_hear_the_same_world() -> None:
    world = World(11, hours=0.3, crowd=Crowd(busy=4))
    found = worlds.by_others(world, collect(truth_of(world)), brand_secret(11))
    assert set(found) == {"reelyActive", "habluetooth", "ESPresense", "Bermuda", "EdgeX"}
    assert all(figures(courses).zones_right("stored") > 0.6 for courses in found.values())


def test_stays_are_those_that_zone_traffic_counts() -> None:
    found = values([replace(played(course()), zone_stays={"shelf": 3, "checkout": 1}), played(course())])
    assert found["stays-off"] == 1.0, "four at the shelf instead of two"


def test_visits_of_what_was_never_inside_cost_precision() -> None:
    assert values([played(course(), strays=1)])["visit-precision"] == 0.5
    assert values([played(course(), strays=1)], hard=True)["visits-off"] == 1.0


def test_staff_and_counts_are_added_up_over_seeds() -> None:
    seeds = [replace(played(course()), staff_as_visitors=2, counted_off=10), replace(played(course()), staff_as_visitors=1)]
    found = values(seeds, hard=True)
    assert (found["staff-in-traffic"], found["counts-off"]) == (3.0, 10 / 400)


def test_a_still_beacon_counts_false_changes_a_day() -> None:
    (row,) = worlds.still_rows([0.5, 2.5]).rows
    assert (row.value, row.reached) == (1.5, False)


def test_every_part_has_a_name_of_its_own() -> None:
    names = [part.name for part in suite.PARTS]
    assert len(set(names)) == len(names)
    assert set(names) > suite.RECORDED
