"""The reckoning of comparisons, on a truth of a few events: the same minutes of comparable stores."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from simulators.chain.chain import Chain
from simulators.chain.run import Simulated
from simulators.chain.truth import Passing, Touch, Truth, Unobserved
from simulators.numbers.answers import Replied
from simulators.numbers.comparison import Comparing
from simulators.numbers.days import other_day
from simulators.numbers.past import past_chains, with_past
from simulators.numbers.reckon import Reckoning
from simulators.numbers.table import Asked

CHAIN = Chain(3, 2)
FIRST = date(2026, 10, 26)
"""The second week, in which Berlin has other hours from UTC than in the first."""


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def passing(at: str, people: int, store: str = "berlin-mitte") -> Passing:
    return Passing(store, "main", ms(at), people, 0, True)


def missed(from_: str, hours: float) -> Unobserved:
    return Unobserved("berlin-mitte", "berlin-mitte-b", "doors", ms(from_), ms(from_) + round(hours * 3_600_000))


def sale(at: str, amount: float) -> Touch:
    return Touch("berlin-mitte", ms(at), "transaction", "checkout", "", "", "s", "shoes", "own_store", "", (), amount, at, False)


def compared(asked: dict[str, Any], **facts: Any) -> tuple[Replied, set[str]]:
    days = {"first": FIRST, "last": FIRST + timedelta(days=6), "compare": "previous", "stores": ("berlin-mitte",), "measures": ("in",)}
    question = Asked(id="q", question="traffic", by=("store",), **(days | asked))
    comparing = Comparing(Reckoning(Simulated(CHAIN, Truth(**facts), 0, 0, 0)))
    return comparing.replied(question), comparing.comparable(question)


PEOPLE = [passing("2026-10-20T11:30:00+02:00", 4), passing("2026-10-27T11:30:00+01:00", 6), passing("2026-10-27T12:30:00+01:00", 5)]


def test_the_same_wall_time_is_compared_though_the_clocks_have_changed() -> None:
    found, _ = compared({"interval": "1d"}, passings=PEOPLE)
    values = found.cells[("store", "berlin-mitte"), ("time", "2026-10-27")]
    assert values == {"in": 11, "in_before": 4, "in_change": 7, "in_ratio": 1.75}
    assert found.totals[()] == found.totals[("store", "berlin-mitte"),] == values


def test_a_minute_that_one_side_missed_is_left_out_on_both() -> None:
    found, _ = compared({}, passings=PEOPLE, unobserved=[missed("2026-10-27T11:00:00+01:00", 1)])
    assert found.totals[()] == {"in": 5, "in_before": 0, "in_change": 5, "in_ratio": None}


@pytest.mark.parametrize(("hours", "stores"), [(6.9, {"berlin-mitte"}), (7.2, set())])
def test_a_store_is_comparable_that_was_observed_in_nine_tenths_of_its_open_minutes(hours: float, stores: set[str]) -> None:
    day = 24 * 7.0 if hours > 7 else 0.0
    _, comparable = compared(
        {}, passings=PEOPLE, unobserved=[missed("2026-10-20T11:00:00+02:00", hours), missed("2026-10-27T10:00:00+01:00", day)]
    )
    assert comparable == stores


def test_a_change_of_revenue_is_taken_apart_without_a_remainder() -> None:
    sales = [sale("2026-10-20T11:30:00+02:00", 50), sale("2026-10-27T11:30:00+01:00", 30), sale("2026-10-27T11:31:00+01:00", 60)]
    found, _ = compared({"measures": ("in", "transactions", "revenue")}, passings=PEOPLE, touches=sales)
    total = found.totals[()]
    parts = [total[f"revenue_from_{name}"] for name in ("traffic", "conversion", "basket")]
    assert sum(parts) == pytest.approx(total["revenue_change"]) == 40
    assert parts[2] < 0 < parts[0]


def test_a_store_is_compared_with_the_mean_of_the_others_of_its_path_minute_by_minute() -> None:
    """Sanya and Mumbai are both in asia, so each is the other's group; Berlin is alone in europe, and has both, where they are open."""
    at = "2026-10-27T18:30:00"
    people = [passing(f"{at}+01:00", 6), passing(f"{at}+08:00", 4, "sanya-bay"), passing(f"{at}+05:30", 8, "mumbai-fort")]
    late = passing("2026-10-27T22:30:00+05:30", 5, "mumbai-fort")
    question: dict[str, Any] = {"compare": "group", "stores": ()}
    found, stores = compared(question, passings=[*people, late])
    assert stores == {"berlin-mitte", "sanya-bay", "mumbai-fort"}
    sides = {dict(key)["store"]: (values["in"], values["in_before"]) for key, values in found.cells.items()}
    assert sides == {"berlin-mitte": (6, 6.0), "sanya-bay": (4, 8), "mumbai-fort": (8, 4)}
    assert found.totals[()] == {"in": 18, "in_before": None, "in_change": None, "in_ratio": None}


def test_a_day_is_compared_with_that_of_a_year_before_and_holidays_with_themselves() -> None:
    china, days = ZoneInfo("Asia/Shanghai"), [date(2026, 9, 25), date(2026, 9, 29), date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 8)]
    asked = Asked(id="q", question="traffic", compare="year", first=days[0], last=days[-1])
    assert [other_day(asked, day, china) for day in days] == [None, date(2025, 9, 30), None, date(2025, 10, 1), date(2025, 10, 9)]
    assert [other_day(asked, day, ZoneInfo("Europe/Berlin")) for day in days] == [day - timedelta(days=364) for day in days]
    by_date = asked.model_copy(update={"align": "date"})
    assert [other_day(by_date, day, china) for day in days] == [day.replace(year=2025) for day in days]


def test_earlier_weeks_are_open_and_observed_as_they_were() -> None:
    past = past_chains(CHAIN, small=True)
    assert [(chain.first_day, [store.name for store in chain.stores]) for chain in past] == [
        (date(2025, 9, 29), ["sanya-bay"]), (date(2026, 9, 28), ["sanya-bay"])
    ]  # fmt: skip
    people = [passing(f"{day}T12:00:00+08:00", n, "sanya-bay") for day, n in (("2025-10-02", 4), ("2026-10-02", 6), ("2025-10-01", 90))]
    question = Asked(id="q", question="traffic", by=("store",), measures=("in",), compare="year", stores=("sanya-bay",),
                     first=date(2026, 9, 30), last=date(2026, 10, 2))  # fmt: skip
    merged = with_past(
        Simulated(CHAIN, Truth(passings=people[1:2]), 0, 0, 0), [Simulated(past[0], Truth(passings=[people[0], people[2]]), 0, 0, 0)]
    )
    found = Comparing(Reckoning(merged, past)).replied(question)
    assert found.totals[()] == {"in": 6, "in_before": 94, "in_change": -88, "in_ratio": -88 / 94}
    assert not Comparing(Reckoning(merged)).comparable(question), "nobody was there yet"
