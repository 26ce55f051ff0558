"""Headings of answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.query.answer import Request, StoreSpan
from gateway.query.titles import title_of


def asked(store: str, zone: str, hours: int = 24) -> StoreSpan:
    begin = datetime(2026, 11, 21, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return StoreSpan(store, ZoneInfo(zone), int(begin.timestamp()) * 10**9, int((begin + timedelta(hours=hours)).timestamp()) * 10**9)


def test_a_heading_names_store_title_filters_and_span() -> None:
    request = Request("visits", zone="shoes", fan="f-1")
    title = title_of(request, [asked("s1", "Europe/Berlin")], {"s1": "南京路店"})
    assert title == "visits of s1 (南京路店), zone shoes, fan f-1, 2026-11-21 00:00 to 2026-11-22 00:00 Europe/Berlin"


def test_stores_of_several_clocks_share_a_line_where_their_local_span_is_the_same() -> None:
    title = title_of(Request("traffic"), [asked("s1", "Europe/Berlin"), asked("s2", "Asia/Shanghai")], {})
    assert title == "traffic of s1 and s2, 2026-11-21 00:00 to 2026-11-22 00:00 local time of each store"
    other = title_of(Request("traffic"), [asked("s1", "Europe/Berlin"), asked("s2", "Asia/Shanghai", 5)], {})
    assert other.splitlines()[1] == "traffic of s2, 2026-11-21 00:00 to 2026-11-21 05:00 Asia/Shanghai"


SIX_CLOCKS = ("Europe/Berlin", "Asia/Shanghai", "America/New_York", "Asia/Kolkata", "UTC", "Asia/Tokyo")


def test_moments_that_stores_of_many_clocks_share_have_one_line_in_utc() -> None:
    begin = asked("s0", "UTC").from_ns
    stores = [StoreSpan(f"s{i}", ZoneInfo(zone), begin, begin + 12 * 3600 * 10**9) for i, zone in enumerate(SIX_CLOCKS)]
    assert title_of(Request("traffic"), stores, {}) == "traffic of 6 stores, 2026-11-21 00:00 to 2026-11-21 12:00 UTC"


def test_many_spans_have_one_line() -> None:
    stores = [asked(f"s{i}", zone, 20 + i) for i, zone in enumerate(SIX_CLOCKS)]
    title = title_of(Request("traffic"), stores, {})
    assert title == "traffic of 6 stores, 6 spans within 2026-11-21 00:00 to 2026-11-22 01:00 local time of each store"


def test_many_stores_are_counted() -> None:
    few = title_of(Request("traffic"), [asked(f"s{i}", "UTC") for i in range(3)], {})
    assert few.startswith("traffic of 3 stores (s0, s1, s2), 2026-11-21 00:00")
    many = title_of(Request("traffic"), [asked(f"s{i}", "UTC") for i in range(7000)], {})
    assert many == "traffic of 7,000 stores, 2026-11-21 00:00 to 2026-11-22 00:00 UTC"
