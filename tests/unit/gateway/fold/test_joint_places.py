"""Places of all levels that decide together."""

from __future__ import annotations

from gateway.fold.heard_zones import Heard
from gateway.fold.joint_places import JointPlaces


def filled() -> JointPlaces:
    places = JointPlaces()
    for zone in range(9):
        for agent in range(2):
            places.put(7, Heard(zone, agent, -60 - zone, 100 + zone))
    places.put(8, Heard(1, 1, -50, 5))
    return places


def test_as_many_levels_are_kept_as_zones_and_agents_hear_the_slot_each_in_its_latest_version() -> None:
    places = filled()
    places.put(7, Heard(3, 1, -40, 200))
    assert len(places.of(7)) == 18
    assert places.find(7, 3, 1) == Heard(3, 1, -40, 200)


def test_what_is_freed_or_forgotten_is_gone_and_the_rest_stays() -> None:
    places = filled()
    places.free(7, 3, 1)
    places.free(9, 3, 1)
    assert (places.find(7, 3, 1), len(places.of(7))) == (None, 17)
    places.forget([7, 9])
    assert (places.of(7), len(places.of(8))) == ([], 1)


def test_stored_places_are_read_again_as_they_were() -> None:
    places, read = filled(), JointPlaces()
    read.load(places.dump())
    assert sorted(read.of(7)) == sorted(places.of(7))
    assert read.of(8) == places.of(8)


def test_a_change_replaces_or_forgets_each_level() -> None:
    places = filled()
    places.change(lambda slot, heard: heard._replace(dbm=heard.dbm - 5) if slot == 7 and heard.agent == 0 else None)
    assert {(heard.agent, heard.dbm + heard.zone) for heard in places.of(7)} == {(0, -65)}
    assert places.of(8) == []
