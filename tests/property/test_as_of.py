"""A database as of an earlier time holds what it held then, whatever became known later."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from footfall.units import NS_PER_HOUR
from gateway.fold.history import DERIVED
from gateway.fold.revisions import LATE_NS
from gateway.points import SCHEMA
from gateway.query.as_of_reader import REVISED, AsOfReader
from gateway.sinks.cells import Aggregate, cells_of
from gateway.sinks.reader import PointReader, columns_of
from tests.support.journal_stories import Rows, S, new_fold, pairs, steps, store, told
from tests.support.memory_fold_store import MemoryStore
from tests.support.memory_reader import MemoryReader
from tests.support.whole import examples

SLOW = settings(
    max_examples=examples(60), phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
MINUTES = ("traffic", "zone_traffic")


def reader_of(rows: Rows) -> MemoryReader:
    by_measurement: dict[str, list[tuple[Any, ...]]] = {}
    for (measurement, *key), fields in rows.items():
        by_measurement.setdefault(measurement, []).append((*key, *fields.values()))
    return MemoryReader(by_measurement)


def settled(reader: PointReader, measurement: str, as_of_ns: int) -> set[tuple[Any, ...]]:
    """The rows that ended an hour before, but for minutes without any number: such a minute may have a row or none."""
    until_ns = as_of_ns - LATE_NS - DERIVED.get(measurement, 0)
    table = reader.rows(measurement, to_ns=until_ns)
    rows = zip(table.time_ns.tolist(), *[table.values(name) for name in columns_of(SCHEMA[measurement])], strict=True)
    keys = 1 + len(SCHEMA[measurement].tags)
    return {row for row in rows if measurement not in MINUTES or any(row[keys:])}


@given(st.lists(steps, min_size=1, max_size=25), st.integers(0, 24), st.sampled_from([0, 1, 3]))
@SLOW
def test_rows_as_of_a_time_are_those_that_were_stored_then(some: list[Any], cut: int, restarts: int) -> None:
    records = told(some).end().records
    cut = min(cut, len(records) - 2)
    while cut < len(records) - 2 and records[cut + 1].received_ns // S == records[cut].received_ns // S:
        cut += 1
    as_of_ns = records[cut + 1].received_ns // S * S
    kept = MemoryStore()
    fold, rows, then = new_fold(kept), dict[Any, Any](), dict[Any, Any]()
    for number, record in enumerate(records):
        store(fold.apply(pairs([record])), rows)
        if number == cut:
            then = dict(rows)
        if restarts and number % restarts == 0:
            fold.checkpoint({})
            fold = new_fold(kept)
            fold.load(kept.state())
    before, after = reader_of(then), AsOfReader(reader_of(rows), as_of_ns)
    for measurement in REVISED:
        assert settled(after, measurement, as_of_ns) == settled(before, measurement, as_of_ns), measurement


@given(st.lists(steps, min_size=1, max_size=25), st.integers(0, 24), st.booleans(), st.booleans())
@SLOW
def test_cells_as_of_a_time_are_those_of_its_rows(some: list[Any], cut: int, by_store: bool, all_stores: bool) -> None:
    records = told(some).end().records
    as_of_ns = records[min(cut, len(records) - 1)].received_ns // S * S
    rows = store(new_fold().apply(pairs(records)), {})
    reader = AsOfReader(reader_of(rows), as_of_ns)
    by = ("store",) if by_store else ()
    stores = None if all_stores else ["s1", "s2"]
    aggregates = [Aggregate("in", "sum", "in"), Aggregate("inside", "last", "occupancy"), Aggregate("n", "count", "out")]
    found = reader.cells("traffic", aggregates, 0, as_of_ns, NS_PER_HOUR, by, stores)
    expected = cells_of(reader.rows("traffic"), aggregates, 0, as_of_ns, NS_PER_HOUR, by, stores)
    assert found.time_ns.tolist() == expected.time_ns.tolist()
    assert [found.keys[tag].texts() for tag in by] == [expected.keys[tag].texts() for tag in by]
    for each in aggregates:
        np.testing.assert_array_equal(found.values[each.name], expected.values[each.name])
