"""Names by time, and where an agent was when."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.site.names import FIRST_NS, LAST_NS, Names, Span, begin_ns, end_ns, names, parse_when

BERLIN = ZoneInfo("Europe/Berlin")
S = 1_000_000_000


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * S


def test_each_name_has_its_span_of_time() -> None:
    made = names("c", [("b", datetime(2026, 3, 1, tzinfo=UTC)), ("a", datetime(2026, 2, 1, tzinfo=UTC))], BERLIN)
    times = ("2026-01-01T00:00Z", "2026-01-31T23:59:59Z", "2026-02-01T00:00Z", "2026-03-01T00:00Z")
    assert [made.at(ns(time)) for time in times] == ["a", "a", "b", "c"]
    assert (made.first, made.before, made.all) == ("a", ("b", "a"), ("c", "b", "a"))


def test_a_name_may_come_back() -> None:
    made = names("a", [("a", datetime(2026, 2, 1, tzinfo=UTC)), ("b", datetime(2026, 3, 1, tzinfo=UTC))], BERLIN)
    assert [made.at(ns(time)) for time in ("2026-01-01T00:00Z", "2026-02-02T00:00Z", "2026-04-01T00:00Z")] == ["a", "b", "a"]
    assert (made.first, made.all) == ("a", ("a", "b"))


def test_what_was_never_renamed_has_one_name() -> None:
    assert (Names("a").at(FIRST_NS), Names("a").at(LAST_NS), Names("a").first, Names("a").all) == ("a", "a", "a", ("a",))


@pytest.mark.parametrize(
    ("when", "begins", "ends"),
    [
        (date(2026, 10, 25), "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00"),
        (datetime(2026, 10, 25, 12), "2026-10-25T12:00+01:00", "2026-10-25T12:00+01:00"),  # noqa: DTZ001 # the store's time
        (datetime(2026, 10, 25, 12, tzinfo=UTC), "2026-10-25T12:00Z", "2026-10-25T12:00Z"),
    ],
)
def test_a_date_is_a_whole_day_of_the_store_and_a_moment_is_exact(when: date, begins: str, ends: str) -> None:
    assert (begin_ns(when, BERLIN), end_ns(when, BERLIN)) == (ns(begins), ns(ends))
    assert (begin_ns(None, BERLIN), end_ns(None, BERLIN)) == (FIRST_NS, LAST_NS)


@pytest.mark.parametrize(("earliest", "latest", "meets"), [(5, 9, False), (5, 10, True), (19, 19, True), (20, 20, False), (0, 99, True)])
def test_a_span_ends_before_its_end(earliest: int, latest: int, meets: bool) -> None:
    assert Span(10, 20).meets(earliest, latest) == meets


def test_times_come_as_toml_has_them_or_as_text() -> None:
    assert parse_when("2026-11-20") == date(2026, 11, 20)
    assert parse_when("2026-11-20T10:00:00+01:00") == datetime.fromisoformat("2026-11-20T10:00:00+01:00")
    for wrong in ("soon", 1_795_226_523, True, None):
        with pytest.raises(ValueError, match=r"date|isoformat"):
            parse_when(wrong)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/St_Johns"])
@pytest.mark.parametrize(
    ("text", "ends"),
    [("9999-12-31", LAST_NS), ("9999-12-31T23:59:59", LAST_NS), ("0001-01-01", FIRST_NS), ("0001-01-01T00:00:00+14:00", FIRST_NS)],
)
def test_what_lies_at_the_end_of_all_calendars_is_for_ever(zone: str, text: str, ends: int) -> None:
    when = parse_when(text)
    assert isinstance(when, date)
    assert begin_ns(when, ZoneInfo(zone)) == end_ns(when, ZoneInfo(zone)) == ends
