"""Dwells: one stay of one person in one zone."""

from __future__ import annotations

from gateway.fold.dwell_rows import closed
from gateway.fold.minute_counts import ZONE_COLUMN
from tests.support.shop_stories import S, Shop, left, seen

PASSES = ZONE_COLUMN["passes"]

GAP_S = 65
"""An ibeacon's longest timeout at the agent and one STAY period: silent for longer, a person is not in the zone any more."""


def test_a_dwell_lasts_from_the_first_to_the_last_evidence_of_its_zone() -> None:
    (dwell,) = Shop().hear(seen("ann", "a", 0), seen("ann", "a", 30), seen("ann", "a", 45)).close().dwells()
    assert (dwell.zone, dwell.begin_s, dwell.seconds, dwell.is_open) == ("a", 0, 45, False)


def test_an_open_dwell_is_stored_with_no_length_whenever_it_is_written() -> None:
    shop = Shop().hear(seen("ann", "a", 0), seen("ann", "a", 30)).wait(5).link("ann", "fan-1")
    assert [(dwell.is_open, dwell.seconds, dwell.fan) for dwell in shop.dwells()] == [(True, 0, "fan-1")]


def test_a_silence_longer_than_the_gap_ends_a_dwell_though_the_visit_goes_on() -> None:
    shop = Shop().hear(seen("ann", "a", 0), seen("ann", "a", GAP_S), seen("ann", "a", 2 * GAP_S + 1)).close()
    assert [(dwell.begin_s, dwell.seconds) for dwell in shop.dwells()] == [(0, GAP_S), (2 * GAP_S + 1, 0)]
    assert len(shop.visits()) == 1


def test_who_moves_on_ends_one_dwell_and_begins_the_next() -> None:
    shop = Shop().hear(seen("ann", "a", 0), seen("ann", "a", 20), seen("ann", "b", 40, dbm=-40)).close()
    assert [(dwell.zone, dwell.begin_s, dwell.seconds) for dwell in shop.dwells()] == [("a", 0, 20), ("b", 40, 0)]


def test_an_exit_names_the_last_time_the_person_was_heard() -> None:
    (dwell,) = Shop().hear(seen("ann", "a", 0), left("ann", "a", 25)).close().dwells()
    assert dwell.seconds == 25


def test_an_exit_that_comes_after_the_person_moved_on_lengthens_the_dwell_before() -> None:
    shop = Shop().hear(seen("ann", "a", 0), seen("ann", "b", 30, dbm=-40), left("ann", "a", 30), seen("ann", "b", 35, dbm=-40)).close()
    assert [(dwell.zone, dwell.seconds) for dwell in shop.dwells()] == [("a", 30), ("b", 5)]


def test_a_dwell_outside_has_its_point_too() -> None:
    assert Shop().hear(seen("ann", "street", 0), seen("ann", "street", 10)).close().zones_of("ann") == ["street"]


def test_a_dwell_is_the_fan_s_whom_a_link_names_as_of_its_start() -> None:
    shop = Shop().link("ann", "fan-1", from_s=0, to_s=100)
    shop.hear(seen("ann", "a", 10), seen("ann", "b", 120, dbm=-40)).close()
    assert [(dwell.zone, dwell.fan) for dwell in shop.dwells()] == [("a", "fan-1"), ("b", "")]


def test_a_link_that_comes_afterwards_names_dwells_that_are_over() -> None:
    shop = Shop().hear(seen("ann", "a", 0), seen("ann", "a", 10)).close().link("ann", "fan-1")
    assert [dwell.fan for dwell in shop.dwells()] == ["fan-1"]


def test_a_link_names_dwells_that_left_memory_hours_ago() -> None:
    shop = Shop().hear(seen("ann", "a", 0), seen("ann", "a", 10)).wait(3 * 3600).link("ann", "fan-1")
    assert [(dwell.zone, dwell.seconds, dwell.fan) for dwell in shop.dwells()] == [("a", 10, "fan-1")]
    assert shop.minute(0, "a")["known_present"] == 1


def test_who_is_in_a_zone_for_less_than_ten_seconds_passes_and_everybody_else_stays() -> None:
    shop = Shop().hear(seen("ann", "a", 0), seen("ann", "a", 9.9), seen("ben", "a", 0), seen("ben", "a", 10)).close()
    counts = shop.minute(0, "a")
    assert [counts.get(name, 0) for name in ("dwells", "dwell_sum_s", "passes", "passing_sum_s")] == [2, 19.9, 1, 9.9]


def test_whether_it_is_a_pass_follows_from_its_length_as_it_is_stored() -> None:
    assert closed(0, 10 * S - 400_000)[PASSES] == closed(0, 10 * S)[PASSES] == 0
    assert closed(0, 10 * S - 600_000)[PASSES] == 1


def test_a_late_exit_makes_a_stay_of_a_pass() -> None:
    shop = Shop().hear(seen("ann", "a", 0), seen("ann", "a", 9)).wait(100)
    assert shop.minute(0, "a")["passes"] == 1
    shop.late(left("ann", "a", 20)).close()
    assert (shop.minute(0, "a").get("passes", 0), round(shop.minute(0, "a")["dwell_sum_s"])) == (0, 20)


def test_a_dwell_that_a_silence_closed_before_another_zone_took_the_person_over_is_cut_all_the_same() -> None:
    """The owner is silent for longer than the gap, the zone that leads is not: which of the two is looked at first changes nothing."""
    rows = (seen("ann", "a", 0), seen("ann", "a", 24, dbm=-85), seen("ann", "b", 28, dbm=-40))
    closed = Shop().hear(*rows).wait(61.4).wait(1)
    assert closed.minute(0, "a")["dwell_sum_s"] == 24
    at_once, late = (shop.hear(left("ann", "w", 92.8)).close() for shop in (Shop().hear(*rows), closed))
    assert late.dwells() == at_once.dwells()
    assert [(dwell.zone, dwell.seconds) for dwell in late.dwells()] == [("a", 23), ("b", 0)]
    assert late.minute(0, "a") == at_once.minute(0, "a")
    assert late.minute(0, "a")["dwell_sum_s"] == 23
