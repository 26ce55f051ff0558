"""Counting: sums add up over any cut, gauges do not, groups and totals are made of the same cells, nothing is divided by nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from footfall.errors import ConfigError
from footfall.units import NS_PER_HOUR as HOUR_NS
from footfall.units import NS_PER_MINUTE as MINUTE_NS
from gateway.points import SCHEMA
from gateway.query.answer import Answer, Request
from gateway.query.estate import QueryEstate, Stationed, StoreFacts, StoreVersion
from gateway.query.figures import HISTOGRAM
from gateway.query.open_hours import open_hours
from gateway.query.questions import ask
from gateway.site import Site
from gateway.site.names import FIRST_NS, LAST_NS, Span
from tests.support.memory_reader import MemoryReader
from tests.support.query_rows import BERLIN, SATURDAY, minute, records, totals, visit

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = {"from_": "2026-10-24", "to": "2026-10-24"}
SUNDAY = SATURDAY + 24 * HOUR_NS
LATER = SATURDAY + 40 * 24 * HOUR_NS
WHOLE = 2**60 - 1
UNKNOWN = "it is not known whether all was observed: the database has no coverage of doors in this span"


def one(name: str, zone: ZoneInfo = BERLIN, path: str = "", *, later: str | None = None) -> StoreFacts:
    """A store; with `later` it hangs elsewhere in the chain from Sunday on."""
    versions = (StoreVersion(path=path),)
    if later is not None:
        versions = (StoreVersion(Span(FIRST_NS, SUNDAY), path), StoreVersion(Span(SUNDAY, LAST_NS), later))
    return StoreFacts(name, zone, versions=versions)


def estate(*stores: StoreFacts) -> QueryEstate:
    return QueryEstate({store.name: store for store in stores or (one("s1"),)})


def answered(rows: dict[str, list[tuple[Any, ...]]], known: QueryEstate | None = None, **asked: Any) -> Answer:
    request = Request(**{"question": "traffic", **DAY, **asked})
    return ask(MemoryReader(rows), request, known or estate(), LATER)


def counts(answer: Answer, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in records(answer)]


def of_store(store: str, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The row of traffic or visit for another store."""
    at = 1 if len(row) == 2 + len(SCHEMA["traffic"].fields) else 2
    return (*row[:at], store, *row[at + 1 :])


def test_conversion_of_guests_is_without_the_staff_among_those_who_came_in() -> None:
    rows = [minute(5, in_=8, in_staff=3, staff_entries=4, transactions=1)]
    (first, *_) = records(answered({"traffic": rows, "visit": []}))
    assert (first["in_guests"], first["in_staff"], first["staff_entries"]) == (5, 3, 4)
    assert (first["conversion"], first["conversion_guests"]) == (0.125, 0.2)


def test_traffic_by_hand() -> None:
    rows = [
        minute(5, in_=4, out=1, occupancy=3, visits_started=2),
        minute(50, in_=4, occupancy=7, transactions=2, transactions_known=1, revenue=12.5, touches=2, visits_closed=2, dwell_sum_s=90.0),
        minute(70, out=7, occupancy=0, drift=1, visits_closed=2, dwell_sum_s=30.0),
    ]
    visits = [visit(1, known=True), visit(2), visit(3, is_staff=True)]
    answer = answered({"traffic": rows, "visit": visits})
    first, second, third, *others = records(answer)
    assert len(others) == 21
    assert {name: value for name, value in first.items() if name not in ("open_minutes", "covered")} == {
        "store": "s1", "time": "2026-10-24T00:00+02:00", "in": 8, "out": 1, "occupancy_last": 7, "occupancy_max": 7, "drift_last": 0,
        "drift": -7, "drift_share": -0.875,
        "visits_started": 2, "visits_closed": 2, "dwell_sum_s": 90.0, "mean_dwell_s": 45.0, "transactions": 2, "transactions_known": 1,
        "returns": 0, "revenue": 12.5, "touches": 2, "conversion": 0.25, "visits": 2, "visits_known": 1, "anonymous_visits": 0.5,
        "entries": 2, "entries_per_visit": 1.0, "in_staff": 0, "in_guests": 8, "staff_entries": 0, "conversion_guests": 0.25,
        "passers_by": 0, "subjects": 2, "capture_rate": None,
        "anonymous_transactions": 0.5, "basket": 6.25, "revenue_per_visitor": 1.5625,
    }  # fmt: skip
    assert (second["occupancy_last"], second["drift_last"], second["conversion"], second["mean_dwell_s"]) == (0, 1, None, 15.0)
    assert (third["in"], third["occupancy_last"], third["anonymous_visits"], third["mean_dwell_s"]) == (0, None, None, None)
    whole = totals(answer)
    assert (whole["time"], whole["in"], whole["out"], whole["occupancy_last"], whole["occupancy_max"]) == (None, 8, 8, 0, 7)
    assert (whole["conversion"], whole["mean_dwell_s"], whole["drift"], whole["drift_share"]) == (0.25, 30.0, 0, 0.0)


def test_a_capture_rate_is_of_stores_where_anybody_passed_by_in_the_span() -> None:
    known = estate(one("s1", path="c"), one("s2", path="c"))
    rows = [minute(5, visits_started=2, passers_by=6), minute(70, visits_started=3), of_store("s2", minute(5, visits_started=90))]
    hours = records(answered({"traffic": rows}, known, by=("store",), interval="1h", measures=("capture_rate",)))
    rate = {(row["store"], row["time"][11:13]): row["capture_rate"] for row in hours}
    assert (rate["s1", "00"], rate["s1", "01"], rate["s1", "02"], rate["s2", "00"]) == (0.25, 1.0, None, None)
    whole = answered({"traffic": rows}, known, by=("path",), interval="1d", measures=("capture_rate", "visits_started"))
    assert counts(whole, "capture_rate", "visits_started") == [(5 / 11, 95)]
    (note,) = [note for note in whole.notes if "not measured" in note]
    assert note.endswith("`passers_by` are 0 in the whole span, as without an entrance level: s2")


def test_nothing_is_noted_of_a_capture_rate_that_is_measured_everywhere_or_was_not_asked_for() -> None:
    passing = answered({"traffic": [minute(5, visits_started=2, passers_by=6)]}, measures=("capture_rate",))
    unasked = answered({"traffic": [minute(5, visits_started=2)]})
    assert not any("not measured" in note for note in (*passing.notes, *unasked.notes))


def test_integers_stay_exact_beyond_a_double() -> None:
    assert totals(answered({"traffic": [minute(1, in_=2**60 + 1), minute(2, in_=2)]}))["in"] == 2**60 + 3


def zone_row(
    at: int, store: str, zone: str, entries: int = 1, present: int = 1, sum_s: float = 0.0, dwells: int = 0, passes: int = 0
) -> tuple[Any, ...]:
    return (SATURDAY + at * MINUTE_NS, store, zone, entries, 0, present, 0, sum_s, dwells, passes, 5.0 * passes)


def test_who_walks_through_a_zone_is_no_stay_of_it() -> None:
    rows = {"zone_traffic": [zone_row(0, "s1", "shoes", 3, 2, 100.0, 3, passes=2)], "traffic": [minute(0)]}
    answer = answered(rows, question="zones")
    assert counts(answer, "zone", "stays", "passes", "stay_sum_s") == [("shoes", 1, 2, 90.0)]


def test_zones_and_the_highest_of_several_zones_which_is_not_that_of_the_store() -> None:
    rows = {"zone_traffic": [zone_row(0, "s1", "shoes", 3, 2, 10.0, 1), zone_row(1, "s1", "shoes", 1, 5, 50.0, 2),
                             zone_row(1, "s1", "glasses")], "traffic": [minute(0)]}  # fmt: skip
    answer = answered(rows, question="zones")
    assert counts(answer, "zone", "entries", "present_max", "mean_dwell_s") == [("glasses", 1, 1, None), ("shoes", 4, 5, 20.0)]
    assert (totals(answer)["entries"], totals(answer)["present_max"], totals(answer)["mean_dwell_s"]) == (5, None, 20.0)
    only = answered(rows, question="zones", zone="shoes")
    assert (counts(only, "entries", "present_max"), only.totals) == ([(4, 5)], []), "one row is its own total"
    two_hours = answered({**rows, "zone_traffic": [*rows["zone_traffic"], zone_row(90, "s1", "shoes", present=7)]},
                         question="zones", zone="shoes", interval="1h")  # fmt: skip
    assert (totals(two_hours)["entries"], totals(two_hours)["present_max"]) == (5, 7), "of one zone there is a highest"
    assert counts(answered(rows, question="zones", by=("store",)), "store", "entries", "present_max") == [("s1", 5, None)]


def test_doors_per_interval() -> None:
    rows = [(SATURDAY + h * HOUR_NS, "a1", door, "s1", n, n + 1) for h, door, n in ((0, "side", 1), (0, "main", 2), (1, "main", 3))]
    answer = answered({"door": rows, "traffic": [minute(0)]}, question="doors")
    found = [(row["time"][11:13], row["door"], row["in"], row["out"], row["net"]) for row in records(answer)]
    assert found == [("00", "main", 2, 3, -1), ("00", "side", 1, 2, -1), ("01", "main", 3, 4, -1)]
    assert totals(answer)["net"] == -3


def test_what_covered_does_not_show_of_a_door_is_noted_where_rows_are_of_several() -> None:
    def notes(*doors: str) -> list[str]:
        rows = [(SATURDAY, "a1", door, "s1", 1, 1) for door in doors]
        answer = answered({"door": rows, "traffic": [minute(0)], "coverage": observed("s1", 24)}, question="doors")
        return [note for note in answer.notes if note.startswith("covered of a door is of the agents")]

    assert (len(notes("main", "side")), notes("main")) == (1, [])


def test_dwell_leaves_out_who_is_still_there_and_the_staff() -> None:
    rows = [
        (SATURDAY + i, "a1", "s1", "shoes", "", "", seconds, is_staff, is_open, False, 0.9, "", "")
        for i, (seconds, is_staff, is_open) in enumerate(
            [(5.0, 0, 0), (15.0, 0, 0), (10.0, 0, 0), (605.0, 0, 0), (9000.0, 1, 0), (9000.0, 0, 1)]
        )
    ]
    there = {"dwell": rows, "visit": [visit(1, seconds=4000.0), visit(2, is_staff=True), visit(3, open_=True)], "traffic": [minute(0)]}
    whole, shoes = records(answered(there, question="dwell"))
    assert (shoes["zone"], shoes["count"], shoes["mean_s"], shoes["median_s"], shoes["p90_s"]) == ("shoes", 3, 210.0, 15.0, 487.0), (
        "who walks through does not stay"
    )
    assert {name: shoes[name] for name in HISTOGRAM if shoes[name]} == {"n_10_30s": 2, "n_600_1200s": 1}
    assert (whole["zone"], whole["count"], whole["n_3600s_up"]) == ("*", 1, 1)
    assert counts(answered(there, question="dwell", by=("store",)), "store", "count", "median_s") == [("s1", 1, 4000.0)]
    assert counts(answered(there, question="dwell", by=("chain",), zone="shoes"), "chain", "count") == [("all stores", 3)]


def item(at: int, kind: str, zone: str, sku: str, seconds: float) -> tuple[Any, ...]:
    return (SATURDAY + at * MINUTE_NS, "a1", kind, "s1", zone, f"epc-{sku}", sku, "", seconds)


def test_items_by_article_or_zone() -> None:
    rows = [
        item(1, "arrived", "shelf", "A", 0), item(2, "arrived", "shelf", "B", 0), item(3, "moved", "fitting", "A", 120),
        item(3, "tried", "fitting", "A", 40), item(61, "tried", "fitting", "A", 60), item(70, "left", "shelf", "", 900),
    ]  # fmt: skip
    by_sku = answered({"item": rows}, question="items", interval="1h")
    kinds = ("arrived", "moved", "tried", "left", "mean_tried_s", "mean_stay_s")
    assert counts(by_sku, "sku", *kinds) == [
        ("A", 1, 1, 1, 0, 40.0, None), ("B", 1, 0, 0, 0, None, None), ("", 0, 0, 0, 1, None, 900.0), ("A", 0, 0, 1, 0, 60.0, None),
    ]  # fmt: skip
    by_zone = answered({"item": rows}, question="items", by=("store", "zone"))
    assert counts(by_zone, "zone", "tried", "mean_tried_s") == [("fitting", 2, 50.0), ("shelf", 0, None)]
    assert [totals(by_sku)[name] for name in kinds] == [totals(by_zone)[name] for name in kinds] == [2, 1, 2, 1, 50.0, 900.0]


def touch(at: int, what: str, amount: float = 0.0, staff: str = "", items: str = "", fan: str = "", store: str = "s1") -> tuple[Any, ...]:
    fields = ("00", fan, "T", staff, "optics", "", items, "", amount, False, "", "", "", "")
    return (SATURDAY + at * MINUTE_NS, "a1", "shop", store, what, "till", *fields)


def test_sales_by_who_served() -> None:
    rows = [
        touch(1, "transaction", 20.5, "anna", '[{"sku": "A", "n": 2}]', "f1"), touch(2, "transaction", 9.5, "anna"),
        touch(3, "return", 5.0, "bo"), touch(4, "scan", 0.0, "bo"),
    ]  # fmt: skip
    answer = answered({"touch": rows, "traffic": [minute(0)]}, question="sales", by=("staff",))
    names = ("staff_id", "transactions", "revenue", "basket", "items_sold", "returns", "anonymous_transactions")
    assert counts(answer, *names) == [("anna", 2, 30.0, 15.0, 2, 0, 0.5), ("bo", 0, -5.0, None, 0, 1, None)]
    (total,) = answer.totals
    assert dict(zip(answer.columns, total, strict=True))["revenue"] == 25.0


TWO = {"traffic": [minute(60, in_=2, transactions=1, occupancy=5), of_store("s2", minute(60, in_=6, transactions=1, occupancy=9)),
                   of_store("s2", minute(-6 * 60 + 60, in_=10))]}  # fmt: skip
"""One in Berlin and one in Shanghai; its last row is of one o'clock in the morning there."""


def test_the_day_of_the_chain_is_the_sum_of_each_stores_own_day() -> None:
    known = estate(one("s1"), one("s2", SHANGHAI))
    answer = answered(TWO, known, by=("chain",), interval="1h", measures=("in", "conversion"))
    assert counts(answer, "chain", "time", "in", "conversion")[1] == ("all stores", "2026-10-24T01:00", 12, 1 / 12)
    assert counts(answer, "time", "in")[7] == ("2026-10-24T07:00", 6)
    assert totals(answer)["in"] == 18
    stores = answered(TWO, known, interval="1d", measures=("in",))
    assert counts(stores, "store", "time", "in") == [("s1", "2026-10-24T00:00+02:00", 2), ("s2", "2026-10-24T00:00+08:00", 16)]
    assert [row[0] for row in stores.totals] == ["all stores"], "a store of one row is its own total"
    assert [row[0] for row in answered(TWO, known, interval="1h").totals] == ["s1", "s2", "all stores"]


def test_a_path_has_levels_and_a_store_that_moved_counts_where_it_was() -> None:
    known = estate(one("s1", path="de/berlin", later="de/hamburg"), one("s2", path="cn/shanghai"))
    rows = {"traffic": [*TWO["traffic"], minute(25 * 60, in_=100)]}
    asked = {"to": "2026-10-25", "measures": ("in",)}
    assert counts(answered(rows, known, by=("path:1",), **asked), "path", "in") == [("cn", 6), ("de", 102)]
    whole = [("cn/shanghai", 6), ("de/berlin", 2), ("de/hamburg", 100)]
    assert counts(answered(rows, known, by=("path",), **asked), "path", "in") == whole


def test_hours_and_weekdays_are_those_of_the_stores_clock_and_day() -> None:
    rows = {"traffic": [minute(9 * 60, in_=1), minute(26 * 60, in_=2), minute(26 * 60 + 45, in_=4)]}
    asked = {"to": "2026-10-25", "measures": ("in",)}
    hours = counts(answered(rows, by=("hour",), **asked), "hour", "in")
    assert (len(hours), hours[9], hours[2]) == (24, (9, 1), (2, 6)), "the hour that Berlin has twice is one of 24"
    assert counts(answered(rows, by=("weekday",), **asked), "weekday", "in") == [("Sat", 1), ("Sun", 6)]
    assert counts(answered(rows, by=("weekday",), day="store", **asked), "weekday", "in") == [("Sat", 7), ("Sun", 0)]


def test_a_gauge_of_several_stores_has_no_value_and_is_refused_where_it_is_named() -> None:
    known = estate(one("s1"), one("s2"))
    answer = answered(TWO, known, interval="1d")
    assert [row["occupancy_last"] for row in records(answer)] == [5, 9]
    whole = dict(zip(answer.columns, answer.totals[-1], strict=True))
    assert (whole["store"], whole["occupancy_last"], whole["in"]) == ("all stores", None, 8)
    assert "occupancy_last" not in answered(TWO, known, by=("chain",)).columns
    named = answered(TWO, known, interval="1d", measures=("occupancy_last",))
    assert any(note == "no total of several stores, for they are not added up: `occupancy_last`" for note in named.notes)
    assert not any("no total" in note for note in answer.notes)
    with pytest.raises(ConfigError, match=r"occupancy_last cannot be grouped by chain: .* It goes by store; by chain go in, out, "):
        answered(TWO, known, by=("chain",), measures=("occupancy_last",))


def test_the_first_of_many() -> None:
    known = estate(*(one(f"s{i}") for i in range(1, 5)))
    rows = {"traffic": [of_store(f"s{i}", minute(i, in_=n)) for i, n in enumerate((5, 50, 20), 1)]}
    answer = answered(rows, known, top=2, measures=("in",))
    assert counts(answer, "store", "in") == [("s2", 50), ("s3", 20)]
    assert "the first 2 of 4 by `in`; totals are of all" in answer.notes
    assert dict(zip(answer.columns, answer.totals[-1], strict=True))["in"] == 75
    days = answered(rows, known, top=1, interval="1d", to="2026-10-25", measures=("in",))
    assert [(row["store"], row["time"][:10], row["in"]) for row in records(days)] == [("s2", "2026-10-24", 50), ("s2", "2026-10-25", 0)]


def test_a_small_base_is_noted_and_a_large_one_not() -> None:
    rows = {"traffic": [minute(1, in_=29, transactions=1), minute(61, in_=30, transactions=1), minute(121, transactions=1)]}
    notes = answered(rows, interval="1h", measures=("conversion",)).notes
    assert "small base, below 30: `conversion` in 1 of 24 rows" in notes


def test_what_the_database_can_add_up_is_not_read_row_by_row() -> None:
    reader = MemoryReader({"traffic": [minute(1)]})
    ask(reader, Request("traffic", **DAY), estate(), LATER)
    ask(reader, Request("zones", by=("zone", "hour"), **DAY), estate(), LATER)
    ask(reader, Request("items", by=("zone",), **DAY), estate(), LATER)
    assert {"cells of traffic", "cells of visit", "cells of zone_traffic", "cells of item"} <= set(reader.asked)
    assert not {"rows of traffic", "rows of visit", "rows of zone_traffic", "rows of item"} & set(reader.asked)
    ask(reader, Request("items", by=("sku",), **DAY), estate(), LATER)
    assert "rows of item" in reader.asked


def test_a_span_without_data_is_zeros_with_a_note_of_what_there_is() -> None:
    answer = answered({"traffic": [minute(1, in_=1)]}, from_="2026-10-26", to="2026-10-27", interval="1d")
    assert counts(answer, "in", "occupancy_last", "conversion") == [(0, None, None)] * 2
    there = "store s1 has traffic from 2026-10-24 00:01 to 2026-10-24 00:01"
    assert answer.notes == ("memory has no traffic in this span", there, UNKNOWN)


def test_of_many_stores_without_data_a_few_are_looked_at_and_the_others_counted() -> None:
    known = estate(*(one(f"s{i}") for i in range(1, 6)))
    notes = answered({"traffic": [minute(1, in_=1)]}, known, from_="2026-10-26", to="2026-10-27").notes
    assert "store s2 has no traffic at all" in notes
    assert "2 more stores were asked for: --store looks at one of them" in notes


def test_before_the_first_row_of_a_database_nobody_observed() -> None:
    answer = answered({"traffic": [minute(1, in_=1)]}, from_="2020-01-01", to="2020-01-02", interval="1d")
    assert counts(answer, "in", "visits_closed") == [(None, None)] * 2


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"by": ("pth",)}, r"cannot be grouped by 'pth': did you mean 'path'\?"),
        ({"by": ("zone",)}, "zone is a group of"),
        ({"by": ("path:x",)}, "only path has levels"),
        ({"by": ("path:1", "path:2")}, "by path: it is given twice"),
        ({"interval": "1 day"}, "interval '1 day'.*one of 1m"),
        ({"interval": "monht"}, r"did you mean 'month'\?"),
        ({"day": "noon"}, "day 'noon': one of midnight, store"),
        ({"top": 0}, "top 0"),
        ({"question": "trafic"}, r"no question 'trafic': did you mean 'traffic'\?"),
        ({"stores": ("s9",)}, r"no store 's9'"),
        ({"measures": ("inn",)}, r"no measure 'inn': did you mean 'in'\?"),
        ({"question": "dwell", "as_of": "yesterday"}, "no earlier versions of dwell; it is for traffic, zones, doors, sales, items"),
        ({"zone": "shoes"}, "zone means nothing for traffic; it is for zones, sales, dwell, items, touches"),
        ({"question": "zones", "fan": "f1"}, "fan means nothing for zones; it is for visits, touches"),
        ({"question": "gaps", "interval": "1h"}, "interval means nothing for gaps; it is for traffic"),
        ({"question": "visits", "by": ("store",)}, "by means nothing for visits"),
    ],
)
def test_what_means_nothing_is_refused_with_what_would_work(asked: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        answered({"traffic": [minute(1)]}, **asked)


def observed(store: str, hours: int, doors: int = WHOLE, presence: int = WHOLE, first: int = 0) -> list[tuple[Any, ...]]:
    return [(SATURDAY + h * HOUR_NS, f"{store}-1", store, presence, doors, 60) for h in range(first, first + hours)]


OPEN = StoreFacts("s1", BERLIN, versions=(StoreVersion(hours=open_hours("10:00-20:00")),))


def test_a_door_is_covered_by_the_agents_that_count_at_it() -> None:
    """Both count at `both`, s1-1 three weeks before; it falls silent at noon."""
    counted = ((11, "1", "main"), (11, "2", "side"), (16, "2", "side"), (16, "2", "both"), (-500, "1", "both"))
    rows = [(SATURDAY + h * HOUR_NS, f"s1-{agent}", door, "s1", 1, 0) for h, agent, door in counted]
    coverage = [*observed("s1", 12), *((time_ns, "s1-2", *rest) for time_ns, _, *rest in observed("s1", 24))]
    there = {"door": sorted(rows), "traffic": [minute(0)], "coverage": coverage}
    known = estate(replace(OPEN, agents=(Stationed("s1-1"), Stationed("s1-2"))))
    assert counts(answered(there, known, question="doors", interval="1d"), "door", "open_minutes", "covered", "in") == [
        ("both", 600, 0.2, 1), ("main", 600, 0.2, 1), ("side", 600, 1.0, 2),
    ]  # fmt: skip
    answer = answered(there, known, question="doors", interval="1h")
    of_both = [(row["time"][11:13], row["covered"]) for row in records(answer) if row["door"] == "both"]
    assert of_both == [("16", 0.0)], "rows are of what was counted"
    assert totals(answer)["covered"] == 0.2, "the store was observed while both agents were"
    assert {row["covered"] for row in records(answered(there, known, question="doors", by=("store",), interval="1d"))} == {0.2}


def test_a_door_whose_agent_is_not_stationed_has_the_share_of_its_store() -> None:
    rows = [(SATURDAY + HOUR_NS * 11, agent, door, "s1", 1, 0) for agent, door in (("s1-1", "main"), ("gone", "side"))]
    there = {"door": rows, "traffic": [minute(0)], "coverage": observed("s1", 15)}
    known = estate(replace(OPEN, agents=(Stationed("s1-1"),)))
    assert counts(answered(there, known, question="doors", interval="1d"), "door", "covered") == [("main", 0.5), ("side", 0.5)]
    empty = answered({**there, "door": []}, known, question="doors")
    assert records(empty) == []


def test_what_nobody_observed_is_no_zero_and_the_share_of_open_minutes_is_stated() -> None:
    """Open from 10 to 20, observed until 14:30; one came in at 11, and one at 16 as a late frame has it."""
    coverage = [*observed("s1", 14), *observed("s1", 1, doors=2**30 - 1, first=14)]
    rows = {"traffic": [minute(11 * 60, in_=1, transactions=1), minute(16 * 60, in_=1)], "coverage": coverage}
    answer = answered(rows, estate(OPEN), interval="1h", measures=("in", "transactions", "conversion", "visits_closed"))
    names = ("open_minutes", "covered", "in", "transactions", "conversion", "visits_closed")
    by_hour = dict(zip(range(24), counts(answer, *names), strict=True))
    assert by_hour[9] == (0, None, 0, 0, None, 0), "closed, and observed"
    assert by_hour[10] == (60, 1.0, 0, 0, None, 0)
    assert by_hour[11] == (60, 1.0, 1, 1, 1.0, 0)
    assert by_hour[14] == (60, 0.5, 0, 0, None, 0), "of presence the whole hour was observed"
    assert by_hour[15] == (60, 0.0, None, 0, None, None), "not measured"
    assert by_hour[16] == (60, 0.0, 1, 0, None, None), "what is there stays, and nothing is divided by it"
    assert by_hour[21] == (0, None, None, 0, None, None), "closed, and not measured"
    assert tuple(totals(answer)[name] for name in ("open_minutes", "covered", "in")) == (600, 0.45, 2)
    assert answer.notes[:2] == (
        "observed: 1 of 1 stores, 45.0 % of open hours, by door counters",
        "observed: doors for all but 6 minutes of the hour: ratios are of such hours alone: `conversion` without 1 of 2 `in`",
    )


@pytest.mark.parametrize("facts", [one("s1"), OPEN], ids=["without hours", "with hours"])
@pytest.mark.parametrize("measure", ["in", "visits_started"])
def test_covered_is_one_share_of_open_minutes_however_an_answer_is_cut(facts: StoreFacts, measure: str) -> None:
    """By the quarter of an hour or by the month: two days, one of 25 hours, of which doors were observed for 30 and receivers for 20."""
    coverage = [*observed("s1", 20, doors=2**30 - 1), *observed("s1", 20, presence=0, first=20)]
    rows = {"traffic": [minute(5, in_=1)], "coverage": coverage}
    found = set()
    for interval, by in (("15m", ()), ("1h", ()), ("1d", ()), ("1w", ()), ("month", ()), (None, ("weekday",)), (None, ("store", "hour"))):
        asked: dict[str, Any] = {"by": by or ("store",), "interval": interval, "measures": (measure,)}
        answer = answered(rows, estate(facts), **{**asked, "from_": "2026-10-24", "to": "2026-10-25"})
        table = records(answer)
        opened = sum(row["open_minutes"] for row in table)
        found.add((opened, round(sum((row["covered"] or 0) * row["open_minutes"] for row in table))))
    assert len(found) == 1
    assert found.pop()[0] == (1200 if facts is OPEN else 49 * 60)


def test_a_ratio_of_sales_to_people_is_of_hours_in_which_people_were_observed() -> None:
    """The counter was down from 14:30 to 16:00; 2 of 12 sales and one of 10 people are of hours that it did not observe."""
    coverage = [*observed("s1", 14), *observed("s1", 1, doors=2**30 - 1, first=14), *observed("s1", 8, first=16)]
    sold = [(11, 4, 4), (13, 6, 6), (14, 1, 1), (15, 0, 1)]
    traffic = [minute(60 * hour + 5, in_=in_, transactions=n, revenue=10.0 * n) for hour, in_, n in sold]
    rows = {"traffic": traffic, "coverage": [*coverage, *observed("s2", 24)]}
    rows["traffic"].append(of_store("s2", minute(60 * 12, in_=5, transactions=1)))
    asked: dict[str, Any] = {"measures": ("in", "transactions", "conversion", "revenue_per_visitor"), "by": ("store",)}
    whole = answered(rows, estate(OPEN, replace(OPEN, name="s2")), **asked)
    names = ("store", "in", "transactions", "conversion", "revenue_per_visitor")
    assert counts(whole, *names) == [("s1", 11, 12, 1.0, 10.0), ("s2", 5, 1, 0.2, 0.0)]
    assert totals(whole)["conversion"] == 11 / 15
    assert whole.notes[1] == (
        "observed: doors for all but 6 minutes of the hour: ratios are of such hours alone: `conversion` without 2 of 13 `transactions`"
        " and 1 of 16 `in`, `revenue_per_visitor` without 20 of 120 `revenue` and 1 of 16 `in`"
    )
    quarters = answered(rows, estate(OPEN), stores=("s1",), interval="15m", measures=("conversion",))
    assert {row["time"][11:16]: row["conversion"] for row in records(quarters) if row["conversion"] is not None} == {"11:00": 1, "13:00": 1}
    by_day = answered(rows, estate(OPEN), interval="1d", by=("store", "weekday"), measures=("conversion",), stores=("s1",))
    assert counts(by_day, "conversion") == [(1.0,)]


def test_a_store_has_a_row_in_the_night_after_its_last_day_and_none_on_later_days() -> None:
    """The evening of the Friday ends at two on Saturday."""
    late = StoreVersion(Span(FIRST_NS, SATURDAY), hours=open_hours("18:00-02:00"))
    known = estate(StoreFacts("s1", BERLIN, versions=(late,), valid=Span(FIRST_NS, SATURDAY)), one("s2"))
    rows = {"traffic": [minute(-600), of_store("s2", minute(0))], "coverage": [*observed("s1", 24, first=-20), *observed("s2", 49)]}
    day, after = (answered(rows, known, measures=("in",), by=("store",), from_=each, to=each) for each in ("2026-10-24", "2026-10-25"))
    assert counts(day, "store", "open_minutes", "covered") == [("s1", 120, 1.0), ("s2", 1440, 1.0)]
    assert counts(after, "store") == [("s2",)]


def test_agents_that_were_never_heard_are_named_with_what_to_write_if_they_are_there_for_other_tasks() -> None:
    agents = [{"name": "s1-1"}, *({"name": f"new-{i}"} for i in range(6)), {"name": "till", "tasks": []}]
    site = Site.model_validate(
        {"brand": "acme", "stores": [{"name": "s1", "timezone": "Europe/Berlin", "doors": ["main"], "agents": agents}]}
    )
    answer = answered({"traffic": [minute(600)], "coverage": observed("s1", 24)}, QueryEstate.from_site(site), interval="1d")
    assert [row["covered"] for row in records(answer)] == [0.0]
    assert answer.notes[2] == (
        "observed: nothing by agents that were never heard: new-0 of s1, new-1 of s1, new-2 of s1, new-3 of s1, new-4 of s1 and 1 more;"
        " if site.toml has them for other tasks, write `tasks` there"
    )


def test_the_hour_that_goes_on_counts_in_ratios_though_its_last_minutes_are_not_known_yet() -> None:
    rows = {"traffic": [minute(11 * 60, in_=2, transactions=1)], "coverage": [*observed("s1", 11), *observed("s1", 1, 2**10 - 1, first=11)]}
    request = Request("traffic", ("conversion",), **DAY)  # type: ignore[arg-type] # the days are texts
    found = [
        records(ask(MemoryReader(rows), request, estate(OPEN), SATURDAY + 11 * HOUR_NS + minutes * MINUTE_NS))[11]["conversion"]
        for minutes in (16, 17)
    ]
    assert found == [0.5, None]


def test_coverage_follows_groups_of_stores_hours_and_zones() -> None:
    known = estate(one("s1", path="de"), one("s2", SHANGHAI, path="cn"), one("s3", path="cn"))
    rows = {"traffic": TWO["traffic"], "coverage": [*observed("s1", 12), *observed("s2", 24, first=-6)]}
    by_path = answered(rows, known, by=("path",), measures=("in",))
    assert counts(by_path, "path", "open_minutes", "covered", "in") == [("cn", 2880, 0.5, 16), ("de", 1440, 0.5, 2)]
    assert "observed: 2 of 3 stores, 50.0 % of open hours, by door counters" in by_path.notes
    by_hour = answered(rows, known, by=("chain", "hour"), measures=("in",), stores=("s1",))
    assert [row["covered"] for row in records(by_hour)] == [1.0] * 12 + [0.0] * 12
    zones = answered({**rows, "zone_traffic": [zone_row(0, "s1", "shoes")]}, known, question="zones", stores=("s1",))
    assert counts(zones, "zone", "open_minutes", "covered", "entries") == [("shoes", 1440, 0.5, 1)]


def test_a_bucket_shorter_than_an_hour_takes_its_own_minutes_of_coverage() -> None:
    kolkata = StoreFacts("s1", ZoneInfo("Asia/Kolkata"))
    first = SATURDAY - HOUR_NS * 3 - HOUR_NS // 2
    coverage = [(first // HOUR_NS * HOUR_NS + h * HOUR_NS, "a", "s1", WHOLE, 2**30 - 1, 30) for h in range(26)]
    answer = answered({"traffic": [minute(0)], "coverage": coverage}, estate(kolkata), interval="30m", measures=("in",))
    assert [row["covered"] for row in records(answer)] == [0.0, 1.0] * 24


def test_what_an_earlier_release_stored_is_not_called_unobserved() -> None:
    rows = {"traffic": [minute(60, in_=1)], "coverage": observed("s1", 12, first=12)}
    answer = answered(rows, interval="1h", measures=("in",))
    assert [(row["covered"], row["in"]) for row in records(answer)] == [(0.0, None), (None, 1), *[(None, 0)] * 10, *[(1.0, 0)] * 12]
    assert "of 1 stores it is not known for all of the span: an earlier release stored no coverage" in str(answer.notes) or (
        UNKNOWN in answer.notes
    )


def test_the_future_is_not_open_and_sales_need_no_observing() -> None:
    tomorrow = answered({"traffic": [minute(0)]}, from_="2026-12-24", to="2026-12-24", measures=("in", "transactions"), interval="1d")
    assert counts(tomorrow, "open_minutes", "in", "transactions") == [(0, 0, 0)]
    sales = answered({"traffic": [minute(0)], "touch": [touch(1, "transaction")]}, question="sales")
    assert "covered" not in sales.columns
    assert not any("observed" in note for note in sales.notes)


def test_more_values_than_memory_holds_are_refused_before_they_are_made() -> None:
    known = estate(*(one(f"s{i}") for i in range(1, 301)))
    with pytest.raises(ConfigError, match=r"300 stores and their intervals are 25,9\d\d,\d\d\d values of each measure"):
        answered({"traffic": [minute(1)]}, known, interval="1m", from_="2026-10-01", to="2026-11-29")


def test_where_a_day_begins_within_an_hour_that_hour_has_two_weekdays() -> None:
    """At half past two, with another store on the same clock."""
    half_past = StoreFacts("s1", BERLIN, time(2, 30), (StoreVersion(),))
    rows = {"traffic": [minute(minute_of_day, in_=n) for minute_of_day, n in ((2 * 60 + 29, 1), (2 * 60 + 30, 2))]}
    asked = {"by": ("weekday", "hour"), "day": "store", "from_": "2026-10-23", "measures": ("in",)}
    answer = answered(rows, estate(half_past, one("s2")), **asked)
    found = {key: n for *key, n in counts(answer, "weekday", "hour", "in") if n for key in [tuple(key)]}
    assert found == {("Fri", 2): 1, ("Sat", 2): 2}
