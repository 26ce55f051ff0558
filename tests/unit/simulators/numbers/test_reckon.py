"""The reckoning of right answers, on a truth of a few events whose sums stand here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from simulators.chain.chain import Chain
from simulators.chain.run import Simulated
from simulators.chain.truth import Dwell, Passing, Touch, Truth, Unobserved, Visit
from simulators.numbers.reckon import Reckoning
from simulators.numbers.table import Asked

CHAIN = Chain(3, 1)
BERLIN, SANYA, MUMBAI = CHAIN.stores


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def sale(store: str, at: str, amount: float, fan: str = "", what: str = "transaction", void: bool = False) -> Touch:
    return Touch(store, ms(at), what, "checkout", fan, "", "s1", "shoes", "own_store", "", (("a", 2),), amount, at, void)


def reckoning(**facts: Any) -> Reckoning:
    return Reckoning(Simulated(CHAIN, Truth(**facts), 0, 0, 0))


def answer(found: Reckoning, **asked: Any) -> dict[Any, Any]:
    days = {"first": date(2026, 10, 19), "last": date(2026, 10, 25)}
    question = Asked(id="q", **(days | asked))
    cells = {tuple(value for _, value in key): dict(values) for key, values in found.replied(question).cells.items()}
    for values in cells.values():
        values.pop("open_minutes", None)
        values.pop("covered", None)
    return {key: values for key, values in cells.items() if any(values.values())}


DOORS = [
    Passing("berlin-mitte", "main", ms("2026-10-24T23:59:59.999+02:00"), 2, 0, True),
    Passing("berlin-mitte", "main", ms("2026-10-25T02:10:00+02:00"), 3, 0, True),
    Passing("berlin-mitte", "side", ms("2026-10-25T02:10:00+01:00"), 4, 0, True),
    Passing("berlin-mitte", "side", ms("2026-10-25T23:10:00+01:00"), 0, 7, False),
    Passing("mumbai-fort", "main", ms("2026-10-25T00:10:00+05:30"), 5, 1, True),
]


def test_hours_that_clocks_show_twice_are_two() -> None:
    found = answer(reckoning(passings=DOORS), question="doors", measures=("in",), by=("store",), interval="1h", stores=("berlin-mitte",))
    assert found == {
        ("berlin-mitte", "2026-10-24T23:00"): {"in": 2},
        ("berlin-mitte", "2026-10-25T02:00+02:00"): {"in": 3},
        ("berlin-mitte", "2026-10-25T02:00+01:00"): {"in": 4},
    }


def test_days_begin_at_midnight_or_with_the_store_and_are_each_stores_own() -> None:
    midnight, store = (
        answer(reckoning(passings=DOORS), question="doors", measures=("in", "net"), by=("chain",), interval="1d", day=day)
        for day in ("midnight", "store")
    )
    assert midnight == {("all stores", "2026-10-24"): {"in": 2, "net": 2}, ("all stores", "2026-10-25"): {"in": 12, "net": 11}}
    assert store == {("all stores", "2026-10-24"): {"in": 14, "net": 13}}


def test_a_path_is_that_of_the_day() -> None:
    moves = [Passing("mumbai-fort", "main", ms(f"2026-10-{day}T15:00:00+05:30"), day, 0, True) for day in (21, 22)]
    found = answer(reckoning(passings=moves), question="doors", measures=("in",), by=("path",))
    assert found == {("asia/maharashtra",): {"in": 21}, ("asia/mumbai",): {"in": 22}}
    assert answer(reckoning(passings=moves), question="doors", measures=("in",), by=("path:1",)) == {("asia",): {"in": 43}}


def test_money_is_added_first_and_divided_last() -> None:
    touches = [
        sale("sanya-bay", "2026-10-20T11:00:00+08:00", 10.25, "f1"),
        sale("sanya-bay", "2026-10-21T11:00:00+08:00", 20.5),
        sale("sanya-bay", "2026-10-21T12:00:00+08:00", 5.5, what="return"),
        sale("sanya-bay", "2026-10-21T12:00:00+08:00", 99, void=True),
    ]
    passing = Passing("sanya-bay", "main", ms("2026-10-20T11:00:00+08:00"), 8, 0, True)
    found = answer(reckoning(touches=touches, passings=[passing]), question="traffic", by=("store",))["sanya-bay",]
    asked = ("transactions", "revenue", "basket", "conversion", "revenue_per_visitor", "returns", "touches", "anonymous_transactions")
    assert [found[name] for name in asked] == [2, 25.25, 12.625, 0.25, 3.15625, 1, 3, 0.5]
    assert found["mean_dwell_s"] is None
    by = answer(reckoning(touches=touches), question="sales", measures=("sold", "given_back", "items_sold"), by=("staff", "what"))
    assert by == {
        ("s1", "transaction"): {"sold": 30.75, "given_back": 0, "items_sold": 4},
        ("s1", "return"): {"sold": 0, "given_back": 5.5, "items_sold": 0},
    }


def test_what_is_of_several_campaigns_counts_for_each_and_once_in_totals() -> None:
    both = sale("sanya-bay", "2026-10-21T11:00:00+08:00", 20.5)._replace(campaign="b", campaigns=("b", "a"))
    one = sale("sanya-bay", "2026-10-21T12:00:00+08:00", 10)._replace(campaign="b")
    found = reckoning(touches=[both, one, sale("sanya-bay", "2026-10-21T13:00:00+08:00", 1)])
    assert answer(found, question="sales", measures=("sold",), by=("campaign",)) == {
        ("",): {"sold": 1}, ("a",): {"sold": 20.5}, ("b",): {"sold": 30.5},
    }  # fmt: skip
    asked = Asked(id="q", question="sales", measures=("sold",), by=("campaign",), first=date(2026, 10, 19), last=date(2026, 10, 25))
    assert found.replied(asked).totals == {(): {"sold": 31.5}}
    shared = answer(found, question="outcome", kind="campaign", by=("campaign",), measures=("orders", "contribution_equal"))
    assert shared == {
        ("",): {"orders": 1, "contribution_equal": 1}, ("a",): {"orders": 0, "contribution_equal": 10.25},
        ("b",): {"orders": 2, "contribution_equal": 20.25},
    }  # fmt: skip


def test_what_was_lent_and_comes_back_is_no_return_of_goods() -> None:
    back = sale("sanya-bay", "2026-10-21T11:00:00+08:00", 0, what="handback")._replace(items=())
    found = answer(reckoning(touches=[back]), question="sales", measures=("touches", "returns"), by=("what",))
    assert found == {("handback",): {"touches": 1, "returns": 0}}


def test_a_visit_is_counted_where_it_begins_and_where_it_ends() -> None:
    from_ms, to_ms = ms("2026-10-20T11:59:00.500+02:00"), ms("2026-10-20T12:00:31+02:00")
    visits = [Visit("berlin-mitte", 1, "f", False, from_ms, to_ms, 1), Visit("berlin-mitte", 2, "", True, from_ms, to_ms, 1)]
    asked = ("visits_started", "visits_known", "visits_closed", "dwell_sum_s", "mean_dwell_s", "anonymous_visits")
    found = answer(reckoning(visits=visits), question="traffic", measures=asked, by=("hour",))
    assert found["11",] == dict(zip(asked, (1, 1, 0, 0, None, 0), strict=True))
    assert found["12",] == dict(zip(asked, (0, 0, 1, 90.5, 90.5, None), strict=True))


def test_quantiles_are_of_the_lengths_of_stays_themselves_without_passes() -> None:
    begun = ms("2026-10-20T11:00:00+02:00")
    dwells = [Dwell("berlin-mitte", "shoes", n, "", n == 90, begun, begun + 1000 * n) for n in (9, 10, 20, 30, 40, 90)]
    visits = [Visit("berlin-mitte", 4, "", False, begun, begun + 7000, 1)]
    shoes = {"count": 4, "sum_s": 100, "mean_s": 25, "median_s": 25, "p90_s": pytest.approx(37)}
    whole = {"count": 1, "sum_s": 7, "mean_s": 7, "median_s": 7, "p90_s": 7}
    found = reckoning(dwells=dwells, visits=visits)
    assert answer(found, question="dwell", by=("zone",)) == {("shoes",): shoes, ("*",): whole}
    assert answer(found, question="dwell", by=("store",)) == {("berlin-mitte",): whole}


def test_occupancy_is_read_where_something_happened_and_begins_anew_with_the_day() -> None:
    passings = [
        Passing("berlin-mitte", "main", ms(f"2026-10-20T{at}:00+02:00"), entered, left, True)
        for at, entered, left in (("10:00", 5, 0), ("10:30", 0, 2), ("11:00", 0, 4))
    ]
    found = answer(
        reckoning(passings=passings), question="traffic", measures=("occupancy_last", "occupancy_max", "drift_last"), by=("store",),
        interval="1h", stores=("berlin-mitte",), first=date(2026, 10, 20), last=date(2026, 10, 20),
    )  # fmt: skip
    assert list(found["berlin-mitte", "2026-10-20T10:00"].values()) == [3, 5, 0]
    assert list(found["berlin-mitte", "2026-10-20T11:00"].values()) == [0, 0, 1]
    assert ("berlin-mitte", "2026-10-20T12:00") not in found


def test_open_minutes_are_observed_if_all_boxes_of_the_task_were_there() -> None:
    missed = Unobserved("sanya-bay", "sanya-bay-c", "doors", ms("2026-10-19T10:59:30+08:00"), ms("2026-10-19T11:10:00+08:00"))
    found = reckoning(unobserved=[missed])
    asked = Asked(id="q", question="traffic", by=("store",), first=date(2026, 10, 19), last=date(2026, 10, 19), stores=("sanya-bay",))
    (cell,) = found.cells(asked).values()
    assert cell.minutes == {"open": 720, "doors": 709, "presence": 720, "doors at any time": 1429, "presence at any time": 1440}
    (values,) = found.replied(asked).cells.values()
    assert (values["open_minutes"], values["covered"]) == (720, 709 / 720)


def test_nothing_is_not_measured_in_hours_without_a_minute_that_was_observed_closed_ones_too() -> None:
    dead = Unobserved("sanya-bay", "sanya-bay-b", "doors", ms("2026-10-19T01:00:00+08:00"), ms("2026-10-19T03:00:00+08:00"))
    late = Passing("sanya-bay", "main", ms("2026-10-19T01:20:00+08:00"), 0, 3, True)
    asked = Asked(id="q", question="traffic", measures=("in", "out"), by=("store",), interval="1h", stores=("sanya-bay",),
                  first=date(2026, 10, 19), last=date(2026, 10, 19))  # fmt: skip
    cells = reckoning(unobserved=[dead], passings=[late]).replied(asked).cells
    by_hour = {dict(key)["time"][11:]: (values["in"], values["out"]) for key, values in cells.items()}
    assert [by_hour.get(f"{hour:02}:00") for hour in range(4)] == [(0, 0), (None, 3), (None, None), (0, 0)]


def test_sales_and_people_are_divided_in_hours_in_which_people_were_counted() -> None:
    dead = Unobserved("sanya-bay", "sanya-bay-b", "doors", ms("2026-10-19T12:00:00+08:00"), ms("2026-10-19T13:07:00+08:00"))
    short = Unobserved("sanya-bay", "sanya-bay-b", "doors", ms("2026-10-19T14:00:00+08:00"), ms("2026-10-19T14:06:00+08:00"))
    hours = (11, 12, 13, 14)
    people = [Passing("sanya-bay", "main", ms(f"2026-10-19T{hour}:30:00+08:00"), 10, 0, hour != 12) for hour in hours]
    sales = [sale("sanya-bay", f"2026-10-19T{hour}:40:00+08:00", 30.0) for hour in hours]
    found = answer(reckoning(unobserved=[dead, short], passings=people, touches=sales), question="traffic", by=("store",),
                   measures=("in", "transactions", "conversion", "revenue_per_visitor"))  # fmt: skip
    assert found[("sanya-bay",)] == {"in": 30, "transactions": 4, "conversion": 2 / 20, "revenue_per_visitor": 60 / 20}


def test_what_nobody_could_see_is_not_zero() -> None:
    missed = Unobserved("sanya-bay", "sanya-bay-c", "doors", ms("2026-10-19T10:00:00+08:00"), ms("2026-10-19T12:00:00+08:00"))
    touches = [sale("sanya-bay", "2026-10-19T11:00:00+08:00", 10)]
    asked = Asked(id="q", question="traffic", by=("hour",), first=date(2026, 10, 19), last=date(2026, 10, 19), stores=("sanya-bay",))
    cells = reckoning(unobserved=[missed], touches=touches).replied(asked).cells
    names = ("covered", "in", "visits", "conversion", "revenue", "basket")
    assert [cells[("hour", "11"),][name] for name in names] == [0, None, 0, None, 10, 10]
    assert [cells[("hour", "12"),][name] for name in names] == [1, 0, 0, None, 0, None]


def test_totals_are_of_all_and_of_each_store_where_stores_are_asked_for() -> None:
    found = reckoning(passings=DOORS)
    asked = Asked(
        id="q", question="doors", measures=("in",), by=("store",), interval="1d", first=date(2026, 10, 19), last=date(2026, 10, 25)
    )
    totals = {key: values["in"] for key, values in found.replied(asked).totals.items()}
    assert totals == {(): 14, (("store", "berlin-mitte"),): 9, (("store", "mumbai-fort"),): 5, (("store", "sanya-bay"),): 0}
