"""Stays of people: a fan's devices are one, by the rule of zone_traffic; what is played counts like what a database has."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

import pytest

from gateway.sinks.sqlite.reader import SqliteReader
from gateway.sinks.sqlite.sink import SQLite
from simulators.accuracy.figures import figures
from simulators.accuracy.playing import play_world
from simulators.accuracy.simulated import courses_of_truth, stored_by_subject
from simulators.accuracy.stays import AROUND_NS, Spans, ZoneStays, of_people, stays_of_visitors, zone_stays
from simulators.estate import brand_secret
from simulators.people import Crowd
from simulators.stored import read_stored
from simulators.stored_rows import Stored, StoredDwell
from simulators.troubles import with_troubles
from simulators.truth import Carried, Failure, Truth, Visit, ZoneStay, collect, truth_of
from simulators.truth import Store as TrueStore
from simulators.world import World

S = 10**9
WORLD = with_troubles(World(11, hours=0.5, crowd=Crowd(busy=4)), {"two-devices": 1.0, "walks": 0.2})


def dwell(who: int, from_s: float, to_s: float, fan: str = "f1", zone: str = "shelf", staff: bool = False) -> StoredDwell:
    return StoredDwell("s", zone, f"{who:016x}", round(from_s * S), round(to_s * S), fan, staff)


def lengths_s(dwells: Sequence[StoredDwell]) -> list[float]:
    return [(one.to_ns - one.from_ns) / S for one in of_people(dwells)]


def test_two_devices_of_a_fan_at_once_are_one_stay() -> None:
    assert lengths_s([dwell(1, 0, 60), dwell(2, 20, 100)]) == [100.0]
    assert lengths_s([dwell(1, 0, 60), dwell(2, 70, 100)]) == [60.0, 30.0], "one after the other"
    assert lengths_s([dwell(1, 0, 60, fan=""), dwell(2, 20, 100, fan="")]) == [60.0, 80.0], "nobody knows that they are of one person"
    assert lengths_s([dwell(1, 0, 60), dwell(2, 20, 100, zone="till")]) == [60.0, 80.0], "in two zones"
    assert lengths_s([dwell(1, 0, 60, staff=True), dwell(2, 20, 100, staff=True)]) == [60.0, 80.0], "staff have no stays"


def test_a_stay_is_open_while_one_of_its_devices_is_there() -> None:
    (found,) = of_people([dwell(1, 0, 60), replace(dwell(2, 20, 100), open=True)])
    assert (found.open, found.to_ns) == (True, 100 * S)


def test_what_is_open_lasts_as_long_as_the_truth_has_anybody_in_a_zone() -> None:
    """A store may be judged for some minutes after its world was stopped: nobody knows who would have been where."""
    stay = ZoneStay("shelf", 0, 50 * S)
    carried = (Carried("ibeacon", "b", True, 0, 50 * S),)
    visit = Visit("s", "ann", "", "", 0, 170 * S, "main", (True, False), (stay,), carried)
    truth = Truth([TrueStore("s", 1, 0, 170 * S)], [visit])
    dwells = [replace(dwell(1, 5, 170), open=True), replace(dwell(2, 60, 170, "f2"), open=True), dwell(3, 20, 70, "f3")]
    (found,) = stays_of_visitors(truth, Stored(dwells=dwells), 170 * S).by_zone()
    assert (found.true.sum_s, found.stored.sum_s, found.stored.p90_s) == (50.0, 45.0 + 50.0, 49.5)


def test_short_spans_are_passes() -> None:
    (found,) = Spans((dwell(1, 0, 60), dwell(1, 60, 65)), (dwell(1, 0, 9), dwell(1, 10, 70))).by_zone(10.0)
    assert (found.true.count, found.true_passes, found.stored.count, found.stored_passes) == (1, 1, 1, 1)
    assert (found.stored.median_s, found.stored.sum_s) == (60.0, 60.0)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Stored, Stored]:
    """What is remembered of a world that was played, and what a database has of it."""
    path = tmp_path_factory.mktemp("stored") / "footfall.db"
    with closing(SQLite(path)) as sink:
        played = play_world(WORLD, sinks=[sink])
    with closing(SqliteReader(path)) as reader:
        return played.sink.stored(played.end_ns), read_stored(reader, [WORLD.plan.store], WORLD.start_ns, played.end_ns)


@pytest.fixture(scope="module")
def truth() -> Truth:
    return collect(truth_of(WORLD))


def of_zones(found: Sequence[ZoneStays]) -> dict[str, ZoneStays]:
    return {each.zone: each for each in found}


def test_what_is_played_counts_like_what_a_database_has(stored: tuple[Stored, Stored], truth: Truth) -> None:
    remembered, read = stored
    assert sorted(remembered.visits, key=str) == sorted(read.visits, key=str)
    without = sorted((replace(one, decided_ns=None, quality=-1.0) for one in remembered.dwells), key=str)
    assert without == sorted(read.dwells, key=str)
    assert zone_stays(remembered) == zone_stays(read)
    one, other = (of_zones(stays_of_visitors(truth, of, WORLD.end_ns).by_zone()) for of in stored)
    assert one == other


def test_stays_are_those_that_zone_traffic_counts(stored: tuple[Stored, Stored], truth: Truth) -> None:
    remembered, _ = stored
    found = of_zones(stays_of_visitors(truth, remembered, WORLD.end_ns).by_zone())
    assert {zone: each.stored.count for zone, each in found.items() if each.stored.count} == zone_stays(remembered)
    devices = sum(one.to_ns - one.from_ns >= 10 * S for one in remembered.dwells if not one.is_staff)
    assert sum(zone_stays(remembered).values()) < 0.8 * devices, "everybody carries two"


def test_who_carries_two_devices_is_inside_once(stored: tuple[Stored, Stored], truth: Truth) -> None:
    courses = courses_of_truth(truth, brand_secret(11), *stored_by_subject(stored[0]), truth.end_ns)
    inside = figures(courses).inside
    assert inside.error < 0.1 * inside.mean


def test_stays_that_begin_around_an_outage_are_apart(truth: Truth) -> None:
    down = Failure(WORLD.plan.store, "r", WORLD.start_ns + 600 * S, WORLD.start_ns + 900 * S, 1.5, 0.0)
    found = stays_of_visitors(replace(truth, failures=[down]), Stored(), WORLD.end_ns)
    begins = {name: [(one.from_ns - WORLD.start_ns) // S for one in of.true] for name, of in found.phases.items()}
    assert all(600 - AROUND_NS // S <= begin <= 900 + AROUND_NS // S for begin in begins["silent"])
    assert max(begins["intact"]) < 600 < 900 < min(begins["rehung"])
    for other, phases in ((replace(down, moved_m=0.0), {"intact", "silent"}), (replace(down, store="another"), {"intact"})):
        assert set(stays_of_visitors(replace(truth, failures=[other]), Stored(), WORLD.end_ns).phases) == phases
    assert found.had_outages
    assert not stays_of_visitors(truth, Stored(), WORLD.end_ns).had_outages
    whole = {each.zone: each.true for each in stays_of_visitors(truth, Stored(), WORLD.end_ns).by_zone()}
    assert {each.zone: each.true for each in found.by_zone()}.keys() == whole.keys()
