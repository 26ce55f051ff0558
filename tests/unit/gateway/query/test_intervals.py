"""Intervals tile their span, follow the store's own clock and calendar, and have labels that stores share."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import ConfigError
from footfall.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE
from gateway.query.estate import StoreFacts
from gateway.query.intervals import DAYS, INTERVALS, Cut, Day, bucket_ns, cut, labels_in_order
from gateway.query.spans import local

ZONES = (
    "Europe/Berlin", "Asia/Shanghai", "Asia/Kolkata", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo",
    "America/Havana", "Pacific/Apia", "UTC",
)  # fmt: skip
BERLIN, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe")


def _store(zone: ZoneInfo, day_start: time = time(4)) -> StoreFacts:
    return StoreFacts("s1", zone, day_start)


def _ns(text: str, zone: ZoneInfo = BERLIN) -> int:
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()) * 10**9


def _labels(from_: str, to: str, interval: str, zone: ZoneInfo = BERLIN, day: Day = "midnight") -> tuple[str, ...]:
    return cut(_store(zone), _ns(from_, zone), _ns(to, zone), interval, day).labels


def _hours(found: Cut) -> list[float]:
    return [(end - begin) / NS_PER_HOUR for begin, end in pairwise(found.edges_ns.tolist())]


@given(
    zone=st.sampled_from(ZONES),
    from_ns=st.integers(_ns("2011-12-20T00:00"), _ns("2030-01-01T00:00")),
    minutes=st.integers(1, 60 * 24 * 40),
    interval=st.sampled_from(["5m", "15m", "1h", "1d", "1w", "month", "quarter", "year"]),
    day=st.sampled_from(DAYS),
    day_start=st.sampled_from([time(0), time(4), time(2, 30), time(23)]),
)
def test_intervals_tile_the_span_with_labels_that_are_unique_and_in_order(
    zone: str, from_ns: int, minutes: int, interval: str, day: Day, day_start: time
) -> None:
    to_ns = from_ns + minutes * NS_PER_MINUTE
    edges, labels, begin_ns, end_ns, *_ = cut(_store(ZoneInfo(zone), day_start), from_ns, to_ns, interval, day)
    assert edges[0] <= from_ns < edges[0] + NS_PER_MINUTE
    assert edges[-1] - NS_PER_MINUTE < to_ns <= edges[-1]
    assert all(begin < end for begin, end in pairwise(edges.tolist()))
    assert len(labels) == len(edges) - 1 == len(set(labels))
    assert labels_in_order([labels]) == list(labels)
    assert not (edges % bucket_ns(edges)).any()
    assert begin_ns <= edges[0]
    assert edges[-1] <= end_ns
    uncut = cut(_store(ZoneInfo(zone), day_start), begin_ns, end_ns, interval, day)
    assert uncut.labels == labels, "an interval is called alike, whole or cut"
    assert (uncut.begin_ns, uncut.end_ns) == (begin_ns, end_ns) == (uncut.edges_ns[0], uncut.edges_ns[-1])


@given(zone=st.sampled_from(ZONES), day=st.dates(date(2012, 1, 1), date(2030, 1, 1)), interval=st.sampled_from(["5m", "30m", "1h"]))
def test_the_label_is_what_the_clocks_show_when_the_interval_begins(zone: str, day: date, interval: str) -> None:
    clock = ZoneInfo(zone)
    begin = int(datetime.combine(day, time(), UTC).timestamp()) * 10**9
    edges, labels, *_ = cut(_store(clock), begin, begin + 2 * NS_PER_DAY, interval)
    step = timedelta(microseconds=INTERVALS[interval].step_ns // 1000)
    for edge, label in zip(edges.tolist(), labels, strict=False):
        shown = local(edge, clock)
        wall = datetime.fromisoformat(label[:16])
        assert timedelta(0) <= shown.replace(tzinfo=None) - wall < step
        assert label[16:] in ("", shown.isoformat()[19:])


def test_days_of_changing_clocks_have_23_and_25_hours() -> None:
    store = _store(BERLIN)
    assert _hours(cut(store, _ns("2026-03-28T00:00"), _ns("2026-03-31T00:00"), "1d")) == [24, 23, 24]
    assert _hours(cut(store, _ns("2026-10-24T00:00"), _ns("2026-10-27T00:00"), "1d")) == [24, 25, 24]
    assert len(cut(store, _ns("2026-10-25T00:00"), _ns("2026-10-26T00:00"), "1h").labels) == 25


def test_the_day_of_a_store_begins_at_its_day_start_so_that_an_evening_until_two_is_one_day() -> None:
    found = cut(_store(BERLIN), _ns("2026-10-24T04:00"), _ns("2026-10-26T04:00"), "1d", "store")
    assert found.labels == ("2026-10-24", "2026-10-25")
    assert found.edges_ns.tolist() == [_ns(text) for text in ("2026-10-24T04:00", "2026-10-25T04:00", "2026-10-26T04:00")]
    assert _labels("2026-10-25T01:30", "2026-10-25T02:00", "1d", day="store") == ("2026-10-24",)
    assert _labels("2026-10-25T01:30", "2026-10-25T02:00", "1d") == ("2026-10-25",)


def test_a_wall_time_that_clocks_show_twice_has_its_offset_and_no_other_has() -> None:
    assert _labels("2026-10-25T01:00", "2026-10-25T04:00", "1h") == (
        "2026-10-25T01:00", "2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00", "2026-10-25T03:00",
    )  # fmt: skip
    assert _labels("2026-10-25T02:00+01:00", "2026-10-25T03:00", "1h") == ("2026-10-25T02:00+01:00",), "the change is just outside"


def test_in_an_hour_that_clocks_show_twice_all_of_the_first_time_comes_before_the_second() -> None:
    by_half_hour = _labels("2026-10-25T02:00", "2026-10-25T03:30", "30m")
    assert by_half_hour == (
        "2026-10-25T02:00+02:00", "2026-10-25T02:30+02:00", "2026-10-25T02:00+01:00", "2026-10-25T02:30+01:00", "2026-10-25T03:00",
    )  # fmt: skip
    assert labels_in_order([by_half_hour]) == list(by_half_hour)


@given(
    zones=st.lists(st.sampled_from((*ZONES, "Europe/Lisbon", "Atlantic/Azores")), min_size=1, max_size=4, unique=True),
    hour=st.integers(-30, 30),
    hours=st.integers(1, 30),
    interval=st.sampled_from(["15m", "30m", "1h"]),
)
def test_labels_of_several_clocks_are_in_the_order_of_each(zones: list[str], hour: int, hours: int, interval: str) -> None:
    """Around the night in which Europe's clocks go back."""
    begin = _ns("2026-10-25T02:00") + hour * NS_PER_HOUR
    cuts = [cut(_store(ZoneInfo(zone)), begin, begin + hours * NS_PER_HOUR, interval).labels for zone in zones]
    ordered = labels_in_order(cuts)
    assert sorted(ordered) == sorted({label for labels in cuts for label in labels})
    place = {label: i for i, label in enumerate(ordered)}
    for labels in cuts:
        places = [place[label] for label in labels]
        assert places == sorted(places)


def test_lord_howe_changes_by_half_an_hour() -> None:
    assert _labels("2026-04-05T00:00", "2026-04-05T03:00", "1h", LORD_HOWE) == (
        "2026-04-05T00:00", "2026-04-05T01:00+11:00", "2026-04-05T01:00+10:30", "2026-04-05T02:00",
    )  # fmt: skip
    assert _hours(cut(_store(LORD_HOWE), _ns("2026-04-05T00:00", LORD_HOWE), _ns("2026-04-05T03:00", LORD_HOWE), "1h")) == [1, 1, 0.5, 1]


def test_a_day_that_clocks_skip_has_no_interval() -> None:
    assert _labels("2011-12-29T00:00", "2012-01-01T00:00", "1d", ZoneInfo("Pacific/Apia")) == ("2011-12-29", "2011-12-31")


@pytest.mark.parametrize(
    ("interval", "labels"),
    [
        ("1w", ("2025-12-29", "2026-01-05")),
        ("month", ("2025-12-01", "2026-01-01")),
        ("quarter", ("2025-10-01", "2026-01-01")),
        ("year", ("2025-01-01", "2026-01-01")),
    ],
)
def test_longer_intervals_follow_the_calendar_and_keep_their_first_day_where_the_span_cuts_them(
    interval: str, labels: tuple[str, ...]
) -> None:
    assert _labels("2025-12-30T10:00", "2026-01-08T00:00", interval) == labels


def test_stores_of_several_time_zones_share_labels_and_not_edges() -> None:
    cuts = [cut(_store(zone), _ns("2026-10-24T00:00", zone), _ns("2026-10-26T00:00", zone), "1d") for zone in (BERLIN, LORD_HOWE)]
    assert cuts[0].labels == cuts[1].labels
    assert cuts[0].edges_ns.tolist() != cuts[1].edges_ns.tolist()


def test_one_time_zone_can_be_asked_for_instead_of_the_stores() -> None:
    found = cut(_store(LORD_HOWE), _ns("2026-10-24T00:00"), _ns("2026-10-25T00:00"), "1d", zone=BERLIN)
    assert found.labels == ("2026-10-24",)


def test_without_an_interval_the_span_is_one_without_a_label() -> None:
    found = cut(_store(BERLIN), _ns("2026-10-24T00:00"), _ns("2026-10-25T10:00"), None)
    assert (found.edges_ns.tolist(), found.labels) == ([_ns("2026-10-24T00:00"), _ns("2026-10-25T10:00")], ("",))


@pytest.mark.parametrize(
    ("edges", "minutes"), [([0, 3600], 60), ([0, 5400], 30), ([900], 15), ([300, 1800], 5), ([60], 1), ([1], 1), ([], 60)]
)
def test_the_bucket_is_the_longest_that_divides_all_edges(edges: list[int], minutes: int) -> None:
    assert bucket_ns([edge * 10**9 for edge in edges]) == minutes * NS_PER_MINUTE


def test_empty_spans_and_too_many_intervals_are_refused() -> None:
    with pytest.raises(ConfigError, match="empty or ends before it begins: from 2026-10-24T00:00"):
        cut(_store(BERLIN), _ns("2026-10-24T00:00"), _ns("2026-10-24T00:00"), "1h")
    for interval, years in (("1m", 1), ("1d", 600)):
        with pytest.raises(ConfigError, match="longer interval"):
            cut(_store(BERLIN), -_ns("2026-10-24T00:00"), -_ns("2026-10-24T00:00") + years * 366 * NS_PER_DAY, interval)
