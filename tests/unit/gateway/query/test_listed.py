"""Lists: visits, touches and gaps one by one, each column explained."""

from __future__ import annotations

import pytest

from footfall.units import NS_PER_DAY, NS_PER_HOUR
from gateway.points import SCHEMA
from gateway.points.rows import DwellPoint
from gateway.query import companions, listed, stock
from gateway.query.answer import Request
from gateway.query.estate import QueryEstate, StoreFacts
from gateway.query.figures import COLUMNS, figure
from gateway.query.questions import ask
from tests.support.memory_reader import MemoryReader
from tests.support.query_rows import BERLIN, SATURDAY, minute, records, table, visit


def test_visits_are_listed_by_their_true_start() -> None:
    late = (*visit(5)[:8], SATURDAY // 10**6 - 60_000, *visit(5)[9:])
    found = records(listed.visits(table("visit", [visit(1), late]), BERLIN))
    assert [row["started"] for row in found] == ["2026-10-23T23:59:00+02:00", "2026-10-24T00:00:00+02:00"]


def test_the_length_of_an_open_visit_is_left_out() -> None:
    found = records(listed.visits(table("visit", [visit(1), visit(2, open_=True)]), BERLIN))
    assert [(row["open"], row["seconds"]) for row in found] == [(False, 60.0), (True, None)]


def test_touches_and_gaps() -> None:
    touch = (SATURDAY, "a1", "own_store", "s1", "transaction", "checkout", "00", "f1", "T-1", "s12", "optics", "c7", "[]", "", 12.5, False,
             "", "", "", "")  # fmt: skip
    (row,) = records(listed.touches(table("touch", [touch]), BERLIN))
    assert (row["at"], row["what"], row["fan"], row["amount"]) == ("2026-10-24T00:00:00+02:00", "transaction", "f1", 12.5)
    gap = (SATURDAY, "a1", "s1", SATURDAY, SATURDAY + 90 * 10**9, 41, "spool.full")
    (row,) = records(listed.gaps(table("gap", [gap]), BERLIN))
    assert (row["until"], row["seconds"], row["rows"], row["reason"]) == ("2026-10-24T00:01:30+02:00", 90.0, 41, "spool.full")


def test_a_gap_that_began_before_the_span_and_reaches_into_it_is_listed() -> None:
    day = 24 * 3600 * 10**9
    spans = [(SATURDAY - 20 * day, SATURDAY - 9 * day), (SATURDAY - 9 * day, SATURDAY + 1), (SATURDAY + 5, SATURDAY + 6)]
    gaps = [(begin, "a1", "s1", begin, end, 41, "spool.full") for begin, end in spans]
    reader = MemoryReader({"gap": gaps, "traffic": [(SATURDAY, "s1", *[0 for _ in SCHEMA["traffic"].fields])]})
    request = Request("gaps", from_="2026-10-24", to="2026-10-24")
    found = ask(reader, request, QueryEstate({"s1": StoreFacts("s1", BERLIN)}), SATURDAY + day)
    assert [row["at"][:10] for row in records(found)] == ["2026-10-15", "2026-10-24"]


@pytest.mark.parametrize("name", ["visits", "touches", "gaps", "stock", "together"])
def test_every_column_is_explained(name: str) -> None:
    answers = {
        "visits": listed.visits(table("visit", []), BERLIN),
        "touches": listed.touches(table("touch", []), BERLIN),
        "gaps": listed.gaps(table("gap", []), BERLIN),
        "stock": stock.stock(table("item", []), BERLIN),
        "together": companions.together(table("dwell", []), BERLIN),
    }
    assert all(COLUMNS[column].meaning for column in answers[name].columns)


def test_baskets_are_shown_as_documented_however_they_were_stored() -> None:
    stored = ['[["A1", 1], ["袜", -2]]', '[{"sku": "A1", "n": 1}]', ""]
    empty = {"float": 0.0, "bool": False}
    rows = []
    for n, text in enumerate(stored):
        values = [text if name == "items" else empty.get(kind, "") for name, kind in SCHEMA["touch"].fields.items()]
        rows.append((SATURDAY + n, "a1", "", "s1", "scan", "", *values))
    answer = listed.touches(table("touch", rows), BERLIN)
    shown = [row[answer.columns.index("items")] for row in answer.rows]
    assert shown == ['[{"sku": "A1", "n": 1}, {"sku": "袜", "n": -2}]', '[{"sku": "A1", "n": 1}]', ""]


def test_visits_of_staff_are_marked_where_people_look() -> None:
    answer = listed.visits(table("visit", [visit(0, is_staff=True), visit(1)]), BERLIN)
    assert [row[answer.columns.index("is_staff")] for row in answer.rows] == [True, False]
    assert not figure("is_staff").wide


def test_dwells_without_a_pair_are_no_lack_of_dwells() -> None:
    dwells = [
        DwellPoint(SATURDAY + n * NS_PER_HOUR, "a1", "s1", "shelf", f"{n:016x}", "", 60.0, False, False, False, 1.0) for n in (1, 2, 3)
    ]
    known = QueryEstate({"s1": StoreFacts("s1", BERLIN)})
    asked = Request("together", from_="2026-10-24", to="2026-10-24")
    (note,) = ask(MemoryReader({"dwell": dwells, "traffic": [minute(0)]}), asked, known, SATURDAY + NS_PER_DAY).notes
    assert note.startswith("s1: no pair was together enough: it needs a share of 60%")
    before = [dwell._replace(time_ns=dwell.time_ns - NS_PER_DAY) for dwell in dwells]
    nothing = ask(MemoryReader({"dwell": before, "traffic": [minute(0)]}), asked, known, SATURDAY + NS_PER_DAY)
    assert nothing.notes[0] == "memory has no dwell in this span"
