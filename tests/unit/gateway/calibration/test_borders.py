"""Which zones walks allow to set off."""

from __future__ import annotations

from gateway.calibration.borders import are_all_settable, crossings, settable
from gateway.calibration.walks import LevelRow, Walk


def walk(*zones: str, deaf: str = "") -> Walk:
    return Walk("w", [LevelRow(n, zone, "x", -60) for n, zone in enumerate(zones) if zone != deaf], list(enumerate(zones)))


def test_a_border_is_crossed_in_either_direction_and_over_all_walks() -> None:
    assert crossings([walk("a", "b", "b", "a"), walk("c", "a")]) == {frozenset("ab"): 2, frozenset("ac"): 1}


def test_zones_are_set_off_whose_borders_were_all_crossed_twice_the_longest_first() -> None:
    assert settable([walk("a", "b", "b", "a", "b")]) == ["b", "a"]
    assert settable([walk("b", "a", "b", "c")]) == ["a"]
    assert settable([walk("a", "b")]) == []


def test_a_zone_that_heard_nothing_is_not_set_off() -> None:
    assert settable([walk("a", "b", "a", deaf="b")]) == ["a"]


def test_a_shift_of_all_zones_is_none_unless_one_is_heard_that_may_not_be_set() -> None:
    assert are_all_settable([walk("a", "b", "b", "a")], ["b", "a"])
    assert not are_all_settable([walk("b", "a", "b", "c")], ["a"])
    only_heard = Walk("w", [LevelRow(0, "d", "x", -60)], [])
    assert not are_all_settable([walk("a", "b", "b", "a"), only_heard], ["b", "a"])
