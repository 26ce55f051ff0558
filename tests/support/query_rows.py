"""Rows of the measurements, and answers, as tests of questions write and read them."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from footfall.units import NS_PER_HOUR as HOUR_NS
from footfall.units import NS_PER_MINUTE as MINUTE_NS
from gateway.points import SCHEMA
from gateway.query.answer import Answer
from gateway.sinks.reader import columns_of
from gateway.sinks.table import Builder, PointTable

BERLIN = ZoneInfo("Europe/Berlin")
SATURDAY = 1_792_792_800 * 10**9
"""2026-10-24T00:00 in Berlin; the next day has 25 hours."""
TWO_DAYS = 49 * HOUR_NS


def table(measurement: str, rows: list[tuple[Any, ...]]) -> PointTable:
    builder = Builder(measurement, columns_of(SCHEMA[measurement]))
    builder.add(rows)
    return builder.table()


def minute(at: int, **values: float) -> tuple[Any, ...]:
    names = SCHEMA["traffic"].fields
    return (SATURDAY + at * MINUTE_NS, "s1", *(values.get("in_" if name == "in" else name, 0) for name in names))


def visit(at_ns: int, *, known: bool = False, is_staff: bool = False, open_: bool = False, seconds: float = 60.0) -> tuple[Any, ...]:
    fan = "f1" if known else ""
    return (SATURDAY + at_ns, "a1", "s1", f"{at_ns:016x}", fan, known, is_staff, open_, (SATURDAY + at_ns) // 10**6, seconds, 1, 0, 0, 0.0,
            False, "", 1, "", "")  # fmt: skip


Row = tuple[Any, ...]


def touch(at_ns: int, what: str = "transaction", *, store: str = "s1", fan: str = "f1", amount: float = 0.0, **more: Any) -> Row:
    """A touch; `more` has other fields of it by their names."""
    values = {"store": store, "agent": "a1", "what": what, "fan": fan, "amount": amount, "void": False, **more}
    return (at_ns, *(values.get(name, "") for name in columns_of(SCHEMA["touch"])))


def records(answer: Answer) -> list[dict[str, Any]]:
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def totals(answer: Answer) -> dict[str, Any]:
    (row,) = answer.totals
    return dict(zip(answer.columns, row, strict=True))
