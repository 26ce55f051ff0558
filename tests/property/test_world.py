"""Laws of simulated worlds, whatever the seed."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.sources.source import Crossing, Sighting
from simulators.people import ARRIVALS, Crowd
from simulators.troubles import TROUBLES, with_troubles
from simulators.truth import collect, truth_of
from simulators.world import World
from tests.support.whole import small_or_whole

SEEDS = st.integers(0, 2**32)


def small(seed: int, **crowd: float) -> World:
    return World(seed, hours=0.4, crowd=Crowd(busy=0.8, **crowd))  # type: ignore[arg-type] # the numbers of a crowd only


def hard(seed: int) -> World:
    return with_troubles(small(seed), {name: trouble.usual for name, trouble in TROUBLES.items()})


def heard(world: World) -> list[Sighting | Crossing]:
    return [item for agent in world.plan.agents for item in world.heard(agent)]


@pytest.mark.parametrize("seed", [7, 2**40])
def test_same_seed_same_bytes_in_every_process(seed: int) -> None:
    program = f"from simulators.world import World; print(World({seed}, hours=0.5).digest())"
    digests = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True
        ).stdout
        for hash_seed in ("0", "4711")
    }
    assert digests == {World(seed, hours=0.5).digest() + "\n"}
    assert World(seed + 1, hours=0.5).digest() + "\n" not in digests


@given(SEEDS)
@settings(max_examples=small_or_whole(2, 3), deadline=None)
def test_a_longer_world_begins_as_the_shorter_one(seed: int) -> None:
    long, short = World(seed, hours=0.3), World(seed, hours=0.15)
    for agent in short.plan.agents:
        expected = [item for item in long.heard(agent) if item.t_boot_ns < short.length_ns]
        assert list(short.heard(agent)) == expected


@given(SEEDS, st.floats(0, 0.35))
@settings(max_examples=small_or_whole(2, 3), deadline=None)
def test_a_world_can_be_entered_at_any_time(seed: int, since_h: float) -> None:
    world, since_ns = small(seed), round(since_h * 3600e9)
    for agent in world.plan.agents:
        assert list(world.heard(agent, since_ns)) == [item for item in world.heard(agent) if item.t_boot_ns >= since_ns]


@given(SEEDS, st.floats(0, 0.35))
@settings(max_examples=2, deadline=None)
def test_a_world_with_all_troubles_can_be_entered_at_any_time(seed: int, since_h: float) -> None:
    world, since_ns = hard(seed), round(since_h * 3600e9)
    for agent in world.plan.agents:
        whole = list(world.heard(agent))
        assert list(world.heard(agent, since_ns)) == [item for item in whole if item.t_boot_ns >= since_ns]
        assert all(a.t_boot_ns <= b.t_boot_ns for a, b in pairwise(whole))


@given(SEEDS)
@settings(max_examples=2, deadline=None)
def test_what_is_heard_of_a_world_with_all_troubles_is_in_its_truth(seed: int) -> None:
    world = hard(seed)
    truth, items = collect(truth_of(world)), heard(world)
    spans: dict[str, list[tuple[int, int]]] = {}
    for who in (*truth.visits, *truth.others):
        for carried in who.carried:
            spans.setdefault(carried.identifier, []).append((carried.from_ns, carried.to_ns))
    for item in items:
        t_ns = world.start_ns + item.t_boot_ns
        if isinstance(item, Sighting):
            assert any(since <= t_ns < until for since, until in spans[item.identifier])
            assert not any(f.receiver == item.receiver and f.from_ns <= t_ns < f.to_ns for f in truth.failures)
    entered = sum(item.entered for item in items if isinstance(item, Crossing))
    assert entered == sum(visit.counted[0] + visit.extra[0] for visit in truth.visits)


@given(SEEDS)
@settings(max_examples=small_or_whole(2, 4), deadline=None)
def test_every_agent_hears_in_time_order_and_only_its_own(seed: int) -> None:
    world = small(seed)
    for agent in world.plan.agents:
        items = list(world.heard(agent))
        assert all(a.t_boot_ns <= b.t_boot_ns for a, b in pairwise(items))
        assert {item.receiver for item in items if isinstance(item, Sighting)} <= world.plan.receivers_of(agent).keys()
        assert agent == world.plan.door.agent or not any(isinstance(item, Crossing) for item in items)


@given(SEEDS)
@settings(max_examples=small_or_whole(2, 4), deadline=None)
def test_every_sighting_lies_within_a_stay_of_its_carrier(seed: int) -> None:
    world = small(seed)
    spans: dict[str, list[tuple[int, int]]] = {}
    for visit in collect(truth_of(world)).visits:
        for carried in visit.carried:
            assert visit.enter_ns <= carried.from_ns <= carried.to_ns <= visit.leave_ns
            spans.setdefault(carried.identifier, []).append((carried.from_ns, carried.to_ns))
    sightings = [item for item in heard(world) if isinstance(item, Sighting)]
    assert sightings
    for sighting in sightings:
        t_ns = world.start_ns + sighting.t_boot_ns
        assert any(since <= t_ns < until for since, until in spans[sighting.identifier])


@given(SEEDS)
@settings(max_examples=small_or_whole(2, 4), deadline=None)
def test_entered_minus_left_is_inside(seed: int) -> None:
    world = small(seed, door_miss=0.0)
    crossings = [item for item in heard(world) if isinstance(item, Crossing)]
    visits = collect(truth_of(world)).visits
    entered, left = sum(c.entered for c in crossings), sum(c.left for c in crossings)
    assert entered == len(visits) > 0
    assert entered - left == sum(visit.leave_ns >= world.end_ns for visit in visits)


@given(SEEDS)
@settings(max_examples=small_or_whole(2, 4), deadline=None)
def test_stays_lie_in_their_zone_one_after_the_other_within_the_visit(seed: int) -> None:
    world = small(seed)
    areas = {zone.name: zone.area for zone in world.plan.zones}
    for person in world.people():
        times = [person.path.from_ns, *(t for stay in person.path.stays for t in (stay.from_ns, stay.to_ns)), person.path.to_ns]
        assert times == sorted(times)
        for stay in person.path.stays:
            x_m, y_m, _ = person.path.at(person.path.t_ns[(person.path.t_ns >= stay.from_ns) & (person.path.t_ns <= stay.to_ns)])
            assert all(areas[stay.zone].contains(x, y) for x, y in zip(x_m, y_m, strict=True))


@given(SEEDS)
@settings(max_examples=small_or_whole(2, 4), deadline=None)
def test_nobody_is_in_the_store_twice_at_once(seed: int) -> None:
    spans: dict[str, list[tuple[int, int]]] = {}
    for visit in collect(truth_of(World(seed, hours=9, crowd=Crowd(busy=3)))).visits:
        for who in {visit.fan or visit.person, *(c.identifier for c in visit.carried if c.lasting)}:
            spans.setdefault(who, []).append((visit.enter_ns, visit.leave_ns))
    for found in spans.values():
        assert all(a[1] + 1800 * 10**9 < b[0] for a, b in pairwise(sorted(found)))


@given(SEEDS)
@settings(max_examples=small_or_whole(2, 4), deadline=None)
def test_a_closed_store_is_empty(seed: int) -> None:
    closed = tuple(0 if hour == 11 else rate for hour, rate in enumerate(ARRIVALS))
    world = World(seed, hours=3, crowd=Crowd(arrivals=closed))
    assert not [p for p in world.people() if 3600 * 10**9 <= p.path.from_ns < 7200 * 10**9]
    assert sum(p.staff_id != "" for p in world.people()) == 2 * world.crowd.staff
