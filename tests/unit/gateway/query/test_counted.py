"""Counting: sums add up over any cut, gauges do not, and nothing is divided by nothing."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from footfall.units import NS_PER_HOUR as HOUR_NS
from footfall.units import NS_PER_MINUTE as MINUTE_NS
from gateway.query import counted
from gateway.query.answer import Answer
from gateway.query.figures import HISTOGRAM
from gateway.query.measures import chosen
from gateway.query.spans import INTERVALS, edges
from tests.support.query_rows import BERLIN, SATURDAY, TWO_DAYS, minute, records, table, totals, visit


def hours(n: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return edges(SATURDAY, SATURDAY + n * HOUR_NS, HOUR_NS, BERLIN)


def traffic(rows: list[tuple[Any, ...]], visits: list[tuple[Any, ...]], cut: Any, zone: ZoneInfo) -> Answer:
    return counted.counted(chosen("traffic", ()), "s1", {"traffic": table("traffic", rows), "visit": table("visit", visits)}, cut, zone)


def test_traffic_by_hand() -> None:
    rows = [
        minute(5, in_=4, out=1, occupancy=3, visits_started=2),
        minute(50, in_=4, occupancy=7, transactions=2, transactions_known=1, revenue=12.5, touches=2, visits_closed=2, dwell_sum_s=90.0),
        minute(70, out=7, occupancy=0, drift=1, visits_closed=2, dwell_sum_s=30.0),
    ]
    visits = [visit(1, known=True), visit(2), visit(3, is_staff=True)]
    answer = traffic(rows, visits, hours(3), BERLIN)
    first, second, third = records(answer)
    assert first == {
        "store": "s1", "time": "2026-10-24T00:00+02:00", "in": 8, "out": 1, "occupancy_last": 7, "occupancy_max": 7, "drift_last": 0,
        "visits_started": 2, "visits_closed": 2, "dwell_sum_s": 90.0, "mean_dwell_s": 45.0, "transactions": 2, "transactions_known": 1,
        "returns": 0, "revenue": 12.5, "touches": 2, "conversion": 0.25, "visits": 2, "visits_known": 1, "anonymous_visits": 0.5,
        "anonymous_transactions": 0.5, "basket": 6.25, "revenue_per_visitor": 1.5625,
    }  # fmt: skip
    assert (second["occupancy_last"], second["drift_last"], second["conversion"], second["mean_dwell_s"]) == (0, 1, None, 15.0)
    assert (third["in"], third["occupancy_last"], third["anonymous_visits"], third["mean_dwell_s"]) == (0, None, None, None)
    whole = totals(answer)
    assert (whole["time"], whole["in"], whole["out"], whole["occupancy_last"], whole["occupancy_max"]) == (None, 8, 8, 0, 7)
    assert (whole["conversion"], whole["mean_dwell_s"]) == (0.25, 30.0)


def test_a_point_on_an_edge_belongs_to_the_interval_it_begins() -> None:
    rows = [minute(0, in_=1), minute(60, in_=2), minute(120, in_=4)]
    answer = traffic(rows, [], hours(2), BERLIN)
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
    answer = traffic(rows, known, cut, zone)
    whole = totals(answer)
    for name in SUMS:
        assert sum(row[name] for row in records(answer)) == whole[name], name
    assert whole["in"] == sum(n for _, n, _ in minutes)
    assert whole["visits"] == len(visits)
    assert whole["occupancy_max"] == max((row["occupancy_max"] or 0 for row in records(answer)), default=0) or not minutes


def test_integers_stay_exact_beyond_a_double() -> None:
    rows = [minute(1, in_=2**60 + 1), minute(2, in_=2)]
    assert totals(traffic(rows, [], hours(1), BERLIN))["in"] == 2**60 + 3


def test_zones() -> None:
    rows = [
        (SATURDAY, "s1", "shoes", 3, 1, 2, 1, 10.0, 1),
        (SATURDAY + MINUTE_NS, "s1", "shoes", 1, 2, 5, 0, 50.0, 2),
        (SATURDAY + MINUTE_NS, "s1", "glasses", 1, 0, 1, 0, 0.0, 0),
    ]
    answer = counted.counted(
        chosen("zones", ()),
        "s1",
        {"zone_traffic": table("zone_traffic", rows)},
        edges(SATURDAY, SATURDAY + HOUR_NS, None, BERLIN),
        BERLIN,
        "zone",
    )
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
    return counted.counted(chosen("doors", ()), "s1", {"door": table("door", rows)}, hours(2), BERLIN, "door")


def test_dwell_leaves_out_who_is_still_there_and_the_staff() -> None:
    rows = [
        (SATURDAY + i, "a1", "s1", "shoes", "", "", seconds, is_staff, is_open, False)
        for i, (seconds, is_staff, is_open) in enumerate([(5.0, 0, 0), (10.0, 0, 0), (600.0, 0, 0), (9000.0, 1, 0), (9000.0, 0, 1)])
    ]
    visits = [visit(1, seconds=4000.0), visit(2, is_staff=True), visit(3, open_=True)]
    shoes, whole = records(counted.dwell(chosen("dwell", ()), "s1", table("dwell", rows), table("visit", visits)))
    assert (shoes["zone"], shoes["count"], shoes["mean_s"], shoes["median_s"], shoes["p90_s"]) == ("shoes", 3, 205.0, 10.0, 482.0)
    assert {name: shoes[name] for name in HISTOGRAM if shoes[name]} == {"n_0_10s": 1, "n_10_30s": 1, "n_600_1200s": 1}
    assert (whole["zone"], whole["count"], whole["n_3600s_up"]) == ("*", 1, 1)


def test_items_by_hand() -> None:
    def item(at: int, kind: str, zone: str, sku: str, seconds: float) -> tuple[Any, ...]:
        return (SATURDAY + at * MINUTE_NS, "a1", kind, "s1", zone, f"epc-{sku}", sku, "", seconds)

    rows = [
        item(1, "arrived", "shelf", "A", 0), item(2, "arrived", "shelf", "B", 0), item(3, "moved", "fitting", "A", 120),
        item(3, "tried", "fitting", "A", 40), item(61, "tried", "fitting", "A", 60), item(70, "left", "shelf", "", 900),
    ]  # fmt: skip
    by_sku = counted.counted(chosen("items", ()), "s1", {"item": table("item", rows)}, hours(2), BERLIN, "sku")
    counts = ("arrived", "moved", "tried", "left", "mean_tried_s", "mean_stay_s")
    assert [(row["sku"], *[row[name] for name in counts]) for row in records(by_sku)] == [
        ("A", 1, 1, 1, 0, 40.0, None), ("B", 1, 0, 0, 0, None, None), ("", 0, 0, 0, 1, None, 900.0), ("A", 0, 0, 1, 0, 60.0, None),
    ]  # fmt: skip
    by_zone = counted.counted(chosen("items", ()), "s1", {"item": table("item", rows)}, hours(2)[[0, -1]], BERLIN, "zone")
    assert [(row["zone"], row["tried"], row["mean_tried_s"]) for row in records(by_zone)] == [("fitting", 2, 50.0), ("shelf", 0, None)]
    assert [totals(by_sku)[name] for name in counts] == [totals(by_zone)[name] for name in counts] == [2, 1, 2, 1, 50.0, 900.0]
