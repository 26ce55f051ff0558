"""Opening hours of `site.toml`: by weekday or every day, as one text, and what no hours can be."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.site import Site
from gateway.site.hours import CLOSES, OPENS, by_weekday, hours_text

WEEK = "mon {0}; tue {0}; wed {0}; thu {0}; fri {0}; sat {1}; sun {2}"


def refusal(**store: Any) -> str:
    with pytest.raises(ValidationError) as error:
        Site.model_validate({"brand": "b", "stores": [{"name": "s"} | store]})
    return str(error.value)


def test_a_range_of_weekdays_stands_for_each_of_them() -> None:
    found = by_weekday({"sun": "closed", "mon-fri": "10:00-20:00", "sat": "09:30-02:00"})
    assert found == {**dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "10:00-20:00"), "sat": "09:30-02:00", "sun": "closed"}


@pytest.mark.parametrize(
    ("opens", "closes", "days", "text"),
    [
        (OPENS, CLOSES, {}, ""),
        (time(10), time(20), {}, "10:00-20:00"),
        (time(18), time(2), {}, "18:00-02:00"),
        (time(10), CLOSES, {}, "10:00-24:00"),
        (OPENS, time(22), {}, "00:00-22:00"),
        (OPENS, CLOSES, {"mon-fri": "10:00-20:00", "sat": "09:00-24:00", "sun": "closed"},
         WEEK.format("10:00-20:00", "09:00-24:00", "closed")),
        (time(8), time(9), {"sun": "closed"}, WEEK.format("08:00-09:00", "08:00-09:00", "closed")),
    ],
)  # fmt: skip
def test_hours_are_one_text(opens: time, closes: time, days: dict[str, str], text: str) -> None:
    stated = by_weekday(days)
    assert isinstance(stated, dict)
    assert hours_text(opens, closes, stated) == text


@pytest.mark.parametrize(
    ("hours", "message"),
    [
        ("10-20", "must be a table of weekdays, such as hours = { mon-sat"),
        ({"mon-sun": "10-20"}, "mon-sun has '10-20': write hours as \"10:00-20:00\""),
        ({"mon-sun": "25:00-26:00"}, "write hours as"),
        ({"mon-sun": "10:00-24:30"}, "until 24:00 at most"),
        ({"mon-sun": "10:00 - 20:00"}, "write hours as"),
        ({"mon-sun": 10}, "mon-sun has 10: write hours as"),
        ({"monday": "closed"}, "'monday' is no weekday: write mon, tue"),
        ({"mon-": "closed"}, "'mon-' is no weekday"),
        ({"sat-mon": "closed"}, "'sat-mon' ends before it begins: the week begins with mon; write two entries"),
        ({"mon-sun": "closed", "wed": "10:00-20:00"}, "wed is named twice"),
        ({"mon-sat": "10:00-20:00"}, 'hours leaves out sun: write "closed" or the hours of each, or `opens` and `closes`'),
    ],
)
def test_hours_that_mean_nothing_are_refused_with_what_to_write(hours: Any, message: str) -> None:
    assert message in refusal(hours=hours)
    assert message in refusal(before=[{"until": "2026-03-31", "hours": hours}])


def test_days_that_hours_leave_out_have_the_hours_of_every_day() -> None:
    site = Site.model_validate({"brand": "b", "stores": [{"name": "s", "opens": "10:00", "hours": {"sun": "closed"}}]})
    assert site.stores[0].hours == {"sun": "closed"}
