"""The reckoning of the usual course: the middle of the same weekdays of eight weeks, at the same hour."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from simulators.chain.chain import Chain
from simulators.chain.run import Simulated
from simulators.chain.truth import Passing, Truth, Unobserved
from simulators.numbers.comparison import Comparing
from simulators.numbers.reckon import Reckoning
from simulators.numbers.table import Asked

DAY = date(2026, 11, 10)
BERLIN = ZoneInfo("Europe/Berlin")


def at_ms(weeks_before: int, hour: int) -> int:
    day = DAY - timedelta(days=7 * weeks_before)
    return round(datetime(day.year, day.month, day.day, hour, 30, tzinfo=BERLIN).timestamp() * 1000)


def passing(weeks_before: int, people: int) -> Passing:
    return Passing("berlin-mitte", "main", at_ms(weeks_before, 11), people, 0, True)


def usual(passings: list[Passing], unobserved: list[Unobserved]) -> dict[str, float | None]:
    asked = Asked(id="q", question="traffic", measures=("in",), by=("store",), interval="1h", compare="usual", first=DAY, last=DAY,
                  stores=("berlin-mitte",))  # fmt: skip
    reckoning = Reckoning(Simulated(Chain(1, 10), Truth(passings=passings, unobserved=unobserved), 0, 0, 0))
    return dict(Comparing(reckoning).replied(asked).cells[("store", "berlin-mitte"), ("time", "2026-11-10T11:00")])


def test_a_value_stands_beside_the_middle_of_eight_weeks_though_clocks_changed() -> None:
    found = usual([passing(0, 9), *(passing(week, week) for week in range(1, 10))], [])
    assert found == {"in": 9, "in_before": 4.5, "in_low": 2.75, "in_high": 6.25, "in_change": 4.5, "in_ratio": 1}


@pytest.mark.parametrize(("weeks", "median"), [(4, 2.5), (5, None)])
def test_fewer_than_four_known_weeks_have_no_middle(weeks: int, median: float | None) -> None:
    hour_ms = 3_600_000
    missed = [
        Unobserved("berlin-mitte", "berlin-mitte-b", "doors", at_ms(week, 11) - hour_ms // 2, at_ms(week, 11) + hour_ms // 2)
        for week in range(9 - weeks, 9)
    ]
    assert usual([passing(week, week) for week in range(9 - weeks)], missed)["in_before"] == median
