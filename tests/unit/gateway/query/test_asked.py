"""Where neither end of a span is given, it ends with the data and begins with an interval."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.points import SCHEMA
from gateway.query.answer import Request
from gateway.query.asked import asked_stores, default_interval
from gateway.query.estate import QueryEstate, StoreFacts
from gateway.query.spans import iso
from tests.support.memory_reader import MemoryReader

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
NOW_NS = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp()) * 10**9


def _row(store: str, wall: str, zone: ZoneInfo) -> tuple[Any, ...]:
    at = datetime.fromisoformat(wall).replace(tzinfo=zone)
    return (int(at.timestamp()) * 10**9, store, *dict.fromkeys(SCHEMA["traffic"].fields, 1).values())


def _spans(rows: list[tuple[str, str]], interval: str | None, *, zone: ZoneInfo = BERLIN, is_list: bool = False, **asked: Any) -> set[str]:
    """The spans, by the clock of each store, of stores that have traffic at these wall times."""
    zones = {"far": SHANGHAI}
    reader = MemoryReader({"traffic": [_row(store, wall, zones.get(store, zone)) for store, wall in rows]})
    estate = QueryEstate({store: StoreFacts(store, zones.get(store, zone), time(4)) for store, _ in rows})
    stores = asked_stores(reader, Request("traffic", **asked), "traffic", interval, estate, NOW_NS, is_list=is_list)
    return {f"{iso(store.from_ns, store.zone)[:16]} to {iso(store.to_ns, store.zone)[:16]}" for store in stores}


LONG = [("s1", "2020-05-05T11:00"), ("s1", "2026-11-25T11:20")]
"""Data of years, until a Wednesday."""


@pytest.mark.parametrize(
    ("interval", "span"),
    [
        (None, "2026-11-19T00:00 to 2026-11-26T00:00"),
        ("1h", "2026-11-19T00:00 to 2026-11-25T12:00"),
        ("1d", "2026-11-19T00:00 to 2026-11-26T00:00"),
        ("1w", "2026-10-05T00:00 to 2026-11-26T00:00"),
        ("month", "2025-12-01T00:00 to 2026-11-26T00:00"),
        ("quarter", "2025-01-01T00:00 to 2026-11-26T00:00"),
        ("year", "2022-01-01T00:00 to 2026-11-26T00:00"),
    ],
)
def test_the_default_span_begins_with_an_interval_and_has_several(interval: str | None, span: str) -> None:
    assert _spans(LONG, interval) == {span}


def test_the_default_span_does_not_begin_before_the_data() -> None:
    assert _spans([("s1", "2026-10-24T10:30"), ("s1", "2026-11-25T11:20")], "month") == {"2026-10-24T00:00 to 2026-11-26T00:00"}
    assert _spans([("s1", "2026-11-24T10:30"), ("s1", "2026-11-25T11:20")], "1h") == {"2026-11-24T10:00 to 2026-11-25T12:00"}


EVENINGS = [("early", "2026-11-10T10:00"), ("early", "2026-11-25T19:00"), ("late", "2026-11-10T10:00"), ("late", "2026-11-26T01:30")]
"""One store closes at two in the morning."""


@pytest.mark.parametrize(
    ("interval", "to"), [("1d", "2026-11-26T00:00"), ("1w", "2026-11-26T00:00"), (None, "2026-11-26T00:00"), ("1h", "2026-11-26T02:00")]
)
def test_what_is_sold_after_midnight_belongs_to_the_evening_before_so_that_no_store_has_a_last_day_without_data(
    interval: str | None, to: str
) -> None:
    (span,) = _spans(EVENINGS, interval)
    assert span.endswith(to)
    if interval != "1w":
        assert span.startswith("2026-11-19T00:00"), "seven days, with or without the hours after midnight"


def test_days_of_stores_end_with_the_evening_too() -> None:
    assert _spans(EVENINGS, "1d", day="store") == {"2026-11-19T04:00 to 2026-11-26T04:00"}


def test_a_comparison_by_the_hour_is_of_whole_days_too() -> None:
    assert _spans(EVENINGS, "1h", compare="previous") == {"2026-11-19T00:00 to 2026-11-26T00:00"}


def test_a_list_has_the_hours_after_midnight() -> None:
    assert _spans(EVENINGS, None, is_list=True) == {"2026-11-19T00:00 to 2026-11-26T02:00"}


def test_gaps_are_looked_for_in_the_last_days_with_data_not_with_gaps() -> None:
    begins = [int(datetime.fromisoformat(wall).replace(tzinfo=BERLIN).timestamp()) * 10**9 for wall in ("2026-03-01", "2026-11-24T10:00")]
    gaps = [(at, *["s1" if tag == "store" else "a" for tag in SCHEMA["gap"].tags], at, at + 10**9, 1, "") for at in begins]
    for found in (gaps, gaps[:1], []):
        reader = MemoryReader({"traffic": [_row("s1", wall, BERLIN) for _, wall in LONG], "gap": found})
        (store,) = asked_stores(reader, Request("gaps"), "gap", None, QueryEstate({"s1": StoreFacts("s1", BERLIN)}), NOW_NS, is_list=True)
        assert [iso(at, BERLIN)[:16] for at in (store.from_ns, store.to_ns)] == ["2026-11-19T00:00", "2026-11-25T12:00"]


def test_data_of_one_night_alone_are_of_its_day() -> None:
    assert _spans([("s1", "2026-11-26T01:30")], "1d") == {"2026-11-26T00:00 to 2026-11-27T00:00"}


def test_every_clock_has_the_same_days() -> None:
    assert _spans([*LONG, ("far", "2026-11-26T09:00")], "1d") == {"2026-11-20T00:00 to 2026-11-27T00:00"}


def test_an_end_alone_is_the_end_of_the_default_span() -> None:
    assert _spans(LONG, "month", to="2026-06-30") == {"2025-07-01T00:00 to 2026-07-01T00:00"}
    assert _spans(LONG, "1d", to="2026-06-30") == {"2026-06-24T00:00 to 2026-07-01T00:00"}


def test_a_begin_alone_is_until_the_end_of_the_data_or_now() -> None:
    assert _spans(LONG, "1d", from_="2026-11-24") == {"2026-11-24T00:00 to 2026-11-26T00:00"}
    assert _spans(LONG, "1d", from_="2026-11-28") == {"2026-11-28T00:00 to 2026-12-01T01:00"}


def test_the_default_span_is_counted_in_days_unless_longer_intervals_are_asked_for() -> None:
    assert [default_interval(name) for name in (None, "5m", "1h", "1d", "quarter")] == ["1d", "1d", "1d", "1d", "quarter"]
