"""Spans: what people write means one moment, and intervals follow the local clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import ConfigError
from footfall.units import NS_PER_DAY as DAY_NS
from footfall.units import NS_PER_HOUR as HOUR_NS
from footfall.units import NS_PER_MINUTE as MINUTE_NS
from gateway.query.spans import INTERVALS, edges, end, iso, local, start, time_zone

BERLIN, SHANGHAI, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai"), ZoneInfo("Australia/Lord_Howe")
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


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "\0"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="no IANA time zone"):
        time_zone(name)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-03-30", 24), ("2026-10-25", 25)])
def test_days_of_changing_clocks(day: str, hours: int) -> None:
    span = start(day, BERLIN, NOW), end(day, BERLIN, NOW)
    by_hour = edges(*span, HOUR_NS, BERLIN)
    assert len(by_hour) == hours + 1
    assert set(np.diff(by_hour).tolist()) == {HOUR_NS}
    assert edges(*span, DAY_NS, BERLIN).tolist() == list(span)


def test_a_repeated_hour_is_distinguished_by_its_offset() -> None:
    found = [
        iso(edge, BERLIN) for edge in edges(start("2026-10-25", BERLIN, NOW), end("2026-10-25", BERLIN, NOW), HOUR_NS, BERLIN).tolist()
    ]
    assert found[2:4] == ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"]


def test_a_change_of_half_an_hour_begins_an_interval() -> None:
    """Lord Howe's clocks go from 02:00 to 02:30 on 2026-10-04."""
    hours = edges(start("2026-10-04", LORD_HOWE, NOW), end("2026-10-04", LORD_HOWE, NOW), HOUR_NS, LORD_HOWE).tolist()
    assert [iso(edge, LORD_HOWE)[11:16] for edge in hours[:5]] == ["00:00", "01:00", "02:30", "03:00", "04:00"]


def test_weeks_begin_on_monday_and_may_be_cut() -> None:
    found = edges(start("2026-11-20", SHANGHAI, NOW), end("2026-12-02", SHANGHAI, NOW), 7 * DAY_NS, SHANGHAI).tolist()
    assert [iso(edge, SHANGHAI)[:10] for edge in found] == ["2026-11-20", "2026-11-23", "2026-11-30", "2026-12-03"]


def test_no_interval_is_the_whole_span() -> None:
    assert edges(5, 9 * DAY_NS, None, BERLIN).tolist() == [5, 9 * DAY_NS]


def test_what_cannot_be_cut_is_refused() -> None:
    with pytest.raises(ConfigError, match="before it begins"):
        edges(10, 10, HOUR_NS, BERLIN)
    with pytest.raises(ConfigError, match="shorter span or a longer interval"):
        edges(0, 10**18, MINUTE_NS, BERLIN)


@given(
    st.sampled_from(ZONES),
    st.sampled_from(sorted(INTERVALS.values())),
    st.integers(946_684_800, 2_000_000_000),
    st.integers(1, 3 * 86_400),
    st.integers(0, 10**9 - 1),
)
def test_edges_are_a_partition_on_the_local_clock(zone_name: str, interval_ns: int, begin_s: int, seconds: int, ns: int) -> None:
    zone = ZoneInfo(zone_name)
    begin, finish = begin_s * 10**9 + ns, (begin_s + seconds) * 10**9 + 10**9
    found = edges(begin, finish, interval_ns, zone)
    assert (found[0], found[-1]) == (begin, finish)
    assert (np.diff(found) > 0).all()
    for edge in found[1:-1].tolist():
        moment = local(edge, zone)
        into_day = (moment.hour * 60 + moment.minute) * MINUTE_NS + edge % MINUTE_NS
        before = local(edge - 10**9, zone).utcoffset()
        assert into_day % min(interval_ns, DAY_NS) == 0 or moment.utcoffset() != before


@given(st.integers(0, 4 * 10**18), st.sampled_from(ZONES))
def test_local_time_is_the_same_moment(time_ns: int, zone_name: str) -> None:
    moment = local(time_ns, ZoneInfo(zone_name))
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    assert (since.days * 86_400 + since.seconds) * 10**6 + since.microseconds == time_ns // 1000
