"""Naive forecasts and their errors, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from footfall.analysis import recipes
from footfall.errors import ConfigError
from tests.support.analysed_worlds import noisy_days


def days(*people: int | None) -> pd.DataFrame:
    time = pd.date_range("2026-09-07", periods=len(people), freq="D")
    return pd.DataFrame({"time": time, "in": pd.array(people, dtype="Int64")})


def test_each_day_is_as_the_last_known_same_weekday() -> None:
    values = np.array([*range(7), *range(10, 17), 20, np.nan], float)
    assert recipes.seasonal_naive(values, 9).tolist() == [12, 13, 14, 15, 16, 20, 11, 12, 13]


def test_days_that_are_missing_in_the_frame_are_not_measured() -> None:
    frame = days(*range(1, 29)).drop(index=[22])
    found = recipes.naive_forecast(frame, 7)
    assert found["time"].iloc[0] == pd.Timestamp("2026-10-05")
    assert found["forecast"].to_list() == [22, 16, 24, 25, 26, 27, 28]


def test_the_interval_has_the_quantiles_of_what_changed_in_so_many_weeks() -> None:
    frame = days(*[10] * 7, *[20] * 7, *[40] * 7)
    found = recipes.naive_forecast(frame, 8, confidence=0.5)
    assert (found["low"].iloc[0], found["high"].iloc[0]) == (50, 60)
    assert (found["low"].iloc[7], found["high"].iloc[7]) == (70, 70)


def test_a_backtest_forecasts_from_what_was_known_then() -> None:
    seen: list[int] = []

    def last(values: np.ndarray, steps: int) -> np.ndarray:
        seen.append(len(values))
        return np.full(steps, values[-1])

    found = recipes.backtest(days(*[8] * 14, *[10] * 7, *[10] * 7), last, folds=2)
    assert seen == [14, 21]
    # 8 for 10 in the first span; the second is exact, on a history whose naive error is 1.
    assert (found.mape, found.bias, found.days) == (pytest.approx(0.1), -1.0, 14)


def test_a_naive_forecast_of_a_steady_course_is_as_good_as_itself() -> None:
    found = recipes.backtest(noisy_days(1, 7 * 60), folds=20)
    assert found.mase == pytest.approx(1.0, abs=0.1)
    # Two independent errors of 10 % differ by 14 %, of which the mean size is sqrt(2 / pi).
    assert found.mape == pytest.approx(0.1 * 2**0.5 * (2 / np.pi) ** 0.5, abs=0.02)
    assert found.bias == pytest.approx(0, abs=3)


def test_days_without_anybody_are_in_no_percentage() -> None:
    found = recipes.backtest(days(*[10, 0, 10, 10, 10, 10, 10] * 2, *[10, 0, 10, 10, 10, 10, 20]), folds=1)
    assert (found.mape, found.days) == (pytest.approx(0.5 / 6), 7)


@pytest.mark.parametrize(
    ("frame", "message"),
    [(days(*range(13)), "takes 14 days, of which there are 13"), (pd.concat([days(1, 2), days(1, 2)]), "several rows a day")],
)
def test_too_few_days_or_several_stores_are_refused(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        recipes.naive_forecast(frame)


def test_too_short_a_history_for_a_backtest_is_refused() -> None:
    with pytest.raises(ConfigError, match="a backtest takes 42 days, of which there are 41: fewer folds or steps"):
        recipes.backtest(days(*range(41)))
