"""What is read of coverage: the hours of the span, under every name of a store; the tasks of silent agents; since when there is any."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from footfall.units import NS_PER_HOUR, NS_PER_MINUTE
from gateway.points import Coded
from gateway.query.coverage_reading import known_from_ns, read_coverage
from gateway.query.estate import QueryEstate, Stationed, StoreFacts
from gateway.query.open_minutes import WHOLE_HOUR
from gateway.sinks.cells import Aggregate, CellTable
from gateway.site.names import FIRST_NS, LAST_NS

BEGIN = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) * 10**9
Row = tuple[int, str, str, int, int]
"""Number of the hour, store, agent, masks of doors and presence."""


class Database:
    """Rows of coverage, and the times of the first rows of traffic and coverage."""

    where = "memory"

    def __init__(self, rows: Sequence[Row], **first_ns: int) -> None:
        self.rows_there, self.first_ns = rows, first_ns
        self.asked: list[tuple[int, int, list[str]]] = []

    def span(self, measurement: str, store: str | None = None) -> tuple[int, int] | None:
        return (self.first_ns[measurement], BEGIN) if measurement in self.first_ns else None

    def cells(self, measurement: str, aggregates: Sequence[Aggregate], from_ns: int, to_ns: int, bucket_ns: int,
              by: Sequence[str], stores: Sequence[str], on_page: Any) -> CellTable:  # fmt: skip
        self.asked.append((from_ns, to_ns, list(stores)))
        rows = [row for row in self.rows_there if from_ns <= BEGIN + row[0] * NS_PER_HOUR < to_ns and row[1] in stores]
        keys = {tag: Coded.of([row[i] for row in rows]) for i, tag in ((1, "store"), (2, "agent"))}
        values = {each.name: np.array([row[3 + (each.column == "presence")] for row in rows], np.int64) for each in aggregates}
        return CellTable(np.array([BEGIN + row[0] * NS_PER_HOUR for row in rows], np.int64), keys, values)


def _read(database: Database, estate: QueryEstate) -> list[list[int]]:
    reader: Any = database
    found = read_coverage(reader, estate, ["s1"], BEGIN + 30 * NS_PER_MINUTE, BEGIN + 90 * NS_PER_MINUTE, LAST_NS, lambda rows: None)
    return found.doors.tolist()


def test_the_hours_that_a_span_touches_are_read_under_every_name_of_the_store() -> None:
    database = Database([(0, "old", "a", 7, -1), (1, "s1", "a", 1, -1), (2, "s1", "a", 3, -1)])
    assert _read(database, QueryEstate({"s1": StoreFacts("s1")}, {"old": "s1"})) == [[7, 1]]
    assert database.asked == [(BEGIN, BEGIN + 2 * NS_PER_HOUR, ["s1", "old"])]


def test_the_tasks_of_an_agent_without_a_row_are_those_that_it_ever_had() -> None:
    estate = QueryEstate({"s1": StoreFacts("s1", agents=(Stationed("a"), Stationed("b")))})
    rows: list[Row] = [(hour, "s1", "a", WHOLE_HOUR, -1) for hour in (0, 1)]
    dead = Database([(-500, "s1", "b", 1, -1), *rows])
    assert _read(dead, estate) == [[0, 0]]
    assert len(dead.asked) == 2
    assert _read(Database([(-500, "s1", "b", -1, 5), *rows]), estate) == [[WHOLE_HOUR, WHOLE_HOUR]], "it never counted at a door"


@pytest.mark.parametrize(
    ("first_ns", "known"),
    [
        ({}, FIRST_NS),
        ({"traffic": BEGIN}, LAST_NS),
        ({"coverage": BEGIN}, FIRST_NS),
        ({"traffic": BEGIN + 5, "coverage": BEGIN}, FIRST_NS),
        ({"traffic": BEGIN - NS_PER_HOUR, "coverage": BEGIN + 5}, BEGIN),
    ],
)
def test_coverage_is_known_from_the_first_row_on_where_an_earlier_release_wrote_traffic_before(
    first_ns: dict[str, int], known: int
) -> None:
    reader: Any = Database([], **first_ns)
    assert known_from_ns(reader) == known
