"""Zone ownership: of the zones that hear a person, which one has them."""

from __future__ import annotations

import numpy as np

from device_profiles.registry import shipped
from gateway.fold.tables.tracks import MOST_HEARD
from gateway.fold.usual_levels import FLOOR_DB, LEAST
from tests.support.shop_stories import Dwell, Shop, left, seen

MARGIN_DB = 5
STALE_S = 11
"""Of an ibeacon: 2.2 of its STAY periods."""
SETTLES_S, CONFIRMS_S = 5, 8
"""Of one whose own interval is not known, or is a second and more."""
REMEMBERS_S = SETTLES_S
"""So much later than its subject left does an owner's level fall behind."""


def zones(*rows: object) -> list[str]:
    return Shop().hear(*rows).close().zones_of("ann")  # type: ignore[arg-type] # rows of the story


def dwells(*rows: object) -> list[Dwell]:
    return Shop().hear(*rows).close().dwells()  # type: ignore[arg-type] # the same


# The first zone


def test_a_zone_that_alone_hears_a_person_owns_them() -> None:
    assert zones(seen("ann", "a", 0, dbm=-90)) == ["a"]


def test_the_loudest_zone_of_the_settling_time_owns_a_person_since_they_were_heard_first() -> None:
    first, *_ = dwells(seen("ann", "a", 0, dbm=-70), seen("ann", "b", 3, dbm=-60), seen("ann", "b", 8, dbm=-60))
    assert (first.zone, first.begin_s, first.seconds) == ("b", 0, 8)


def test_nothing_is_written_of_a_person_until_the_settling_time_is_over() -> None:
    shop = Shop().hear(seen("ann", "a", 0))
    assert (shop.dwells(), shop.visits()) == ([], [])
    shop.wait(SETTLES_S)
    assert ([dwell.zone for dwell in shop.dwells()], [visit.begin_s for visit in shop.visits()]) == (["a"], [0])


def test_a_person_outside_at_first_is_no_visitor_however_quietly_the_store_hears_them_too() -> None:
    shop = Shop().hear(seen("ann", "a", 0, dbm=-85), seen("ann", "street", 2, dbm=-60), seen("ann", "street", 7, dbm=-60)).close()
    assert (shop.zones_of("ann"), shop.visits()) == (["street"], [])


def test_an_exit_alone_gives_a_person_to_no_zone() -> None:
    assert zones(left("ann", "a", 0)) == []


# Another zone


def test_a_level_above_the_owner_s_by_no_more_than_the_margin_changes_nothing() -> None:
    assert zones(seen("ann", "a", 0), seen("ann", "b", 9, dbm=-60 + MARGIN_DB), seen("ann", "b", 25, dbm=-60 + MARGIN_DB)) == ["a", "b"]
    assert zones(seen("ann", "a", 0), seen("ann", "b", 9, dbm=-60 + MARGIN_DB), seen("ann", "a", 14)) == ["a"]


def test_a_zone_that_leads_for_the_confirm_time_takes_the_person_over_since_it_went_ahead() -> None:
    before, after = dwells(seen("ann", "a", 0), seen("ann", "a", 9), seen("ann", "b", 10, dbm=-50), seen("ann", "b", 20, dbm=-50))
    assert (before.zone, before.begin_s, before.seconds) == ("a", 0, 10 - REMEMBERS_S)
    assert (after.zone, after.begin_s, after.seconds) == ("b", 10, 10)


def test_a_change_is_written_when_it_is_confirmed_and_not_before() -> None:
    shop = Shop().hear(seen("ann", "a", 0), seen("ann", "b", 10, dbm=-50)).wait(CONFIRMS_S - 1)
    assert shop.zones_of("ann") == ["a"]
    assert shop.wait(2).zones_of("ann") == ["a", "b"]


def test_who_turns_their_back_on_the_owner_for_a_while_stays_there() -> None:
    """Ahead by the margin and not by more than a body takes: such a lead is none if it ends within twice the confirm time."""

    def turned(until_s: int) -> list[object]:
        return [seen("ann", zone, at, dbm) for at in range(10, until_s, 3) for zone, dbm in (("a", -60), ("b", -60 + MARGIN_DB + 2))]

    back = [seen("ann", "b", 24, dbm=-70), seen("ann", "a", 25)]
    (whole,) = dwells(seen("ann", "a", 0), seen("ann", "a", 8), *turned(24), *back)
    assert (whole.zone, whole.seconds) == ("a", 25)
    gone = dwells(seen("ann", "a", 0), seen("ann", "a", 8), *turned(10 + 2 * CONFIRMS_S + 2))
    assert [(dwell.zone, dwell.begin_s) for dwell in gone] == [("a", 0), ("b", 10)]


def test_a_challenger_that_falls_behind_leaves_the_owner_a_dwell_without_a_break() -> None:
    (whole,) = dwells(
        seen("ann", "a", 0), seen("ann", "b", 10, dbm=-50), seen("ann", "a", 12), seen("ann", "b", 15, dbm=-70), seen("ann", "a", 17)
    )
    assert (whole.zone, whole.seconds) == ("a", 17)


def test_the_owner_s_dwell_ends_when_its_level_began_to_fall_behind_though_it_heard_the_person_later() -> None:
    before, _ = dwells(seen("ann", "a", 0), seen("ann", "b", 10, dbm=-50), seen("ann", "a", 14, dbm=-70), seen("ann", "b", 20, dbm=-50))
    assert (before.zone, before.seconds) == ("a", 10 - REMEMBERS_S)


def test_an_owner_that_fell_behind_within_its_memory_had_the_person_for_no_time() -> None:
    before, _ = dwells(seen("ann", "a", 0), seen("ann", "b", 3, dbm=-65), seen("ann", "a", 6, dbm=-80), seen("ann", "b", 20, dbm=-50))
    assert (before.zone, before.begin_s, before.seconds) == ("a", 0, 6 - REMEMBERS_S)
    first, *_ = dwells(*[seen("ann", "a", at, sightings=5) for at in (0, 5)], seen("ann", "b", 6, -50), seen("ann", "b", 16, -50))
    assert (first.zone, first.begin_s, first.seconds) == ("a", 0, 1)


def test_an_owner_that_fell_silent_had_the_person_until_it_was_heard_last() -> None:
    before, after = dwells(*[seen("ann", "a", at) for at in (0, 5, 10)], left("ann", "a", 12), seen("ann", "b", 13), seen("ann", "b", 18))
    assert (before.zone, before.seconds, after.zone, after.begin_s) == ("a", 12, "b", 13)


def test_a_zone_that_was_heard_before_leads_once_the_owner_falls_below_it() -> None:
    story = seen("ann", "a", 0), seen("ann", "b", 8, dbm=-62), seen("ann", "a", 10, dbm=-80), seen("ann", "a", 16, dbm=-80)
    assert [(dwell.zone, dwell.begin_s) for dwell in dwells(*story)] == [("a", 0), ("b", 10)]


def test_who_walks_past_a_third_zone_is_in_the_next_since_it_was_louder_than_both() -> None:
    """The time to confirm the change runs since the owner fell behind: it is over before the row at 19 s."""
    story = seen("ann", "a", 0), seen("ann", "a", 9), seen("ann", "b", 10, dbm=-55), seen("ann", "w", 13, dbm=-45)
    shop = Shop().hear(*story, seen("ann", "w", 19, dbm=-45))
    assert [(dwell.zone, dwell.begin_s) for dwell in shop.dwells()] == [("a", 0), ("w", 13)]
    before, _ = shop.close().dwells()
    assert before.seconds == 10 - REMEMBERS_S


def test_a_beacon_that_is_heard_ten_times_a_second_is_confirmed_sooner() -> None:
    quick = [seen("ann", "a", second, sightings=10) for second in range(10)]
    shop = Shop().hear(*quick, seen("ann", "b", 10, dbm=-50, sightings=10), seen("ann", "b", 11, dbm=-50, sightings=10)).wait(2)
    assert shop.zones_of("ann") == ["a", "b"]


def test_a_lead_that_never_reaches_the_margin_lapses_and_is_not_stamped_back() -> None:
    """The challenger is ahead for 19 s by less than the margin, and by more from then on: the first 16 s are the owner's."""
    ahead = [seen("ann", "b", at, dbm=-58) for at in (10, 15, 20, 25)]
    owners = [seen("ann", "a", at) for at in (0, 5, 10.5, 15.5, 20.5, 25.5)]
    before, after = dwells(*owners, *ahead, *[seen("ann", "b", at, dbm=-50) for at in (29, 34, 39)])
    assert (before.zone, after.zone) == ("a", "b")
    assert 10 + 2 * CONFIRMS_S - 1 <= after.begin_s <= 29


def test_who_goes_back_and_forth_between_two_zones_for_minutes_has_each_of_their_stays() -> None:
    """The nearer zone is always 6 dB louder, a dB more than the margin: returns make wary of moments, not of minutes."""
    turns = "abababab"
    heard = [
        seen("ann", zone, 120 * turn + at, dbm=-60 if zone == there else -66)
        for turn, there in enumerate(turns)
        for at in range(1, 120, 2)
        for zone in "ab"
    ]
    found = dwells(*heard)
    assert [dwell.zone for dwell in found] == list(turns)
    assert all(120 - REMEMBERS_S - 2 < dwell.seconds <= 120 for dwell in found[1:-1])
    assert all(abs(dwell.begin_s - 120 * turn) < 5 for turn, dwell in enumerate(found))


def test_a_challenger_owns_since_it_was_ahead_at_all_not_since_it_was_by_the_margin() -> None:
    story = [seen("ann", "a", at) for at in (0, 5)], [seen("ann", "b", at, dbm) for at, dbm in ((8, -59), (12, -57), (16, -50), (20, -50))]
    assert [(dwell.zone, dwell.begin_s) for dwell in dwells(*story[0], *story[1])] == [("a", 0), ("b", 8)]


def test_who_is_heard_elsewhere_for_a_moment_only_after_the_owner_s_exit_has_no_dwell_there() -> None:
    story = [seen("ann", "a", at) for at in (0, 5, 10)], left("ann", "a", 10), seen("ann", "b", 11, dbm=-80), left("ann", "b", 13)
    assert zones(*story[0], *story[1:]) == ["a"]


def test_a_stale_owner_loses_the_person_to_whoever_heard_them_since_however_weak() -> None:
    rows = seen("ann", "a", 0), seen("ann", "b", 8, dbm=-90)
    fresh = dwells(*rows, seen("ann", "b", STALE_S, dbm=-90), seen("ann", "a", STALE_S + 0.5))
    assert [dwell.zone for dwell in fresh] == ["a"]
    stale = dwells(*rows, seen("ann", "b", STALE_S + 1, dbm=-90))
    assert [(dwell.zone, dwell.begin_s) for dwell in stale] == [("a", 0), ("b", 8)]


def test_an_owner_that_reported_the_exit_is_followed_by_whoever_hears_the_person_next() -> None:
    story = seen("ann", "a", 0), left("ann", "a", 6), seen("ann", "b", 8, dbm=-90), seen("ann", "b", 11, dbm=-90)
    assert [(dwell.zone, dwell.begin_s) for dwell in dwells(*story)] == [("a", 0), ("b", 8)]
    assert [(dwell.zone, dwell.begin_s) for dwell in dwells(*story[:2], seen("ann", "b", 20))] == [("a", 0), ("b", 20)]


def test_who_is_heard_elsewhere_for_no_longer_than_a_lost_message_after_the_owner_has_no_dwell_there() -> None:
    """The EXIT of the other zone comes long after the lead would be over: the last of a visit are the zones' own lost messages."""
    story = [seen("ann", "a", at) for at in (0, 5, 10)], left("ann", "a", 12), seen("ann", "b", 13, dbm=-80)
    shop = Shop().hear(*story[0], *story[1:]).wait(CONFIRMS_S + 1)
    assert shop.zones_of("ann") == ["a"]
    assert [(dwell.zone, dwell.seconds) for dwell in shop.close().dwells()] == [("a", 12)]


def test_the_exit_of_a_zone_that_led_until_then_is_evidence_that_the_person_was_there() -> None:
    """A box that sends a STAY a minute reports a stay of half a minute by ENTER and EXIT alone."""
    story = (
        seen("ann", "a", 0),
        left("ann", "a", 60),
        seen("ann", "b", 61),
        left("ann", "b", 81),
        seen("ann", "street", 82),
        left("ann", "street", 142),
    )
    assert [(dwell.zone, dwell.begin_s, dwell.seconds) for dwell in dwells(*story)] == [("a", 0, 60), ("b", 61, 20), ("street", 82, 60)]
    assert zones(*story[:2], seen("ann", "b", 61), left("ann", "b", 64), *story[4:]) == ["a", "street"]


def test_an_exit_of_a_zone_that_is_not_the_owner_changes_nothing() -> None:
    assert zones(seen("ann", "a", 0), seen("ann", "b", 3, dbm=-61), left("ann", "b", 4), seen("ann", "b", 6, dbm=-61)) == ["a"]


def test_a_zone_that_sent_an_exit_is_no_challenger_though_the_owner_falls_below_its_level() -> None:
    story = seen("ann", "a", 0), seen("ann", "b", 8, dbm=-61), left("ann", "b", 9), seen("ann", "a", 10, dbm=-80), seen("ann", "a", 15)
    assert zones(*story) == ["a"]


def test_two_agents_that_hear_one_person_are_evidence_of_one_person() -> None:
    shop = Shop().hear(seen("ann", "a", 0, agent="x"), seen("ann", "b", 3, dbm=-61, agent="y"), seen("ann", "a", 5, agent="x")).close()
    assert (shop.zones_of("ann"), len(shop.standing())) == (["a"], 1)


def test_of_two_agents_in_one_zone_the_louder_one_is_its_level() -> None:
    """Agent y hears them quietly in a: that does not make b louder than a."""
    both = seen("ann", "a", 0, dbm=-50, agent="x"), seen("ann", "b", 8, dbm=-60, agent="y"), seen("ann", "a", 9, dbm=-80, agent="y")
    assert zones(*both, seen("ann", "b", 10, dbm=-60, agent="y"), seen("ann", "a", 11, dbm=-50, agent="x")) == ["a"]
    louder = seen("ann", "a", 8, dbm=-40, agent="y"), seen("ann", "a", 9, dbm=-70, agent="x"), seen("ann", "b", 10, dbm=-50)
    assert zones(both[0], *louder, seen("ann", "a", 12, dbm=-40, agent="y")) == ["a"]


def test_there_are_more_zones_in_the_stories_than_two_and_room_for_all() -> None:
    assert MOST_HEARD >= 4


# Passing the border of the store


def test_a_visit_begins_when_a_person_came_in_from_the_street_not_when_it_was_confirmed() -> None:
    shop = Shop().hear(*[seen("ann", "street", at) for at in (0, 5, 10)], *[seen("ann", "a", at, dbm=-50) for at in (12, 17, 22)]).close()
    assert [(visit.begin_s, visit.seconds) for visit in shop.visits()] == [(12, 10)]


def test_the_street_that_leads_for_a_moment_does_not_shorten_a_visit() -> None:
    inside = [seen("ann", "a", at) for at in (0, 5, 10, 14, 19)]
    shop = Shop().hear(*inside, seen("ann", "street", 12, dbm=-50), seen("ann", "street", 13, dbm=-70)).close()
    assert [(visit.begin_s, visit.seconds, visit.zones) for visit in shop.visits()] == [(0, 19, 1)]


def test_who_stays_in_the_street_has_left_when_the_street_went_ahead() -> None:
    shop = Shop().hear(*[seen("ann", "a", at) for at in (0, 5, 10)], *[seen("ann", "street", at, dbm=-50) for at in (12, 17, 22)]).close()
    assert [(visit.begin_s, visit.seconds) for visit in shop.visits()] == [(0, 10)]


def test_a_row_that_comes_late_into_the_settling_time_is_known_already() -> None:
    shop = Shop().hear(seen("ann", "a", 10), seen("ann", "a", 12)).late(seen("ann", "b", 11)).close()
    assert ([dwell.zone for dwell in shop.dwells()], len(shop.standing())) == (["a"], 1)


def test_a_row_that_comes_late_before_a_settling_time_is_of_the_visit_that_goes_on() -> None:
    """It was a visit of its own, of no length and of the fan who had become known meanwhile."""
    shop = Shop().link("ann", "fan-1", from_s=10, to_s=300).hear(seen("ann", "a", 5), seen("ann", "a", 90)).late(seen("ann", "a", 89))
    assert [(visit.fan, visit.begin_s, visit.seconds) for visit in shop.close().visits()] == [("", 5, 85)]


def test_zones_that_lose_a_person_with_one_sighting_leave_no_dwell_to_the_one_whose_exit_comes_last() -> None:
    heard = [seen("ann", zone, at, dbm) for at in (0, 5, 10, 15) for zone, dbm in (("a", -50), ("b", -80))]
    assert zones(*heard, left("ann", "a", 15), left("ann", "b", 15)) == ["a"]


# A calibrated store: 12 dB less for zone a, a margin of 1 dB, a confirm time of 4 s, stamped 2 s back


def test_a_calibrated_zone_is_compared_with_its_offset() -> None:
    row = seen("ann", "a", 0, dbm=-60), seen("ann", "b", 1, dbm=-71)
    assert Shop().hear(*row).close().zones_of("ann") == ["a"]
    assert Shop().calibrate().hear(*row).close().zones_of("ann") == ["b"]


def test_a_calibrated_change_is_confirmed_sooner_and_stamped_back_and_cuts_the_dwell_before() -> None:
    shop = Shop().calibrate().hear(*(seen("ann", "a", at_s) for at_s in (0, 50, 100, 121)), seen("ann", "b", 122, dbm=-62))
    shop.hear(seen("ann", "b", 127, dbm=-62)).close()
    before, after = shop.dwells()
    assert (before.zone, before.seconds) == ("a", 122 - REMEMBERS_S)
    assert (after.zone, after.begin_s, after.seconds) == ("b", 120, 7)


def test_minutes_that_a_cut_dwell_had_reached_are_taken_back() -> None:
    shop = Shop().calibrate().hear(*(seen("ann", "a", at_s) for at_s in (0, 50, 100, 120.5)), seen("ann", "b", 121, dbm=-62))
    shop.hear(seen("ann", "b", 126, dbm=-62)).close()
    assert [shop.minute(at_s, "a").get("present", 0) for at_s in (60, 120)] == [1, 0]
    assert [shop.minute(at_s, "b").get("present", 0) for at_s in (60, 120)] == [1, 1]


def test_a_calibrated_change_is_not_stamped_back_into_a_silence() -> None:
    shop = Shop().calibrate().hear(seen("ann", "a", 0), left("ann", "a", 10), seen("ann", "b", 40, dbm=-62))
    assert [dwell.begin_s for dwell in shop.close().dwells()] == [0, 40]


def test_another_profile_is_not_touched_by_a_calibration() -> None:
    estate = Shop().calibrate().hear(seen("ann", "a", 0))._fold.state.estate
    plain, calibrated, other = (estate.profile(name, store) for name, store in (("ibeacon", "s2"), ("ibeacon", "s1"), ("ble-tag", "s1")))
    own = shipped()["ibeacon"].presence.margin_db
    assert (estate.limits_of[calibrated].margin_db, estate.limits_of[plain].margin_db) == (1.0, own)
    levels = estate.calibrated_dbm(np.full(3, -60, np.int16), np.array([plain, calibrated, other]), np.full(3, estate.zone("s1", "a")))
    assert levels.tolist() == [-60, -72, -60]


# Levels that are usual in a zone


SLICE_S = 780
"""Then ten minutes begin for which counts what was learned before."""


def shop_in_which_people_are_heard_well() -> Shop:
    """Ann went to b and back often enough: there she is heard at -45 dBm, in a at -50. She is in a when the next slice begins."""
    shop = Shop()
    for turn in range(2 * LEAST):
        here, there, dbm = ("b", "a", -45) if turn % 2 else ("a", "b", -50)
        times = (30 * turn, 30 * turn + 10, 30 * turn + 20)
        shop.hear(*[seen("ann", here, at_s, dbm=dbm) for at_s in times], *[seen("ann", there, at_s + 1, dbm=-80) for at_s in times])
    for at_s in range(60 * LEAST, SLICE_S + 20, 20):
        shop.hear(seen("ann", "a", at_s, dbm=-50))
    return shop


def test_a_zone_that_hears_somebody_much_more_weakly_than_others_there_does_not_have_them_when_their_owner_falls_silent() -> None:
    shop, usual = shop_in_which_people_are_heard_well(), shop_in_which_people_are_heard_well()
    before = len(shop.dwells())
    for at_s in range(SLICE_S + 20, SLICE_S + 200, 5):
        shop.hear(seen("ann", "b", at_s, dbm=-45 - FLOOR_DB - 1))
        usual.hear(seen("ann", "b", at_s, dbm=-45 - FLOOR_DB))
    assert [dwell.zone for dwell in usual.close().dwells()][before:] == ["b"]
    assert [dwell.zone for dwell in shop.close().dwells()][before:] == []
    (visit,) = shop.visits()
    assert visit.begin_s + visit.seconds == SLICE_S + 195


def test_who_was_in_no_zone_is_in_the_next_that_hears_them_as_it_hears_others() -> None:
    """Since the settling time began in which it did."""
    shop = shop_in_which_people_are_heard_well()
    before = len(shop.dwells())
    for at_s in range(SLICE_S + 20, SLICE_S + 200, 5):
        shop.hear(seen("ann", "b", at_s, dbm=-70))
    for at_s in range(SLICE_S + 200, SLICE_S + 300, 5):
        shop.hear(seen("ann", "a", at_s, dbm=-52))
    (again,) = shop.close().dwells()[before:]
    assert (again.zone, again.begin_s, again.begin_s + again.seconds) == ("a", SLICE_S + 195, SLICE_S + 295)


def test_a_zone_that_hears_somebody_more_weakly_than_others_does_not_take_them_from_an_owner_that_is_weaker_still() -> None:
    shop = shop_in_which_people_are_heard_well()
    before = len(shop.dwells())
    for at_s in range(SLICE_S + 20, SLICE_S + 100, 5):
        shop.hear(seen("ann", "b", at_s, dbm=-60), seen("ann", "a", at_s + 1, dbm=-60 - FLOOR_DB))
    assert [dwell.zone for dwell in shop.close().dwells()][before:] == []


def test_a_carrier_that_is_weak_everywhere_is_followed_where_a_zone_is_far_ahead_of_one_that_hears_it_too() -> None:
    shop = shop_in_which_people_are_heard_well()
    for turn, (here, there) in enumerate([("a", "b"), ("b", "a"), ("a", "b")]):
        for at_s in range(SLICE_S + 20 + 60 * turn, SLICE_S + 80 + 60 * turn, 5):
            shop.hear(seen("ben", here, at_s, dbm=-64), seen("ben", there, at_s + 1, dbm=-84))
    assert shop.close().zones_of("ben") == ["a", "b", "a"]


def test_who_comes_in_is_somewhere_however_weakly_they_are_heard() -> None:
    shop = shop_in_which_people_are_heard_well()
    for at_s in range(SLICE_S + 20, SLICE_S + 100, 5):
        shop.hear(seen("ben", "b", at_s, dbm=-80))
    assert shop.close().zones_of("ben") == ["b"]
