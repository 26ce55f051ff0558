"""Baskets: one spelling, whatever an early release stored."""

from __future__ import annotations

import pytest

from footfall.baskets import Pieces, as_documented, pieces, spelled


def test_a_basket_is_spelled_as_documented() -> None:
    assert spelled([("A1", 1), ("袜", -2)]) == '[{"sku": "A1", "n": 1}, {"sku": "袜", "n": -2}]'
    assert spelled([]) == ""


@pytest.mark.parametrize("text", ["", '[{"sku": "A1", "n": 1}]', '[["A1", 1]]'])
def test_what_was_stored_earlier_is_read_as_well(text: str) -> None:
    assert as_documented(text) == (spelled([("A1", 1)]) if text else "")


@pytest.mark.parametrize(
    ("text", "number", "is_whole"),
    [
        ("", 0, True),
        ('[{"sku": "A1", "n": 2}, {"sku": "B", "n": -1}]', 1, True),
        ('[["A1", 3]]', 3, True),
        ('[{"sku": "A1"}, {"sku": "B", "n": 2}]', 3, True),
        ('[{"sku": "A1", "n": 2}, {"sku": "B", "n": "two"}, "C", null]', 2, False),
        ('[{"sku": "A1", "n": 1e400}, {"sku": "B", "n": 1}]', 1, False),
        ('[["A1"], 7]', 0, False),
        ('{"sku": "A1", "n": 2}', 0, False),
        ("3 shirts", 0, False),
        ("[[", 0, False),
    ],
)
def test_pieces_count_as_far_as_a_basket_can_be_read(text: str, number: int, is_whole: bool) -> None:
    assert pieces(text) == Pieces(number, is_whole)
    assert isinstance(as_documented(text), str)
