"""Hours of traffic that are kept added up: always those of their points, whoever writes, and read wherever they are enough."""

from __future__ import annotations

import random
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.errors import SinkUnavailable
from footfall.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE
from gateway.points import SCHEMA, Points, from_rows
from gateway.sinks.cells import Aggregate, CellTable, cells_of
from gateway.sinks.sqlite import cells, hours
from gateway.sinks.sqlite.reader import SqliteReader
from gateway.sinks.sqlite.sink import SQLite

MONDAY_NS = 1_790_000_000 * 10**9 // NS_PER_DAY * NS_PER_DAY
STORES = ["s1", "s2"]
NUMBERS = list(SCHEMA["traffic"].fields)
EVERY = [Aggregate(f"{function}_{name}", function, name) for function, name in hours._COLUMNS]  # type: ignore[arg-type]  # functions
EVERY += [Aggregate("points", "count", "in")]
IN = [Aggregate("in", "sum", "in")]


def minutes(store: str, first: int, count: int, step: int = 1, value: int = 1) -> Points:
    """Points of traffic from so many minutes after Monday began."""
    times = [MONDAY_NS + n * NS_PER_MINUTE for n in range(first, first + count * step, step)]
    return from_rows("traffic", [(time_ns, store, *[value + i for i in range(len(NUMBERS))]) for time_ns in times])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Two days of two stores; all hours but the last two are kept."""
    with closing(SQLite(tmp_path / "footfall.db")) as sink:
        sink.write([minutes(store, 0, 2 * 24 * 6, 10) for store in STORES])
    return tmp_path / "footfall.db"


@pytest.fixture
def other(path: Path) -> Iterator[sqlite3.Connection]:
    """Another program."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        yield db


def found(
    path: Path,
    aggregates: Sequence[Aggregate] = IN,
    span: tuple[int, int, int] | None = None,
    by: Sequence[str] = ("store",),
    **asked: Any,
) -> CellTable:
    with closing(SqliteReader(path)) as reader:
        return reader.cells("traffic", aggregates, *(span or (MONDAY_NS, MONDAY_NS + 3 * NS_PER_DAY, NS_PER_DAY)), by, **asked)


def assert_right(path: Path, aggregates: Sequence[Aggregate], span: tuple[int, int, int], by: Sequence[str] = ("store",)) -> None:
    with closing(SqliteReader(path)) as reader:
        expected = cells_of(reader.rows("traffic"), aggregates, *span, by)
    cells_found = found(path, aggregates, span, by=by)
    assert cells_found.time_ns.tolist() == expected.time_ns.tolist()
    assert [key.texts() for key in cells_found.keys.values()] == [key.texts() for key in expected.keys.values()]
    for each in aggregates:
        np.testing.assert_allclose(cells_found.values[each.name], expected.values[each.name], err_msg=each.name)


def are_read(path: Path, spoilt: int = 1000, **asked: Any) -> bool:
    """Whether an answer is made of the hours: they are spoilt, and the answer with them."""
    before = found(path, **asked).values["in"].sum()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f'UPDATE {hours.TABLE} SET "in" = "in" + {spoilt}')
        db.commit()
    try:
        return bool(found(path, **asked).values["in"].sum() != before)
    finally:
        with closing(sqlite3.connect(path)) as db:
            db.execute(f'UPDATE {hours.TABLE} SET "in" = "in" - {spoilt}')
            db.commit()


# --- what is written ----------------------------------------------------------------------------------------------------------

TIMES = st.integers(0, 12 * 6).map(lambda n: MONDAY_NS + n * 10 * NS_PER_MINUTE)


@st.composite
def acts(draw: Callable[..., Any]) -> list[tuple[Any, ...]]:
    """Writes in any order, spans that are deleted, and rows that another program changes."""
    kinds = st.sampled_from(["write", "write", "write", "delete", "update", "insert", "take"])
    stores = st.sampled_from(STORES)
    return [
        (draw(kinds), draw(stores), draw(st.lists(TIMES, min_size=1, max_size=6)), draw(st.integers(0, 99)))
        for _ in range(draw(st.integers(1, 8)))
    ]


def do(act: tuple[Any, ...], sink: SQLite, other: sqlite3.Connection) -> None:
    kind, store, times_ns, seed = act
    rng = random.Random(seed)
    rows = [(time_ns, store, *[rng.randrange(-50, 50) for _ in NUMBERS]) for time_ns in dict.fromkeys(times_ns)]
    if kind == "write":
        sink.write([from_rows("traffic", rows)])
    elif kind == "delete":
        sink.delete(["traffic", "door"], store, min(times_ns) + 1, max(times_ns) + 1)
    elif kind == "insert":
        other.executemany(f"INSERT OR REPLACE INTO traffic VALUES (?, ?{', ?' * len(NUMBERS)})", rows)
    elif kind == "update":
        other.execute('UPDATE traffic SET "in" = "in" + 7, time_ns = time_ns + 1 WHERE store = ? AND time_ns = ?', (store, times_ns[0]))
    else:
        other.execute("DELETE FROM traffic WHERE store = ? AND time_ns >= ?", (store, times_ns[0]))


def test_counts_that_no_integer_can_add_up_do_not_hold_up_their_neighbours(tmp_path: Path) -> None:
    most = (1 << 63) - 1 - len(NUMBERS)
    with closing(SQLite(tmp_path / "footfall.db")) as sink:
        sink.write([minutes("s1", 0, 3, value=most), minutes("s2", 0, 3), minutes("s1", 180, 1), minutes("s2", 180, 1)])
    hour = (MONDAY_NS, MONDAY_NS + NS_PER_HOUR, NS_PER_HOUR)
    cells_found = found(tmp_path / "footfall.db", IN, hour, by=("store",))
    assert cells_found.values["in"].tolist() == [3 * hours.MOST, 3 * (1 + NUMBERS.index("in"))]


@settings(max_examples=30, deadline=None)
@given(acts=acts(), to=TIMES, bucket_ns=st.sampled_from([NS_PER_HOUR, 4 * NS_PER_HOUR, NS_PER_DAY]), by=st.sampled_from([(), ("store",)]))
def test_hours_are_the_sum_of_their_points_after_any_sequence_of_writes(
    acts: list[tuple[Any, ...]], to: int, bucket_ns: int, by: tuple[str, ...]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "footfall.db"
        with closing(SQLite(path)) as sink, closing(sqlite3.connect(path, isolation_level=None)) as other:
            for act in acts:
                do(act, sink, other)
                assert_right(path, EVERY, (MONDAY_NS, to + 1, bucket_ns), by)
            sink.write([])
            assert other.execute("SELECT count(*) FROM traffic_stale").fetchone() == (0,)


def test_a_point_of_long_ago_that_is_written_again_changes_its_hour(path: Path) -> None:
    with closing(SQLite(path)) as sink:
        sink.write([minutes("s1", 10, 1, value=500)])
    assert found(path).values["in"].tolist() == [144 + 499, 144, 144, 144]
    assert are_read(path)


def test_what_is_deleted_is_in_no_hour(path: Path) -> None:
    with closing(SQLite(path)) as sink:
        sink.delete(["traffic"], "s1", MONDAY_NS, MONDAY_NS + NS_PER_DAY)
    assert found(path).values["in"].tolist() == [144, 144, 144]
    assert are_read(path)


def test_a_row_that_another_program_writes_is_counted_at_once_and_added_up_by_the_next_write(path: Path, other: sqlite3.Connection) -> None:
    other.execute('UPDATE traffic SET "in" = 500 WHERE store = ? AND time_ns = ?', ("s2", MONDAY_NS))
    assert not are_read(path)
    assert found(path).values["in"].tolist() == [144, 144 + 499, 144, 144]
    with closing(SQLite(path)) as sink:
        sink.write([])
    assert are_read(path)
    assert found(path).values["in"].tolist() == [144, 144 + 499, 144, 144]


def test_rows_of_another_file_are_counted(path: Path, tmp_path: Path, other: sqlite3.Connection) -> None:
    with closing(SQLite(tmp_path / "another.db")) as sink:
        sink.write([minutes("s2", 5, 12, 10, value=3), minutes("s3", 0, 12, 10)])
    other.execute("ATTACH ? AS another", (str(tmp_path / "another.db"),))
    other.execute("INSERT INTO traffic SELECT * FROM another.traffic")
    for _ in range(2):
        assert found(path).values["in"].tolist() == [144, 144 + 36, 12, 144, 144]
        with closing(SQLite(path)) as sink:
            sink.write([])


def test_a_write_that_fails_leaves_the_hours_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = found(path, EVERY)
    with closing(SQLite(path)) as sink:
        monkeypatch.setattr(hours, "_RENEW", (*hours._RENEW, "SELECT * FROM nowhere"))
        with pytest.raises(Exception, match="nowhere"):
            sink.write([minutes("s1", 10, 1, value=500)])
    after = found(path, EVERY)
    assert {name: values.tolist() for name, values in after.values.items()} == {k: v.tolist() for k, v in before.values.items()}


# --- files of other releases --------------------------------------------------------------------------------------------------


def _without_hours(path: Path) -> None:
    """As a release wrote it that kept no hours."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript("".join(f"DROP {kind} {name};" for kind, name, _ in reversed(hours._PARTS)) + "PRAGMA user_version = 5;")


def test_a_file_of_an_earlier_release_is_read_as_it_is_and_catches_up_write_by_write(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _without_hours(path)
    assert found(path).values["in"].tolist() == [144] * 4
    monkeypatch.setattr(hours, "MOST_EARLIER", 10)
    kept = []
    with closing(SQLite(path)) as sink, closing(sqlite3.connect(path)) as db:
        for _ in range(12):
            sink.write([minutes(store, 2 * 24 * 60 - 10, 1) for store in STORES])
            kept += db.execute(f"SELECT count(*) FROM {hours.TABLE}").fetchone()
            assert_right(path, EVERY, (MONDAY_NS, MONDAY_NS + 2 * NS_PER_DAY, NS_PER_DAY))
    assert kept[0] == 12
    assert max(np.diff(kept)) <= 12
    assert kept[-1] == 2 * (2 * 24 - 2)


def test_hours_of_another_layout_are_made_anew(path: Path, other: sqlite3.Connection) -> None:
    other.execute(f"ALTER TABLE {hours.TABLE} DROP COLUMN revenue")
    assert found(path, [Aggregate("revenue", "sum", "revenue")]).values["revenue"].tolist() == [144 * (1 + NUMBERS.index("revenue"))] * 4
    with closing(SQLite(path)) as sink:
        sink.write([minutes(store, 2 * 24 * 60 - 10, 1) for store in STORES])
    assert are_read(path)
    assert_right(path, EVERY, (MONDAY_NS, MONDAY_NS + 2 * NS_PER_DAY, NS_PER_DAY))


def test_hours_of_a_table_that_was_taken_away_do_not_outlive_it(path: Path, other: sqlite3.Connection) -> None:
    other.execute("DROP TABLE traffic")
    with closing(SQLite(path)) as sink:
        sink.write([minutes("s1", 0, 1)])
    assert found(path).values["in"].tolist() == [1]


@pytest.mark.parametrize("name", [hours.TABLE, "traffic_rolled", "traffic_stale"])
def test_a_table_of_hours_that_goes_away_while_it_is_open_is_made_again(path: Path, other: sqlite3.Connection, name: str) -> None:
    with closing(SQLite(path)) as sink:
        other.execute(f"DROP TABLE {name}")
        late = minutes("s1", 10, 1, value=500)
        with pytest.raises(SinkUnavailable, match=f"no such table: (main.)?{name}: what was missing was made again"):
            sink.write([late])
        sink.write([late, *(minutes(store, 2 * 24 * 60 - 10, 1) for store in STORES)])
    assert found(path).values["in"].tolist() == [144 + 499, 144, 144, 144]
    assert are_read(path)


# --- what is read -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [("store",), ()])
def test_whole_hours_are_read_added_up(path: Path, by: tuple[str, ...]) -> None:
    assert are_read(path, by=by)


@pytest.mark.parametrize("bucket_ns", [NS_PER_HOUR, NS_PER_DAY])
def test_data_may_begin_within_an_hour(tmp_path: Path, bucket_ns: int) -> None:
    with closing(SQLite(tmp_path / "footfall.db")) as sink:
        sink.write([minutes("s1", 25, 200, 10), minutes("s2", 70, 200, 10)])
    span = (MONDAY_NS, MONDAY_NS + 2 * NS_PER_DAY, bucket_ns)
    assert are_read(tmp_path / "footfall.db", span=span)
    assert_right(tmp_path / "footfall.db", EVERY, span)


@pytest.mark.parametrize("edges", [(0, 1, 2, 3), (0, 3), ()])
def test_cells_of_one_hour_are_as_they_are_kept(path: Path, edges: tuple[int, ...]) -> None:
    span = (MONDAY_NS, MONDAY_NS + 4 * NS_PER_HOUR, NS_PER_HOUR)
    edges_ns = [MONDAY_NS + hour * NS_PER_HOUR for hour in edges]
    with closing(SqliteReader(path)) as reader:
        cells_found = reader.cells("traffic", EVERY, *span, edges_ns=edges_ns)
        expected = cells_of(reader.rows("traffic"), EVERY, *span, edges_ns=edges_ns)
    assert cells_found.time_ns.tolist() == expected.time_ns.tolist()
    for each in EVERY:
        np.testing.assert_array_equal(cells_found.values[each.name], expected.values[each.name], err_msg=each.name)


@pytest.mark.parametrize(
    "span",
    [
        (MONDAY_NS, MONDAY_NS + 90 * NS_PER_MINUTE, NS_PER_HOUR),
        (MONDAY_NS, MONDAY_NS + NS_PER_DAY + 30 * NS_PER_MINUTE, NS_PER_DAY),
        (MONDAY_NS + 30 * NS_PER_MINUTE, MONDAY_NS + NS_PER_DAY, NS_PER_HOUR),
        (MONDAY_NS, MONDAY_NS + NS_PER_DAY, 30 * NS_PER_MINUTE),
        (-NS_PER_DAY, MONDAY_NS + NS_PER_DAY, NS_PER_DAY),
    ],
)
@pytest.mark.parametrize("by", [("store",), ()])
def test_of_hours_that_are_cut_the_points_count(path: Path, span: tuple[int, int, int], by: tuple[str, ...]) -> None:
    assert_right(path, EVERY, span, by)


def test_where_many_buckets_are_sorted_hours_are_read_as_well(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    joined = found(path, EVERY)
    monkeypatch.setattr(cells, "MOST_SEEKS", 0)
    assert are_read(path)
    assert {name: each.tolist() for name, each in found(path, EVERY).values.items()} == {
        name: each.tolist() for name, each in joined.values.items()
    }


def test_the_last_of_all_stores_is_of_the_latest_minute_not_of_the_latest_hour(tmp_path: Path) -> None:
    with closing(SQLite(tmp_path / "footfall.db")) as sink:
        sink.write([minutes("s1", 20, 1, value=4), minutes("s2", 10, 1, value=9), minutes("s1", 500, 1)])
        sink.write([minutes("s2", 500, 1)])
    assert_right(tmp_path / "footfall.db", EVERY, (MONDAY_NS, MONDAY_NS + NS_PER_HOUR, NS_PER_HOUR), ())


def test_a_value_that_no_hour_has_is_read_of_the_points(path: Path) -> None:
    asked = [*IN, Aggregate("least", "last", "revenue")]
    assert not are_read(path, aggregates=asked)
    assert_right(path, asked, (MONDAY_NS, MONDAY_NS + 2 * NS_PER_DAY, NS_PER_DAY))


@pytest.mark.parametrize("part", cells.IN_PARTS)
def test_of_both_parts_nothing_is_sorted_and_no_more_is_read_than_asked(path: Path, part: cells.Part) -> None:
    columns = frozenset({"in", "occupancy"})
    span = cells.Buckets(MONDAY_NS, MONDAY_NS + NS_PER_DAY, NS_PER_HOUR)
    query = cells.CellQuery("traffic", columns, ("store",), {}, span, 2, part)
    asked = [*IN, Aggregate("last", "last", "occupancy"), Aggregate("max", "max", "occupancy")]
    with closing(sqlite3.connect(path)) as db:
        for statement in cells.ASKED:
            db.execute(statement)
        steps = [row[-1] for each in query.statements(asked) for row in db.execute(f"EXPLAIN QUERY PLAN {each.sql}", each.values)]
    assert "SEARCH p USING PRIMARY KEY (store=? AND time_ns>? AND time_ns<?)" in steps
    assert not any("TEMP B-TREE" in step for step in steps)
