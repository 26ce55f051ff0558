"""Profiles and peaks, by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from footfall.analysis import recipes


def hours(*rows: tuple[str, int | None], **more: list[int | None]) -> pd.DataFrame:
    times, people = (list(column) for column in zip(*rows, strict=True))
    time = pd.to_datetime(pd.Series(times), utc=True).dt.tz_convert("Europe/Berlin")
    columns = {name: pd.array(values, dtype="Int64") for name, values in more.items()}
    return pd.DataFrame({"store": "s1", "time": time, "in": pd.array(people, dtype="Int64"), **columns})


def test_a_profile_is_the_mean_over_weeks_by_the_store_s_clock() -> None:
    # 10:00 in Berlin before and after the change of clocks.
    frame = hours(("2026-10-19T08:00Z", 10), ("2026-10-26T09:00Z", 20), ("2026-10-27T09:00Z", 7))
    found = recipes.profile(frame)
    assert found[["weekday", "hour", "mean", "n"]].to_numpy().tolist() == [["Mon", 10, 15.0, 2], ["Tue", 10, 7.0, 1]]


def test_what_was_not_measured_or_not_open_is_not_zero() -> None:
    frame = hours(("2026-10-19T08:00Z", 10), ("2026-10-26T09:00Z", None), ("2026-11-02T09:00Z", 0), open_minutes=[60, 60, 0])
    found = recipes.profile(frame)
    assert found[["mean", "n"]].to_numpy().tolist() == [[10.0, 1]]


def test_an_hour_that_the_clock_shows_twice_is_one() -> None:
    found = recipes.profile(hours(("2026-10-25T00:00Z", 3), ("2026-10-25T01:00Z", 4)))
    assert found[["hour", "mean", "n"]].to_numpy().tolist() == [[2, 7.0, 1]]


def test_peaks_have_the_first_highest_interval_and_how_often_the_capacity_was_exceeded() -> None:
    frame = hours(("2026-10-19T08:00Z", 10), ("2026-10-19T09:00Z", 30), ("2026-10-20T08:00Z", 30), ("2026-10-20T09:00Z", None))
    (row,) = recipes.peaks(frame, capacity={"s1": 20}, measure="in", quantile=0.5).to_dict("records")
    assert (row["store"], row["peak"], row["peak_time"]) == ("s1", 30.0, pd.Timestamp("2026-10-19T09:00Z"))
    assert (row["usual_peak"], row["days"], row["peak_load"]) == (30.0, 2, 1.5)
    assert row["over"] == pytest.approx(2 / 3)
    (free,) = recipes.peaks(frame, capacity={"other": 20}, measure="in").to_dict("records")
    assert pd.isna(free["over"])
