"""Stays of people in a small store with three agents, each of which hears other zones, beside the truth: seeded, played in one process."""

from __future__ import annotations

from functools import cache

import pytest

from simulators.accuracy.figures import Accuracy, figures
from simulators.accuracy.playing import play_world
from simulators.accuracy.simulated import courses_of_truth, stored_by_subject
from simulators.accuracy.stays import PeopleStays, stays_of_visitors
from simulators.estate import brand_secret
from simulators.people import Crowd
from simulators.plan import shop_of_four
from simulators.truth import collect, truth_of
from simulators.world import World

SEEDS = (50, 53)
CROWD = Crowd(arrivals=(50.0,) * 24, exact=True, staff=0, carries=(("beacon", 0.85), ("two", 0.15)))
"""As in the demonstration: straight walks, no stop on the way, and some people with two devices."""


@cache
def played() -> tuple[Accuracy, PeopleStays]:
    courses, stays = [], []
    for seed in SEEDS:
        world = World(seed, hours=1.5, plan=shop_of_four("store-0"), crowd=CROWD)
        assert len(world.plan.agents) == 3
        done, truth, secret = play_world(world, flush_s=5.0), collect(truth_of(world)), brand_secret(seed)
        stored = done.sink.stored(done.end_ns)
        courses += courses_of_truth(truth, secret, *stored_by_subject(stored), truth.end_ns, done.leads)
        stays.append(stays_of_visitors(truth, stored, truth.end_ns))
    return figures(courses), PeopleStays.joined(stays)


def test_stays_of_each_zone_are_as_many_and_as_long_as_they_were() -> None:
    _, stays = played()
    zones = stays.by_zone()
    assert {each.zone for each in zones} == {"entrance", "shelf-a", "shelf-b", "checkout"}
    for each in zones:
        assert each.true.count > 30
        assert each.stored.count == pytest.approx(each.true.count, rel=0.15), each
        assert each.stored.median_s == pytest.approx(each.true.median_s, rel=0.15), each


def test_zones_do_not_flap_and_changes_are_stamped_when_they_were() -> None:
    found, _ = played()
    assert found.transitions.flapping <= 1.15
    assert found.transitions.f1(5) >= 0.87
