"""Meanings of columns come from the tables of measures and columns, in every form."""

from __future__ import annotations

import pytest

from gateway.query.answer import Answer
from gateway.query.explain import document, every_measure, explained, formula, text
from gateway.query.figures import COLUMNS
from gateway.query.measures import MEASURES, load

BASE = """
[groups]
traffic = ["store"]
[[measure]]
id = "in"
title = "in"
unit = "people"
question = "traffic"
table = "traffic"
kind = "KIND"
column = "in"
where = { known = true, is_staff = false, what = "sale" }
quantile = 0.9
bounds_s = [10, 30]
places = "sum"
covered_by = ""
shown = true
means = "people"
is_not = "visits"
vector = [{ rows = [], result = 0 }]
"""


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("sum", "sum of traffic.in"), ("count", "rows of traffic"), ("last", "last traffic.in"), ("max", "highest traffic.in"),
        ("quantile", "0.9 quantile of traffic.in"), ("between", "rows of traffic with in from 10 up to 30"),
    ],
)  # fmt: skip
def test_a_formula_names_the_fields_and_the_rows_that_count(kind: str, written: str) -> None:
    (measure,) = load(BASE.replace("KIND", kind)).values()
    assert formula(measure) == f"{written} where known, not is_staff, what sale"


def test_a_formula_of_measures_names_them() -> None:
    assert formula(MEASURES["traffic.conversion"]) == "transactions / in, of hours in which doors were observed"
    assert formula(MEASURES["traffic.anonymous_visits"]) == "1 - visits_known / visits"
    assert formula(MEASURES["doors.net"]) == "in - out"


def test_each_column_of_an_answer_is_explained_with_its_heading_and_notes() -> None:
    answer = Answer(("store", "in", "mean_dwell_s"), [("s1", 1, 2.0)], notes=("a note",), title="traffic of s1", question="traffic")
    found = explained(answer)
    assert (found.title, found.notes) == ("traffic of s1", ("a note",))
    store, entered, dwell = (dict(zip(found.columns, row, strict=True)) for row in found.rows)
    assert (store["unit"], store["means"], store["formula"]) == ("text", COLUMNS["store"].meaning, "")
    assert (entered["unit"], entered["covered_by"], entered["over_places"]) == ("people", "doors", "added")
    assert (dwell["unit"], dwell["formula"]) == ("seconds", "dwell_sum_s / visits_closed")
    assert "a mean of means" in dwell["is_not"]


def test_a_share_of_what_it_is_no_part_of_is_not_said_to_end_at_1() -> None:
    answer = Answer(("covered", "conversion", "conversion_before", "conversion_change", "in_ratio"), [], question="traffic")
    units = [row[1] for row in explained(answer).rows]
    assert units == ["share, 0 to 1", *["share, 1 is 100 %"] * 4]
    assert "| `conversion_visitors` | share, 1 is 100 % | orders / visitors |" in document("outcome")
    assert "| `conversion_known` | share, 0 to 1 |" in document("outcome")


def test_a_text_has_every_measure_in_lines_of_80_characters() -> None:
    lines = [line.text for line in text(every_measure())]
    assert max(map(len, lines)) <= 80
    joined = " ".join(" ".join(lines).split())
    for measure in MEASURES.values():
        assert f"{measure.id} (" in joined
        assert " ".join(measure.means.split()) in joined


def test_the_text_of_an_explanation_ends_with_the_notes() -> None:
    answer = Answer(("store",), [("s1",)], notes=("a note",), question="traffic")
    assert [line.text for line in text(explained(answer))] == ["store (text)", "    the store.", "", "a note"]


@pytest.mark.parametrize("question", dict.fromkeys(measure.question for measure in MEASURES.values()))
def test_a_document_has_a_row_for_each_measure(question: str) -> None:
    lines = document(question).splitlines()
    assert len(lines) == 2 + sum(measure.question == question for measure in MEASURES.values())
    assert {line.count("|") for line in lines} == {6}
