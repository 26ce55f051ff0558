"""Where two answers differ: every value is looked at, also of rows that only one of them has."""

from __future__ import annotations

import pytest

from simulators.numbers.answers import Cells, Replied, differences

KEY = (("store", "a"), ("time", "2026-10-19"))
RIGHT: Cells = {KEY: {"in": 4, "conversion": 0.25, "basket": None}}


@pytest.mark.parametrize(
    ("found", "measures"),
    [
        ({KEY: {"in": 4, "conversion": 0.25 + 1e-14, "basket": None}}, []),
        ({KEY: {"in": 5, "conversion": 0.25, "basket": None}}, ["in"]),
        ({KEY: {"in": 4, "conversion": None, "basket": 0.0}}, ["basket", "conversion"]),
        ({}, ["conversion", "in"]),
        ({**RIGHT, (("store", "b"),): {"in": 0, "conversion": None, "basket": None}}, []),
        ({**RIGHT, (("store", "b"),): {"in": 1, "conversion": None, "basket": None}}, ["in"]),
    ],
)
def test_values_that_are_not_right_are_named(found: Cells, measures: list[str]) -> None:
    wrong = differences(Replied(RIGHT, {}), Replied(found, {}))
    assert [each.measure for each in wrong] == measures
    assert [each.measure for each in differences(Replied({}, RIGHT), Replied({}, found))] == measures


def test_a_difference_shows_where_it_is() -> None:
    (wrong,) = differences(Replied(RIGHT, {}), Replied({KEY: {"in": 5, "conversion": 0.25, "basket": None}}, {}))
    assert str(wrong) == "rows: store a, time 2026-10-19: in is 5, the truth 4"
