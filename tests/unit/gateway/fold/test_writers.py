"""Writers: what one rule gives for one track and for many is the same, down to the types that the store's checksums see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gateway.fold import dwell_rows, visit_rows
from gateway.fold.estate_index import Estate
from gateway.fold.state import State
from gateway.fold.store import ROWS_AT_ONCE, DwellRow, VisitRow
from gateway.fold.writers import ColumnWriter, RowWriter, Writer, rows_of
from gateway.points import Points
from tests.support.journal_stories import new_fold

TRACKS = ROWS_AT_ONCE + 3
Emit = Callable[[State, Writer, Any], None]


@pytest.fixture(scope="module")
def state() -> State:
    """Tracks with a dwell and a visit each, every third of staff, every fourth of a fan, every fifth dwell cut, one in 64 zones."""
    fold = new_fold()
    state, index = fold.state, np.arange(TRACKS)
    _name(state.estate)
    t = state.tracks
    slots = t.add_many(index.astype(np.uint64), np.zeros(TRACKS, np.int32), np.zeros(TRACKS, np.uint16), index % 3 == 0)
    t.zone[slots], t.zone_ns[slots], t.d_start_ns[slots], t.d_key_ns[slots] = 1, index * 10**9, index * 10**8, index
    t.d_part_ns[slots], t.d_part_key_ns[slots] = index * 10**8, np.where(index % 5, index, index + TRACKS)
    t.d_state[slots], t.v_state[slots] = np.where(index % 2, 1, 2), np.where(index % 2, 1, 2)
    t.d_fan[slots] = t.v_fan[slots] = np.where(index % 4 == 0, state.fan_code("fan-1"), -1)
    t.v_key_ns[slots], t.v_start_ns[slots], t.v_last_ns[slots], t.v_zones[slots] = index, index * 10**8, index * 10**9, 3
    t.v_zones[slots[0]] = (1 << 64) - 1
    return state


def _name(estate: Estate) -> None:
    estate.stores.of("s1")
    estate.agents.of("a1")
    estate.zone("s1", "front")
    estate.zone("s1", "back")


def dwell(state: State, writer: Writer, slot: Any) -> dict[str, Any]:
    return dwell_rows.current(state, writer, slot)


def visit(state: State, writer: Writer, slot: Any) -> dict[str, Any]:
    return visit_rows.row_of(state, writer, visit_rows.of_track(state, writer, slot, None), 0, "", "")


@pytest.mark.parametrize(("kind", "of"), [(DwellRow, dwell), (VisitRow, visit)])
def test_rows_of_columns_are_the_rows_of_each_with_the_same_types(state: State, kind: Any, of: Any) -> None:
    slots = np.arange(TRACKS, dtype=np.int32)
    alone = [kind(**of(state, RowWriter(state), slot)) for slot in slots.tolist()]
    assert [repr(row) for row in rows_of(kind, of(state, ColumnWriter(state), slots), TRACKS)] == [repr(row) for row in alone]


def emit_dwell(state: State, writer: Writer, slot: Any) -> None:
    dwell_rows.emit(writer, dwell(state, writer, slot))


def emit_visit(state: State, writer: Writer, slot: Any) -> None:
    segment = visit_rows.of_track(state, writer, slot, None)
    row = visit_rows.row_of(state, writer, segment, 0, "", "")
    visit_rows.emit(writer, row, visit_rows.number_of_zones(segment.zones), 1, known=False)


@pytest.mark.parametrize("emit", [emit_dwell, emit_visit])
def test_points_of_columns_are_the_points_of_each(state: State, emit: Emit) -> None:
    slots = np.arange(50, dtype=np.int32)
    emit(state, ColumnWriter(state), slots)
    (as_columns,) = state.points.take()
    for slot in slots.tolist():
        emit(state, RowWriter(state), slot)
    (alone,) = state.points.take()
    assert _values(as_columns) == _values(alone)


def _values(points: Points) -> dict[str, list[Any]]:
    columns = {**points.tags, **points.fields}
    found = {name: column.texts() if hasattr(column, "texts") else column.tolist() for name, column in columns.items()}
    found["subject"] = [each if isinstance(each, str) else f"{each:016x}" for each in found["subject"]]
    return {"time_ns": points.time_ns.tolist(), **found}


def test_a_fan_of_columns_is_the_text_of_each_code(state: State) -> None:
    assert ColumnWriter(state).fan(np.array([-1, state.fan_code("fan-1"), -1])).texts() == ["", "fan-1", ""]


def test_only_rows_that_count_are_counted(state: State) -> None:
    owner, minute = np.array([5, 5, 6], np.int32), np.array([10, 10, 11])
    ColumnWriter(state).count(state.zones, owner, minute, {0: 1, 1: np.array([1.0, 2.0, 4.0])}, np.array([True, False, True]))
    RowWriter(state).count(state.zones, 6, 11, {0: 1}, True)
    RowWriter(state).count(state.zones, 6, 11, {0: 1}, False)
    assert [state.zones.get(5, 10)[:2], state.zones.get(6, 11)[:2]] == [[1, 1], [2, 4]]
