"""The definition of cells, by hand-worked rows; tests/conformance/test_cells.py holds the databases to it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sinks.cells import Aggregate, CellBuilder, CellTable, Groups, cells_of
from gateway.sinks.table import Builder, PointTable

VISITS = ("store", "agent", "known", "void", "seconds", "zones", "fan")


def visits(*rows: tuple[Any, ...]) -> PointTable:
    """`(time_ns, store, agent, known, void, seconds, zones, fan)`."""
    builder = Builder("visit", VISITS)
    builder.add(rows)
    return builder.table()


THREE = visits(
    (5, "s1", "a", True, False, 1.5, 7, "f"), (12, "s2", "a", False, False, 2.0, 3, ""), (19, "s2", "b", True, False, 4.0, 1, "f")
)  # fmt: skip


def of(table: PointTable, *aggregates: Aggregate, bucket_ns: int = 10, **asked: Any) -> CellTable:
    return cells_of(table, aggregates, asked.pop("from_ns", -100), asked.pop("to_ns", 100), bucket_ns, **asked)


def test_a_bucket_with_points_is_a_cell_and_no_other_is() -> None:
    found = of(THREE, Aggregate("n", "count", "fan"), Aggregate("seconds", "sum", "seconds"), Aggregate("zones", "sum", "zones"))
    assert found.time_ns.tolist() == [0, 10]
    assert found.keys["store"].texts() == ["s1", "s2"]
    assert {name: values.tolist() for name, values in found.values.items()} == {"n": [1, 2], "seconds": [1.5, 6.0], "zones": [7, 4]}
    assert [found.values[name].dtype for name in ("n", "seconds", "zones")] == [np.int64, np.float64, np.int64]


def test_buckets_before_1970_begin_below_their_points() -> None:
    assert of(visits((-1, "s1", "a", True, False, 1.0, 1, "")), bucket_ns=10).time_ns.tolist() == [-10]


def test_the_span_has_its_begin_and_not_its_end() -> None:
    assert of(THREE, Aggregate("n", "count", "fan"), from_ns=12, to_ns=19).values["n"].tolist() == [1]


def test_voided_points_are_in_no_cell() -> None:
    assert len(of(visits((5, "s1", "a", True, True, 1.0, 1, "")), Aggregate("n", "count", "fan"))) == 0


def test_a_condition_leaves_the_cell_and_takes_its_points() -> None:
    known = (("known", False), ("fan", ""))
    found = of(THREE, *(Aggregate(function, function, "zones", known) for function in ("sum", "count", "last", "max")))
    assert [found.values[name].tolist()[1] for name in ("sum", "count", "last", "max")] == [3, 1, 3.0, 3.0]
    assert [found.values[name].tolist()[0] for name in ("sum", "count")] == [0, 0]
    assert all(math.isnan(found.values[name][0]) for name in ("last", "max"))


def test_the_last_value_is_of_the_latest_point_and_the_greatest_of_those() -> None:
    table = visits(
        *((time_ns, "s1", agent, True, False, 0.0, zones, "") for time_ns, agent, zones in ((1, "a", 9), (2, "a", 4), (2, "b", 6)))
    )
    assert of(table, Aggregate("zones", "last", "zones"), Aggregate("most", "max", "zones")).values["zones"].tolist() == [6.0]


def test_cells_are_sorted_by_time_and_keys_and_may_have_none() -> None:
    table = visits(*((1, store, agent, True, False, 0.0, 1, "") for store, agent in (("s2", "a"), ("s1", "b"), ("s1", "a"))))
    found = of(table, by=("store", "agent"))
    assert list(zip(found.keys["store"].texts(), found.keys["agent"].texts(), strict=True)) == [("s1", "a"), ("s1", "b"), ("s2", "a")]
    together = of(table, Aggregate("n", "count", "fan"), by=())
    assert (together.keys, together.values["n"].tolist()) == ({}, [3])


def test_stores_are_those_asked() -> None:
    assert of(THREE, stores=["s2", "s9"]).keys["store"].texts() == ["s2"]
    assert len(of(THREE, stores=[])) == 0


@pytest.mark.parametrize(
    ("aggregate", "asked", "message"),
    [
        (Aggregate("n", "sum", "zonse"), {}, "visit has no field zonse: it has .*zones"),
        (Aggregate("n", "max", "fan"), {}, "max of visit.fan, which is text: only a number has one"),
        (Aggregate("n", "count", "fan", (("known", "yes"),)), {}, "visit.known cannot be 'yes'"),
        (Aggregate("n", "count", "fan", (("nowhere", "a"),)), {}, "visit.nowhere cannot be 'a'"),
        (Aggregate("n", "count", "fan"), {"by": ("fan",)}, "visit cannot be grouped by fan: its tags are agent, store"),
        (Aggregate("n", "count", "fan"), {"bucket_ns": 0}, "a bucket of 0 ns"),
    ],
)
def test_what_the_schema_cannot_give_is_refused(aggregate: Aggregate, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        of(THREE, aggregate, **asked)


def test_parts_of_one_cell_meet_whatever_the_order_of_statements_and_rows() -> None:
    sums, lasts = [Aggregate("zones", "sum", "zones")], [Aggregate("last", "last", "zones", (("known", True),))]
    builder = CellBuilder("visit", ("store",))
    assert builder.add(sums, [(10, "s2", 4), (0, "s1", None)]) == 2
    assert builder.add(lasts, [(10, "s2", 1.0, "left out")]) == 3
    found = builder.table([*lasts, *sums])
    assert (found.time_ns.tolist(), found.keys["store"].texts()) == ([0, 10], ["s1", "s2"])
    assert list(found.values) == ["last", "zones"]
    assert found.values["zones"].tolist() == [0, 4]
    np.testing.assert_array_equal(found.values["last"], [np.nan, 1.0])


def test_a_cell_that_comes_in_two_parts_is_both_together() -> None:
    asked = [
        Aggregate("sum", "sum", "zones"),
        Aggregate("n", "count", "zones"),
        Aggregate("max", "max", "zones"),
        Aggregate("last", "last", "zones"),
    ]
    builder = CellBuilder("visit", ("store",))
    builder.add(asked, [(0, "s1", 2, 1, -3, 5), (0, "s2", 2, 1, -3, 5)])
    builder.add(asked, [(0, "s1", 3, 4, -7, 1), (10, "s1", 1, 1, -2, 2)])
    found = builder.table(asked)
    assert {name: values.tolist() for name, values in found.values.items()} == {
        "sum": [5, 2, 1], "n": [5, 1, 1], "max": [-3, -3, -2], "last": [1, 5, 2]
    }  # fmt: skip


def test_no_rows_are_no_cells() -> None:
    found = CellBuilder("visit", ("store",)).table([Aggregate("n", "count", "fan")])
    assert (len(found), found.keys["store"].texts(), found.values["n"].dtype) == (0, [], np.int64)


FAR = st.sampled_from([-(2**63), -1, 0, 1, 2**62, 2**63 - 1])
COLUMNS = st.integers(1, 12).flatmap(
    lambda rows: st.lists(
        st.one_of(
            st.lists(FAR, min_size=rows, max_size=rows).map(lambda values: np.array(values, np.int64)),
            st.lists(st.integers(0, 2**32 - 1), min_size=rows, max_size=rows).map(lambda values: np.array(values, np.uint32)),
            st.lists(st.sampled_from([-0.5, 0.0, 7.25]), min_size=rows, max_size=rows).map(np.array),
            st.lists(st.booleans(), min_size=rows, max_size=rows).map(np.array),
        ),
        min_size=1,
        max_size=4,
    )
)


@given(COLUMNS)
def test_groups_are_the_distinct_rows_in_their_order(columns: list[np.ndarray[Any, Any]]) -> None:
    rows = list(zip(*[column.tolist() for column in columns], strict=True))
    groups = Groups(columns)
    assert list(zip(*[column.tolist() for column in groups.columns], strict=True)) == sorted(set(rows))
    assert [sorted(set(rows))[group] for group in groups.of_row.tolist()] == rows


def test_groups_of_no_rows_are_none() -> None:
    groups = Groups([np.zeros(0, np.int64), np.zeros(0, np.uint32)])
    assert len(groups) == len(groups.of_row) == 0


def test_groups_of_many_columns_do_not_overflow() -> None:
    column = np.arange(100_000)
    groups = Groups([column, column[::-1], column, column])
    assert len(groups) == 100_000
    assert groups.of_row.tolist() == column.tolist()
