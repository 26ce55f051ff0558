"""CSV and JSON: every row and column, exact, and safe to open."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.query.answer import Answer
from gateway.query.show import as_csv, as_json

TRAFFIC = Answer(
    ("store", "time", "in", "dwell_sum_s", "conversion"),
    [("s1", "2026-11-21T09:00+01:00", 8, 90.0, 0.125), ("s1", "2026-11-21T10:00+01:00", 0, 0.0, None)],
    [("s1", None, 8, 90.0, 0.125)],
)


def test_csv_has_every_row_and_no_totals() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(TRAFFIC))))
    assert len(rows) == 2
    assert rows[1] == {"store": "s1", "time": "2026-11-21T10:00+01:00", "in": "0", "dwell_sum_s": "0.0", "conversion": ""}


def test_csv_quotes_and_spells_booleans() -> None:
    answer = Answer(("store", "ref", "open"), [("s1", 'a,"b"\n南', True)])
    assert list(csv.reader(io.StringIO(as_csv(answer)))) == [["store", "ref", "open"], ["s1", 'a,"b"\n南', "true"]]


@pytest.mark.parametrize("text", ["=1+1", "+49", "-1", "@x", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x"])
def test_a_text_that_a_spreadsheet_would_compute_begins_with_an_apostrophe(text: str) -> None:
    answer = Answer(("ref", "amount", "net"), [(text, -1.5, -2), ("T-1", 0.0, 0)])
    _, first, second = csv.reader(io.StringIO(as_csv(answer), newline=""))
    assert first == [f"'{text}", "-1.5", "-2"], "numbers are left as they are"
    assert second[0] == "T-1"


def test_a_name_of_a_column_is_a_text_as_well() -> None:
    names, _ = csv.reader(io.StringIO(as_csv(Answer(("=1+1", "-shop"), [("a", 1)])), newline=""))
    assert names == ["'=1+1", "'-shop"]


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.sampled_from([0, 0.0, -0.0, False, 1, 1.0, True, "", '"']),
    st.text(st.sampled_from('ab,"\n\r =\u5357'), max_size=4),
)  # fmt: skip


@given(st.integers(1, 4).flatmap(lambda width: st.lists(st.tuples(*[VALUES] * width), max_size=5)), st.integers(1, 3))
def test_csv_is_what_python_s_writer_writes_cell_by_cell(rows: list[tuple[Any, ...]], times: int) -> None:
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    for row in rows * times:
        writer.writerow([_as_it_is_meant(value) for value in row])
    written = as_csv(Answer(tuple(f"c{i}" for i in range(len(rows[0]) if rows else 2)), rows * times))
    assert list(csv.reader(io.StringIO(written, newline="")))[1:] == list(csv.reader(io.StringIO(lines.getvalue(), newline="")))


def _as_it_is_meant(value: Any) -> str:
    if isinstance(value, str):
        return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") and value else value
    return "" if value is None else {"True": "true", "False": "false"}.get(repr(value), repr(value))


def test_json_is_a_list_of_records_with_exact_integers_and_no_totals() -> None:
    answer = Answer(("store", "in", "conversion"), [("s1", 2**62 + 1, None), ("南", 2, 0.5)], [("s1", 2**62 + 3, None)])
    records = json.loads(as_json(answer))
    assert records == [{"store": "s1", "in": 2**62 + 1, "conversion": None}, {"store": "南", "in": 2, "conversion": 0.5}]


def test_json_of_no_rows_is_an_empty_list() -> None:
    assert json.loads(as_json(Answer(("store", "in"), []))) == []


def test_pandas_loads_the_json_without_arguments() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_json(io.StringIO(as_json(TRAFFIC)))
    assert list(frame.columns) == list(TRAFFIC.columns)
    assert frame["in"].sum() == 8
