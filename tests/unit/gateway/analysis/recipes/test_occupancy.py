"""People inside, without the drift of the counters: exact for days that are over, by earlier days for the one that goes on."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.analysis import recipes


def counts(*rows: tuple[str, int | None, int | None], store: str = "s1") -> pd.DataFrame:
    times, entered, left = (list(column) for column in zip(*rows, strict=True))
    time = pd.to_datetime(pd.Series(times)).dt.tz_localize("Europe/Berlin")
    return pd.DataFrame({"store": store, "time": time, "in": pd.array(entered, dtype="Int64"), "out": pd.array(left, dtype="Int64")})


MONDAY = (("2026-10-19 10:00", 10, 0), ("2026-10-19 20:00", 0, 6))
TUESDAY = (("2026-10-20 10:00", 8, 0), ("2026-10-20 11:00", 0, 4))


def shown(frame: pd.DataFrame) -> list[list[object]]:
    found: list[list[object]] = frame[["counted", "drift", "inside", "basis"]].to_numpy().tolist()
    return found


def test_the_drift_of_a_day_that_is_over_is_spread_over_its_crossings() -> None:
    assert shown(recipes.inside(counts(*MONDAY))) == [[10.0, 2.5, 7.5, "day"], [4.0, 4.0, 0.0, "day"]]


def test_a_day_that_goes_on_has_the_error_of_the_days_before() -> None:
    found = recipes.inside(counts(*MONDAY, *TUESDAY), now=pd.Timestamp("2026-10-20 12:00", tz="Europe/Berlin"))
    assert shown(found)[2:] == [[8.0, 2.0, 6.0, "earlier days"], [4.0, 3.0, 1.0, "earlier days"]]


def test_what_comes_later_changes_nothing_of_a_day_that_goes_on() -> None:
    now = pd.Timestamp("2026-10-20 10:30", tz="Europe/Berlin")
    before = recipes.inside(counts(*MONDAY, TUESDAY[0]), now=now)
    assert shown(before) == shown(recipes.inside(counts(*MONDAY, *TUESDAY), now=now))[:3]


def test_a_first_day_that_goes_on_is_as_it_was_counted() -> None:
    found = recipes.inside(counts(*MONDAY), now=pd.Timestamp("2026-10-19 21:00", tz="Europe/Berlin"))
    assert shown(found) == [[10.0, 0.0, 10.0, "none"], [4.0, 0.0, 4.0, "none"]]


def test_after_midnight_it_is_still_the_evening_before() -> None:
    found = recipes.inside(counts(("2026-10-19 23:00", 4, 0), ("2026-10-20 02:00", 0, 4), ("2026-10-20 05:00", 1, 0)))
    assert found["counted"].tolist() == [4.0, 0.0, 1.0]


def test_hours_that_were_not_measured_are_left_out_and_stores_apart() -> None:
    frame = pd.concat([counts(("2026-10-19 10:00", None, None), *MONDAY), counts(*MONDAY, store="s2")])
    assert recipes.inside(frame).groupby("store")["inside"].apply(list).to_dict() == {"s1": [7.5, 0.0], "s2": [7.5, 0.0]}
    assert list(recipes.inside(frame.iloc[:0]).columns) == ["store", "time", "counted", "drift", "inside", "basis"]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=24))
def test_a_day_that_is_over_conserves_people(crossings: list[tuple[int, int]]) -> None:
    """In less out is the change of those inside and the drift, and in the end all of it is drift."""
    rows = [(f"2026-10-19 {4 + n // 2:02}:{n % 2 * 30:02}", entered, left) for n, (entered, left) in enumerate(crossings)]
    found = recipes.inside(counts(*rows))
    assert found["counted"].iloc[-1] == sum(entered - left for entered, left in crossings)
    assert found["drift"].iloc[-1] == pytest.approx(found["counted"].iloc[-1])
    assert found["inside"].iloc[-1] == pytest.approx(0, abs=1e-9)
    assert (found["inside"] >= 0).all()
