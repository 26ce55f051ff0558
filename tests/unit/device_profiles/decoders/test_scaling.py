from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.decoders.scaling import scaling


def test_what_changes_nothing_is_no_function() -> None:
    assert scaling(1) is None
    assert scaling(1.0, 0.0) is None


@given(st.integers(-(2**31), 2**32), st.sampled_from([10, 20, 100, 200, 400, 1000, 256, 65536, 1_000_000]))
def test_a_fraction_is_the_float_nearest_to_it(raw: int, divisor: int) -> None:
    scaled = scaling(1 / divisor)
    assert scaled is not None
    assert scaled(raw) == float(Fraction(raw, divisor))


@pytest.mark.parametrize(
    ("scale", "add", "raw", "value"),
    [(0.01, 500, 50044, 1000.44), (1, 1600, 1377, 2977), (2, -40, 22, 4), (0.35, 0, -22, -7.7), (6, 0, 3500, 21000), (-1, 0.5, 3, -2.5)],
)
def test_values_are_what_a_person_would_write(scale: float, add: float, raw: int, value: float) -> None:
    scaled = scaling(scale, add)
    assert scaled is not None
    assert scaled(raw) == value
