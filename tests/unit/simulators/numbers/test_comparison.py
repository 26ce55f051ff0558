"""The reckoning of comparisons, on a truth of a few events: the same minutes of comparable stores."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from simulators.chain.chain import Chain
from simulators.chain.run import Simulated
from simulators.chain.truth import Passing, Touch, Truth, Unobserved
from simulators.numbers.answers import Replied
from simulators.numbers.comparison import Comparing
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
