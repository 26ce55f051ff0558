"""Cells of several reads as one table: who of the stores that were asked for, when, and the numbers to be added up. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.baskets import as_documented
from gateway.points import Coded
from gateway.query.measures import Measure
from gateway.sinks.cells import Aggregate, CellTable
from gateway.sinks.table import PointTable

IndexColumn = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class MeasureCells:
    """`store`: the number of the store among those that were asked for. `texts`: other keys. `values`: by the measure's id."""

    store: IndexColumn
    time_ns: npt.NDArray[np.int64]
    texts: Mapping[str, Coded]
    values: Mapping[str, npt.NDArray[Any]]

    def __len__(self) -> int:
        return len(self.time_ns)


def aggregates_of(base: Iterable[Measure]) -> list[Aggregate]:
    """Return what a database has to add up for measures of the kinds sum, count, last and max."""
    # A measure of another kind never comes here: its rows are read.
    return [Aggregate(m.id, m.kind, m.column, m.where) for m in base if m.kind in ("sum", "count", "last", "max")]


def cells_of_rows(table: PointTable, base: Iterable[Measure], texts: Sequence[str]) -> CellTable:
    """Return a cell for each row, with what it adds to each measure; NaN where it adds nothing to a gauge or a quantile."""
    rows = with_derived(table)
    keys = {name: rows.coded(name) for name in ("store", *texts)}
    return CellTable(rows.time_ns, keys, {measure.id: _contribution(measure, rows) for measure in base})


def with_derived(table: PointTable) -> PointTable:
    """Return the table with the columns that measures read and no field has: of touches `known` and `pieces`."""
    if table.measurement != "touch":
        return table
    pieces = np.array([_pieces(text) for text in table.values("items")], np.int64)
    return replace(table, columns={**table.columns, "known": ~table.equals("fan", ""), "pieces": pieces})


DERIVED_COLUMNS: Final = {"touch": ("known", "pieces")}
"""What `with_derived` adds, by measurement."""


def _pieces(items: str) -> int:
    return sum(entry["n"] for entry in json.loads(as_documented(items))) if items else 0


def _contribution(measure: Measure, rows: PointTable) -> npt.NDArray[Any]:
    matching = np.ones(len(rows), np.bool_)
    for name, value in measure.where:
        matching &= rows.equals(name, value) if isinstance(value, str) else rows.numbers(name) == value
    if measure.kind == "count":
        return matching.astype(np.int64)
    values = rows.numbers(measure.column)
    if measure.kind == "sum":
        return np.where(matching, values, values.dtype.type(0))
    if measure.kind == "between":
        low, high = (*measure.bounds_s, np.inf)[:2]
        return (matching & (values >= low) & (values < high)).astype(np.int64)
    return np.where(matching, values.astype(np.float64), np.nan)


def with_text(cells: CellTable, name: str, text: str) -> CellTable:
    """Return the cells with one more key, the same for all of them."""
    return CellTable(cells.time_ns, {**cells.keys, name: Coded(np.zeros(len(cells), np.uint32), (text,))}, cells.values)


def gathered(tables: Sequence[CellTable], number_of: Mapping[str, int]) -> MeasureCells:
    """Return the cells of several tables as one, in the order of time. Stores without a number are left out."""
    stores = np.concatenate([numbers_of(table.keys["store"], number_of) for table in tables])
    time_ns = np.concatenate([table.time_ns for table in tables])
    kept = np.flatnonzero(stores >= 0)
    if len(tables) > 1:
        kept = kept[np.argsort(time_ns[kept], kind="stable")]
    texts = {name: _joined([table.keys[name] for table in tables], kept) for name in tables[0].keys if name != "store"}
    values = {name: np.concatenate([table.values[name] for table in tables])[kept] for name in tables[0].values}
    return MeasureCells(stores[kept], time_ns[kept], texts, values)


def numbers_of(column: Coded, number_of: Mapping[str, int]) -> IndexColumn:
    """Return the number of each row's name, -1 where it has none."""
    numbers = np.array([number_of.get(name, -1) for name in column.names] or [-1], np.intp)
    return numbers[column.codes]


def _joined(columns: Sequence[Coded], kept: IndexColumn) -> Coded:
    """The columns one after the other, with codes that sort as the texts do."""
    names = sorted({name for column in columns for name in column.names})
    rank = {name: i for i, name in enumerate(names)}
    codes = [np.array([rank[name] for name in column.names] or [0], np.uint32)[column.codes] for column in columns]
    return Coded(np.concatenate(codes)[kept], tuple(names))
