"""What is read of coverage: the hours of the span, under every name of a store; the tasks of silent agents; since when there is any."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from footfall.units import NS_PER_HOUR, NS_PER_MINUTE
from gateway.query.coverage import NO_SPAN
from gateway.query.coverage_reading import read_coverage, unknown_span
from gateway.query.estate import QueryEstate, Stationed, StoreFacts
from gateway.query.open_minutes import WHOLE_HOUR
from gateway.sinks.cells import Aggregate, CellTable, cells_of
from gateway.sinks.table import Builder, PointTable, joined
from gateway.site.names import LAST_NS, Span

BEGIN = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) * 10**9
Row = tuple[int, str, str, int, int]
"""Number of the hour, store, agent, masks of doors and presence."""


class Database:
    """Rows of coverage, and the times of the first rows of traffic and coverage."""

    where = "memory"

    def __init__(self, rows: Sequence[Row], **first_ns: int) -> None:
        self.rows_there, self.first_ns = rows, first_ns
        self.asked: list[tuple[Any, ...]] = []

    def span(self, measurement: str, store: str | None = None) -> tuple[int, int] | None:
        return (self.first_ns[measurement], BEGIN) if measurement in self.first_ns else None

    def rows(self, measurement: str, store: str | None, from_ns: int, to_ns: int, columns: Sequence[str], on_page: Any) -> PointTable:
        self.asked.append((from_ns, to_ns, store))
        rows = [row for row in self.rows_there if from_ns <= BEGIN + row[0] * NS_PER_HOUR < to_ns and store in (None, row[1])]
        builder = Builder(measurement, columns)
        names = ("hour", "store", "agent", "doors", "presence")
        builder.add([(BEGIN + row[0] * NS_PER_HOUR, *(row[names.index(name)] for name in columns)) for row in rows])
        return builder.table()

    def cells(self, measurement: str, aggregates: Sequence[Aggregate], from_ns: int, to_ns: int, bucket_ns: int,
              by: Sequence[str], stores: Sequence[str], on_page: Any) -> CellTable:  # fmt: skip
        self.asked.append((from_ns, to_ns, *stores))
        table = joined([self.rows(measurement, store, from_ns, to_ns, ("store", "agent", "doors", "presence"), None) for store in stores])
        return cells_of(table, aggregates, from_ns, to_ns, bucket_ns, by, stores)


def _read(database: Database, estate: QueryEstate) -> list[list[int]]:
    reader: Any = database
    found = read_coverage(reader, estate, ["s1"], BEGIN + 30 * NS_PER_MINUTE, BEGIN + 90 * NS_PER_MINUTE, LAST_NS, lambda rows: None)
    return found.doors.tolist()


def test_the_hours_that_a_span_touches_are_read_under_every_name_of_the_store() -> None:
    database = Database([(0, "old", "a", 7, -1), (1, "s1", "a", 1, -1), (2, "s1", "a", 3, -1)])
    assert _read(database, QueryEstate({"s1": StoreFacts("s1")}, {"old": "s1"})) == [[7, 1]]
    assert database.asked == [(BEGIN, BEGIN + 2 * NS_PER_HOUR, name) for name in ("s1", "old")]


def test_the_tasks_of_an_agent_without_a_row_are_those_that_it_ever_had() -> None:
    estate = QueryEstate({"s1": StoreFacts("s1", agents=(Stationed("a"), Stationed("b")))})
    rows: list[Row] = [(hour, "s1", "a", WHOLE_HOUR, -1) for hour in (0, 1)]
    dead = Database([(-500, "s1", "b", 1, -1), *rows])
    assert _read(dead, estate) == [[0, 0]]
    assert dead.asked[1][0] < BEGIN - 500 * NS_PER_HOUR
    assert _read(Database([(-500, "s1", "b", -1, 5), *rows]), estate) == [[WHOLE_HOUR, WHOLE_HOUR]], "it never counted at a door"


def test_of_many_stores_all_rows_are_read_at_once_and_of_none_nothing() -> None:
    stores = [f"s{i}" for i in range(30)]
    database = Database([(0, store, "a", 7, -1) for store in (*stores, "other")])
    reader: Any = database
    args = BEGIN, BEGIN + NS_PER_HOUR, LAST_NS, lambda rows: None
    assert read_coverage(reader, QueryEstate(), stores, *args).doors.tolist() == [[7]] * 30
    assert [store for *_, store in database.asked] == [None]
    assert read_coverage(reader, QueryEstate(), [], *args).doors.shape == (0, 1)


@pytest.mark.parametrize(
    ("first_ns", "unknown"),
    [
        ({}, NO_SPAN),
        ({"traffic": BEGIN + 5}, Span(BEGIN, LAST_NS // NS_PER_HOUR * NS_PER_HOUR)),
        ({"coverage": BEGIN}, NO_SPAN),
        ({"traffic": BEGIN + 5, "coverage": BEGIN}, NO_SPAN),
        ({"traffic": BEGIN - NS_PER_HOUR + 7, "coverage": BEGIN + 5}, Span(BEGIN - NS_PER_HOUR, BEGIN)),
    ],
)
def test_coverage_is_not_known_where_an_earlier_release_wrote_traffic_before_it_and_nothing_was_observed_before_that(
    first_ns: dict[str, int], unknown: Span
) -> None:
    reader: Any = Database([], **first_ns)
    assert unknown_span(reader) == unknown
