"""Days are compared with days of the same weekday, date or holiday; a day without a counterpart is left out with the reason."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from gateway.query.day_pairs import ALIGNS, Align, days_before, given_days, same_days, uneven_holidays, weeks_before, year_before

BERLIN, SHANGHAI, UTC = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai"), ZoneInfo("UTC")
DATES = st.dates(date(2021, 1, 1), date(2034, 1, 1))


def _days(first: str, count: int) -> list[date]:
    return [date.fromisoformat(first) + timedelta(days=n) for n in range(count)]


def _pairs(first: str, count: int, align: Align) -> dict[str, str]:
    return {str(day): str(other) for day, other in days_before(_days(first, count), align, UTC).pairs.items()}


@given(first=DATES, count=st.integers(1, 100))
def test_days_before_by_weekday_are_of_the_same_weekday_and_all_before_the_span(first: date, count: int) -> None:
    days = [first + timedelta(days=n) for n in range(count)]
    pairs = days_before(days, "weekday", UTC).pairs
    assert list(pairs) == days
    assert all(day.weekday() == other.weekday() and other < first for day, other in pairs.items())
    assert first - max(pairs.values()) <= timedelta(days=7), "the nearest such days"


@given(first=DATES, count=st.integers(1, 100), align=st.sampled_from(ALIGNS), zone=st.sampled_from([BERLIN, SHANGHAI, UTC]))
def test_every_day_has_one_counterpart_of_its_own_or_a_reason(first: date, count: int, align: Align, zone: ZoneInfo) -> None:
    days = [first + timedelta(days=n) for n in range(count)]
    others = [first + timedelta(days=500 + n) for n in range(count // 2 + 1)]
    for found in (days_before(days, align, zone), year_before(days, align, zone), given_days(days, others, align), same_days(days)):
        assert sorted([*found.pairs, *found.left_out]) == days
        assert len(set(found.pairs.values())) == len(found.pairs)


def test_days_before_by_date_are_as_many_days() -> None:
    assert _pairs("2026-11-10", 2, "date") == {"2026-11-10": "2026-11-08", "2026-11-11": "2026-11-09"}


def test_whole_months_by_date_are_compared_with_months_day_by_day() -> None:
    found = days_before(_days("2026-03-01", 31), "date", UTC)
    assert found.pairs[date(2026, 3, 28)] == date(2026, 2, 28)
    assert found.left_out == {date(2026, 3, day): "the month before has no such date" for day in (29, 30, 31)}
    quarter = days_before(_days("2026-01-01", 90), "date", UTC)
    assert quarter.pairs[date(2026, 3, 31)] == date(2025, 12, 31)
    assert quarter.left_out == {}


def test_an_ordinary_day_is_not_compared_with_a_holiday_just_before_it() -> None:
    found = days_before(_days("2026-10-06", 7), "weekday", SHANGHAI)
    assert found.left_out == {date(2026, 10, day): "its counterpart was Golden Week" for day in range(8, 13)}
    assert found.pairs[date(2026, 10, 6)] == date(2026, 9, 29), "a holiday has its weekday"
    assert days_before(_days("2026-10-06", 7), "weekday", BERLIN).left_out == {}
    assert days_before(_days("2026-10-08", 7), "date", SHANGHAI).left_out == {}, "dates are asked for as they are"


def test_days_of_which_one_side_alone_was_a_holiday_are_known() -> None:
    golden, ordinary, singles = date(2026, 10, 1), date(2026, 10, 15), date(2026, 11, 11)
    assert uneven_holidays({golden: ordinary}, SHANGHAI) == {golden: "it is Golden Week, its counterpart an ordinary day"}
    assert uneven_holidays({ordinary: golden}, SHANGHAI) == {ordinary: "its counterpart was Golden Week"}
    assert uneven_holidays({singles: golden}, SHANGHAI) == {singles: "its counterpart was Golden Week"}
    assert uneven_holidays({golden: date(2025, 10, 1), ordinary: date(2026, 10, 16)}, SHANGHAI) == {}
    assert uneven_holidays({golden: ordinary}, BERLIN) == {}


def test_a_year_before_by_weekday_is_364_days() -> None:
    assert year_before(_days("2026-06-03", 1), "weekday", UTC).pairs == {date(2026, 6, 3): date(2025, 6, 4)}


def test_a_year_before_by_date_has_no_29th_of_february() -> None:
    found = year_before(_days("2024-02-28", 3), "date", BERLIN)
    assert found.pairs == {date(2024, 2, 28): date(2023, 2, 28), date(2024, 3, 1): date(2023, 3, 1)}
    assert found.left_out == {date(2024, 2, 29): "the year before has no such date"}


def test_a_holiday_that_moves_is_compared_with_itself() -> None:
    found = year_before(_days("2026-02-01", 28), "weekday", SHANGHAI)
    assert found.pairs[date(2026, 2, 17)] == date(2025, 1, 29)
    assert found.pairs[date(2026, 2, 23)] == date(2025, 2, 4)
    assert found.pairs[date(2026, 2, 24)] == date(2025, 2, 25), "an ordinary day has its weekday"
    assert found.left_out[date(2026, 2, 1)] == "its counterpart was Spring Festival"
    assert year_before(_days("2026-02-17", 1), "weekday", BERLIN).pairs == {date(2026, 2, 17): date(2025, 2, 18)}


def test_a_holiday_that_fell_into_another_one_has_no_counterpart() -> None:
    """The Mid-Autumn Festival of 2025 lay within the Golden Week."""
    found = year_before(_days("2026-09-25", 12), "weekday", SHANGHAI)
    assert found.left_out[date(2026, 9, 25)] == "its counterpart was Golden Week"
    assert found.pairs[date(2026, 10, 6)] == date(2025, 10, 6)


def test_a_holiday_beyond_the_file_has_no_counterpart() -> None:
    found = year_before([date(2020, 1, 25)], "weekday", SHANGHAI)
    assert found.left_out == {date(2020, 1, 25): "holidays.toml has no Spring Festival of the year before"}


def test_given_weeks_are_paired_by_weekday_and_shorter_spans_in_their_order() -> None:
    by_weekday = given_days(_days("2026-11-02", 7), _days("2026-06-03", 8), "weekday")
    assert by_weekday.pairs[date(2026, 11, 2)] == date(2026, 6, 8)
    assert by_weekday.pairs[date(2026, 11, 4)] == date(2026, 6, 3)
    in_order = given_days(_days("2026-11-02", 7), _days("2026-06-03", 8), "date")
    assert in_order.pairs[date(2026, 11, 2)] == date(2026, 6, 3)
    assert given_days(_days("2026-11-02", 1), _days("2026-06-03", 1), "weekday").pairs == {date(2026, 11, 2): date(2026, 6, 3)}


def test_weeks_before_are_of_the_same_weekday_without_holidays() -> None:
    thursdays = [date(2026, 10, 15), date(2026, 10, 16)]
    assert weeks_before(thursdays, 1, SHANGHAI).pairs == {day: day - timedelta(days=7) for day in thursdays}
    assert weeks_before(thursdays, 2, SHANGHAI).left_out == {
        date(2026, 10, 15): "its counterpart was Golden Week", date(2026, 10, 16): "its counterpart was Golden Week",
    }  # fmt: skip
    assert weeks_before(thursdays, 2, BERLIN).left_out == {}
