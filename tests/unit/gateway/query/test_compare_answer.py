"""Both sides of a comparison equal a reckoning minute by minute: the same wall time, open and observed on both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.errors import ConfigError
from footfall.units import NS_PER_HOUR, NS_PER_MINUTE
from gateway.points import SCHEMA
from gateway.query.answer import Answer, Request
from gateway.query.estate import QueryEstate, StoreFacts, StoreVersion
from gateway.query.open_hours import open_hours
from gateway.query.open_minutes import WHOLE_HOUR
from gateway.query.questions import ask, check
from tests.support.memory_reader import MemoryReader
from tests.support.whole import examples

BERLIN, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")
ZONES = {"s1": BERLIN, "s2": KOLKATA}
FIRST = date(2026, 10, 15)
"""Berlin's clocks go back on the 25th."""
DAYS = 12
BEGIN_NS = int(datetime(2026, 10, 14, 12, tzinfo=UTC).timestamp()) * 10**9
END_NS = BEGIN_NS + (DAYS + 3) * 24 * NS_PER_HOUR
OPEN = "10:00-12:00"
NOW = END_NS
ROWS = st.lists(st.tuples(st.sampled_from(["s1", "s2"]), st.integers(0, (DAYS + 2) * 1440 - 1), st.integers(1, 9)), max_size=40)
LOST = st.lists(
    st.tuples(st.sampled_from(["s1", "s2"]), st.integers(0, DAYS + 1), st.integers(9 * 60, 12 * 60), st.integers(1, 40)), max_size=4
)  # fmt: skip
"""Store, day, minute of the day, and how many minutes."""


def _wall_ns(zone: ZoneInfo, minute: int) -> int:
    """The moment at which clocks first show so many minutes after the first day began."""
    wall = datetime.combine(FIRST, time()) + timedelta(minutes=minute)
    return int(wall.replace(tzinfo=zone).timestamp()) * 10**9


def _traffic(store: str, time_ns: int, **values: float) -> tuple[Any, ...]:
    fields = dict.fromkeys(SCHEMA["traffic"].fields, 0) | {"in": values.get("in_", 0)} | {k: v for k, v in values.items() if k != "in_"}
    return (time_ns, store, *fields.values())


def _coverage(stores: Sequence[str], lost_ns: Mapping[str, Sequence[tuple[int, int]]]) -> Iterator[tuple[Any, ...]]:
    """Each hour of each store with the minutes that are not lost; `lost_ns` has their spans."""
    for store in stores:
        for hour_ns in range(BEGIN_NS, END_NS, NS_PER_HOUR):
            mask = WHOLE_HOUR
            for begin, end in lost_ns.get(store, ()):
                for bit in range(60):
                    if begin <= hour_ns + bit * NS_PER_MINUTE < end:
                        mask &= ~(1 << bit)
            yield (hour_ns, *_tags("coverage", store), mask, mask, mask.bit_count())


def _tags(measurement: str, store: str) -> list[str]:
    return [{"store": store, "agent": f"{store}-a"}[tag] for tag in SCHEMA[measurement].tags]


def _estate(**paths: str) -> QueryEstate:
    return QueryEstate({
        name: StoreFacts(name, ZONES.get(name, BERLIN), time(4), (StoreVersion(path=path, hours=open_hours(OPEN)),))
        for name, path in (paths or {"s1": "", "s2": ""}).items()
    })  # fmt: skip


def _records(answer: Answer, rows: Sequence[tuple[Any, ...]] | None = None) -> list[dict[str, Any]]:
    return [dict(zip(answer.columns, row, strict=True)) for row in (answer.rows if rows is None else rows)]


@settings(max_examples=examples(60))
@given(rows=ROWS, lost=LOST, first=st.integers(8, 11), days=st.integers(1, 2))
def test_a_comparison_with_the_days_before_equals_a_reckoning_minute_by_minute(
    rows: list[tuple[str, int, int]], lost: list[tuple[str, int, int, int]], first: int, days: int
) -> None:
    counts = {(store, _wall_ns(ZONES[store], minute)): people for store, minute, people in rows}
    lost_ns: dict[str, list[tuple[int, int]]] = {"s1": [], "s2": []}
    for store, day, minute, length in lost:
        begin = _wall_ns(ZONES[store], day * 1440 + minute)
        lost_ns[store].append((begin, begin + length * NS_PER_MINUTE))
    expected = {store: _reckoned(store, counts, lost_ns[store], first, days) for store in ZONES}
    counted = [_traffic(store, time_ns, in_=people) for (store, time_ns), people in counts.items()]
    quiet = [_traffic(store, BEGIN_NS) for store in ZONES]
    reader = MemoryReader({"traffic": counted + quiet, "coverage": list(_coverage(["s1", "s2"], lost_ns))})
    span = [str(FIRST + timedelta(days=n)) for n in (first, first + days - 1)]
    request = Request("traffic", measures=("in",), from_=span[0], to=span[1], by=("store",), compare="previous")
    if all(found is None for found in expected.values()):
        with pytest.raises(ConfigError, match="no store is comparable"):
            ask(reader, request, _estate(), NOW)
        return
    answer = ask(reader, request, _estate(), NOW)
    found = {record["store"]: (record["in"], record["in_before"]) for record in _records(answer)}
    assert found == {store: sums for store, sums in expected.items() if sums is not None}
    total = _records(answer, answer.totals)[-1:]
    if len(found) == 2:
        assert (total[0]["in"], total[0]["in_before"]) == tuple(map(sum, zip(*found.values(), strict=True)))


def _reckoned(
    store: str, counts: Mapping[tuple[str, int], int], lost: Sequence[tuple[int, int]], first: int, days: int
) -> tuple[int, int] | None:
    """Both sums; None if the store is not comparable."""
    zone, sums, opened, observed = ZONES[store], [0, 0], 0, [0, 0]
    for minute in range(first * 1440, (first + days) * 1440):
        sides = [_wall_ns(zone, minute - shift) for shift in (0, 7 * 1440)]
        if any(datetime.fromtimestamp(side // 10**9, zone).hour * 60 + datetime.fromtimestamp(side // 10**9, zone).minute != minute % 1440
               for side in sides):  # fmt: skip
            continue
        is_open = 600 <= minute % 1440 < 720
        seen = [not any(begin <= side < end for begin, end in lost) for side in sides]
        opened += is_open
        observed = [n + (is_open and each) for n, each in zip(observed, seen, strict=True)]
        if not is_open or all(seen):
            sums = [n + counts.get((store, side), 0) for n, side in zip(sums, sides, strict=True)]
    return None if any(n < 0.9 * opened for n in observed) else (sums[0], sums[1])


def _days_of_people(people: Mapping[int, int], store: str = "s1") -> list[tuple[Any, ...]]:
    """At eleven of each day so many people, one sale of 10 for each ten of them."""
    found = []
    for day, count in people.items():
        at_ns = _wall_ns(ZONES.get(store, BERLIN), day * 1440 + 660)
        found.append(_traffic(store, at_ns, in_=count, transactions=count // 10, revenue=count // 10 * 10.0))
    return found


def _reader(rows: Sequence[tuple[Any, ...]], lost: Mapping[str, Sequence[tuple[int, int]]] | None = None) -> MemoryReader:
    stores = sorted({row[1] for row in rows})
    return MemoryReader({"traffic": list(rows), "coverage": list(_coverage(stores, lost or {}))})


def _only(store: str = "s1") -> QueryEstate:
    return _estate(**{store: ""})


def _day(number: int) -> str:
    return str(FIRST + timedelta(days=number))


ASKED = Request(
    "traffic", measures=("in", "transactions", "revenue", "conversion"), by=("store",), from_=_day(9), to=_day(9), compare="previous"
)


def test_each_measure_has_before_change_and_ratio_beside_it_and_the_change_of_revenue_is_taken_apart() -> None:
    answer = ask(_reader(_days_of_people({2: 100, 9: 150})), ASKED, _only(), NOW)
    (record,) = _records(answer)
    assert [record[f"in{end}"] for end in ("", "_before", "_change", "_ratio")] == [150, 100, 50, 0.5]
    assert (record["conversion"], record["conversion_change"]) == (0.1, 0.0)
    assert [round(record[f"revenue_from_{name}"], 9) for name in ("traffic", "conversion", "basket")] == [50, 0, 0]
    assert "change of revenue +50.00 = +50.00 from traffic +0.00 from conversion +0.00 from basket" in answer.notes


def test_what_was_nothing_has_no_share_of_change_and_is_not_taken_apart() -> None:
    answer = ask(_reader(_days_of_people({2: 0, 9: 150})), ASKED, _only(), NOW)
    (record,) = _records(answer)
    assert (record["in_before"], record["in_ratio"], record["conversion_before"], record["conversion_change"]) == (0, None, None, None)
    assert record["revenue_from_basket"] is None
    assert any("not taken apart" in note for note in answer.notes)


def test_a_store_that_is_not_comparable_is_left_out_of_all_numbers_and_named_with_the_reason() -> None:
    dead = {"s2": [(BEGIN_NS, _wall_ns(KOLKATA, 3 * 1440))]}
    rows = [*_days_of_people({2: 100, 9: 150}), *_days_of_people({2: 100, 9: 900}, "s2")]
    answer = ask(_reader(rows, dead), ASKED, _estate(), NOW)
    assert [record["store"] for record in _records(answer)] == ["s1"]
    assert "1 of 2 stores comparable: open, and observed in 90 % of open minutes, on both sides" in answer.notes
    assert "not comparable: s2: doors observed in 0 % of its open minutes in what it is compared with" in answer.notes


def test_nothing_comparable_is_refused_with_reasons_and_what_would_work() -> None:
    dead = {"s1": [(BEGIN_NS, _wall_ns(BERLIN, 3 * 1440))]}
    with pytest.raises(ConfigError, match=r"(?s)no store is comparable:\n  s1: doors observed in 0 %.*FROM\.\.TO"):
        ask(_reader(_days_of_people({2: 1, 9: 1}), dead), ASKED, _only(), NOW)


def test_today_until_now_is_compared_with_the_same_minutes() -> None:
    at_eleven_and_at_half_past = [*_days_of_people({2: 100, 9: 150}), _traffic("s1", _wall_ns(BERLIN, 2 * 1440 + 690), in_=7)]
    for minute, before in ((690, 100), (691, 107)):
        request = replace(ASKED, from_="today", to="today")
        answer = ask(_reader(at_eleven_and_at_half_past), request, _only(), _wall_ns(BERLIN, 9 * 1440 + minute))
        assert _records(answer)[0]["in_before"] == before


def test_rows_of_the_other_side_stand_at_the_time_of_this_side() -> None:
    by_day = replace(ASKED, by=(), interval="1d", from_=_day(8))
    answer = ask(_reader(_days_of_people({1: 10, 2: 20, 8: 30, 9: 40})), by_day, _only(), NOW)
    assert [(record["time"][:10], record["in"], record["in_before"]) for record in _records(answer)] == [
        (_day(8), 30, 10),
        (_day(9), 40, 20),
    ]
    by_hour = ask(_reader(_days_of_people({2: 20, 9: 40})), replace(ASKED, by=("hour",)), _only(), NOW)
    assert [(record["hour"], record["in_before"]) for record in _records(by_hour) if record["in"]] == [(11, 20)]


def test_a_span_and_a_store_can_be_compared_with() -> None:
    rows = [*_days_of_people({3: 30, 9: 150}), *_days_of_people({9: 60}, "s2")]
    by_span = ask(_reader(rows), replace(ASKED, stores=("s1",), compare=f"{_day(3)}..{_day(3)}"), _estate(), NOW)
    assert _records(by_span)[0]["in_before"] == 30
    with_store = ask(_reader(rows), replace(ASKED, compare="store:s2"), _estate(), NOW)
    assert [(record["store"], record["in"], record["in_before"]) for record in _records(with_store)] == [("s1", 150, 60)]
    assert "not comparable: s2: the others are compared with it" in with_store.notes
    with pytest.raises(ConfigError, match="no other store is asked for"):
        ask(_reader(rows), replace(ASKED, stores=("s2",), compare="store:s2"), _estate(), NOW)


def test_a_group_is_the_mean_of_the_other_stores_of_the_path_minute_by_minute() -> None:
    people = {"a": 10, "b": 20, "c": 60, "far": 1000}
    rows = [row for store, count in people.items() for row in _days_of_people({9: count}, store)]
    estate = _estate(a="x/1", b="x/1", c="x/1", far="x/2")
    lost = {"c": [(_wall_ns(BERLIN, 9 * 1440 + 655), _wall_ns(BERLIN, 9 * 1440 + 665))]}
    answer = ask(_reader(rows), replace(ASKED, compare="group"), estate, NOW)
    assert {record["store"]: record["in_before"] for record in _records(answer)} == {"a": 40, "b": 35, "c": 15, "far": 30}
    assert [{name: total[name] for name in ("in", "in_before", "in_ratio")} for total in _records(answer, answer.totals)] == [
        {"in": 1090, "in_before": None, "in_ratio": None}
    ]
    assert "no other side of all stores: the means of other stores are not added up" in answer.notes
    assert "no other store in the path: far: compared with the others of x" in answer.notes
    assert not any("not taken apart" in note for note in answer.notes)
    without_c = ask(_reader(rows, lost), replace(ASKED, compare="group"), estate, NOW)
    assert {record["store"]: record["in_before"] for record in _records(without_c)}["a"] == 20, "of those observed in that minute"


HONG_KONG = ZoneInfo("Asia/Hong_Kong")


def _of_november(align: str, first: str, last: str) -> Answer:
    """In Hong Kong, each day of November with 50 people; the 11th, a Wednesday, is Singles' Day."""
    noons = [int(datetime(2026, 11, day, 12, tzinfo=HONG_KONG).timestamp()) * 10**9 for day in range(1, 20)]
    end_ns = noons[-1] + 24 * NS_PER_HOUR
    masks = [(hour_ns, *_tags("coverage", "s1"), WHOLE_HOUR, WHOLE_HOUR, 60) for hour_ns in range(noons[0], end_ns, NS_PER_HOUR)]
    reader = MemoryReader({"traffic": [_traffic("s1", noon_ns, in_=50) for noon_ns in noons], "coverage": masks})
    request = replace(ASKED, by=(), interval="1d", from_=first, to=last, align=align, measures=("in",))
    return ask(reader, request, QueryEstate({"s1": StoreFacts("s1", HONG_KONG)}), end_ns)


def test_a_day_whose_counterpart_was_a_holiday_is_left_out_by_weekday() -> None:
    answer = _of_november("weekday", "2026-11-16", "2026-11-18")
    compared = {record["time"][:10]: record["in_before"] for record in _records(answer) if record["compared"]}
    assert compared == {"2026-11-16": 50, "2026-11-17": 50}
    assert "left out: 2026-11-18: its counterpart was Singles' Day" in answer.notes


def test_a_day_whose_counterpart_was_a_holiday_is_named_by_date_and_so_is_a_holiday_of_this_side() -> None:
    answer = _of_november("date", "2026-11-13", "2026-11-14")
    assert {record["time"][:10]: record["in_before"] for record in _records(answer)} == {"2026-11-13": 50, "2026-11-14": 50}
    assert "compared all the same: 2026-11-13: its counterpart was Singles' Day" in answer.notes
    here = _of_november("weekday", "2026-11-11", "2026-11-11")
    assert "compared all the same: 2026-11-11: it is Singles' Day, its counterpart an ordinary day" in here.notes


def test_stores_of_several_time_zones_that_are_compared_with_the_same_store_count_it_once_each() -> None:
    people = {"a": 10, "b": 20, "s2": 60}
    rows = [row for store, count in people.items() for row in _days_of_people({9: count}, store)]
    estate = _estate(a="x", b="x", s2="x")
    group = _records(ask(_reader(rows), replace(ASKED, compare="group"), estate, NOW))
    assert {record["store"]: record["in_before"] for record in group} == {"a": 40, "b": 35, "s2": 15}
    with_store = _records(ask(_reader(rows), replace(ASKED, compare="store:b"), estate, NOW))
    assert {record["store"]: record["in_before"] for record in with_store} == {"a": 20, "s2": 20}


def test_the_usual_course_is_the_median_of_usual_days_or_not_known_yet() -> None:
    begin = BEGIN_NS - 70 * 24 * NS_PER_HOUR
    rows = [_traffic("s1", _wall_ns(BERLIN, (9 - 7 * week) * 1440 + 660), in_=week * 10) for week in range(9)]
    masks = [(hour_ns, *_tags("coverage", "s1"), WHOLE_HOUR, WHOLE_HOUR, 60) for hour_ns in range(begin, END_NS, NS_PER_HOUR)]
    request = replace(ASKED, measures=("in",), compare="usual")
    found = ask(MemoryReader({"traffic": rows, "coverage": masks}), request, _only(), NOW)
    (record,) = _records(found)
    assert [record[f"in{end}"] for end in ("", "_before", "_low", "_high", "_change")] == [0, 45, 27.5, 62.5, -45]
    few = [masks[0], *(row for row in masks if row[0] >= END_NS - 25 * 24 * NS_PER_HOUR)]
    with pytest.raises(ConfigError, match="s1: not known yet: 2 of at least 4 usual days"):
        ask(MemoryReader({"traffic": rows, "coverage": few}), request, _only(), NOW)


def test_what_tills_sold_while_a_usual_day_was_not_observed_is_missing_in_it_as_its_people_are() -> None:
    """Five minutes of each usual day were lost, with a sale in them; this side is all that was observed, with all its people and sales."""
    days = [(9 - 7 * week) * 1440 for week in range(9)]
    rows = [_traffic("s1", _wall_ns(BERLIN, day + 660), in_=10, transactions=2) for day in days]
    rows += [_traffic("s1", _wall_ns(BERLIN, day + 611), transactions=1) for day in days[1:]]
    lost = {_wall_ns(BERLIN, day + 600) for day in days[1:]}
    begin = BEGIN_NS - 70 * 24 * NS_PER_HOUR
    masks = []
    for hour_ns in range(begin, END_NS, NS_PER_HOUR):
        mask = WHOLE_HOUR & ~(0b11111 << 10) if hour_ns in lost else WHOLE_HOUR
        masks.append((hour_ns, *_tags("coverage", "s1"), mask, mask, mask.bit_count()))
    request = replace(ASKED, measures=("in", "transactions", "conversion"), compare="usual")
    (record,) = _records(ask(MemoryReader({"traffic": rows, "coverage": masks}), request, _only(), NOW))
    assert [record[f"{name}_before"] for name in ("in", "transactions", "conversion")] == [10, 2, 0.2]
    assert [record[name] for name in ("in", "transactions", "conversion")] == [10, 2, 0.2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"compare": "prevous"}, "did you mean 'previous'"),
        ({"align": "weekdays"}, "did you mean 'weekday'"),
        ({"compare": None, "align": "date"}, "align date means nothing without compare"),
        ({"compare": "usual", "align": "date"}, "align date means nothing with compare usual: usual days are the same weekdays"),
        ({"compare": "store:s2", "align": "date"}, "compared on the same days"),
        ({"compare": "group", "by": ("chain",)}, "ask for --by store"),
        ({"compare": "group", "question": "dwell", "measures": ()}, "no mean of several stores"),
    ],
)
def test_what_means_nothing_is_refused_with_what_would_work(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check(replace(ASKED, **change))


def test_rows_state_what_share_of_their_open_minutes_is_compared_and_what_has_none_is_not_zero() -> None:
    lost = {"s1": [(_wall_ns(BERLIN, 2 * 1440 + 645), _wall_ns(BERLIN, 2 * 1440 + 655))]}
    by_day = replace(ASKED, by=(), interval="1d", from_=_day(8))
    answer = ask(_reader(_days_of_people({1: 10, 2: 20, 8: 30, 9: 40}), lost), by_day, _only(), NOW)
    assert [(record["open_minutes"], round(record["compared"], 3)) for record in _records(answer)] == [(120, 1), (120, 0.917)]
    by_hour = ask(_reader(_days_of_people({2: 0, 9: 0}), lost), replace(ASKED, interval="5m"), _only(), NOW)
    found = {record["time"][11:16]: (record["compared"], record["in"], record["in_before"]) for record in _records(by_hour)}
    assert (found["10:40"], found["10:45"]) == ((1.0, 0, 0), (0.0, None, None))
    assert not any(note.startswith("observed") for note in answer.notes)


@pytest.mark.parametrize("span", ["2026-10-16T10:00..2026-10-16T12:00", "2026-10-16..2026-10-16T12:00", "2026-10-16T10:00..2026-10-16"])
def test_times_of_day_in_the_other_span_are_refused(span: str) -> None:
    with pytest.raises(ConfigError, match=r"days are compared with days.*: write 2026-10-16\.\.2026-10-16$"):
        ask(
            _reader(_days_of_people({3: 30})), replace(ASKED, compare=span, from_="2026-10-17T10:00", to="2026-10-17T12:00"), _estate(), NOW
        )


def test_a_span_that_has_not_begun_has_nothing_to_compare() -> None:
    with pytest.raises(ConfigError, match="has not begun"):
        ask(_reader(_days_of_people({2: 1})), replace(ASKED, from_="2027-01-01", to="2027-01-01"), _only(), NOW)


@pytest.mark.parametrize("compare", [None, "previous"])
def test_a_store_whose_versions_overlap_in_the_database_is_named(compare: str | None) -> None:
    estate = QueryEstate({"s1": replace(_only().of("s1"), overlaps=True)})
    answer = ask(_reader(_days_of_people({2: 100, 9: 150})), replace(ASKED, compare=compare), estate, NOW)
    assert any(note.startswith("versions of s1 overlap in the table of stores, and the later one counts") for note in answer.notes)
