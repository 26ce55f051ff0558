"""Baskets: one spelling, whatever an early release stored."""

from __future__ import annotations

import pytest

from footfall.baskets import as_documented, spelled


def test_a_basket_is_spelled_as_documented() -> None:
    assert spelled([("A1", 1), ("袜", -2)]) == '[{"sku": "A1", "n": 1}, {"sku": "袜", "n": -2}]'
    assert spelled([]) == ""


@pytest.mark.parametrize("text", ["", '[{"sku": "A1", "n": 1}]', '[["A1", 1]]'])
def test_what_was_stored_earlier_is_read_as_well(text: str) -> None:
    assert as_documented(text) == (spelled([("A1", 1)]) if text else "")
