"""What is read of coverage: the hours of the span, under every name of a store; the tasks of silent agents; since when there is any."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from footfall.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE
from gateway.query.coverage import NO_SPAN, AgentAt
from gateway.query.coverage_reading import read_coverage, unknown_span
from gateway.query.estate import QueryEstate, Stationed, StoreFacts
from gateway.query.open_minutes import WHOLE_HOUR
from gateway.sinks.cells import Aggregate, CellTable, cells_of
from gateway.sinks.table import Builder, PointTable, joined
from gateway.site import Site
from gateway.site.names import LAST_NS, Span

BEGIN = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) * 10**9
Row = tuple[int, str, str, int, int]
"""Number of the hour, store, agent, masks of doors and presence."""


class Database:
    """Rows of coverage, and the times of the first rows of traffic and coverage."""

    where = "memory"

    def __init__(self, rows: Sequence[Row], plain: Sequence[tuple[int, str, str]] = (), **first_ns: int) -> None:
        self.rows_there, self.plain, self.first_ns = rows, plain, first_ns
        self.asked: list[tuple[Any, ...]] = []
        self.spans_asked: list[tuple[str, str | None]] = []

    def span(self, measurement: str, store: str | None = None) -> tuple[int, int] | None:
        self.spans_asked.append((measurement, store))
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
        if measurement != "coverage":
            builder = Builder(measurement, ("store", "agent", aggregates[0].column))
            if measurement == "touch":
                builder.add([(BEGIN + hour * NS_PER_HOUR, store, agent, 1.0) for hour, store, agent in self.plain])
            return cells_of(builder.table(), aggregates, from_ns, to_ns, bucket_ns, by, stores)
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


def _site(*agents: dict[str, Any]) -> QueryEstate:
    stores = [{"name": "s1", "doors": ["main"], "zones": [{"name": "hall"}], "agents": [{"name": "a"}, *agents]}]
    return QueryEstate.from_site(Site.model_validate({"brand": "acme", "stores": stores}))


WATCHED: Sequence[Row] = [(hour, "s1", "a", WHOLE_HOUR, WHOLE_HOUR) for hour in (0, 1)]


@pytest.mark.parametrize(
    ("agent", "doors", "presence"),
    [
        ({"name": "b"}, [0, 0], [WHOLE_HOUR] * 2),
        ({"name": "b", "receivers": {"ble": "hall"}}, [WHOLE_HOUR] * 2, [0, 0]),
        ({"name": "b", "tasks": ["doors", "presence"]}, [0, 0], [0, 0]),
        ({"name": "b", "tasks": []}, [WHOLE_HOUR] * 2, [WHOLE_HOUR] * 2),
        ({"name": "b", "from": "2026-06-01T01:30:00"}, [WHOLE_HOUR, (1 << 30) - 1], [WHOLE_HOUR] * 2),
        ({"name": "b", "from": "2026-06-02"}, [WHOLE_HOUR] * 2, [WHOLE_HOUR] * 2),
    ],
    ids=["a counter", "one that hears", "both", "a till", "in force since half past one", "not in force yet"],
)
def test_an_agent_that_was_never_heard_is_missed_from_when_it_is_in_force(
    agent: dict[str, Any], doors: list[int], presence: list[int]
) -> None:
    reader: Any = Database(WATCHED)
    found = read_coverage(reader, _site(agent), ["s1"], BEGIN, BEGIN + 2 * NS_PER_HOUR, LAST_NS, lambda rows: None)
    assert (found.doors.tolist(), found.presence.tolist()) == ([doors], [presence])
    assert found.never_heard == ((AgentAt("s1", "b"),) if 0 in (*doors, *presence) or doors[1] < WHOLE_HOUR else ())


def test_nobody_was_never_heard_in_hours_of_which_an_earlier_release_stored_no_coverage() -> None:
    args = _site({"name": "b"}), ["s1"], BEGIN, BEGIN + 2 * NS_PER_HOUR, LAST_NS, lambda rows: None
    before: Any = Database([], traffic=BEGIN, coverage=BEGIN + 9 * NS_PER_HOUR)
    since: Any = Database(WATCHED, traffic=BEGIN, coverage=BEGIN)
    assert [read_coverage(reader, *args).never_heard for reader in (before, since)] == [(), (AgentAt("s1", "b"),)]


def test_an_agent_that_sends_plain_events_is_missed_by_nobody_under_whatever_name() -> None:
    renamed = {"name": "till", "aliases": [{"name": "kasse", "until": "2026-05-31"}]}
    for name in ("till", "kasse"):
        assert _read(Database(WATCHED, plain=[(-900, "s1", name)]), _site(renamed)) == [[WHOLE_HOUR, WHOLE_HOUR]]
    assert _read(Database(WATCHED, plain=[(-900, "s1", "other")]), _site(renamed)) == [[0, 0]]


def test_an_agent_that_dies_on_the_day_of_its_renaming_has_the_tasks_that_it_had_before() -> None:
    renamed = {"name": "new", "tasks": ["presence"], "aliases": [{"name": "old", "until": "2026-06-01T00:00:00"}]}
    assert _read(Database([(-5, "s1", "old", 1, -1), *WATCHED]), _site(renamed)) == [[0, 0]]


@pytest.mark.parametrize(("days", "reads_all"), [(-2, False), (30, False), (-60, True), (90, True)])
def test_of_an_agent_that_was_heard_lately_not_all_coverage_is_read(days: int, reads_all: bool) -> None:
    database = Database([(days * 24, "s1", "b", 1, -1), *WATCHED])
    assert _read(database, _site({"name": "b"})) == [[0, 0]], "whenever it was heard"
    lengths = {to_ns - from_ns for from_ns, to_ns, *_ in database.asked}
    assert any(length > 100 * NS_PER_DAY for length in lengths) == reads_all


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


@pytest.mark.parametrize(("before_ns", "is_found"), [(0, True), (NS_PER_HOUR, True), (-1, False)])
def test_the_first_rows_of_all_stores_are_not_searched_where_one_store_was_observed_before(before_ns: int, is_found: bool) -> None:
    database: Any = Database(WATCHED, traffic=BEGIN - NS_PER_DAY, coverage=BEGIN - before_ns)
    found = read_coverage(database, QueryEstate(), ["s1"], BEGIN, BEGIN + 2 * NS_PER_HOUR, LAST_NS, lambda rows: None)
    assert [store for _, store in database.spans_asked] == (["s1"] if is_found else ["s1", None, None])
    assert found.is_known_of_all
