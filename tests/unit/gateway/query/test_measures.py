"""Measures: sums add up over any cut, gauges do not, and nothing is divided by nothing."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.units import NS_PER_HOUR as HOUR_NS
from footfall.units import NS_PER_MINUTE as MINUTE_NS
from gateway.points import SCHEMA
from gateway.query import measures
from gateway.query.figures import FIGURES, HISTOGRAM
from gateway.query.measures import Answer
from gateway.query.show import figure
from gateway.query.spans import INTERVALS, edges
from gateway.sinks.reader import columns_of
from gateway.sinks.table import Builder, PointTable

BERLIN = ZoneInfo("Europe/Berlin")
SATURDAY = 1_792_792_800 * 10**9
"""2026-10-24T00:00 in Berlin; the next day has 25 hours."""
TWO_DAYS = 49 * HOUR_NS


def table(measurement: str, rows: list[tuple[Any, ...]]) -> PointTable:
    builder = Builder(measurement, columns_of(SCHEMA[measurement]))
    builder.add(rows)
    return builder.table()


def minute(at: int, **values: float) -> tuple[Any, ...]:
    names = SCHEMA["traffic"].fields
    return (SATURDAY + at * MINUTE_NS, "s1", *(values.get("in_" if name == "in" else name, 0) for name in names))


def visit(at_ns: int, *, known: bool = False, is_staff: bool = False, open_: bool = False, seconds: float = 60.0) -> tuple[Any, ...]:
    fan = "f1" if known else ""
    return (SATURDAY + at_ns, "a1", "s1", f"{at_ns:016x}", fan, known, is_staff, open_, (SATURDAY + at_ns) // 10**6, seconds, 1, 0, 0, 0.0,
            False, "")  # fmt: skip


def records(answer: Answer) -> list[dict[str, Any]]:
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def totals(answer: Answer) -> dict[str, Any]:
    (row,) = answer.totals
    return dict(zip(answer.columns, row, strict=True))


def hours(n: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return edges(SATURDAY, SATURDAY + n * HOUR_NS, HOUR_NS, BERLIN)


def test_traffic_by_hand() -> None:
    rows = [
        minute(5, in_=4, out=1, occupancy=3, visits_started=2),
        minute(50, in_=4, occupancy=7, transactions=2, transactions_known=1, revenue=12.5, touches=2, visits_closed=2, dwell_sum_s=90.0),
        minute(70, out=7, occupancy=0, drift=1, visits_closed=2, dwell_sum_s=30.0),
    ]
    visits = [visit(1, known=True), visit(2), visit(3, is_staff=True)]
    answer = measures.traffic("s1", table("traffic", rows), table("visit", visits), hours(3), BERLIN)
    first, second, third = records(answer)
    assert first == {
        "store": "s1", "time": "2026-10-24T00:00+02:00", "in": 8, "out": 1, "occupancy_last": 7, "occupancy_max": 7, "drift_last": 0,
        "visits_started": 2, "visits_closed": 2, "dwell_sum_s": 90.0, "mean_dwell_s": 45.0, "transactions": 2, "transactions_known": 1,
        "returns": 0, "revenue": 12.5, "touches": 2, "conversion": 0.25, "visits": 2, "visits_known": 1, "anonymous_visits": 0.5,
        "anonymous_transactions": 0.5,
    }  # fmt: skip
    assert (second["occupancy_last"], second["drift_last"], second["conversion"], second["mean_dwell_s"]) == (0, 1, None, 15.0)
    assert (third["in"], third["occupancy_last"], third["anonymous_visits"], third["mean_dwell_s"]) == (0, None, None, None)
    whole = totals(answer)
    assert (whole["time"], whole["in"], whole["out"], whole["occupancy_last"], whole["occupancy_max"]) == (None, 8, 8, 0, 7)
    assert (whole["conversion"], whole["mean_dwell_s"]) == (0.25, 30.0)


def test_a_point_on_an_edge_belongs_to_the_interval_it_begins() -> None:
    rows = [minute(0, in_=1), minute(60, in_=2), minute(120, in_=4)]
    answer = measures.traffic("s1", table("traffic", rows), table("visit", []), hours(2), BERLIN)
    assert [row["in"] for row in records(answer)] == [1, 2]
    assert totals(answer)["in"] == 3


SUMS = ("in", "out", "visits_started", "visits_closed", "dwell_sum_s", "transactions", "transactions_known", "returns", "touches", "visits",
        "visits_known")  # fmt: skip


@given(
    st.lists(st.tuples(st.integers(0, 49 * 60 - 1), st.integers(0, 50), st.integers(0, 2**40)), max_size=60, unique_by=lambda row: row[0]),
    st.lists(st.tuples(st.integers(0, TWO_DAYS - 1), st.booleans()), max_size=40, unique_by=lambda row: row[0]),
    st.sampled_from(sorted(set(INTERVALS) - {"1m"})),
    st.sampled_from(("Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe")),
)
def test_the_sum_over_any_partition_is_the_total(
    minutes: list[tuple[int, int, int]], visits: list[tuple[int, bool]], interval: str, zone_name: str
) -> None:
    zone = ZoneInfo(zone_name)
    rows = [minute(at, in_=n, out=n // 2, visits_closed=n, dwell_sum_s=float(big), transactions=n // 3) for at, n, big in minutes]
    cut = edges(SATURDAY, SATURDAY + TWO_DAYS, INTERVALS[interval], zone)
    known = [visit(at, known=is_known) for at, is_known in visits]
    answer = measures.traffic("s1", table("traffic", rows), table("visit", known), cut, zone)
    whole = totals(answer)
    for name in SUMS:
        assert sum(row[name] for row in records(answer)) == whole[name], name
    assert whole["in"] == sum(n for _, n, _ in minutes)
    assert whole["visits"] == len(visits)
    assert whole["occupancy_max"] == max((row["occupancy_max"] or 0 for row in records(answer)), default=0) or not minutes


def test_integers_stay_exact_beyond_a_double() -> None:
    rows = [minute(1, in_=2**60 + 1), minute(2, in_=2)]
    assert totals(measures.traffic("s1", table("traffic", rows), table("visit", []), hours(1), BERLIN))["in"] == 2**60 + 3


def test_zones() -> None:
    rows = [
        (SATURDAY, "s1", "shoes", 3, 1, 2, 1, 10.0, 1),
        (SATURDAY + MINUTE_NS, "s1", "shoes", 1, 2, 5, 0, 50.0, 2),
        (SATURDAY + MINUTE_NS, "s1", "glasses", 1, 0, 1, 0, 0.0, 0),
    ]
    answer = measures.zones("s1", table("zone_traffic", rows), edges(SATURDAY, SATURDAY + HOUR_NS, None, BERLIN), BERLIN)
    glasses, shoes = records(answer)
    assert (glasses["zone"], glasses["entries"], glasses["mean_dwell_s"]) == ("glasses", 1, None)
    assert (shoes["entries"], shoes["exits"], shoes["present_max"], shoes["known_present_max"], shoes["mean_dwell_s"]) == (4, 3, 5, 1, 20.0)
    assert (totals(answer)["entries"], totals(answer)["present_max"], totals(answer)["mean_dwell_s"]) == (5, None, 20.0)


def test_doors_per_interval() -> None:
    rows = [(SATURDAY + h * HOUR_NS, "a1", door, "s1", n, n + 1) for h, door, n in ((0, "side", 1), (0, "main", 2), (1, "main", 3))]
    found = [(row["time"][11:13], row["door"], row["in"], row["out"], row["net"]) for row in records(_doors(rows))]
    assert found == [("00", "main", 2, 3, -1), ("00", "side", 1, 2, -1), ("01", "main", 3, 4, -1)]
    assert totals(_doors(rows))["net"] == -3


def _doors(rows: list[tuple[Any, ...]]) -> Answer:
    return measures.doors("s1", table("door", rows), hours(2), BERLIN)


def test_dwell_leaves_out_who_is_still_there_and_the_staff() -> None:
    rows = [
        (SATURDAY + i, "a1", "s1", "shoes", "", "", seconds, is_staff, is_open, False)
        for i, (seconds, is_staff, is_open) in enumerate([(5.0, 0, 0), (10.0, 0, 0), (600.0, 0, 0), (9000.0, 1, 0), (9000.0, 0, 1)])
    ]
    visits = [visit(1, seconds=4000.0), visit(2, is_staff=True), visit(3, open_=True)]
    shoes, whole = records(measures.dwell("s1", table("dwell", rows), table("visit", visits)))
    assert (shoes["zone"], shoes["count"], shoes["mean_s"], shoes["median_s"], shoes["p90_s"]) == ("shoes", 3, 205.0, 10.0, 482.0)
    assert {name: shoes[name] for name in HISTOGRAM if shoes[name]} == {"n_0_10s": 1, "n_10_30s": 1, "n_600_1200s": 1}
    assert (whole["zone"], whole["count"], whole["n_3600s_up"]) == ("*", 1, 1)


def test_visits_are_listed_by_their_true_start() -> None:
    late = (*visit(5)[:8], SATURDAY // 10**6 - 60_000, *visit(5)[9:])
    found = records(measures.visits(table("visit", [visit(1), late]), BERLIN))
    assert [row["started"] for row in found] == ["2026-10-23T23:59:00+02:00", "2026-10-24T00:00:00+02:00"]


def test_the_length_of_an_open_visit_is_left_out() -> None:
    found = records(measures.visits(table("visit", [visit(1), visit(2, open_=True)]), BERLIN))
    assert [(row["open"], row["seconds"]) for row in found] == [(False, 60.0), (True, None)]


def test_touches_and_gaps() -> None:
    touch = (SATURDAY, "a1", "own_store", "s1", "transaction", "checkout", "00", "f1", "T-1", "s12", "optics", "c7", "[]", "", 12.5, False)
    (row,) = records(measures.touches(table("touch", [touch]), BERLIN))
    assert (row["at"], row["what"], row["fan"], row["amount"]) == ("2026-10-24T00:00:00+02:00", "transaction", "f1", 12.5)
    gap = (SATURDAY, "a1", "s1", SATURDAY, SATURDAY + 90 * 10**9, 41, "spool.full")
    (row,) = records(measures.gaps(table("gap", [gap]), BERLIN))
    assert (row["until"], row["seconds"], row["rows"], row["reason"]) == ("2026-10-24T00:01:30+02:00", 90.0, 41, "spool.full")


@pytest.mark.parametrize("name", ["traffic", "zones", "doors", "dwell", "visits", "touches", "gaps"])
def test_every_column_is_explained(name: str) -> None:
    answers = {
        "traffic": measures.traffic("s1", table("traffic", []), table("visit", []), hours(1), BERLIN),
        "zones": measures.zones("s1", table("zone_traffic", []), hours(1), BERLIN),
        "doors": measures.doors("s1", table("door", []), hours(1), BERLIN),
        "dwell": measures.dwell("s1", table("dwell", []), table("visit", [])),
        "visits": measures.visits(table("visit", []), BERLIN),
        "touches": measures.touches(table("touch", []), BERLIN),
        "gaps": measures.gaps(table("gap", []), BERLIN),
    }
    assert all(figure(column).meaning for column in answers[name].columns)
    assert {column for column in answers[name].columns if column not in FIGURES} <= set(HISTOGRAM)


def test_items_by_hand() -> None:
    def item(at: int, kind: str, zone: str, sku: str, seconds: float) -> tuple[Any, ...]:
        return (SATURDAY + at * MINUTE_NS, "a1", kind, "s1", zone, f"epc-{sku}", sku, "", seconds)

    rows = [
        item(1, "arrived", "shelf", "A", 0), item(2, "arrived", "shelf", "B", 0), item(3, "moved", "fitting", "A", 120),
        item(3, "tried", "fitting", "A", 40), item(61, "tried", "fitting", "A", 60), item(70, "left", "shelf", "", 900),
    ]  # fmt: skip
    by_sku = measures.items("s1", table("item", rows), "sku", hours(2), BERLIN)
    counts = ("arrived", "moved", "tried", "left", "mean_tried_s", "mean_stay_s")
    assert [(row["sku"], *[row[name] for name in counts]) for row in records(by_sku)] == [
        ("A", 1, 1, 1, 0, 40.0, None), ("B", 1, 0, 0, 0, None, None), ("", 0, 0, 0, 1, None, 900.0), ("A", 0, 0, 1, 0, 60.0, None),
    ]  # fmt: skip
    by_zone = measures.items("s1", table("item", rows), "zone", hours(2)[[0, -1]], BERLIN)
    assert [(row["zone"], row["tried"], row["mean_tried_s"]) for row in records(by_zone)] == [("fitting", 2, 50.0), ("shelf", 0, None)]
    assert [totals(by_sku)[name] for name in counts] == [totals(by_zone)[name] for name in counts] == [2, 1, 2, 1, 50.0, 900.0]


def test_baskets_are_shown_as_documented_however_they_were_stored() -> None:
    stored = ['[["A1", 1], ["袜", -2]]', '[{"sku": "A1", "n": 1}]', ""]
    empty = {"float": 0.0, "bool": False}
    rows = []
    for n, text in enumerate(stored):
        values = [text if name == "items" else empty.get(kind, "") for name, kind in SCHEMA["touch"].fields.items()]
        rows.append((SATURDAY + n, "a1", "", "s1", "scan", "", *values))
    answer = measures.touches(table("touch", rows), BERLIN)
    shown = [row[answer.columns.index("items")] for row in answer.rows]
    assert shown == ['[{"sku": "A1", "n": 1}, {"sku": "袜", "n": -2}]', '[{"sku": "A1", "n": 1}]', ""]


def test_visits_of_staff_are_marked_where_people_look() -> None:
    answer = measures.visits(table("visit", [visit(0, is_staff=True), visit(1)]), BERLIN)
    assert [row[answer.columns.index("is_staff")] for row in answer.rows] == [True, False]
    assert not figure("is_staff").wide
