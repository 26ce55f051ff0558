"""Recipes on visits, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from footfall.analysis import recipes
from footfall.errors import ConfigError
from tests.support.analysed_worlds import visit_frame


def visits(*rows: tuple[str, str, int, float], staff: tuple[int, ...] = ()) -> pd.DataFrame:
    """(fan, started, sales, seconds) of each visit."""
    fans, started, sales, seconds = (list(column) for column in zip(*rows, strict=True))
    is_staff = np.array([i in staff for i in range(len(rows))])
    return visit_frame(pd.DatetimeIndex(started), fans, np.array(sales), np.array(seconds), is_staff)


def test_who_comes_again_does_so_on_a_later_day_within_the_time() -> None:
    frame = visits(
        ("same day", "2026-09-07 10:00", 0, 60), ("same day", "2026-09-07 15:00", 0, 60),
        ("next day", "2026-09-07 10:00", 0, 60), ("next day", "2026-09-08 09:00", 0, 60),
        ("last day", "2026-09-07 10:00", 0, 60), ("last day", "2026-09-14 19:00", 0, 60),
        ("too late", "2026-09-07 10:00", 0, 60), ("too late", "2026-09-15 10:00", 0, 60),
        ("nobody knows yet", "2026-09-15 10:00", 0, 60),
        ("", "2026-09-07 10:00", 0, 60), ("", "2026-09-08 10:00", 0, 60),
        ("staff", "2026-09-07 10:00", 0, 60), ("staff", "2026-09-08 10:00", 0, 60), staff=(11, 12),
    )  # fmt: skip
    found = recipes.repeat_visits(frame, within_days=7)
    assert (found.value, found.n) == (0.5, 4)
    assert recipes.repeat_visits(frame, within_days=7, until=pd.Timestamp("2026-09-22", tz="Europe/Berlin")).n == 5


def test_the_first_purchase_is_counted_at_its_visit_and_later_visits_are_no_matter() -> None:
    frame = visits(
        ("a", "2026-09-07 10:00", 1, 60), ("a", "2026-09-08 10:00", 1, 60),
        ("b", "2026-09-07 10:00", 0, 60), ("b", "2026-09-08 10:00", 2, 60), ("b", "2026-09-09 10:00", 0, 60),
        ("c", "2026-09-07 10:00", 0, 60), ("c", "2026-09-08 10:00", 0, 60),
        ("d", "2026-09-07 10:00", 0, 60),
    )  # fmt: skip
    found = recipes.visits_before_purchase(frame)
    assert found[["visit", "fans", "buyers"]].to_numpy().tolist() == [[1, 4, 1], [2, 2, 1], [3, 0, 0]]
    assert found["bought_by_then"].to_list()[:2] == pytest.approx([0.25, 1 - 0.75 * 0.5])


def test_a_class_of_length_begins_at_its_bound() -> None:
    frame = visits(("a", "2026-09-07 10:00", 1, 59.9), ("b", "2026-09-07 10:00", 0, 60.0), ("c", "2026-09-07 10:00", 1, 9999))
    found = recipes.dwell_against_sale(frame, bounds_s=(0, 60, 300))
    assert found[["from_s", "to_s", "visits", "buyers"]].to_numpy().tolist() == [[0, 60, 1, 1], [60, 300, 1, 0], [300, np.inf, 1, 1]]


def test_people_to_staff_is_what_counting_second_by_second_gives() -> None:
    rng = np.random.default_rng(3)
    begin, seconds, staff = rng.integers(0, 6 * 3600, 60), rng.integers(30, 4000, 60), rng.random(60) < 0.1
    started = pd.Timestamp("2026-10-25 00:10", tz="UTC") + pd.to_timedelta(begin, "s")
    frame = pd.DataFrame({"store": "s1", "started": started.tz_convert("Europe/Berlin"), "seconds": seconds.astype(float),
                          "is_staff": staff, "open": False})  # fmt: skip
    inside = {name: np.zeros(9 * 3600) for name in ("people", "staff")}
    for at, lasted, is_staff in zip(begin + 600, seconds, staff, strict=True):
        inside["staff" if is_staff else "people"][at : at + lasted] += 1
    found = recipes.people_to_staff(frame, "30min").set_index("time")
    for time, row in found.iterrows():
        at = int((time - pd.Timestamp("2026-10-25", tz="UTC")).total_seconds())
        expected = {name: inside[name][at : at + 1800].mean() for name in inside}
        assert (row["people"], row["staff"]) == pytest.approx((expected["people"], expected["staff"]))
        assert row["people_per_staff"] == pytest.approx(
            expected["people"] / expected["staff"] if expected["staff"] else np.nan, nan_ok=True
        )
    assert len(found) == sum(1 for at in range(0, 9 * 3600, 1800) if any(inside[name][at : at + 1800].any() for name in inside))


def test_nobody_gives_an_empty_table() -> None:
    nobody = visits(("", "2026-09-07 10:00", 0, 60)).iloc[:0]
    assert len(recipes.people_to_staff(nobody)) == len(recipes.visits_before_purchase(nobody)) == 0
    assert recipes.repeat_visits(nobody).n == 0
    assert recipes.dwell_against_sale(nobody)["visits"].sum() == 0


def test_a_frame_of_something_else_is_refused_with_what_it_lacks() -> None:
    with pytest.raises(ConfigError, match="no column started, fan, is_staff; it has store, in"):
        recipes.repeat_visits(pd.DataFrame({"store": [], "in": []}))
