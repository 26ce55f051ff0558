"""Masks of open minutes equal a reckoning minute by minute with the clocks of zoneinfo."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.units import NS_PER_HOUR, NS_PER_MINUTE
from gateway.query.estate import StoreFacts, StoreVersion
from gateway.query.open_hours import open_hours
from gateway.query.open_minutes import WHOLE_HOUR, hours_of, is_open, open_masks
from gateway.query.spans import local
from gateway.site.hours import WEEKDAYS
from gateway.site.names import FIRST_NS, LAST_NS, Span, begin_ns

ZONES = ("Europe/Berlin", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC")
BERLIN = ZoneInfo("Europe/Berlin")
TIMES = ("00:00", "02:15", "02:45", "09:30", "10:00", "18:00", "22:59")
SPANS = (*(f"{begin}-{end}" for begin in TIMES for end in (*TIMES, "24:00")), "closed")
CHANGES = [date(2026, month, day) for month, day in ((3, 29), (10, 25), (4, 5), (10, 4), (3, 8), (11, 1), (6, 1))]


def _ns(text: str, zone: ZoneInfo = BERLIN) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * 10**9


def _open_by_the_clock(store: StoreFacts, spans: dict[str, tuple[str, ...]], minute_ns: int) -> bool:
    """The rule in plain words: by the hours of today, or by those of an evening that began yesterday."""
    shown = local(minute_ns, store.timezone)
    wall, today = f"{shown:%H:%M}", shown.date()
    days = ((today, False), (today - timedelta(days=1), True))
    return any(_in_hours(store, spans, day, wall, of_yesterday=of_yesterday) for day, of_yesterday in days)


def _in_hours(store: StoreFacts, spans: dict[str, tuple[str, ...]], day: date, wall: str, *, of_yesterday: bool) -> bool:
    """What the store is at the noon of a day holds for all of its hours."""
    noon_ns = int(datetime.combine(day, time(12), store.timezone).timestamp()) * 10**9
    if not store.valid.begin_ns <= noon_ns < store.valid.end_ns:
        return False
    week = next(spans[version.path] for version in store.versions if version.span.begin_ns <= noon_ns < version.span.end_ns)
    hours = week[day.weekday()]
    if hours == "closed" or day in store.closed:
        return False
    begin, end = hours.split("-")
    past_midnight = end <= begin
    if of_yesterday:
        return past_midnight and wall < end
    return begin <= wall and (past_midnight or wall < end)


@settings(max_examples=60)
@given(
    zone=st.sampled_from(ZONES),
    around=st.sampled_from(CHANGES),
    weeks=st.tuples(*[st.tuples(*[st.sampled_from(SPANS)] * 7)] * 2),
    moved_after=st.integers(-1, 3),
    closed=st.sets(st.integers(-1, 2), max_size=2),
    valid=st.tuples(st.integers(-2, 2), st.integers(-2, 4)),
)
def test_open_masks_equal_a_reckoning_minute_by_minute(
    zone: str, around: date, weeks: tuple[tuple[str, ...], ...], moved_after: int, closed: set[int], valid: tuple[int, int]
) -> None:
    clock = ZoneInfo(zone)
    begin = int(datetime(around.year, around.month, around.day, tzinfo=UTC).timestamp()) * 10**9 - 12 * NS_PER_HOUR
    moved, opens, ends = (begin_ns(around + timedelta(days=days), clock) for days in (moved_after, *valid))
    texts = ["; ".join(f"{day} {hours}" for day, hours in zip(WEEKDAYS, week, strict=True)) for week in weeks]
    versions = (
        StoreVersion(Span(FIRST_NS, moved), "before", hours=open_hours(texts[0])),
        StoreVersion(Span(moved, LAST_NS), "now", hours=open_hours(texts[1])),
    )
    store = StoreFacts(
        "s1", clock, versions=versions, valid=Span(opens, ends), closed=frozenset(around + timedelta(days=days) for days in closed)
    )  # fmt: skip
    hours = hours_of(begin, begin + 48 * NS_PER_HOUR)
    minutes = (hours[:, None] + np.arange(60) * NS_PER_MINUTE).ravel()
    expected = [_open_by_the_clock(store, {"before": weeks[0], "now": weeks[1]}, minute) for minute in minutes.tolist()]
    masks = open_masks(store, hours)
    assert [(mask >> bit) & 1 == 1 for mask in masks.tolist() for bit in range(60)] == expected
    assert is_open(store, minutes).tolist() == expected


def _open_minutes(store: StoreFacts, day: str) -> int:
    following = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    return int(np.bitwise_count(open_masks(store, hours_of(_ns(day), _ns(following)))).sum())


def test_a_store_without_hours_is_open_on_all_23_and_25_hours_of_days_of_changing_clocks() -> None:
    store = StoreFacts("s1", BERLIN)
    assert [_open_minutes(store, day) // 60 for day in ("2026-03-29", "2026-03-30", "2026-10-25")] == [23, 24, 25]


def test_in_the_hour_that_clocks_repeat_each_minute_counts_twice() -> None:
    store = StoreFacts("s1", BERLIN, versions=(StoreVersion(hours=open_hours("02:00-02:30")),))
    assert [_open_minutes(store, day) for day in ("2026-10-24", "2026-10-25", "2026-03-29")] == [30, 60, 0]


def test_a_closed_day_takes_its_evening_after_midnight_with_it() -> None:
    evening = (StoreVersion(hours=open_hours("18:00-02:00")),)
    store = StoreFacts("s1", BERLIN, versions=evening, closed=frozenset({date(2026, 6, 2)}))
    assert [_open_minutes(store, f"2026-06-0{day}") for day in (1, 2, 3, 4)] == [480, 120, 360, 480]


def test_an_evening_ends_after_midnight_under_the_version_and_the_validity_under_which_it_began() -> None:
    """Until Tuesday the evening ends at two, from Wednesday on at one; the store's last day is the Thursday."""
    moved, ended = begin_ns(date(2026, 6, 3), BERLIN), begin_ns(date(2026, 6, 5), BERLIN)
    late, early = open_hours("18:00-02:00"), open_hours("18:00-01:00")
    versions = StoreVersion(Span(FIRST_NS, moved), hours=late), StoreVersion(Span(moved, ended), hours=early)
    store = StoreFacts("s1", BERLIN, versions=versions, valid=Span(begin_ns(date(2026, 6, 2), BERLIN), ended))
    assert [_open_minutes(store, f"2026-06-0{day}") // 60 for day in range(1, 7)] == [0, 6, 6 + 2, 6 + 1, 1, 0]
    minutes = np.arange(_ns("2026-06-03"), _ns("2026-06-03T03:00"), NS_PER_MINUTE)
    assert is_open(store, minutes).sum() == 120


def test_a_whole_hour_has_sixty_bits_and_stores_of_equal_hours_share_their_masks() -> None:
    hours = hours_of(_ns("2026-06-01"), _ns("2026-06-02"))
    first, second = (open_masks(StoreFacts(name, BERLIN), hours) for name in ("s1", "s2"))
    assert set(first.tolist()) == {WHOLE_HOUR} == {(1 << 60) - 1}
    assert first is second
