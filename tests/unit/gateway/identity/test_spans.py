"""Intervals of time."""

from __future__ import annotations

import pytest

from gateway.identity.spans import Interval, overlaps, united, within, without


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ([], []),
        ([(1, 2)], [(1, 2)]),
        ([(2, 2)], []),
        ([(3, 1), (5, 6)], [(5, 6)]),
        ([(4, 6), (1, 3)], [(1, 3), (4, 6)]),
        ([(1, 3), (3, 6)], [(1, 6)]),
        ([(1, 9), (2, 3), (8, 10)], [(1, 10)]),
    ],
)
def test_intervals_that_touch_or_overlap_are_one_and_empty_ones_none(given: list[Interval], made: list[Interval]) -> None:
    assert united(given) == made


def test_what_is_taken_out_of_an_interval_leaves_the_rest() -> None:
    taken = [(0, 2), (4, 5), (9, 20)]
    assert without((1, 10), taken) == [(2, 4), (5, 9)]
    assert without((4, 5), taken) == []
    assert without((20, 30), taken) == [(20, 30)]


def test_the_parts_of_an_interval_within_others() -> None:
    assert within((1, 10), [(0, 2), (4, 5), (9, 20)]) == [(1, 2), (4, 5), (9, 10)]
    assert within((2, 4), [(0, 2), (4, 5)]) == []


def test_an_end_is_outside_so_intervals_that_touch_do_not_overlap() -> None:
    others = [(0, 2), (4, 6)]
    assert [overlaps(each, others) for each in [(2, 4), (1, 2), (6, 9), (3, 5), (-5, 0)]] == [False, True, False, True, False]
