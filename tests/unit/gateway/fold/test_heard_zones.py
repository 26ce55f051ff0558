"""The places of a slot: which zones hear a subject beside the owner, and how loud."""

from __future__ import annotations

import numpy as np

from gateway.fold import heard_zones
from gateway.fold.heard_zones import NOBODY, Heard
from gateway.fold.tables.tracks import MOST_HEARD, Tracks
from gateway.fold.zone_rules import GONE_DBM

AGENT = 1


def tracks_of(*heard: Heard, fresh_since_ns: int = 0) -> tuple[Tracks, int]:
    tracks = Tracks()
    slot = tracks.add(5, 0, 0, False)
    for each in heard:
        heard_zones.put(tracks, slot, each, fresh_since_ns)
    return tracks, slot


def taken(tracks: Tracks, slot: int) -> set[Heard]:
    return {each for each in heard_zones.heard_at(tracks, slot) if each.zone != NOBODY}


def full(dbm: int = -60) -> list[Heard]:
    return [Heard(zone, AGENT, dbm - zone, 100 + zone) for zone in range(MOST_HEARD)]


def test_a_zone_and_agent_have_one_place_with_their_latest_level() -> None:
    assert taken(*tracks_of(Heard(3, AGENT, -60, 10), Heard(3, AGENT, -80, 20))) == {Heard(3, AGENT, -80, 20)}


def test_two_agents_of_one_zone_have_a_place_each() -> None:
    assert len(taken(*tracks_of(Heard(3, 1, -60, 10), Heard(3, 2, -60, 10)))) == 2


def test_where_all_places_are_taken_a_louder_zone_has_that_of_the_quietest() -> None:
    *kept, quietest = full()
    louder = Heard(9, AGENT, quietest.dbm + 1, 200)
    assert taken(*tracks_of(*full(), louder)) == {*kept, louder}


def test_a_zone_as_quiet_as_the_quietest_gets_no_place() -> None:
    *_, quietest = full()
    assert taken(*tracks_of(*full(), Heard(9, AGENT, quietest.dbm, 200))) == {*full()}


def test_a_place_that_is_stale_counts_as_free_however_loud_it_was() -> None:
    first, *fresh = full()
    quiet = Heard(9, AGENT, -120, 200)
    tracks, slot = tracks_of(*full())
    heard_zones.put(tracks, slot, quiet, first.time_ns + 1)
    assert taken(tracks, slot) == {*fresh, quiet}


def test_a_place_is_found_by_zone_and_agent_and_the_loudest_among_the_fresh_ones() -> None:
    tracks, slot = tracks_of(*full())
    slots, zone = np.array([slot, slot], np.int32), np.array([1, 9], np.int32)
    assert heard_zones.place_of(tracks, slots, zone, np.array([AGENT, AGENT], np.int32)).tolist() == [1, NOBODY]
    since = np.array([101, 1000], np.int64)
    assert heard_zones.loudest_dbm(tracks, slots, since).tolist() == [full()[1].dbm, GONE_DBM]


def test_a_place_that_is_freed_has_nothing_of_what_was_heard() -> None:
    tracks, slot = tracks_of(*full())
    heard_zones.free(tracks, slot, 2)
    assert len(taken(tracks, slot)) == MOST_HEARD - 1
    heard_zones.forget(tracks, slot)
    assert taken(tracks, slot) == set()
