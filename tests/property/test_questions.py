"""Answers equal a reckoning row by row in plain Python: random rows, stores, paths, clocks, spans, intervals and groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.points import SCHEMA
from gateway.query.answer import Request
from gateway.query.estate import QueryEstate, StoreFacts, StoreVersion
from gateway.query.intervals import Day
from gateway.query.questions import ask
from gateway.site.names import FIRST_NS, LAST_NS, Span
from tests.support.memory_reader import MemoryReader

S, MINUTE = 10**9, 60 * 10**9
FIRST, LAST = date(2026, 10, 23), date(2026, 10, 27)
"""Clocks go back in Europe on the 25th."""
BEGIN = int(datetime(2026, 10, 21, tzinfo=ZoneInfo("UTC")).timestamp()) * S
MINUTES = 9 * 24 * 60
LATER = BEGIN + 10**17
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ZONES = ("Europe/Berlin", "Asia/Shanghai", "Asia/Kolkata", "America/New_York", "UTC")


@dataclass(frozen=True)
class Place:
    """A store of the reckoning: it moves from its first path to its second at local midnight of the 25th."""

    name: str
    zone: ZoneInfo
    paths: tuple[str, str]
    day_start: time

    def facts(self) -> StoreFacts:
        moved = int(datetime(2026, 10, 25, tzinfo=self.zone).timestamp()) * S
        first, second = (
            StoreVersion(span, path) for span, path in zip((Span(FIRST_NS, moved), Span(moved, LAST_NS)), self.paths, strict=True)
        )
        return StoreFacts(self.name, self.zone, self.day_start, (first, second))


@dataclass(frozen=True)
class Row:
    """A row of the reckoning: its store, its moment, its fields and tags."""

    place: Place
    time_ns: int
    values: dict[str, Any]

    def local(self) -> datetime:
        return datetime.fromtimestamp(self.time_ns // S, self.place.zone)

    def day(self, day: Day) -> date:
        """The day it belongs to, by bounds and not by subtraction: the day of its clock, or the one before."""
        begins = self.place.day_start if day == "store" else time()
        today = self.local().date()
        return today if self.time_ns >= _ns(datetime.combine(today, begins, self.place.zone)) else today - timedelta(days=1)


def _ns(moment: datetime) -> int:
    return int(moment.timestamp()) * S


def label(row: Row, interval: str, day: Day) -> str:
    """The name of its interval, which all stores share."""
    if interval == "1h":
        hour = row.local().replace(minute=0, second=0)
        twice = hour.replace(fold=0).utcoffset() != hour.replace(fold=1).utcoffset()
        return f"{hour:%Y-%m-%dT%H:%M}" + (hour.isoformat()[-6:] if twice else "")
    first = row.day(day)
    if interval == "1w":
        first -= timedelta(days=first.weekday())
    return (first.replace(day=1) if interval == "month" else first).isoformat()


KEYS: dict[str, Callable[[Row, Day], Any]] = {
    "chain": lambda row, day: "all stores",
    "store": lambda row, day: row.place.name,
    "path": lambda row, day: row.place.paths[row.local().date() >= date(2026, 10, 25)],
    "path:1": lambda row, day: row.place.paths[row.local().date() >= date(2026, 10, 25)].split("/")[0],
    "weekday": lambda row, day: WEEKDAYS[row.day(day).weekday()],
    "hour": lambda row, day: row.local().hour,
    "zone": lambda row, day: row.values["zone"],
    "staff": lambda row, day: row.values["staff_id"],
}


def total(rows: Sequence[Row], name: str) -> Any:
    return sum(row.values[name] for row in rows)


def share(numerator: float, denominator: float) -> float | None:
    return numerator / denominator if denominator else None


def traffic_of(rows: Sequence[Row]) -> dict[str, Any]:
    minutes, visits = ([row for row in rows if name in row.values] for name in ("in", "known"))
    there = [row for row in visits if not row.values["is_staff"]]
    known = sum(row.values["known"] for row in there)
    return {
        "in": total(minutes, "in"), "transactions": total(minutes, "transactions"), "visits": len(there),
        "conversion": share(total(minutes, "transactions"), total(minutes, "in")),
        "mean_dwell_s": share(total(minutes, "dwell_sum_s"), total(minutes, "visits_closed")),
        "anonymous_visits": share(len(there) - known, len(there)),
    }  # fmt: skip


def zones_of(rows: Sequence[Row]) -> dict[str, Any]:
    return {"entries": total(rows, "entries"), "present_max": max(row.values["present"] for row in rows)}


def sales_of(rows: Sequence[Row]) -> dict[str, Any]:
    sold, back = ([row for row in rows if row.values["what"] == what] for what in ("transaction", "return"))
    revenue = total(sold, "amount") - total(back, "amount")
    return {"transactions": len(sold), "revenue": revenue, "basket": share(revenue, len(sold)), "touches": len(rows)}


QUESTIONS: dict[str, tuple[Callable[[Sequence[Row]], dict[str, Any]], dict[str, Any], tuple[str, ...]]] = {
    "traffic": (traffic_of, {"in": 5, "transactions": 3, "visits_closed": 3, "dwell_sum_s": 900}, ()),
    "zones": (zones_of, {"entries": 9, "present": 9}, ("zone",)),
    "sales": (sales_of, {"amount": 500}, ("zone", "staff")),
}
TABLES = {"traffic": "traffic", "zones": "zone_traffic", "sales": "touch"}


def stored(table: str, row: Row) -> tuple[Any, ...]:
    """The row as the schema has it."""
    schema = SCHEMA[table]
    empty = {"int": 0, "float": 0.0, "bool": False}
    values = {"store": row.place.name, **row.values}
    names = [*((name, "text") for name in schema.tags), *schema.fields.items()]
    return (row.time_ns, *(values.get(name, empty.get(kind, "")) for name, kind in names))


@st.composite
def places(draw: st.DrawFn) -> list[Place]:
    paths = st.sampled_from(["", "de", "de/berlin", "de/hamburg", "cn/shanghai"])
    starts = st.sampled_from([time(4), time(0), time(2, 30)])
    count = draw(st.integers(1, 3))
    return [Place(f"s{i}", ZoneInfo(draw(st.sampled_from(ZONES))), (draw(paths), draw(paths)), draw(starts)) for i in range(count)]


@st.composite
def rows_of(draw: st.DrawFn, question: str, there: list[Place]) -> list[Row]:
    _, most, _ = QUESTIONS[question]
    found: dict[tuple[Any, ...], Row] = {}
    for _ in range(draw(st.integers(0, 25))):
        place, at = draw(st.sampled_from(there)), BEGIN + draw(st.integers(0, MINUTES)) * MINUTE
        values: dict[str, Any] = {name: draw(st.integers(0, limit)) for name, limit in most.items()}
        if question != "traffic":
            values["zone"] = draw(st.sampled_from(["a", "b"]))
        if question == "sales":
            values |= {"what": draw(st.sampled_from(["transaction", "return", "scan"])), "staff_id": draw(st.sampled_from(["", "x", "y"]))}
        if question == "traffic" and draw(st.booleans()):
            values = {"known": draw(st.booleans()), "is_staff": draw(st.booleans())}
        found[place.name, at, values.get("zone"), "known" in values] = Row(place, at, values)
    return list(found.values())


def at_any_time(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple((word, value) for word, value in key if word not in ("time", "weekday", "hour"))


def is_inside(row: Row, day: Day) -> bool:
    begins = row.place.day_start if day == "store" else time()
    first, after = (_ns(datetime.combine(each, begins, row.place.zone)) for each in (FIRST, LAST + timedelta(days=1)))
    return first <= row.time_ns < after


def same(found: Any, expected: Any) -> bool:
    return bool(found == pytest.approx(expected, rel=1e-12, abs=1e-9)) if isinstance(expected, float) else found == expected


@given(st.data())
@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_is_what_a_reckoning_row_by_row_gives(question: str, data: st.DataObject) -> None:
    there = data.draw(places())
    rows = data.draw(rows_of(question, there))
    reckon, _, own = QUESTIONS[question]
    day: Day = data.draw(st.sampled_from(["midnight", "store"]))
    interval = data.draw(st.sampled_from([None, "1h", "1d", "1w", "month"]))
    by = data.draw(st.lists(st.sampled_from(["chain", "store", "path", "path:1", "weekday", "hour", *own]), min_size=1, max_size=3,
                            unique_by=lambda word: word.partition(":")[0]))  # fmt: skip
    table = TABLES[question]
    data_rows = {table: [stored(table, row) for row in rows if "known" not in row.values],
                 "visit": [stored("visit", row) for row in rows if "known" in row.values],
                 "item": [(BEGIN, "a", "moved", place.name, "z", "e", "", "", 0.0) for place in there]}  # fmt: skip
    names = [name for name in reckon(rows[:1]) if name != "present_max" or set(by) <= {"store", "zone", "weekday", "hour"}] if rows else ()
    request = Request(question, tuple(names), from_=str(FIRST), to=str(LAST), interval=interval, by=tuple(by), day=day)
    # What an earlier release stored: no coverage is known, so that nothing counts as not measured.
    data_rows["traffic"] = [*data_rows.get("traffic", ()), stored("traffic", Row(there[0], BEGIN - 2 * MINUTES * MINUTE, {}))]
    answer = ask(MemoryReader(data_rows), request, QueryEstate({place.name: place.facts() for place in there}), LATER)
    counted = [row for row in rows if is_inside(row, day)]
    clocks = {(place.zone.key, place.day_start if day == "store" else None) for place in there}

    def key(row: Row) -> tuple[Any, ...]:
        values = {word: KEYS[word](row, day) for word in by}
        if interval:
            values["time"] = label(row, interval, day)
        return tuple(sorted((word, str(value)) for word, value in values.items()))

    expected: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    zones: dict[tuple[Any, ...], set[tuple[str, str]]] = defaultdict(set)
    for row in counted:
        expected[key(row)].append(row)
        zones[at_any_time(key(row))].add((row.place.name, row.values.get("zone", "")))
    columns = {word: {"path:1": "path", "staff": "staff_id"}.get(word, word) for word in (*by, *(["time"] if interval else []))}
    found = {}
    for values in answer.rows:
        record = dict(zip(answer.columns, values, strict=True))
        if interval:
            clock = next(place.zone for place in there if record.get("store", place.name) == place.name)
            record["time"] = _label(record["time"], interval, clock if "store" in by or len(clocks) == 1 else None)
        own_key = tuple(sorted((word, str(record[column])) for word, column in columns.items()))
        assert own_key not in found
        found[own_key] = record
    assert expected.keys() <= found.keys()
    for own_key, record in found.items():
        if own_key not in expected:
            assert all(not record[name] for name in names)
            continue
        for name, value in reckon(expected[own_key]).items():
            if name in names:
                # The highest of one of several zones is not that of all, nor is it in a row of a time when only one had any.
                is_none = name == "present_max" and len(zones[at_any_time(own_key)]) > 1
                assert same(record[name], None if is_none else value), (own_key, name)
    if names and answer.totals:
        whole = dict(zip(answer.columns, answer.totals[-1], strict=True))
        for name, value in reckon(counted).items() if counted else ():
            if name in names and name != "present_max":
                assert same(whole[name], value), name


def _label(text: str, interval: str, zone: ZoneInfo | None) -> str:
    """The label of an answer's time, which has an offset where the row is of one clock."""
    if zone is None:
        return text
    moment = datetime.fromisoformat(text)
    assert moment.utcoffset() == datetime.fromtimestamp(moment.timestamp(), zone).utcoffset()
    if interval == "1h":
        hour = datetime.fromtimestamp(moment.timestamp(), zone).replace(minute=0)
        twice = hour.replace(fold=0).utcoffset() != hour.replace(fold=1).utcoffset()
        return f"{hour:%Y-%m-%dT%H:%M}" + (hour.isoformat()[-6:] if twice else "")
    first = moment.date()
    if interval == "1w":
        first -= timedelta(days=first.weekday())
    return (first.replace(day=1) if interval == "month" else first).isoformat()
