"""Cells of several reads as one table: who of the stores that were asked for, when, and the numbers to be added up. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.baskets import pieces
from gateway.identity.facts import is_registered
from gateway.points import Coded, FieldType
from gateway.query.measures import Measure
from gateway.query.stays import STAY_COLUMNS, stays_of
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

    def where(self, kept: npt.NDArray[np.bool_]) -> MeasureCells:
        """Return the cells of which `kept` is true."""
        texts = {name: Coded(column.codes[kept], column.names) for name, column in self.texts.items()}
        return MeasureCells(self.store[kept], self.time_ns[kept], texts, {name: each[kept] for name, each in self.values.items()})

    def only(self, names: Iterable[str]) -> MeasureCells:
        """Return the cells with these values alone."""
        return replace(self, values={name: self.values[name] for name in names})


def aggregates_of(base: Iterable[Measure]) -> list[Aggregate]:
    """Return what a database has to add up for measures of the kinds sum, count, last and max."""
    # A measure of another kind never comes here: its rows are read.
    return [Aggregate(m.id, m.kind, m.column, m.where) for m in base if m.kind in ("sum", "count", "last", "max")]


def cells_of_rows(table: PointTable, base: Iterable[Measure], texts: Sequence[str]) -> CellTable:
    """Return a cell for each row, with what it adds to each measure; NaN where it adds nothing to a gauge or a quantile."""
    rows = with_derived(table)
    keys = {name: rows.coded(name) for name in ("store", *texts)}
    values = {measure.id: _contribution(measure, rows) for measure in base}
    if any(measure.column == "pieces" for measure in base):
        values[PARTLY_READ] = rows.numbers(PARTLY_READ)
    return CellTable(rows.time_ns, keys, values)


def with_derived(table: PointTable) -> PointTable:
    """Return the table as measures read it: of touches with `known`, `pieces` and PARTLY_READ, of dwells the stays."""
    if table.measurement == "dwell":
        return stays_of(table)
    if table.measurement != "touch":
        return table
    baskets = [pieces(text) for text in table.coded("items").names]
    codes = table.coded("items").codes
    numbers, whole = (np.array([basket[i] for basket in baskets] or [0], np.int64)[codes] for i in (0, 1))
    return replace(table, columns={**table.columns, "known": _known(table), "pieces": numbers, PARTLY_READ: 1 - whole})


def _known(table: PointTable) -> npt.NDArray[np.bool_]:
    """Return a mask of the rows of registered fans; of provisional ones nobody knows who they are."""
    fan = table.coded("fan")
    return np.array([is_registered(name) for name in fan.names] or [False], np.bool_)[fan.codes]


OF_BRAND: Final[Mapping[str, FieldType]] = {
    "order": "bool", "repeat": "bool", "days_since": "float", "fan_number": "float",
    "sharer": "text", "root": "text", "depth": "text", "brings": "bool", "brought": "bool", "unnamed": "bool", "sharer_number": "float",
}  # fmt: skip
"""Columns of touches that a BrandRule adds."""
DERIVED_COLUMNS: Final = {"touch": ("known", "pieces", *OF_BRAND), "dwell": ("seconds",)}
"""What no database adds up, by measurement: what `with_derived` adds or changes, and OF_BRAND."""
READ_FOR_DERIVED: Final[Mapping[str, tuple[str, ...]]] = {"touch": ("fan", "items"), "dwell": STAY_COLUMNS}
"""What it needs for that."""
PARTLY_READ: Final = "partly_read"
"""Values beside those of measures: 1 for a row of which something could not be read, since others wrote it."""


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


def with_name(cells: CellTable, name: str, new: str) -> CellTable:
    """Return the cells with another name for one of their keys."""
    return CellTable(cells.time_ns, {new if key == name else key: column for key, column in cells.keys.items()}, cells.values)


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
