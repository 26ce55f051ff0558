"""A date is read if it can be read in one way only; else the refusal shows what to write."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from footfall.moments import to_ns
from gateway.fans.sheet_dates import DateReader, DayOrder
from gateway.identity.links import FOR_EVER_NS

SHANGHAI = ZoneInfo("Asia/Shanghai")


def ns(text: str) -> int:
    return to_ns(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-31", "2026-12-31T00:00+08:00"),
        ("2026-12-31 10:30", "2026-12-31T10:30+08:00"),
        ("2026-12-31T10:30:05,25", "2026-12-31T10:30:05.250+08:00"),
        ("2026-12-31T10:30:05Z", "2026-12-31T10:30:05+00:00"),
        ("2026-12-31 10:30:05+01:00", "2026-12-31T10:30:05+01:00"),
        ("2026/12/31 9:05", "2026-12-31T09:05+08:00"),
        ("2026.1.5", "2026-01-05T00:00+08:00"),
        ("2026年1月5日", "2026-01-05T00:00+08:00"),
        ("2026年1月5日 10:00", "2026-01-05T10:00+08:00"),
        ("31/12/2026", "2026-12-31T00:00+08:00"),
        ("31.12.2026 10:00", "2026-12-31T10:00+08:00"),
        ("12/31/2026 1:05 PM", "2026-12-31T13:05+08:00"),
        ("12/31/2026 12:05 a.m.", "2026-12-31T00:05+08:00"),
        ("5/5/2026", "2026-05-05T00:00+08:00"),
        ("01.11.2026", "2026-11-01T00:00+08:00"),
        ("1.2.2026 9:05", "2026-02-01T09:05+08:00"),
        ("5-Jun-2026", "2026-06-05T00:00+08:00"),
        ("June 5, 2026", "2026-06-05T00:00+08:00"),
        ("2026-12-31 24:00", "2027-01-01T00:00+08:00"),
    ],
)
def test_a_date_that_can_be_read_in_one_way_is(text: str, moment: str) -> None:
    assert DateReader(SHANGHAI).time_ns(text) == ns(moment)


@pytest.mark.parametrize("text", ["5/6/2026", "12-11-2026 10:00"])
def test_a_day_that_may_be_a_month_is_refused_with_both(text: str) -> None:
    with pytest.raises(ValueError, match=r"may be 2026-\d\d-\d\d or 2026-\d\d-\d\d: write it so, or state --dates"):
        DateReader(SHANGHAI).time_ns(text)


def test_the_order_that_is_stated_decides() -> None:
    assert DateReader(SHANGHAI, DayOrder.DMY).time_ns("5/6/2026") == ns("2026-06-05T00:00+08:00")
    assert DateReader(SHANGHAI, DayOrder.MDY).time_ns("5/6/2026") == ns("2026-05-06T00:00+08:00")
    with pytest.raises(ValueError, match="no date that there is"):
        DateReader(SHANGHAI, DayOrder.MDY).time_ns("31/12/2026")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("46387", "a spreadsheet's count of days"),
        ("1767225600", "a spreadsheet's count of days"),
        ("31/12/26", "no date that can be read in one way"),
        ("soon", "no date that can be read in one way"),
        ("2026-02-30", "no date that there is"),
        ("0000-00-00", "nothing where it is open"),
        ("2026-12-31 25:00", "no date that there is"),
        ("2026-11-01 24:30", "no date that there is"),
        ("31/Foo/2026", "Foo is no month"),
        ("5-Ju-2026", "no date that can be read"),
        ("12/31/2026 13:05 PM", "there is no hour 13 PM"),
        ("2026-12-31T10:00:00+99:00", "no moment of ISO 8601"),
    ],
)
def test_any_other_text_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        DateReader(SHANGHAI).time_ns(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-03-29 02:30", "is shown never: the clocks are put forward in Europe/Berlin then: write it with its offset from UTC"),
        ("2026-10-25 02:30", "is shown twice: the clocks are put back in Europe/Berlin then"),
    ],
)
def test_a_time_that_clocks_show_twice_or_never_is_refused(text: str, why: str) -> None:
    berlin = DateReader(ZoneInfo("Europe/Berlin"))
    with pytest.raises(ValueError, match=why):
        berlin.time_ns(text)
    assert berlin.time_ns(f"{text}+01:00") == to_ns(datetime.fromisoformat(f"{text}+01:00"))
    assert berlin.time_ns(text[:10]) == to_ns(datetime.fromisoformat(text[:10]).replace(tzinfo=ZoneInfo("Europe/Berlin")))


def test_for_ever_needs_no_time_zone() -> None:
    reader = DateReader(None)
    assert [reader.time_ns(text) for text in ("9999-12-31", "0001-01-01", "31/12/9999")] == [FOR_EVER_NS, -FOR_EVER_NS, FOR_EVER_NS]
    assert reader.time_ns("9999-12-31T23:59:59+00:00") == FOR_EVER_NS


def test_a_time_of_nobody_knows_which_zone_is_refused() -> None:
    with pytest.raises(ValueError, match=r"has no offset from UTC, .*: write 2026-12-31T00:00:00\+08:00, or state --timezone"):
        DateReader(None).time_ns("2026-12-31")
