"""Lift and capture, by hand and where they cannot be had."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pandas as pd
import pytest

from footfall.analysis import recipes
from footfall.errors import ConfigError

BEFORE, DURING = ("2026-09-07", "2026-09-13"), ("2026-09-14", "2026-09-20")


def days(**stores: tuple[float | None, float | None]) -> pd.DataFrame:
    """Of each store the people of a day before and during."""
    rows = [(store, pd.Timestamp("2026-09-07") + pd.Timedelta(days=day), of[day // 7]) for store, of in stores.items() for day in range(14)]
    frame = pd.DataFrame(rows, columns=["store", "time", "in"])
    return frame.astype({"in": "Int64"})


def test_a_lift_is_the_change_of_the_treated_by_that_of_the_others() -> None:
    found = recipes.lift(days(a=(100, 260), b=(50, 130), c=(80, 160), d=(10, 20)), ["a", "b"], BEFORE, DURING)
    assert found.value == pytest.approx(1.3)
    assert found.low == pytest.approx(found.high)
    assert (found.treated, found.controls, found.left_out) == (2, 2, ())


def test_the_interval_is_welch_s() -> None:
    found = recipes.lift(days(a=(100, 300), b=(100, 200), c=(100, 110), d=(100, 90)), ["a", "b"], BEFORE, DURING)
    sides = np.log([3, 2]), np.log([1.1, 0.9])
    error = np.sqrt(sum(side.var(ddof=1) / 2 for side in sides))
    change = sides[0].mean() - sides[1].mean()
    assert found.value == pytest.approx(exp(change))
    # Of Welch's degrees of freedom, 1.5, the interval takes those of 1.
    assert log(found.high) - log(found.value) == pytest.approx(12.706 * error, rel=1e-3)


def test_days_that_were_not_measured_are_left_out_and_so_are_stores_without_any() -> None:
    frame = days(a=(100, 130), b=(100, 130), c=(100, 100), d=(100, 100), e=(100, None), f=(0, 5))
    frame.loc[(frame["store"] == "a") & (frame["time"] == "2026-09-16"), "in"] = pd.NA
    found = recipes.lift(frame, ["a", "b"], BEFORE, DURING)
    assert found.value == pytest.approx(1.3)
    assert found.left_out == ("e", "f")


def test_days_of_stores_with_other_clocks_are_their_own() -> None:
    frame = days(a=(100, 130), b=(100, 130), c=(100, 100), d=(100, 100))
    local = recipes.lift(frame.assign(time=frame["time"].dt.tz_localize("Asia/Shanghai")), ["a", "b"], BEFORE, DURING)
    assert local.value == pytest.approx(1.3)


@pytest.mark.parametrize(
    ("treated", "message"),
    [
        (["a"], "two treated stores and two controls with data in both spans; there are 1 and 3"),
        (["a", "x"], "no store x; it has a, b, c, d"),
    ],
)
def test_a_lift_without_enough_stores_is_refused(treated: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        recipes.lift(days(a=(1, 2), b=(1, 2), c=(1, 2), d=(1, 2)), treated, BEFORE, DURING)


def test_capture_is_of_days_on_which_both_were_measured() -> None:
    frame = pd.DataFrame({"passers": [100, 300, None, 50], "in": [10, 30, 7, None]}, dtype="Int64")
    found = recipes.capture_rate(frame)
    assert (found.value, found.low, found.high, found.n) == pytest.approx((0.1, 0.1, 0.1, 2))
