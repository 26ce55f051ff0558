"""Rows that others wrote: a question takes them as far as they go, and a note names what could not be read, and where."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.query.answer import Answer, Request
from gateway.query.estate import UTC, QueryEstate
from gateway.query.questions import ask
from tests.support.memory_reader import MemoryReader
from tests.support.query_rows import BERLIN, HOUR_NS, MINUTE_NS, SATURDAY, minute, records, table

LATER = SATURDAY + 40 * 24 * HOUR_NS


def touch(at: int, items: str) -> tuple[Any, ...]:
    return (SATURDAY + at * MINUTE_NS, "till", "", "s1", "transaction", "", "", "", "", "", "", "", items, "", 5.0, False, *[""] * 4)


def store(**fields: str) -> tuple[Any, ...]:
    given = {"timezone": "Europe/Berlin", "day_start": "04:00", "hours": "10:00-20:00", "agents": "[]", "now": "s1", **fields}
    names = ("title", "path", "ownership", "timezone", "day_start", "hours", "closed", "agents", "valid_from", "valid_to", "now")
    return (0, "s1", *(given.get(name, "") for name in names), False)


def asked(rows: dict[str, list[tuple[Any, ...]]], question: str, **more: Any) -> Answer:
    reader = MemoryReader({"store": [store()], "traffic": [minute(-600)], **rows})
    request = Request(question, from_="2026-10-24", to="2026-10-24", **more)
    return ask(reader, request, QueryEstate.from_table(reader.rows("store")), LATER)


def test_sales_count_the_pieces_that_can_be_read_and_a_note_names_the_first_of_the_others() -> None:
    baskets = [touch(60, '[{"sku": "A1"}]'), touch(61, '[{"sku": "A1", "n": 2}, {"n": "x"}]'), touch(62, "no JSON"), touch(63, "")]
    answer = asked({"touch": baskets}, "sales", measures=("transactions", "items_sold", "revenue"))
    assert [(row["transactions"], row["items_sold"], row["revenue"]) for row in records(answer)] == [(4, 3, 20.0)]
    assert "`items` of 2 touches could be read in part or not at all, the first of 2026-10-24T01:01:00+02:00 in s1" in str(answer.notes)
    assert "could be read" not in str(asked({"touch": baskets}, "sales", measures=("transactions",)).notes)
    assert [row["items"] for row in records(asked({"touch": baskets}, "touches"))][2] == "no JSON"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("timezone", "Mars/Olympus"),
        ("day_start", "four"),
        ("hours", "sometimes"),
        ("closed", "2026-12-25 Easter"),
        ("agents", "{"),
        ("agents", '[{"name": "a"}]'),
        ("agents", "[7]"),
        ("agents", '[{"name": "a", "from_ns": "soon", "to_ns": null}]'),
        ("valid_from", "once"),
        ("valid_to", "never"),
    ],
)
def test_what_means_nothing_in_the_table_of_stores_counts_as_not_stated_and_is_named(field: str, text: str) -> None:
    answer = asked({"store": [store(**{field: text})], "traffic": [minute(600, in_=3)]}, "traffic", measures=("in",), interval="1d")
    assert sum(row["in"] or 0 for row in records(answer)) == 3
    assert f"counts as not stated: {field} of s1; --site names what holds" in str(answer.notes)
    facts = QueryEstate.from_table(table("store", [store(**{field: text})])).of("s1")
    assert facts.unread == (field,)
    assert facts.timezone == (UTC if field == "timezone" else BERLIN)
    assert len(facts.closed) == (field == "closed"), "the days that can be read are closed"
    assert facts.day_start.hour == 4


def test_a_table_of_stores_that_means_something_has_no_note() -> None:
    assert "means nothing" not in str(asked({"traffic": [minute(600)]}, "traffic").notes)
    assert QueryEstate.from_table(table("store", [store(timezone="Asia/Shanghai")])).of("s1").timezone == ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    "was", ["[1, 2", '{"in": 1}', '["many"]', "[" + "0, " * 40 + "0]", "null"], ids=["cut", "no list", "text", "too long", "null"]
)
def test_a_revision_that_means_nothing_leaves_its_row_as_it_is_and_is_named(was: str) -> None:
    learned = SATURDAY + 5 * HOUR_NS
    revisions = [(learned, "traffic", "", "s1", SATURDAY + MINUTE_NS, was), (learned, "traffic", "x/y", "s1", SATURDAY + MINUTE_NS, "[1]")]
    rows = {"traffic": [minute(1, in_=4)], "revision": revisions}
    answer = asked(rows, "traffic", measures=("in",), interval="1d", as_of="2026-10-24T03:00")
    assert [row["in"] for row in records(answer)] == [4]
    assert "revisions of 2 rows mean nothing, the first of 2026-10-24T00:01+02:00: these rows are as they are now" in answer.notes


def test_a_mask_that_is_none_of_an_hour_counts_as_far_as_it_is_one() -> None:
    whole, begin = 2**60 - 1, SATURDAY + 10 * HOUR_NS
    masks = [2**62 + 2**30 - 1, -7, whole]
    coverage = [(begin + i * HOUR_NS, "a", "s1", -1, mask, 60) for i, mask in enumerate(masks)]
    answer = asked({"traffic": [minute(600)], "coverage": coverage}, "traffic", measures=("in",), interval="1h")
    assert [row["covered"] for row in records(answer)][10:13] == [0.5, 0.0, 1.0]
