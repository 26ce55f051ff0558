"""Spans: what people write means one moment, by the local clock and the day of the store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import ConfigError
from gateway.query.spans import end, iso, local, start, time_zone

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("Europe/Berlin", "Asia/Shanghai", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "UTC", "Pacific/Apia")
NOW = int(datetime(2026, 11, 21, 15, 30, tzinfo=BERLIN).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("text", "from_", "to"),
    [
        ("2026-11-21", "2026-11-21T00:00+01:00", "2026-11-22T00:00+01:00"),
        ("today", "2026-11-21T00:00+01:00", "2026-11-22T00:00+01:00"),
        ("yesterday", "2026-11-20T00:00+01:00", "2026-11-21T00:00+01:00"),
        ("2026-10-25", "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00"),
        ("now", "2026-11-21T15:30+01:00", "2026-11-21T15:30+01:00"),
        ("-7d", "2026-11-14T00:00+01:00", "2026-11-14T00:00+01:00"),
        ("-1w", "2026-11-14T00:00+01:00", "2026-11-14T00:00+01:00"),
        ("-12h", "2026-11-21T03:30+01:00", "2026-11-21T03:30+01:00"),
        ("-90m", "2026-11-21T14:00+01:00", "2026-11-21T14:00+01:00"),
        ("2026-11-21T10:30", "2026-11-21T10:30+01:00", "2026-11-21T10:30+01:00"),
        ("2026-11-21T10:30Z", "2026-11-21T11:30+01:00", "2026-11-21T11:30+01:00"),
        ("2026-11-21T10:30+08:00", "2026-11-21T03:30+01:00", "2026-11-21T03:30+01:00"),
    ],
)
def test_moments(text: str, from_: str, to: str) -> None:
    assert (iso(start(text, BERLIN, NOW), BERLIN), iso(end(text, BERLIN, NOW), BERLIN)) == (from_, to)


@pytest.mark.parametrize("text", ["", "gestern", "2026-13-01", "-7y", "7d", "21.11.2026", "2026-11-21T25:00", "-100000000d"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no time"):
        start(text, BERLIN, NOW)


@pytest.mark.parametrize(
    "text", ["1969-12-31", "0001-01-01", "2116-02-20", "2500-01-01", "9999-12-31", "-99999w", "9999-12-31T23:59", "0001-01-01T00:00+14:00"]
)
@pytest.mark.parametrize("read", [start, end])
def test_what_no_database_can_hold_is_refused(text: str, read: Callable[[str, ZoneInfo, int], int]) -> None:
    for zone in (BERLIN, ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")):
        with pytest.raises(ConfigError, match="is out of range: write a day from 1970-01-01 to 2116-02-19"):
            read(text, zone, NOW)


@pytest.mark.parametrize("name", ["Mars/Olympus", "Asia"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="no IANA time zone"):
        time_zone(name)


@pytest.mark.parametrize(
    ("text", "now", "from_", "to"),
    [
        ("today", "2026-11-21T03:59", "2026-11-20T04:00+01:00", "2026-11-21T04:00+01:00"),
        ("today", "2026-11-21T04:00", "2026-11-21T04:00+01:00", "2026-11-22T04:00+01:00"),
        ("2026-10-24", "2026-11-21T12:00", "2026-10-24T04:00+02:00", "2026-10-25T04:00+01:00"),
        ("-1d", "2026-11-21T03:59", "2026-11-19T04:00+01:00", "2026-11-19T04:00+01:00"),
    ],
)
def test_days_may_begin_later_than_midnight(text: str, now: str, from_: str, to: str) -> None:
    now_ns = int(datetime.fromisoformat(now).replace(tzinfo=BERLIN).timestamp()) * 10**9
    four = time(4)
    assert (iso(start(text, BERLIN, now_ns, four), BERLIN), iso(end(text, BERLIN, now_ns, four), BERLIN)) == (from_, to)


@given(st.integers(0, 4 * 10**18), st.sampled_from(ZONES))
def test_local_time_is_the_same_moment(time_ns: int, zone_name: str) -> None:
    moment = local(time_ns, ZoneInfo(zone_name))
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    assert (since.days * 86_400 + since.seconds) * 10**6 + since.microseconds == time_ns // 1000
