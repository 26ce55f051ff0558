from __future__ import annotations

import pytest

from footfall.whole_numbers import whole_number


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("17", 17), ("007", 7), ("100", 100)])
def test_digits_are_a_number(text: str, number: int) -> None:
    assert whole_number(text, 0, 100) == number


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "1e2", " 1", "1_0", "٣", "²", "101", "9" * 4_400])
def test_what_else_is_written_and_what_is_too_large_is_none(text: str) -> None:
    assert whole_number(text, 0, 100) is None
