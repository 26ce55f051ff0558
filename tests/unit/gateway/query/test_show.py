"""Showing: a table for eyes, CSV and JSON that can be computed with."""

from __future__ import annotations

import csv
import io
import json

import pytest
from rich.console import Console

from gateway.query.figures import HISTOGRAM
from gateway.query.measures import Answer
from gateway.query.show import as_csv, as_json, duration, print_table

TRAFFIC = Answer(
    ("store", "time", "in", "occupancy_last", "dwell_sum_s", "mean_dwell_s", "conversion"),
    [
        ("s1", "2026-11-21T09:00+01:00", 8, 2, 90.0, 45.0, 0.125),
        *[("s1", f"2026-11-21T1{h}:00+01:00", 0, None, 0.0, None, None) for h in range(4)],
        ("s1", "2026-11-21T14:00+01:00", 1234, 0, 60.0, 3725.4, 1.0),
    ],
    [("s1", None, 1242, 0, 150.0, 50.0, 0.5)],
)


def printed(answer: Answer, width: int = 200) -> list[str]:
    out = io.StringIO()
    print_table(Console(file=out, width=width), answer)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_a_table_reads_well() -> None:
    above, header, _, first, quiet, last, total = [line for line in printed(TRAFFIC) if line]
    assert (above.split(), header.split()) == (["occupancy", "mean"], ["time", "in", "last", "dwell", "conversion"])
    assert first.split() == ["2026-11-21", "09:00", "8", "▏", "2", "45", "s", "12.5", "%"]
    assert quiet.split() == ["2026-11-21", "10:00", "…", "quiet,", "4", "intervals"]
    assert last.split() == ["2026-11-21", "14:00", "1,234", "█" * 16, "0", "1:02:05", "100.0", "%"]
    assert total.split() == ["total", "1,242", "0", "50", "s", "50.0", "%"]


@pytest.mark.parametrize(("width", "bar"), [(200, True), (78, False), (20, False)])
def test_no_number_is_cut_short_on_a_narrow_terminal(width: int, bar: bool) -> None:
    text = "\n".join(printed(TRAFFIC, width))
    assert all(number in text for number in ("1,234", "1:02:05", "100.0 %", "1,242", "2026-11-21 14:00", "conversion"))
    assert ("█" * 16 in text) == bar


def test_stores_and_offsets_are_shown_where_they_matter() -> None:
    two = Answer(("store", "time", "in"), [("s1", "2026-10-25T02:00+02:00", 1), ("s2", "2026-10-25T02:00+08:00", 1)])
    assert [line.split()[:3] for line in printed(two)[3:5]] == [["s1", "2026-10-25", "02:00"], ["s2", "2026-10-25", "02:00"]]
    changing = Answer(("store", "time", "in"), [("s1", "2026-10-25T02:00+02:00", 1), ("s1", "2026-10-25T02:00+01:00", 1)])
    assert [line.split()[1] for line in printed(changing)[3:5]] == ["02:00+02:00", "02:00+01:00"]


def test_a_histogram_is_a_picture() -> None:
    counts = (0, 1, 2, 4, 8, *[0] * (len(HISTOGRAM) - 5))
    answer = Answer(("store", "zone", "count", "p90_s", *HISTOGRAM), [("s1", "shoes", 15, 100.0, *counts)])
    assert "▁▂▄█" in printed(answer)[3]


def test_markup_in_texts_is_only_text() -> None:
    answer = Answer(("store", "at", "ref"), [("s1", "2026-11-21T09:00:00+01:00", "[/bold][red]T-1")])
    assert printed(answer)[3].split() == ["2026-11-21", "09:00:00", "[/bold][red]T-1"]


def test_csv_has_every_row_and_no_totals() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(TRAFFIC))))
    assert len(rows) == 6
    assert rows[1] == {"store": "s1", "time": "2026-11-21T10:00+01:00", "in": "0", "occupancy_last": "", "dwell_sum_s": "0.0",
                       "mean_dwell_s": "", "conversion": ""}  # fmt: skip


def test_csv_quotes_and_spells_booleans() -> None:
    answer = Answer(("store", "ref", "open"), [("s1", 'a,"b"\n南', True)])
    assert list(csv.reader(io.StringIO(as_csv(answer)))) == [["store", "ref", "open"], ["s1", 'a,"b"\n南', "true"]]


def test_json_keeps_integers_and_explains_columns() -> None:
    answer = Answer(("store", "in"), [("s1", 2**62 + 1)], [("s1", 2**62 + 1)])
    found = json.loads(as_json(answer))
    assert found["rows"] == found["totals"] == [{"store": "s1", "in": 2**62 + 1}]
    assert found["columns"]["in"] == "people who came in"


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (59.4, "59 s"), (59.5, "1:00"), (3599.6, "1:00:00"), (36_000, "10:00:00")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
