"""Where somebody is now: decided, or probably, while a zone leads that is not decided yet."""

from __future__ import annotations

from tests.support.shop_stories import Shop, left, seen


def in_a() -> Shop:
    """Ann is in a, decided."""
    return Shop().hear(*[seen("ann", "a", at, sightings=5) for at in range(30)])


def test_who_is_decided_is_there_since_the_dwell_began() -> None:
    assert in_a().now("ann") == ("a", 0.0, True)


def test_while_the_first_zone_settles_the_loudest_one_is_probable() -> None:
    assert Shop().hear(seen("ann", "a", 0, dbm=-70), seen("ann", "b", 0.5, dbm=-60)).now("ann") == ("b", 0.0, False)


def test_a_zone_that_is_ahead_by_the_margin_is_probable_before_it_is_decided() -> None:
    shop = in_a().hear(seen("ann", "b", 30, dbm=-50, sightings=5))
    assert (shop.now("ann"), shop.zones_of("ann")) == (("b", 30.0, False), ["a"])


def test_a_zone_that_is_ahead_by_less_than_the_margin_is_not() -> None:
    assert in_a().hear(seen("ann", "b", 30, dbm=-59)).now("ann") == ("a", 0.0, True)


def test_whoever_falls_behind_again_was_probable_and_nothing_is_stored_of_it() -> None:
    shop = in_a().hear(seen("ann", "b", 30, dbm=-50), seen("ann", "a", 30.5, dbm=-45), seen("ann", "b", 31, dbm=-70))
    assert shop.now("ann") == ("a", 0.0, True)
    assert shop.close().zones_of("ann") == ["a"]


def test_a_calibrated_change_is_shown_from_when_it_would_be_stamped() -> None:
    """The calibration stamps changes 2 s back."""
    shop = Shop().calibrate().hear(*[seen("ann", "a", at, sightings=5) for at in range(30)])
    shop.hear(*[seen("ann", zone, 30 + at, dbm=dbm, sightings=5) for at in range(2) for zone, dbm in (("a", -80), ("b", -40))])
    found = shop.now("ann")
    assert found is not None
    assert (found[0], found[2], 27 < found[1] < 30) == ("b", False, True)


def test_who_has_left_is_nowhere() -> None:
    assert in_a().hear(left("ann", "a", 29.5)).close().now("ann") is None
