"""What is in stock: each item once, where it was last, until it left."""

from __future__ import annotations

from typing import Any

from footfall.units import NS_PER_HOUR
from gateway.query.stock import stock
from tests.support.query_rows import BERLIN, SATURDAY, records, table


def event(at_h: float, kind: str, epc: str, zone: str) -> tuple[Any, ...]:
    return (SATURDAY + round(at_h * NS_PER_HOUR), "a1", kind, "s1", zone, epc, "A1", "", 0.0)


def in_stock(*events: tuple[Any, ...]) -> list[tuple[str, str, int]]:
    return [(row["sku"], row["zone"], row["in_stock"]) for row in records(stock(table("item", list(events)), BERLIN))]


def test_an_item_is_where_it_moved_last_and_counts_once() -> None:
    found = in_stock(event(1, "arrived", "e1", "shelf"), event(2, "moved", "e1", "fitting"), event(1, "arrived", "e2", "shelf"))
    assert found == [("A1", "fitting", 1), ("A1", "shelf", 1)]


def test_what_left_is_not_there_until_it_arrives_again() -> None:
    came, left = event(1, "arrived", "e1", "shelf"), event(3, "left", "e1", "door")
    assert in_stock(came, left) == []
    assert in_stock(event(3, "moved", "e1", "door"), left) == [], "of one moment leaving is the last"
    assert in_stock(came, left, event(4, "arrived", "e1", "shelf")) == [("A1", "shelf", 1)]
