"""Opening hours are read out of the text in which the databases have them."""

from __future__ import annotations

import pytest

from gateway.query.open_hours import NOT_STATED, minute_tables, open_hours
from gateway.site.hours import WEEKDAYS


def test_hours_of_every_day() -> None:
    found = open_hours("10:00-20:30")
    assert found.is_stated
    assert found.week == ((600, 1230),) * 7


def test_hours_by_weekday() -> None:
    text = "; ".join(f"{day} {'closed' if day == 'sun' else '09:00-18:00'}" for day in WEEKDAYS)
    assert open_hours(text).week == (*((540, 1080),) * 6, None)


@pytest.mark.parametrize(("text", "span"), [("18:00-02:00", (1080, 1560)), ("00:00-24:00", (0, 1440)), ("10:00-10:00", (600, 2040))])
def test_an_end_at_or_before_the_begin_is_on_the_next_day(text: str, span: tuple[int, int]) -> None:
    assert open_hours(text).week == (span,) * 7


@pytest.mark.parametrize("text", ["", "open", "mon 10:00-20:00", "mon 10:00-20:00; tue whenever"])
def test_a_store_that_states_no_hours_is_open_all_day_and_known_as_such(text: str) -> None:
    assert open_hours(text) == NOT_STATED
    assert not NOT_STATED.is_stated
    assert minute_tables(NOT_STATED)[0].all()


def test_minutes_after_midnight_belong_to_the_evening_before() -> None:
    own, since_yesterday = minute_tables(open_hours("; ".join(f"{day} {'18:00-02:00' if day == 'sun' else 'closed'}" for day in WEEKDAYS)))
    assert (int(own.sum()), int(own[6].sum())) == (360, 360)
    assert (int(since_yesterday.sum()), int(since_yesterday[0, :120].sum())) == (120, 120)
