"""Zones that fell silent while their store hears people: found slice by slice, of zones that usually hear a share of them."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.fold.deaf_zones import LEAST_KNOWN, MISSED, DeafZones
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import Tracks
from gateway.fold.zone_rules import GONE_DBM
from gateway.site.recorded import RecordedAgent, RecordedSite, RecordedStore, RecordedZone

ZONE_STORE = np.array([0, 0, 0, 1], np.int32)
MANY = LEAST_KNOWN


def site(*zones: str, hearing: tuple[str, ...] = ()) -> RecordedSite:
    agent = RecordedAgent(name="x", receivers={f"r-{zone}": zone for zone in hearing})
    store = RecordedStore(name="one", zones=tuple(RecordedZone(name=zone) for zone in zones), agents=(agent,))
    return RecordedSite(stores=(store, RecordedStore(name="two", zones=(RecordedZone(name="d"),))))


def code(store: str, zone: str) -> int:
    return "abcd".index(zone)


@pytest.fixture
def deaf() -> DeafZones:
    """Two stores; of the first, zone 0 hears everybody, zone 1 half of them, zone 2 one in MANY."""
    found = DeafZones()
    found.apply(site("a", "b", "c"), code)
    found.grow(4, 2)
    over(found, there=MANY, heard=[MANY, MANY // 2, 1, 0])
    return found


def over(deaf: DeafZones, there: int, heard: list[int], store: int = 0) -> int:
    """Return the deaf zone of a store after a slice in which so many were there, and each zone heard so many."""
    deaf.conclude(np.array([store]), np.where(np.arange(2) == store, there, 0), np.array(heard), ZONE_STORE)
    return deaf.of_store.item(store)


def test_a_zone_that_hears_none_of_many_is_deaf_until_a_row_of_it_comes(deaf: DeafZones) -> None:
    assert over(deaf, MISSED, [0, MISSED, 0, 0]) == 0
    assert over(deaf, 1, [1, 0, 0, 0]) == 0
    assert deaf.are_deaf(np.array([0, 1, 2, 3, NO_CODE])).tolist() == [True, False, False, False, False]
    deaf.hear(0)
    assert over(deaf, 1, [0, 1, 0, 0]) == NO_CODE
    assert over(deaf, MISSED, [0, MISSED, 0, 0]) == 0


def test_how_many_it_misses_is_by_the_share_that_it_usually_hears(deaf: DeafZones) -> None:
    """Zone 1 hears half of them."""
    assert over(deaf, 2 * MISSED - 1, [9, 0, 1, 0]) == NO_CODE
    assert over(deaf, 2 * MISSED + 3, [9, 0, 1, 0]) == 1


def test_of_a_few_nobody_knows_what_is_usual_and_an_empty_store_shows_nothing(deaf: DeafZones) -> None:
    young = DeafZones()
    young.apply(site("a", "b", "c"), code)
    young.grow(4, 2)
    over(young, MANY - 1, [MANY - 1, 9, 9, 0])
    assert over(young, MANY, [0, MANY, 9, 0]) == NO_CODE
    assert over(deaf, 0, [0, 0, 0, 0]) == NO_CODE


def test_where_two_zones_are_deaf_nobody_knows_in_which_somebody_is(deaf: DeafZones) -> None:
    assert over(deaf, 4 * MISSED, [0, 0, 1, 0]) == NO_CODE
    deaf.hear(0)
    assert over(deaf, 4 * MISSED, [9, 0, 1, 0]) == 1


def test_a_zone_without_receiver_and_one_that_is_not_in_the_estate_any_more_are_not_deaf(deaf: DeafZones) -> None:
    deaf.apply(site("a", "b", "c", hearing=("b", "c")), code)
    assert over(deaf, MISSED, [0, MISSED, 1, 0]) == NO_CODE
    deaf.apply(site("a", "b", "c", hearing=("a", "b")), code)
    assert over(deaf, MISSED, [0, MISSED, 1, 0]) == 0
    deaf.apply(site("b", "c"), code)
    assert over(deaf, MISSED, [0, MISSED, 1, 0]) == NO_CODE


def test_a_zone_that_stays_deaf_for_days_is_none_any_more(deaf: DeafZones) -> None:
    assert over(deaf, MISSED, [0, MISSED, 1, 0]) == 0
    deaf.begin_days(np.array([0, 1]), ZONE_STORE)
    assert over(deaf, MISSED, [0, MISSED, 1, 0]) == 0
    deaf.begin_days(np.array([1, 0]), ZONE_STORE)
    assert over(deaf, MISSED, [0, MISSED, 1, 0]) == NO_CODE


def test_what_is_known_can_be_forgotten_and_stored(deaf: DeafZones) -> None:
    over(deaf, MISSED, [0, MISSED, 1, 0])
    again = DeafZones()
    again.apply(site("a", "b", "c"), code)
    again.load(deaf.dump())
    assert again.dump() == deaf.dump()
    assert over(again, 1, [0, 1, 0, 0]) == over(deaf, 1, [0, 1, 0, 0]) == 0
    deaf.forget(np.array([True, False, False, False]))
    assert (deaf.of_store.item(0), over(deaf, MISSED, [0, MISSED, 1, 0])) == (NO_CODE, NO_CODE)


def test_who_is_heard_by_a_zone_is_its_owner_s_or_has_a_level_of_it_that_is_no_older_than_the_slice() -> None:
    tracks, deaf = Tracks(), DeafZones()
    deaf.grow(4, 2)
    slots = np.array([tracks.add(subject, store, 0, False) for subject, store in ((1, 0), (2, 0), (3, 0), (4, 1))])
    tracks.last_ns[slots] = [100, 100, 99, 50]
    tracks.zone[slots], tracks.zone_ns[slots], tracks.level_dbm[slots] = [0, 0, 0, 3], [100, 100, 99, 40], [-60, GONE_DBM, -60, -60]
    tracks.heard_zone[slots[0], :3], tracks.heard_ns[slots[0], :3] = [1, 1, 2], [100, 101, 99]
    there, heard = deaf.count(tracks, slots, np.array([100, 50]))
    assert (there.tolist(), heard.tolist()) == ([1, 0], [1, 1, 0, 0])
