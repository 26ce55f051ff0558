"""Where door counters were down and tills were not, a note names the ratios that this makes too high."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.query.covered import Shares
from gateway.query.measures import measures_of
from gateway.query.reduce import GroupValues
from gateway.query.too_high import too_high_notes

TRAFFIC = measures_of("traffic")
ASKED = [TRAFFIC[name] for name in ("in", "conversion", "mean_dwell_s", "revenue_per_visitor", "basket")]


def values(*numbers: float | None) -> GroupValues:
    return GroupValues(np.array([number or 0 for number in numbers]), np.array([number is not None for number in numbers]))


def notes(doors: GroupValues, in_: GroupValues, transactions: GroupValues, revenue: GroupValues) -> list[str]:
    """The notes of stores whose presence was never observed."""
    nothing = values(*[0.0] * len(doors.numbers))
    base = {"in": in_, "transactions": transactions, "revenue": revenue, "dwell_sum_s": in_, "visits_closed": in_}
    return too_high_notes(ASKED, TRAFFIC, base, Shares(in_, doors, {"doors": doors, "presence": nothing}, {}))


def test_ratios_of_sales_to_people_are_too_high_where_people_were_not_observed() -> None:
    found = notes(doors=values(1.0, 0.5, 0.0), in_=values(100, 50, None), transactions=values(10, 10, 10), revenue=values(90.0, 90.0, 0.0))
    assert found == [
        "observed: doors in under 90 % of open minutes in 2 of 3 stores; sales count in all minutes,"
        " so too high: conversion, revenue_per_visitor"
    ]


@pytest.mark.parametrize(
    ("doors", "people", "sales"),
    [
        (values(0.9, 1.0), values(100, 50), values(10, 10)),
        (values(0.5, 1.0), values(100, 50), values(0, 10)),
        (values(None, 1.0), values(100, 50), values(10, 10)),
        (values(0.0, 0.0), values(None, None), values(10, 10)),
    ],
    ids=["enough was observed", "nothing was sold meanwhile", "an earlier release stored no coverage", "there is no ratio"],
)
def test_other_ratios_have_no_note(doors: GroupValues, people: GroupValues, sales: GroupValues) -> None:
    assert notes(doors, people, sales, sales) == []
