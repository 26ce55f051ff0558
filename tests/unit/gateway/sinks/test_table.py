"""Tables: pages become typed columns in the order of time, whatever the order and size of the pages."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sinks.table import Builder, PointTable, joined

NAMES = ("zone", "seconds", "open", "fan")
ROWS = st.lists(st.tuples(st.integers(-(2**62), 2**62), st.sampled_from(["a", "b", "", None]), st.floats(0, 1e9), st.booleans(), st.text()))


def built(rows: list[tuple[object, ...]], page: int) -> PointTable:
    builder = Builder("dwell", NAMES)
    for i in range(0, len(rows), page):
        assert builder.add(rows[i : i + page]) == min(i + page, len(rows))
    return builder.table()


@given(ROWS, st.integers(1, 7))
def test_pages_of_any_size_make_the_same_table(rows: list[tuple[object, ...]], page: int) -> None:
    table = built(rows, page)
    expected = sorted(rows, key=lambda row: row[0])  # type: ignore[arg-type,return-value] # the first is an int; sorted is stable
    assert table.time_ns.tolist() == [row[0] for row in expected]
    for name, column in zip(NAMES, range(1, 5), strict=True):
        assert table.values(name) == [row[column] or (row[column] if column in (2, 3) else "") for row in expected]


def test_types_are_the_schemas() -> None:
    table = built([(1, "a", 2, 1, "f")], 1)
    assert (table.numbers("seconds").dtype, table.numbers("open").dtype) == (np.dtype("<f8"), np.dtype("?"))
    with pytest.raises(TypeError, match="holds text"):
        table.numbers("zone")
    with pytest.raises(TypeError, match="holds numbers"):
        table.coded("seconds")


def test_no_rows_still_have_columns() -> None:
    table = built([], 1)
    assert (len(table), table.values("zone"), table.values("seconds")) == (0, [], [])


def test_rows_are_kept_by_what_they_hold() -> None:
    table = built([(1, "a", 1.0, False, ""), (2, "b", 2.0, True, "f"), (3, "a", 3.0, True, "f")], 2)
    assert table.where(table.equals("zone", "a")).values("seconds") == [1.0, 3.0]
    assert len(table.where(table.equals("zone", "nowhere"))) == 0


@given(st.lists(ROWS, min_size=1, max_size=4))
def test_tables_are_joined_in_the_order_of_time_and_then_of_the_tables(parts: list[list[tuple[object, ...]]]) -> None:
    whole, every = joined([built(part, 3) for part in parts]), built([row for part in parts for row in part], 3)
    assert whole.time_ns.tolist() == every.time_ns.tolist()
    if all(parts):
        assert [whole.values(name) for name in NAMES] == [every.values(name) for name in NAMES]
