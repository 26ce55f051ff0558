"""Visits: one stay of one person, closed by silence, joined with the person's other stays nearby."""

from __future__ import annotations

from tests.support.shop_stories import IDLE_S, Shop, seen


def test_a_visit_lasts_from_the_first_to_the_last_evidence() -> None:
    (visit,) = Shop().hear(seen("ann", "a", 0), seen("ann", "a", 90), seen("ann", "a", 200)).close().visits()
    assert (visit.begin_s, visit.seconds, visit.is_open) == (0, 200, False)


def test_an_open_visit_is_stored_with_no_length() -> None:
    (visit,) = Shop().hear(seen("ann", "a", 0), seen("ann", "a", 90)).visits()
    assert (visit.is_open, visit.seconds) == (True, 0)


def test_silence_as_long_as_the_timeout_keeps_a_visit_and_longer_begins_the_next() -> None:
    together = Shop().hear(seen("ann", "a", 0), seen("ann", "a", IDLE_S)).close().visits()
    apart = Shop().hear(seen("ann", "a", 0), seen("ann", "a", IDLE_S + 1)).close().visits()
    assert [visit.seconds for visit in together] == [IDLE_S]
    assert [(visit.begin_s, visit.seconds) for visit in apart] == [(0, 0), (IDLE_S + 1, 0)]


def test_a_person_who_is_heard_outside_only_has_no_visit() -> None:
    assert Shop().hear(seen("ann", "street", 0), seen("ann", "street", 30)).close().visits() == []


def test_a_visit_counts_the_zones_that_owned_the_person() -> None:
    (visit,) = Shop().hear(seen("ann", "a", 0), seen("ann", "b", 30), seen("ann", "a", 60)).close().visits()
    assert visit.zones == 2


def test_a_visit_of_two_devices_counts_the_zones_of_both() -> None:
    shop = Shop().link("ann", "fan-1").link("ben", "fan-1").hear(seen("ann", "a", 0), seen("ben", "b", 20)).close()
    assert [visit.zones for visit in shop.standing()] == [2]


def test_devices_of_one_fan_make_one_visit_and_the_later_is_void() -> None:
    shop = Shop().link("ann", "fan-1").link("ben", "fan-1")
    shop.hear(seen("ann", "a", 0), seen("ben", "a", 20), seen("ann", "a", 40), seen("ben", "a", 70)).close()
    (visit,) = shop.standing()
    assert (visit.who, visit.fan, visit.begin_s, visit.seconds) == ("ann", "fan-1", 0, 70)
    assert [each.who for each in shop.visits() if each.is_void] == ["ben"]


def test_devices_of_one_fan_further_apart_than_the_timeout_are_two_visits() -> None:
    shop = Shop().link("ann", "fan-1").link("ben", "fan-1")
    shop.hear(seen("ann", "a", 0), seen("ben", "a", IDLE_S + 1)).close()
    assert [visit.who for visit in shop.standing()] == ["ann", "ben"]


def test_a_link_that_comes_after_the_visits_joins_them_all_the_same() -> None:
    shop = Shop().hear(seen("ann", "a", 0), seen("ben", "a", 20), seen("ben", "a", 50)).close()
    assert len(shop.standing()) == 2
    shop.link("ann", "fan-1").link("ben", "fan-1")
    assert [(visit.who, visit.seconds) for visit in shop.standing()] == [("ann", 50)]


def test_a_fan_s_purchase_within_the_visit_is_the_visit_s() -> None:
    shop = Shop().link("ann", "fan-1").hear(seen("ann", "a", 0), seen("ann", "a", 60))
    shop.touch("transaction", fan="fan-1", amount=20.0).close()
    assert [(visit.touches, visit.amount) for visit in shop.visits()] == [(1, 20.0)]


def test_an_agent_that_was_cut_off_for_an_hour_fills_the_gap_between_two_visits() -> None:
    shop = Shop().hear(seen("ann", "a", 0), seen("ann", "a", 500)).wait(3600)
    assert len(shop.standing()) == 2
    shop.late(seen("ann", "a", 250, agent="y")).close()
    assert [(visit.begin_s, visit.seconds) for visit in shop.standing()] == [(0, 500)]


def test_a_visit_that_goes_on_when_the_store_closes_stays_one_and_counts_in_its_minutes() -> None:
    """The shop closes 33 minutes after the story begins."""
    shop = Shop().count(1, 0, "c1").hear(*(seen("ann", "a", float(at_s)) for at_s in range(0, 2600, 200))).close()
    assert [(visit.begin_s, visit.seconds) for visit in shop.visits()] == [(0, 2400)]
    assert [shop.minute(at_s).get("visits_open") for at_s in (1900, 2300, 2500)] == [1, 1, None]
