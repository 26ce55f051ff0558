"""How SQLite is asked for cells: in the order of its rows where that is possible, of one moment, and also in files of earlier releases."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from gateway.points import SCHEMA, from_rows
from gateway.sinks.cells import Aggregate, CellTable, cells_of
from gateway.sinks.sqlite import cells
from gateway.sinks.sqlite.cells import Buckets, CellQuery
from gateway.sinks.sqlite.reader import SqliteReader
from gateway.sinks.sqlite.sink import SQLite

AGGREGATES = [
    Aggregate("in", "sum", "in"),
    Aggregate("occupancy_last", "last", "occupancy"),
    Aggregate("occupancy_max", "max", "occupancy"),
]
SPAN = (0, 100, 10)


def traffic(time_ns: int, store: str, people: int) -> tuple[int | str, ...]:
    return (time_ns, store, *({"in": people, "occupancy": people}.get(name, 0) for name in SCHEMA["traffic"].fields))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with closing(SQLite(tmp_path / "footfall.db")) as sink:
        sink.write([from_rows("traffic", [traffic(n * 7 % 50, f"s{n % 3}", n) for n in range(50)])])
    return tmp_path / "footfall.db"


def found(path: Path, by: Sequence[str] = ("store",)) -> CellTable:
    with closing(SqliteReader(path)) as reader:
        return reader.cells("traffic", AGGREGATES, *SPAN, by)


def values(table: CellTable) -> list[list[object]]:
    return [
        table.time_ns.tolist(),
        table.keys["store"].texts() if table.keys else [],
        *(column.tolist() for column in table.values.values()),
    ]


@pytest.mark.parametrize("by", [(), ("store",)])
def test_sorted_and_joined_are_the_same(path: Path, monkeypatch: pytest.MonkeyPatch, by: Sequence[str]) -> None:
    joined = found(path, by)
    monkeypatch.setattr(cells, "MOST_SEEKS", 0)
    assert values(found(path, by)) == values(joined)
    with closing(SqliteReader(path)) as reader:
        assert values(cells_of(reader.rows("traffic"), AGGREGATES, *SPAN, by)) == values(joined)


def plan(path: Path, by: Sequence[str], aggregates: Sequence[Aggregate]) -> str:
    """The steps that SQLite takes, one a line."""
    query = CellQuery("traffic", frozenset({"in", "occupancy"}), by, {}, Buckets(*SPAN), stores=3)
    with closing(sqlite3.connect(path)) as db:
        for statement in cells.ASKED:
            db.execute(statement)
        steps = [row for each in query.statements(aggregates) for row in db.execute(f"EXPLAIN QUERY PLAN {each.sql}", each.values)]
    return "\n".join(step for *_, step in steps)


@pytest.mark.parametrize(("by", "aggregates"), [(("store",), AGGREGATES), ((), AGGREGATES[:1])])
def test_by_store_or_altogether_nothing_is_sorted(path: Path, by: Sequence[str], aggregates: Sequence[Aggregate]) -> None:
    steps = plan(path, by, aggregates)
    assert "SEARCH p USING PRIMARY KEY (store=? AND time_ns>? AND time_ns<?)" in steps
    assert "TEMP B-TREE" not in steps


def test_many_more_buckets_than_points_are_sorted_instead() -> None:
    nanoseconds = Buckets(0, 10**18, 1)
    assert len(nanoseconds) == 10**18
    assert not CellQuery("traffic", frozenset(), ("store",), {}, nanoseconds, stores=1).is_joined


def test_buckets_are_cut_where_the_span_begins_and_ends() -> None:
    assert Buckets(-5, 21, 10).rows() == [(-10, -5, 0), (0, 0, 10), (10, 10, 20), (20, 20, 21)]


def test_what_is_read_is_of_one_moment(path: Path) -> None:
    """Sums and last values are read one after the other; a minute that is written in between is in neither."""
    with closing(SqliteReader(path)) as reader, closing(SQLite(path)) as sink:
        before = reader.cells("traffic", AGGREGATES, *SPAN)
        later = from_rows("traffic", [traffic(49, "s1", 1000)])
        during = reader.cells("traffic", AGGREGATES, *SPAN, on_page=lambda rows: sink.write([later]))
        assert values(during) == values(before)
        assert reader.cells("traffic", AGGREGATES, *SPAN).values["occupancy_last"].max() == 1000


def test_a_field_that_an_earlier_release_had_not_is_absent(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("ALTER TABLE traffic DROP COLUMN occupancy")
        db.execute("ALTER TABLE presence DROP COLUMN time_width_ms")
        db.execute("INSERT INTO presence (time_ns, agent, kind, store, zone, subject, profile, rssi_dbm, dwell_s, time_quality, lag_ms) "
                   "VALUES (5, 'a', 'enter', 's1', 'z', '', '', 0, 0, '', 0)")  # fmt: skip
        db.commit()
    table = found(path)
    assert table.values["in"].sum() == sum(range(50))
    assert not table.values["occupancy_last"].any()
    with closing(SqliteReader(path)) as reader:
        widths = reader.cells("presence", [Aggregate("width", "max", "time_width_ms")], *SPAN)
    np.testing.assert_array_equal(widths.values["width"], [-1.0])


def test_a_measurement_that_an_earlier_release_had_not_has_no_cells(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE traffic")
    table = found(path)
    assert (len(table), list(table.values)) == (0, ["in", "occupancy_last", "occupancy_max"])


@pytest.mark.parametrize("edges_ns", [(0, 7, 30), (0,), (0, 99), tuple(range(100))])
def test_cells_reach_from_edge_to_edge_where_that_makes_fewer(path: Path, edges_ns: tuple[int, ...]) -> None:
    with closing(SqliteReader(path)) as reader:
        found = reader.cells("traffic", AGGREGATES, *SPAN, edges_ns=edges_ns)
        expected = cells_of(reader.rows("traffic"), AGGREGATES, *SPAN, edges_ns=edges_ns if len(edges_ns) < 10 else ())
    assert values(found) == values(expected)


def test_edges_are_no_more_than_what_there_is(path: Path) -> None:
    assert Buckets(0, 100, 1, (0, 20, 40, 60)).within(25, 41).rows() == [(20, 25, 40), (40, 40, 41)]
    assert Buckets(0, 100, 1, (0, 20, 40, 60)).within(70, 80).rows() == [(60, 70, 80)]


def test_edges_that_begin_elsewhere_than_the_span_are_refused(path: Path) -> None:
    with closing(SqliteReader(path)) as reader, pytest.raises(ValueError, match="the first edge, 7, is not where the span begins, 0"):
        reader.cells("traffic", AGGREGATES, *SPAN, edges_ns=(7, 20))
