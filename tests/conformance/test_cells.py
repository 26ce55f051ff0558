"""Every database sums up cells as `cells_of` defines them. A new sink is done when it passes."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.errors import ConfigError
from gateway.points import SCHEMA, Coded, Measurement, Points, from_columns, from_rows
from gateway.sinks.cells import Aggregate, CellTable, cells_of
from tests.support.databases import MONDAY_NS, Database, Fresh
from tests.support.whole import examples

MINUTE_NS = 60 * 10**9
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS

STORES = ["s1", "s.2", "sx2", "s-3"]
"""A dot in a regular expression would find two of them."""
TAGS = ["", "a", "b"]
TIMES = [MONDAY_NS + n * 10 * MINUTE_NS for n in range(40)] + [-1, 0, -HOUR_NS, -30 * DAY_NS + 5, MONDAY_NS + 1, 4_102_444_800 * 10**9]
TEXTS = ["", "f-1", "it's", '"']
VALUES: dict[str, Callable[[random.Random], Any]] = {
    "int": lambda rng: rng.randrange(-(2**40), 2**40),
    "float": lambda rng: rng.randrange(-(10**9), 10**9) / 1000,
    "bool": lambda rng: rng.random() < 0.5,
    "text": lambda rng: rng.choice(TEXTS),
    "subject": lambda rng: rng.randrange(4),
}


@dataclass(frozen=True)
class Asked:
    """Random points, and what is asked of them."""

    made: Points
    aggregates: list[Aggregate]
    span: tuple[int, int, int]
    by: tuple[str, ...]
    stores: list[str] | None
    tags: dict[str, str]


FROM_MONDAY = st.sampled_from([0, HOUR_NS // 2 + 1, -MONDAY_NS, -MONDAY_NS - 40 * DAY_NS])
LENGTHS = st.sampled_from([DAY_NS, 150 * 365 * DAY_NS, 90 * MINUTE_NS, 1, 0, -DAY_NS])
BUCKETS = st.sampled_from([HOUR_NS, 15 * MINUTE_NS, MINUTE_NS, 7 * DAY_NS, 7, 1, 2**61])
CHOSEN_STORES: st.SearchStrategy[list[str] | None] = st.sampled_from([None, None, ["s.2"], ["s1", "sx2", "nowhere", "s1"], []])


CONDITIONS: dict[str, st.SearchStrategy[Any]] = {"bool": st.booleans(), "text": st.sampled_from(TEXTS)}


def made(schema: Measurement, rows: int, rng: random.Random) -> Points:
    """Random points, many of them at the same time."""
    tags = [STORES if name == "store" else TAGS for name in schema.tags]
    drawn = [(*map(rng.choice, (TIMES, *tags)), *(VALUES[kind](rng) for kind in schema.fields.values())) for _ in range(rows)]
    return from_rows(schema.name, drawn)


def aggregates(schema: Measurement) -> st.SearchStrategy[list[Aggregate]]:
    """Any that the schema can give, with up to two conditions each."""
    kinds = dict.fromkeys(schema.tags, st.sampled_from(TAGS))
    kinds |= {name: CONDITIONS[kind] for name, kind in schema.fields.items() if kind in CONDITIONS}
    conditions = st.lists(
        st.one_of([st.tuples(st.just(name), values) for name, values in kinds.items()]), max_size=2, unique_by=lambda each: each[0]
    ).map(tuple)
    numbers = [name for name, kind in schema.fields.items() if kind in ("int", "float")]
    of_a_number = [st.builds(Aggregate, st.just(""), st.sampled_from(["sum", "last", "max"]), st.sampled_from(numbers), conditions)]
    counts = st.builds(Aggregate, st.just(""), st.just("count"), st.sampled_from(list(schema.fields)), conditions)
    drawn = st.lists(st.one_of(counts, *(of_a_number if numbers else [])), min_size=1, max_size=6)
    return drawn.map(lambda found: [each._replace(name=f"n{i}") for i, each in enumerate(found)])


@st.composite
def questions(draw: Callable[..., Any]) -> Asked:
    schema = SCHEMA[draw(st.sampled_from(sorted(SCHEMA)))]
    begin = MONDAY_NS + draw(FROM_MONDAY)
    pinned = draw(st.sets(st.sampled_from(schema.tags), max_size=1)) - {"store"}
    return Asked(
        made=made(schema, draw(st.sampled_from([200, 20, 1, 0])), random.Random(draw(st.integers(0, 2**32)))),
        aggregates=draw(aggregates(schema)),
        span=(begin, begin + draw(LENGTHS), draw(BUCKETS)),
        by=tuple(draw(st.lists(st.sampled_from(schema.tags), unique=True, max_size=3))),
        stores=draw(CHOSEN_STORES),
        tags=dict.fromkeys(pinned, "a"),
    )


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(asked=questions())
def test_cells_are_those_of_the_definition(fresh: Fresh, asked: Asked) -> None:
    database = fresh()
    database.sink.write([asked.made])
    with closing(database.reader()) as reader:
        rows = reader.rows(asked.made.measurement, void=True, **asked.tags)
        expected = cells_of(rows, asked.aggregates, *asked.span, asked.by, asked.stores)
        found = reader.cells(asked.made.measurement, asked.aggregates, *asked.span, asked.by, asked.stores, **asked.tags)
    assert_equal(found, expected)


def test_a_span_that_ends_before_it_begins_has_no_cells(fresh: Fresh) -> None:
    database = fresh()
    database.sink.write([traffic(Coded.of(["s1"]))])
    counted = [Aggregate("rows", "count", "in")]
    with closing(database.reader()) as reader:
        for bucket_ns in (HOUR_NS, 7 * DAY_NS):
            assert len(reader.cells("traffic", counted, MONDAY_NS + DAY_NS, MONDAY_NS - DAY_NS, bucket_ns)) == 0


def assert_equal(found: CellTable, expected: CellTable) -> None:
    assert found.time_ns.tolist() == expected.time_ns.tolist()
    assert {tag: column.texts() for tag, column in found.keys.items()} == {tag: column.texts() for tag, column in expected.keys.items()}
    assert list(found.values) == list(expected.values)
    for name, values in found.values.items():
        assert values.dtype == expected.values[name].dtype
        np.testing.assert_allclose(values, expected.values[name], rtol=1e-9, atol=1e-6, err_msg=name)


def hours(database: Database, stores: Sequence[str] | None, aggregates: Sequence[Aggregate]) -> CellTable:
    with closing(database.reader()) as reader:
        return reader.cells("traffic", aggregates, MONDAY_NS, MONDAY_NS + DAY_NS, HOUR_NS, stores=stores)


def traffic(stores: Coded, **values: Any) -> Points:
    columns = dict.fromkeys(SCHEMA["traffic"].fields, 0) | {"time_ns": np.full(len(stores), MONDAY_NS), "store": stores} | values
    return from_columns("traffic", columns)


def test_seven_thousand_stores_may_be_asked_by_name(fresh: Fresh) -> None:
    database, stores = fresh(), [f"shop.{n:04d}" for n in range(7001)]
    database.sink.write([traffic(Coded.of(stores), **{"in": np.arange(7001)})])
    found = hours(database, stores[1:], [Aggregate("in", "sum", "in")])
    assert found.keys["store"].texts() == stores[1:]
    assert found.values["in"].tolist() == list(range(1, 7001))


def test_sums_of_int_are_exact_beyond_what_a_float_holds(fresh: Fresh) -> None:
    database = fresh()
    database.sink.write([traffic(Coded.of(["s1"]), **{"in": np.array([2**60 + 1])})])
    assert hours(database, None, [Aggregate("in", "sum", "in")]).values["in"].tolist() == [2**60 + 1]


@pytest.mark.parametrize("store", ["", "s' OR 'a'='a", "a\nb", "(a|b)"])
def test_what_cannot_be_a_name_is_refused(fresh: Fresh, store: str) -> None:
    with pytest.raises(ConfigError, match="cannot name a store"):
        hours(fresh(), [store], [Aggregate("in", "sum", "in")])


def test_the_last_of_points_of_equal_time_is_the_greatest(fresh: Fresh) -> None:
    database = fresh()
    database.sink.write([traffic(Coded.of(["s1", "s2", "s3"]), occupancy=np.array([4, 9, 7]))])
    with closing(database.reader()) as reader:
        found = reader.cells("traffic", [Aggregate("occupancy", "last", "occupancy")], 0, MONDAY_NS + 1, HOUR_NS, ())
    assert found.values["occupancy"].tolist() == [9.0]


def test_the_last_value_under_a_condition_is_of_the_latest_point_that_meets_it(fresh: Fresh) -> None:
    database = fresh()
    blank = {name: "" if kind in ("text", "subject") else 0 for name, kind in SCHEMA["visit"].fields.items()}
    visits = [blank | {"known": n < 2, "zones": n} for n in range(4)]
    database.sink.write([from_rows("visit", [(MONDAY_NS + n, "a", "s1", *visit.values()) for n, visit in enumerate(visits)])])
    asked = [Aggregate("known", "last", "zones", (("known", True),)), Aggregate("all", "last", "zones")]
    with closing(database.reader()) as reader:
        found = reader.cells("visit", asked, 0, MONDAY_NS + HOUR_NS, HOUR_NS, agent="a")
    assert {name: values.tolist() for name, values in found.values.items()} == {"known": [1.0], "all": [3.0]}
