"""Intervals against values of tables and textbooks."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from gateway.analysis.recipes.estimates import mean, ratio, share, t_quantile


@pytest.mark.parametrize(
    ("freedom", "value"), [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (10, 2.228), (30, 2.042), (1000, 1.962)]
)
def test_quantiles_of_student_are_those_of_the_tables(freedom: int, value: float) -> None:
    assert t_quantile(0.95, freedom) == pytest.approx(value, rel=2e-3)


def test_between_whole_degrees_the_wider_is_taken() -> None:
    assert t_quantile(0.95, 1.9) == t_quantile(0.95, 1)
    assert t_quantile(0.95, 2.9) == t_quantile(0.95, 2)


def test_a_share_has_wilson_s_interval() -> None:
    found = share(10, 40)
    assert (found.value, found.n) == (0.25, 40)
    assert (found.low, found.high) == pytest.approx((0.1419, 0.4019), abs=1e-4)


@pytest.mark.parametrize("successes", [0, 20])
def test_a_share_of_none_or_all_lies_in_its_interval_and_between_0_and_1(successes: int) -> None:
    found = share(successes, 20)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.high - found.low > 0.1


def test_a_mean_of_one_has_no_interval_and_of_nothing_no_value() -> None:
    assert mean(np.array([3.0])).value == 3.0
    assert isnan(mean(np.array([3.0])).low)
    assert isnan(mean(np.array([])).value)
    assert isnan(share(0, 0).value)
    assert isnan(ratio(np.array([0.0]), np.array([0.0])).value)


def test_a_ratio_is_that_of_the_sums() -> None:
    found = ratio(np.array([1.0, 9.0]), np.array([10.0, 30.0]))
    assert (found.value, found.n) == (0.25, 2)
    # Residuals are 1 - 2.5 and 9 - 7.5: an error of sqrt(2 * 4.5) / 40.
    assert found.high - found.value == pytest.approx(12.706 * 3 / 40, rel=1e-3)
