"""Questions about what touches are among all of the brand: earlier ones and those of other stores count, and rows are of the span alone."""

from __future__ import annotations

from typing import Any

import pytest

from footfall.errors import ConfigError
from footfall.units import NS_PER_DAY as DAY
from gateway.query.answer import Answer, Request
from gateway.query.estate import QueryEstate
from gateway.query.questions import ask
from tests.support.memory_reader import MemoryReader
from tests.support.query_rows import BERLIN, SATURDAY, Row, minute, records, totals, touch

SALES = [
    touch(SATURDAY - 30 * DAY, store="s2", fan="f1", amount=10.0),
    touch(SATURDAY + 1, fan="f1", amount=20.0, staff_id="anna"),
    touch(SATURDAY + 2, fan="f2", amount=30.0, staff_id="anna"),
    touch(SATURDAY + 3, store="s2", fan="f3", amount=5.0),
    touch(SATURDAY + DAY, fan="f2", amount=40.0, staff_id="ben"),
    touch(SATURDAY + DAY + 1, fan="f2", amount=1.0, staff_id="ben"),
    touch(SATURDAY + DAY + 2, fan="", amount=1000.0, staff_id="ben"),
    touch(SATURDAY + DAY + 3, fan="f4", amount=7.0, void=True),
]
SHARES = [
    touch(SATURDAY - 30 * DAY, "share", store="s2", fan="f1", code="A"),
    touch(SATURDAY - 29 * DAY, "registration", store="s2", fan="f2", code="A"),
    touch(SATURDAY + 1, fan="f2", amount=20.0),
    touch(SATURDAY + 2, "share", fan="f2", code="B"),
    touch(SATURDAY + 3, store="s2", fan="f3", code="B", amount=30.0, items='[{"sku":"A1","n":2}]'),
    touch(SATURDAY + DAY, "return", store="s2", fan="f3", amount=5.0),
]  # fmt: skip


def answer(question: str, touches: list[Row], **asked: Any) -> Answer:
    traffic = [minute(n) for n in range(2)] + [(row[0], "s2", *row[2:]) for row in (minute(0),)]
    reader = MemoryReader({"touch": sorted(touches), "traffic": traffic})
    span = {"from_": "2026-10-24", "to": "2026-10-25", "timezone": BERLIN.key} | asked
    return ask(reader, Request(question, **span), QueryEstate({}), SATURDAY + 2 * DAY)


def test_an_order_repeats_one_of_another_store_and_of_before_the_span() -> None:
    measures = ("days_median", "orders", "repeat_orders", "first_orders", "fans", "repeat_fans", "sold")
    found = answer("repurchase", SALES, by=("store",), measures=measures)
    assert [row[2:] for row in found.rows] == [(3, 2, 1, 2, 2, 91.0), (1, 0, 1, 1, 0, 5.0)]
    assert [row[2:] for row in found.totals] == [(4, 2, 2, 3, 2, 96.0)], "f1's order in s2 was earlier: it is in no row"
    assert [row[1] for row in found.rows] == [pytest.approx(15.5), None], "f1's 30 days and f2's one"


def test_rows_of_days_and_staff_are_parts_of_the_same_orders() -> None:
    by_day = answer("repurchase", SALES, interval="1d", stores=("s1",), measures=("orders", "repeat_orders", "repeat_share"))
    assert [row[2:] for row in by_day.rows] == [(2, 1, 0.5), (1, 1, 1.0)]
    by_staff = answer("repurchase", SALES, by=("staff",), stores=("s1",), measures=("orders", "repeat_orders", "repeat_sold"))
    assert by_staff.rows == [("anna", 2, 1, 20.0), ("ben", 1, 1, 41.0)]


def test_whom_a_share_of_before_the_span_brought_buys_within_it() -> None:
    found = answer("referral", SHARES, by=("sharer",), measures=("shares", "brought", "buyers", "orders", "items_sold", "revenue"))
    assert found.rows == [("f1", 0, 0, 1, 1, 0, 20.0), ("f2", 1, 1, 1, 1, 2, 25.0)]
    assert totals(found) | {"sharer": None} == {
        "sharer": None, "shares": 1, "brought": 1, "buyers": 2, "orders": 2, "items_sold": 2, "revenue": 45.0,
    }  # fmt: skip


def test_a_sharer_who_may_not_be_named_is_empty_and_counts_as_before() -> None:
    asked = {"by": ("sharer", "root"), "measures": ("shares", "brought", "orders"), "is_shown": lambda fan: fan == "f2"}
    found = answer("referral", SHARES, **asked)
    assert found.rows == [("", "", 0, 0, 1), ("f2", "", 1, 1, 1)]
    listed = answer("touches", [touch(SATURDAY + n, "scan", shared_by=f"f{n}") for n in range(3)], is_shown=lambda fan: fan == "f2")
    assert [row["shared_by"] for row in records(listed)] == ["", "", "f2"]


def test_by_depth_root_and_fan_the_same_referrals_are_told_apart() -> None:
    found = answer("referral", SHARES, by=("root", "depth", "fan"), measures=("shares", "brought", "orders"))
    assert found.rows == [("f1", "0", "f2", 1, 0, 0), ("f1", "1", "f2", 0, 0, 1), ("f1", "2", "f3", 0, 1, 1)]


def test_by_default_a_row_is_of_a_store_and_who_shared() -> None:
    rows = records(answer("referral", SHARES))
    assert [(row["store"], row["sharer"], row["orders"]) for row in rows] == [("s1", "f1", 1), ("s1", "f2", 0), ("s2", "f2", 1)]


def test_nothing_of_it_is_said_in_words_of_the_question() -> None:
    assert "has no sale to a registered fan in this span" in answer("repurchase", SHARES[:1]).notes[0]
    assert "has no share, nor anybody whom one brought in this span" in answer("referral", SALES).notes[0]


def test_sides_that_are_made_alike_do_not_have_what_was_before() -> None:
    with pytest.raises(ConfigError, match="repurchase takes no --compare: what a touch is depends on all that was before it"):
        answer("repurchase", SALES, compare="previous")
