"""Coverage is read as one text for each column and store, and comes out as any rows do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.points import SCHEMA, from_rows
from gateway.sinks.sqlite import reader as module
from gateway.sinks.sqlite.packed import PACKED, SEPARATOR, unpacked
from gateway.sinks.sqlite.reader import SqliteReader
from gateway.sinks.sqlite.sink import SQLite
from gateway.sinks.table import PointTable
from tests.support.random_points import HOSTILE

COLUMNS = ("store", "agent", "presence", "doors")
ROWS = [
    (3600, "ble-1", "s2", (1 << 60) - 1, -1, 60),
    (0, "ble-1", "s1", 7, -1, 3),
    (0, "", "s1", -1, 0, 0),
    (3600, "ble-1", "s1", 0, 1 << 59, 1),
    (-3600, "door-1", "s2", -(1 << 63), (1 << 63) - 1, 0),
]
"""Time, agent, store, doors, presence and minutes, in the schema's order."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with closing(SQLite(tmp_path / "footfall.db")) as sink:
        sink.write([from_rows("coverage", ROWS)])
    return tmp_path / "footfall.db"


def plain(table: PointTable) -> list[tuple[object, ...]]:
    return sorted(zip(table.time_ns.tolist(), *(table.values(name) for name in COLUMNS), strict=True))


@pytest.mark.parametrize("asked", [{}, {"store": "s1"}, {"store": "nowhere"}, {"from_ns": 0}, {"to_ns": 3600}, {"agent": "ble-1"}])
def test_packed_rows_are_those_of_one_by_one(path: Path, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str]) -> None:
    with closing(SqliteReader(path)) as reader:
        packed = reader.rows("coverage", columns=COLUMNS, **asked)
        monkeypatch.setattr(module, "PACKED", frozenset())
        one_by_one = reader.rows("coverage", columns=COLUMNS, **asked)
    assert plain(packed) == plain(one_by_one)
    assert packed.time_ns.tolist() == sorted(packed.time_ns.tolist())
    assert [packed.columns[name].dtype for name in ("presence", "doors")] == ["<i8", "<i8"]  # type: ignore[union-attr] # numbers


def test_the_rows_of_one_store_are_found_by_a_seek(path: Path) -> None:
    statements: list[str] = []
    with closing(SqliteReader(path)) as reader:
        reader._db.set_trace_callback(statements.append)
        reader.rows("presence", "s1", 0, 10)
        reader.rows("presence", None, 0, 10)
    found = [each for each in statements if "CROSS JOIN" in each]
    assert len(found) == 2
    with closing(sqlite3.connect(path)) as db:
        for statement in found:
            steps = [step for *_, step in db.execute(f"EXPLAIN QUERY PLAN {statement}")]
            assert "SEARCH p USING PRIMARY KEY (store=? AND time_ns>? AND time_ns<?)" in steps


def test_what_is_packed_has_no_fraction_and_no_text() -> None:
    assert {kind for name in PACKED for kind in SCHEMA[name].fields.values()} == {"int"}


@given(st.lists(st.sampled_from([text for text in HOSTILE if SEPARATOR not in text]), min_size=1))
def test_no_name_is_torn_apart(agents: list[str]) -> None:
    row = ("s1", len(agents), SEPARATOR.join("1" for _ in agents), SEPARATOR.join(agents))
    assert unpacked("coverage", ("agent",), [row]).values("agent") == agents


ROW = st.tuples(st.integers(0, 2), st.sampled_from(["", "a", "b"]), st.sampled_from([-1, 0, 7, (1 << 60) - 1]))
"""Time, agent and doors."""


@given(st.lists(st.lists(ROW, min_size=1, max_size=4), max_size=6))
def test_stores_that_have_equal_texts_have_each_its_own_rows(stores: list[list[tuple[int, str, int]]]) -> None:
    texts = [[SEPARATOR.join(map(str, column)) for column in zip(*rows, strict=True)] for rows in stores]
    found = unpacked("coverage", ("agent", "store", "doors"), [(f"s{i}", len(stores[i]), *each) for i, each in enumerate(texts)])
    expected = [(time_ns, agent, f"s{i}", doors) for i, rows in enumerate(stores) for time_ns, agent, doors in rows]
    values = zip(found.time_ns.tolist(), *(found.values(name) for name in ("agent", "store", "doors")), strict=True)
    assert list(values) == sorted(expected, key=lambda row: row[0])
