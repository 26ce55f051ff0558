"""Who is heard without entering: at the window, on the pavement, and things of others; the truth knows them as such."""

from __future__ import annotations

import pytest

from edge_agent.sources.source import Crossing, Sighting
from simulators.people import OUTSIDE, Crowd
from simulators.plan import shop_of_four
from simulators.radio import Radio
from simulators.street import Street
from simulators.troubles import with_troubles
from simulators.truth import Truth, collect, truth_of
from simulators.world import World

S = 10**9
STREET = Street(parked=2, passing_per_hour=40, lingering_per_hour=20, spots=((12.0, 8.0),))


@pytest.fixture(scope="module")
def world() -> World:
    return World(3, hours=2, plan=shop_of_four("s"), crowd=Crowd(arrivals=(0.0,) * 24, staff=0), street=STREET)


@pytest.fixture(scope="module")
def truth(world: World) -> Truth:
    return collect(truth_of(world))


def test_the_truth_names_each_kind_and_no_visit(truth: Truth) -> None:
    kinds = [other.what for other in truth.others]
    assert truth.visits == []
    assert kinds.count("parked") == 3
    assert 55 < kinds.count("passing") < 105
    assert 25 < kinds.count("lingering") < 55
    assert [other.from_ns for other in truth.others] == sorted(other.from_ns for other in truth.others)


def test_they_are_heard_and_pass_no_door(world: World, truth: Truth) -> None:
    heard = list(world.heard())
    assert not any(isinstance(item, Crossing) for item in heard)
    carried = {one.identifier for other in truth.others for one in other.carried}
    identifiers = {item.identifier for item in heard if isinstance(item, Sighting)}
    assert identifiers <= carried
    assert len(identifiers) > 0.8 * len(carried)


def test_nobody_outside_comes_in(world: World) -> None:
    for person in world.outsiders():
        assert person.path.stays == person.path.passes == ()
        if person.outside != "parked":
            assert person.path.y_m.max() < world.plan.outline.bottom_m


def test_who_lingers_stands_at_the_window_for_one_to_ten_minutes(world: World) -> None:
    for person in world.outsiders():
        if person.outside == "lingering":
            x_m, y_m = person.path.x_m, person.path.y_m
            stands = (x_m[1:] == x_m[:-1]) & (y_m[1:] == y_m[:-1])
            stood_s = (person.path.t_ns[1:] - person.path.t_ns[:-1])[stands].sum() / S
            assert 60 <= stood_s <= 601
            assert y_m[1:][stands].min() >= -2.0


def test_things_lie_still_for_all_of_the_time_each_with_its_own_identifier(world: World, truth: Truth) -> None:
    parked = [other for other in truth.others if other.what == "parked"]
    assert {(other.from_ns, other.to_ns) for other in parked} == {(world.start_ns, world.end_ns)}
    assert len({other.carried[0].identifier for other in parked}) == 3
    spots = [(p.path.x_m.tolist(), p.path.y_m.tolist()) for p in world.outsiders() if p.outside == "parked"]
    assert ([12.0, 12.0], [8.0, 8.0]) in spots


def test_only_people_inside_stand_in_the_way() -> None:
    def levels(street: Street) -> list[tuple[int, int]]:
        plan, crowd = shop_of_four("s"), Crowd(arrivals=(20.0,) * 24, exact=True, staff=0)
        heard = World(3, 0.3, plan=plan, crowd=crowd, radio=Radio(crowd_db=4.0), street=street).heard()
        own = [item for item in heard if isinstance(item, Sighting) and not item.identifier.startswith(OUTSIDE)]
        return [(item.t_boot_ns, item.rssi_dbm) for item in own if item.profile == "ibeacon"]

    assert levels(Street(parked=50)) == levels(Street()) != []


def test_the_street_is_behind_glass() -> None:
    world = World(3, plan=shop_of_four("s"))
    assert [with_troubles(world, {name: 1}).radio.window_db for name in ("lingerers", "passers", "parked", "turns")] == [3, 3, 3, 0]
