"""Dtypes depend on what a column is, never on its values; attrs have what a reader of the numbers must know."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from gateway.analysis.frames import dtype_of, frame_of
from gateway.query.answer import Answer, StoreSpan
from gateway.query.comparison import SPLIT, USUAL_SUFFIXES
from gateway.query.measures import MEASURES

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


def answer(
    columns: tuple[str, ...], *rows: tuple[object, ...], zones: tuple[ZoneInfo, ...] = (BERLIN,), question: str = "traffic"
) -> Answer:
    asked = tuple(StoreSpan(f"s{i}", zone, 0, 1) for i, zone in enumerate(zones))
    return Answer(columns, list(rows), question=question, asked=asked)


@pytest.mark.parametrize(
    ("question", "column", "dtype"),
    [
        ("traffic", "in", "Int64"),
        ("traffic", "occupancy_last", "Int64"),
        ("traffic", "revenue", "float64"),
        ("traffic", "conversion", "float64"),
        ("traffic", "visits_known", "Int64"),
        ("traffic", "open_minutes", "Int64"),
        ("traffic", "covered", "float64"),
        ("traffic", "hour", "Int64"),
        ("traffic", "weekday", "category"),
        ("traffic", "path", "category"),
        ("doors", "net", "Int64"),
        ("sales", "items_sold", "Int64"),
        ("sales", "staff_id", "category"),
        ("dwell", "median_s", "float64"),
        ("dwell", "n_0_10s", "Int64"),
        ("visits", "subject", "string"),
        ("visits", "fan", "string"),
        ("visits", "is_staff", "boolean"),
        ("visits", "seconds", "float64"),
        ("visits", "zones", "Int64"),
        ("touches", "what", "category"),
        ("touches", "ref", "string"),
        ("gaps", "rows", "Int64"),
        ("gaps", "seconds", "float64"),
        ("gaps", "reason", "string"),
    ],
)
def test_a_column_has_the_dtype_of_what_it_is(question: str, column: str, dtype: str) -> None:
    assert dtype_of(column, question) == dtype
    frame = frame_of(answer((column,), (None,), question=question))
    assert str(frame[column].dtype) == dtype
    assert frame[column].isna().all()


@pytest.mark.parametrize("key", MEASURES)
def test_every_measure_and_its_comparison_has_a_dtype(key: str) -> None:
    question, _, name = key.partition(".")
    exact = dtype_of(name, question)
    assert exact in ("Int64", "float64")
    found = {suffix.text: dtype_of(name + suffix.text, question, "previous") for suffix in USUAL_SUFFIXES}
    assert found == {"_before": exact, "_change": exact, "_ratio": "float64", "_low": "float64", "_high": "float64"}
    assert {dtype_of(name + suffix.text, question, "usual") for suffix in USUAL_SUFFIXES} == {"float64"}


def test_the_parts_of_a_change_of_revenue_are_floats() -> None:
    assert {dtype_of(name, "traffic", "previous") for name in SPLIT} == {"float64"}


def test_times_of_one_clock_have_its_zone_and_an_hour_that_comes_twice_is_two() -> None:
    frame = frame_of(answer(("time", "in"), ("2026-10-25T02:00+02:00", 1), ("2026-10-25T02:00+01:00", 2)))
    assert str(frame["time"].dtype) == "datetime64[us, Europe/Berlin]"
    assert frame["time"].diff().iloc[1] == pd.Timedelta("1h")
    assert list(frame) == ["time", "in"]


def test_labels_of_one_clock_have_its_zone_too() -> None:
    frame = frame_of(answer(("time",), ("2026-10-24",), ("2026-10-25T02:00+01:00",), zones=(BERLIN, BERLIN)))
    assert frame["time"].to_list() == [pd.Timestamp("2026-10-24", tz=BERLIN), pd.Timestamp("2026-10-25T01:00Z")]


def test_times_of_several_clocks_are_local_with_the_exact_time_beside() -> None:
    rows = (("s0", "2026-10-24T10:00+02:00"), ("s1", "2026-10-24T10:00-04:00"))
    frame = frame_of(answer(("store", "time"), *rows, zones=(BERLIN, NEW_YORK)))
    assert list(frame) == ["store", "time", "time_utc"]
    assert frame["time"].to_list() == [pd.Timestamp("2026-10-24T10:00")] * 2
    assert frame["time_utc"].to_list() == [pd.Timestamp("2026-10-24T08:00Z"), pd.Timestamp("2026-10-24T14:00Z")]


def test_labels_that_several_clocks_share_have_no_exact_time() -> None:
    frame = frame_of(answer(("time", "in"), ("2026-10-24T10:00", 3), zones=(BERLIN, NEW_YORK)))
    assert list(frame) == ["time", "in"]
    assert str(frame["time"].dtype) == "datetime64[us]"


def test_weekdays_are_in_the_order_of_the_week_also_where_some_are_missing() -> None:
    frame = frame_of(answer(("weekday", "in"), ("Wed", 1), ("Mon", 2)))
    assert frame.sort_values("weekday")["in"].to_list() == [2, 1]
    assert frame["weekday"].cat.categories.to_list() == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def test_attrs_have_units_meanings_notes_total_and_coverage() -> None:
    rows = [("s1", 60, 0.5, 3), ("s2", 60, 1.0, 4)]
    asked = Answer(
        ("store", "open_minutes", "covered", "in"),
        rows,
        [("all stores", 120, 0.75, 7)],
        ("a note",),
        "a title",
        "traffic",
        details=("a detail",),
    )
    attrs = frame_of(asked).attrs
    assert attrs["units"] == {"store": "name", "open_minutes": "", "covered": "share", "in": "people"}
    assert attrs["meanings"]["in"] == "people who came in"
    assert (attrs["title"], attrs["notes"], attrs["details"], attrs["question"]) == ("a title", ["a note"], ["a detail"], "traffic")
    assert attrs["total"] == {"store": "all stores", "open_minutes": 120, "covered": 0.75, "in": 7}
    assert attrs["coverage"] == 0.75


def test_an_answer_without_rows_has_its_columns_with_their_dtypes() -> None:
    frame = frame_of(answer(("store", "started", "fan", "known"), question="visits"))
    assert len(frame) == 0
    assert [str(dtype) for dtype in frame.dtypes] == ["category", "datetime64[us, Europe/Berlin]", "string", "boolean"]
