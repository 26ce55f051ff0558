"""Columns declared once: slots are used again as new ones, rows are cut and joined, and stored bytes are taken over by their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
import pytest

from gateway.fold.tables.column_table import ColumnRows, ColumnSpec, ColumnTable
from gateway.fold.tables.hash_index import NO_CODE


class Shelf(ColumnTable):
    weight_g: npt.NDArray[np.int64]
    owner: Annotated[npt.NDArray[np.int32], ColumnSpec(fill=NO_CODE, stored_as="holder")]
    colour: Annotated[npt.NDArray[np.uint8], ColumnSpec(fill=7, added=True)]


@dataclass(slots=True, eq=False)
class Pair(ColumnRows):
    left: npt.NDArray[np.int32]
    right: Annotated[npt.NDArray[np.int64], ColumnSpec(fill=-5, added=True)]


def pair(*left: int) -> Pair:
    return Pair(np.array(left, np.int32), np.array(left, np.int64) * 10)


def test_new_slots_have_their_fills_also_where_the_columns_had_to_grow() -> None:
    shelf = Shelf(2)
    slots = shelf.allocate(1000)
    assert slots.tolist() == list(range(1000))
    assert {(int(shelf.weight_g[s]), int(shelf.owner[s]), int(shelf.colour[s])) for s in slots} == {(0, NO_CODE, 7)}


def test_growing_keeps_what_was_written() -> None:
    shelf = Shelf(1)
    first = shelf.allocate(1)
    shelf.weight_g[first] = 5
    shelf.allocate(5000)
    assert shelf.weight_g[first] == 5


def test_the_slot_that_was_freed_last_is_used_first_and_has_nothing_of_its_last_row() -> None:
    shelf = Shelf(8)
    slots = shelf.allocate(4)
    shelf.store[slots], shelf.weight_g[slots], shelf.owner[slots] = 1, 9, 3
    shelf.release(slots[1:3])
    assert shelf.store[:4].tolist() == [1, NO_CODE, NO_CODE, 1]
    again = shelf.allocate(3)
    assert again.tolist() == [2, 1, 4]
    assert (shelf.weight_g[again].tolist(), shelf.owner[again].tolist()) == ([0] * 3, [NO_CODE] * 3)


def test_a_table_goes_on_from_its_bytes_under_the_names_that_are_stored() -> None:
    shelf, loaded = Shelf(4), Shelf(1)
    slots = shelf.allocate(3)
    shelf.store[slots], shelf.owner[slots] = 2, [4, 5, 6]
    shelf.release(slots[:1])
    parts = dict(shelf.column_parts("shelf"))
    assert {"shelf.holder", "shelf.weight_g"} < parts.keys()
    assert "shelf.owner" not in parts
    loaded.load_columns("shelf", shelf.size, [*shelf.free], parts)
    assert loaded.owner[:3].tolist() == [NO_CODE, 5, 6]
    assert loaded.allocate(1).tolist() == [0]


def test_a_column_that_was_added_may_be_missing_and_no_other() -> None:
    shelf = Shelf(4)
    shelf.allocate(2)
    parts = dict(shelf.column_parts("shelf"))
    del parts["shelf.colour"]
    shelf.load_columns("shelf", 2, [], parts)
    assert shelf.colour[:2].tolist() == [7, 7]
    del parts["shelf.holder"]
    with pytest.raises(KeyError, match="holder"):
        shelf.load_columns("shelf", 2, [], parts)


def test_rows_are_taken_by_mask_or_index_and_joined_in_order() -> None:
    rows = Pair.concat([pair(1, 2), pair(3)])
    assert rows.take(np.array([True, False, True])).right.tolist() == [10, 30]
    assert rows.take(np.array([2, 0])).left.tolist() == [3, 1]


def test_rows_come_back_from_their_bytes_with_fills_for_what_was_added() -> None:
    dumped = pair(1, 2).dump()
    assert Pair.load(dumped, 2).right.tolist() == [10, 20]
    assert Pair.load({"left": dumped["left"]}, 2).right.tolist() == [-5, -5]
