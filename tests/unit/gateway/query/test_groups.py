"""Every group of every question is answered, shown in every form, and explained."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.outcome.day import KINDS
from gateway.points import SCHEMA
from gateway.query.answer import Request
from gateway.query.chart_data import chart_of
from gateway.query.estate import QueryEstate
from gateway.query.explain import COLUMNS as EXPLAINED
from gateway.query.explain import explained
from gateway.query.figures import figure
from gateway.query.groups import group_keys, groups_of
from gateway.query.measures import MEASURES
from gateway.query.questions import ask
from gateway.query.show import as_csv, as_json
from gateway.query.show_table import table
from gateway.sinks.reader import columns_of
from tests.support.memory_reader import MemoryReader
from tests.support.query_rows import HOUR_NS, SATURDAY, TWO_DAYS, Row, touch

GROUPS = [(question, group) for question in dict.fromkeys(each.question for each in MEASURES.values()) for group in groups_of(question)]
NOON = SATURDAY + 12 * HOUR_NS
SOME: dict[str, Any] = {"int": 1, "float": 1.0, "bool": False}


def some(measurement: str, **values: str) -> Row:
    """A row of the store s1, with something in every column."""
    fields, names = SCHEMA[measurement].fields, columns_of(SCHEMA[measurement])
    there = {"store": "s1", "void": False} | values
    return (NOON, *(there.get(name, SOME.get(fields.get(name, "text"), f"some-{name}")) for name in names))


ROWS = {
    **{name: [some(name)] for name in ("traffic", "zone_traffic", "door", "dwell", "item", "visit")},
    "outcome": [some("outcome", by=kind, value="s1" if kind == "store" else f"some-{kind}") for kind in KINDS],
    "touch": [touch(NOON, "share", code="A"), touch(NOON + 1, fan="f2", code="A", staff_id="s07", channel="shop")],
}


@pytest.mark.parametrize(("question", "group"), GROUPS, ids=[f"{question} by {group}" for question, group in GROUPS])
def test_an_answer_by_a_group_is_shown_in_every_form(question: str, group: str) -> None:
    request = Request(question, from_="2026-10-24", to="2026-10-24", by=(group,))
    answer = ask(MemoryReader(ROWS), request, QueryEstate({}), SATURDAY + TWO_DAYS)
    (key,) = group_keys(question, (group,))
    at = answer.columns.index(key.column)
    values = [row[at] for row in answer.rows]
    assert values
    lines = "\n".join(line.text for line in table(answer, request, wide=True))
    assert group == "store" or all((str(value) or figure(key.column, question).empty) in lines for value in values), (
        "of one store it is in the title"
    )
    assert as_csv(answer).partition("\n")[0].split(",")[at] == key.column
    assert [record[key.column] for record in json.loads(as_json(answer))] == values
    assert dict(zip(EXPLAINED, explained(answer).rows[at], strict=True))["means"]
    assert chart_of(answer, ()).panels()
