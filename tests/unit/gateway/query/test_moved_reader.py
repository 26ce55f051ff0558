"""A reader of moved points gives what a database would that had been written with the points already moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from footfall.units import NS_PER_HOUR, NS_PER_MINUTE
from gateway.query.moved_reader import Move, MovedReader
from gateway.query.open_minutes import WHOLE_HOUR
from gateway.sinks.cells import Aggregate, CellTable, cells_of
from gateway.sinks.table import Builder, PointTable

BEGIN = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) * 10**9
GRAIN = 15 * NS_PER_MINUTE
NAMES = ("store", "zone", "entries", "present")
Row = tuple[int, str, str, int, int]
"""Minute, store, zone, entries, present."""
AGGREGATES = (Aggregate("entries", "sum", "entries"), Aggregate("present_last", "last", "present"), Aggregate("n", "count", "exits"))


def _table(rows: Sequence[Row]) -> PointTable:
    builder = Builder("zone_traffic", ("store", "zone", "entries", "exits", "present", "known_present", "dwell_sum_s", "dwells"))
    builder.add(
        [(BEGIN + minute * NS_PER_MINUTE, store, zone, entries, 0, present, 0, 0.0, 0) for minute, store, zone, entries, present in rows]
    )
    return builder.table()


class Database:
    """Points in memory, read by the definitions of readers."""

    where = "memory"

    def __init__(self, rows: Sequence[Row]) -> None:
        self.table = _table(sorted(rows))

    def stores(self) -> list[str]:
        return sorted(set(self.table.values("store")))

    def span(self, measurement: str, store: str | None = None) -> tuple[int, int] | None:
        return int(self.table.time_ns[0]), int(self.table.time_ns[-1])

    def rows(self, measurement: str, store: str | None = None, from_ns: int | None = None, to_ns: int | None = None,
             columns: Sequence[str] | None = None, *, void: bool = False, on_page: Any = None, **tags: str) -> PointTable:  # fmt: skip
        found = self.table.where((self.table.time_ns >= (from_ns or 0)) & (self.table.time_ns < (1 << 62 if to_ns is None else to_ns)))
        for tag, value in (tags if store is None else tags | {"store": store}).items():
            found = found.where(found.equals(tag, value))
        return found

    def cells(
        self, measurement: str, aggregates: Sequence[Aggregate], from_ns: int, to_ns: int, bucket_ns: int,
        by: Sequence[str] = ("store",), stores: Sequence[str] | None = None, on_page: Any = None,
        edges_ns: Sequence[int] = (), **tags: str,
    ) -> CellTable:  # fmt: skip
        return cells_of(self.rows(measurement, **tags), aggregates, from_ns, to_ns, bucket_ns, by, stores, edges_ns)

    def close(self) -> None: ...


def _move(store: str, buckets: dict[int, int]) -> Move:
    """`buckets` are numbers of quarters of an hour: which, and where it goes."""
    ordered = sorted(buckets)
    times = [np.array([BEGIN + bucket * GRAIN for bucket in each], np.int64) for each in (ordered, [buckets[i] for i in ordered])]
    return Move(times[0], times[1], store, frozenset({"doors"}))


def _moved_by_hand(rows: Sequence[Row], moves: dict[str, tuple[str, dict[int, int]]]) -> list[Row]:
    found = []
    for minute, store, zone, entries, present in rows:
        to_store, buckets = moves.get(store, ("", {}))
        if minute // 15 in buckets:
            found.append((minute + (buckets[minute // 15] - minute // 15) * 15, to_store, zone, entries, present))
    return sorted(found)


ROWS = st.lists(
    st.tuples(st.integers(0, 119), st.sampled_from(["s1", "s2", "s3"]), st.sampled_from("ab"), st.integers(0, 9), st.integers(0, 9)),
    unique_by=lambda row: row[:3], max_size=25,
)  # fmt: skip
BUCKETS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 15)), unique_by=(lambda pair: pair[0], lambda pair: pair[1])).map(dict)


@given(
    rows=ROWS, first=BUCKETS, second=BUCKETS, span=st.tuples(st.integers(0, 240), st.integers(0, 240)), bucket=st.sampled_from([5, 15, 60])
)
def test_moved_points_are_those_of_a_database_in_which_they_were_there_already(
    rows: list[Row], first: dict[int, int], second: dict[int, int], span: tuple[int, int], bucket: int
) -> None:
    moves = {"s1": ("s1", first), "s2": ("other", second)}
    reader = MovedReader(Database(rows), {name: [_move(store, buckets)] for name, (store, buckets) in moves.items()}, GRAIN)
    expected = Database(_moved_by_hand(rows, moves))
    from_ns, to_ns = (BEGIN + minute * NS_PER_MINUTE for minute in span)
    grain = min(bucket * NS_PER_MINUTE, GRAIN)
    # Cells are cut where the span begins, which is a multiple of the bucket in every question.
    from_ns, to_ns = (time_ns // GRAIN * GRAIN for time_ns in (from_ns, to_ns))
    args = (AGGREGATES, from_ns, to_ns)
    found = _listed(reader.cells("zone_traffic", *args, bucket * NS_PER_MINUTE, ("store", "zone")))
    assert found == _listed(expected.cells("zone_traffic", *args, grain, ("store", "zone")))
    table, wanted = (each.rows("zone_traffic", "other", from_ns, to_ns) for each in (reader, expected))
    assert sorted(zip(table.time_ns.tolist(), *(table.values(name) for name in NAMES), strict=True)) == sorted(
        zip(wanted.time_ns.tolist(), *(wanted.values(name) for name in NAMES), strict=True)
    )


def _listed(cells: CellTable) -> list[tuple[Any, ...]]:
    keys = [cells.keys[tag].texts() for tag in ("store", "zone")]
    return sorted(zip(cells.time_ns.tolist(), *keys, *(cells.values[each.name].tolist() for each in AGGREGATES), strict=True))


def test_cells_come_in_the_order_of_their_new_time() -> None:
    reader = MovedReader(Database([(0, "s1", "a", 1, 1), (15, "s1", "a", 2, 2)]), {"s1": [_move("s1", {0: 4, 1: 2})]}, GRAIN)
    cells = reader.cells("zone_traffic", AGGREGATES, BEGIN, BEGIN + 4 * NS_PER_HOUR, NS_PER_HOUR)
    assert (cells.time_ns.tolist(), cells.values["entries"].tolist()) == ([BEGIN + 2 * GRAIN, BEGIN + 4 * GRAIN], [2, 1])
    assert "zone" not in cells.keys


def test_several_stores_may_go_to_one_and_one_to_several_of_which_only_those_asked_for_are_found() -> None:
    database = Database([(0, "s1", "a", 1, 1), (0, "s2", "a", 2, 1), (0, "s3", "a", 4, 1)])
    peers = {"s1": [_move("s2", {0: 0}), _move("s3", {0: 0})], "s2": [_move("s1", {0: 0}), _move("s3", {0: 0})]}
    cells = MovedReader(database, peers, GRAIN).cells("zone_traffic", AGGREGATES, BEGIN, BEGIN + NS_PER_HOUR, GRAIN, stores=["s1", "s3"])
    found = sorted(zip(cells.keys["store"].texts(), cells.values["entries"].tolist(), strict=True))
    assert found == [("s1", 2), ("s3", 1), ("s3", 2)]


def test_sums_and_counts_are_weighted_for_a_mean_of_stores() -> None:
    database = Database([(0, "s1", "a", 1, 5), (0, "s2", "a", 2, 7), (15, "s2", "a", 8, 3)])
    weights = {"s1": np.array([0.5, 1.0]), "s2": np.array([0.5, 1.0])}
    moves = {name: [replace(_move("s9", {0: 0, 1: 1}), weight=weight)] for name, weight in weights.items()}
    cells = MovedReader(database, moves, GRAIN).cells("zone_traffic", AGGREGATES, BEGIN, BEGIN + NS_PER_HOUR, GRAIN)
    assert cells.values["entries"].tolist() == [0.5, 1.0, 8.0]
    assert cells.values["n"].tolist() == [0.5, 0.5, 1.0]
    assert cells.values["present_last"].tolist() == [5, 7, 3]


def test_the_coverage_of_what_is_moved_is_what_is_compared() -> None:
    reader = MovedReader(Database([]), {"old": [_move("s1", {0: 1, 1: 0, 2: 7})], "s2": [_move("s2", {})]}, GRAIN)
    found = reader.rows("coverage", "s1", BEGIN, BEGIN + 2 * NS_PER_HOUR)
    assert (found.values("store"), found.time_ns.tolist()) == (["s1", "s1"], [BEGIN, BEGIN + NS_PER_HOUR])
    assert found.values("doors") == [(1 << 30) - 1, WHOLE_HOUR & ~((1 << 45) - 1)]
    assert found.values("presence") == [-1, -1], "no agent of the store hears presence"
    assert len(reader.rows("coverage", "s2", columns=("store", "agent", "doors"))) == 0
    assert reader.span("coverage") == (0, 0)
