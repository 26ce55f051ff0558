"""Named scenes are what their names promise, the same for each seed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from footfall.errors import ConfigError
from simulators.people import Person
from simulators.radio import Ether
from simulators.scenes import SCENES, scene
from simulators.true_figures import whole_visits
from simulators.truth import Truth, collect, truth_of
from simulators.world import World

S = 10**9
IDLE_NS = 1800 * S


def truth(name: str, seed: int = 1) -> Truth:
    return collect(truth_of(scene(name, seed)))


def visitors(name: str) -> list[Person]:
    return [person for person in scene(name, 1).people() if not person.staff_id]


def test_a_scene_that_does_not_exist_is_named_with_what_was_meant() -> None:
    with pytest.raises(ConfigError, match="did you mean 'store-hard'"):
        scene("storehard", 1)


@pytest.mark.parametrize("name", SCENES)
def test_everybody_has_left_before_the_end(name: str) -> None:
    world = scene(name, 3)
    assert all(person.path.to_ns < world.length_ns for person in world.people())


def test_store_is_300_visitors_at_four_receivers() -> None:
    world = scene("store", 1)
    assert (len(world.plan.receivers), len(visitors("store"))) == (4, 300)
    assert (world.radio.shadow_db, world.radio.loss) == (4.0, 0.15)
    found = truth("store")
    assert found.stores[0].least_stay_ns == 10 * S
    assert sum(len(visit.passes) for visit in found.visits) > 100
    assert not any(visit.staff_id for visit in found.visits)


def test_store_hard_has_what_it_names() -> None:
    world, found = scene("store-hard", 1), truth("store-hard")
    people = [person for person in world.people() if person.entry == 0 and not person.staff_id]
    fans = [person for person in people if person.carries in ("beacon", "two")]
    assert len(people) == 300
    assert sum(person.carries == "two" for person in fans) / len(fans) == pytest.approx(0.3, abs=0.08)
    assert len(world.outages) == 2
    assert {visit.staff_id for visit in found.visits} > {""}
    again = [visit for visit in whole_visits(found.visits, IDLE_NS) if visit.entries > 1 and not visit.staff_id]
    assert len(again) / 300 == pytest.approx(0.15, abs=0.06)
    assert sum(device.worn is not None for person in people for device in person.devices) > 80


def test_half_of_the_rotating_phones_are_silent_in_pockets() -> None:
    phones = [person for person in visitors("rotating") if person.carries == "phone"]
    whole = [p for p in phones if sum(d.to_ns - d.from_ns for d in p.devices) == p.path.to_ns - p.path.from_ns]
    assert len(whole) / len(phones) == pytest.approx(0.5, abs=0.1)
    assert len(phones) / 300 == pytest.approx(0.7, abs=0.08)


def test_the_still_beacon_is_heard_equally_well_by_both_receivers_for_a_week() -> None:
    for seed in range(1, 6):
        world = scene("still", seed)
        (beacon,) = world.outsiders()
        assert (beacon.path.from_ns, beacon.path.to_ns) == (0, 7 * 86_400 * S)
        (levels,) = Ether(seed, 0, world.plan, world.radio).mean_dbm(beacon.path.x_m[:1], beacon.path.y_m[:1])
        assert abs(levels[0] - levels[1]) < 3


@pytest.mark.parametrize("name", SCENES)
def test_what_is_heard_is_in_time_order_and_of_who_is_in_the_truth(name: str) -> None:
    world = scene(name, 2)
    short = World(**{**{key: getattr(world, key) for key in world.__dataclass_fields__}, "hours": min(world.hours, 0.5)})
    found = collect(truth_of(short))
    carried = {one.identifier for who in (*found.visits, *found.others) for one in who.carried} | {item.epc for item in found.items}
    heard = list(short.heard())
    assert all(a.t_boot_ns <= b.t_boot_ns for a, b in pairwise(heard))
    assert {getattr(item, "identifier", "") for item in heard} - {""} <= carried
    assert len(heard) > 1000


def test_seeds_differ() -> None:
    assert not np.array_equal(*(next(scene("still", seed).windows()).rssi_dbm[:20] for seed in (1, 2)))
