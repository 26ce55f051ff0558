"""Money is taken in whole hundredths."""

from __future__ import annotations

from math import copysign

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.event_touches import MAX_AMOUNT
from gateway.accept.amounts import in_hundredths


@pytest.mark.parametrize(
    ("stated", "taken"),
    [(129.0, 129.0), (0.1 + 0.2, 0.3), (19.994, 19.99), (19.996, 20.0), (-7.999, -8.0), (1e-9, 0.0), (0.0049, 0.0), (0.0051, 0.01)],
)
def test_an_amount_is_the_nearest_hundredth(stated: float, taken: float) -> None:
    assert in_hundredths(stated) == taken


def test_nothing_is_0_without_a_sign() -> None:
    assert [copysign(1, in_hundredths(amount)) for amount in (0.0, -0.0, -1e-9)] == [1, 1, 1]


@given(st.integers(-round(MAX_AMOUNT) * 100, round(MAX_AMOUNT) * 100))
def test_whole_hundredths_stay_what_they_are_and_are_counted_exactly(cents: int) -> None:
    assert in_hundredths(cents / 100) == cents / 100
    assert round(in_hundredths(cents / 100) * 100) == cents
