"""Zone ownership: of the zones that hear a person, which one has them."""

from __future__ import annotations

from tests.support.shop_stories import Shop, left, seen

MARGIN_DB = 3
HOLDOFF_S = 2
STALE_S = 11
"""Of an ibeacon: 2.2 of its STAY periods."""


def test_the_zone_that_hears_a_person_first_owns_them() -> None:
    assert Shop().hear(seen("ann", "a", 0, dbm=-90)).zones_of("ann") == ["a"]


def test_a_level_above_the_owner_s_by_no_more_than_the_margin_changes_nothing() -> None:
    assert Shop().hear(seen("ann", "a", 0, dbm=-60), seen("ann", "b", 5, dbm=-60 + MARGIN_DB)).zones_of("ann") == ["a"]


def test_a_level_above_the_owner_s_by_more_than_the_margin_takes_the_person_over() -> None:
    assert Shop().hear(seen("ann", "a", 0, dbm=-60), seen("ann", "b", 5, dbm=-60 + MARGIN_DB + 1)).zones_of("ann") == ["a", "b"]


def test_within_the_holdoff_nobody_takes_over_however_strong() -> None:
    quick = Shop().hear(seen("ann", "a", 0), seen("ann", "b", HOLDOFF_S - 0.5, dbm=-20))
    assert quick.zones_of("ann") == ["a"]


def test_a_stale_owner_loses_the_person_to_whoever_hears_them_however_weak() -> None:
    fresh = Shop().hear(seen("ann", "a", 0), seen("ann", "b", STALE_S, dbm=-90))
    stale = Shop().hear(seen("ann", "a", 0), seen("ann", "b", STALE_S + 1, dbm=-90))
    assert (fresh.zones_of("ann"), stale.zones_of("ann")) == (["a"], ["a", "b"])


def test_an_owner_that_reported_the_exit_is_followed_by_whoever_hears_the_person_next() -> None:
    assert Shop().hear(seen("ann", "a", 0), left("ann", "a", 4), seen("ann", "b", 6, dbm=-90)).zones_of("ann") == ["a", "b"]


def test_an_exit_of_a_zone_that_is_not_the_owner_changes_nothing() -> None:
    shop = Shop().hear(seen("ann", "a", 0), seen("ann", "b", 3, dbm=-61), left("ann", "b", 4), seen("ann", "b", 6, dbm=-61))
    assert shop.zones_of("ann") == ["a"]


def test_the_level_to_beat_is_the_owner_s_latest_not_its_strongest() -> None:
    shop = Shop().hear(seen("ann", "a", 0, dbm=-40), seen("ann", "a", 5, dbm=-70), seen("ann", "b", 8, dbm=-60))
    assert shop.zones_of("ann") == ["a", "b"]


def test_an_exit_alone_gives_a_person_to_no_zone() -> None:
    assert Shop().hear(left("ann", "a", 0)).zones_of("ann") == []


def test_two_agents_that_hear_one_person_are_evidence_of_one_person() -> None:
    shop = Shop().hear(seen("ann", "a", 0, agent="x"), seen("ann", "b", 3, dbm=-61, agent="y"), seen("ann", "a", 5, agent="x")).close()
    assert (shop.zones_of("ann"), len(shop.standing())) == (["a"], 1)
