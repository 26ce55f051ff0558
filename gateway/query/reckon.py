"""Measures of rows: the definition of each kind, over the points of a table. Pure.

Integers stay integers; numerators and denominators are added first and divided last. A gauge is read (last, max), never added.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from footfall.baskets import as_documented
from gateway.query.measures import DERIVED, Measure
from gateway.sinks.table import PointTable


def with_derived(table: PointTable) -> PointTable:
    """Return the table with the columns that measures read and no field has: of touches `known` and `pieces`."""
    if table.measurement != "touch":
        return table
    pieces = np.array([_pieces(text) for text in table.values("items")], np.int64)
    return replace(table, columns={**table.columns, "known": ~table.equals("fan", ""), "pieces": pieces})


def _pieces(items: str) -> int:
    return sum(entry["n"] for entry in json.loads(as_documented(items))) if items else 0


def reckoned(measures: Iterable[Measure], there: Mapping[str, Measure], tables: Mapping[str, PointTable]) -> dict[str, Any]:
    """Return the value of each measure by its id; `there` are all of the question, `tables` the points by measurement."""
    found: dict[str, Any] = {}
    for measure in measures:
        _reckon(measure, there, tables, found)
    return {measure.id: found[measure.id] for measure in measures}


def _reckon(measure: Measure, there: Mapping[str, Measure], tables: Mapping[str, PointTable], found: dict[str, Any]) -> Any:
    if measure.id not in found:
        if measure.kind in DERIVED:
            parts = [_reckon(there[part], there, tables, found) for part in measure.parts]
            found[measure.id] = derived(measure, parts[0], parts[1])
        else:
            found[measure.id] = _OF_ROWS[measure.kind](measure, matching(measure, tables[measure.table]))
    return found[measure.id]


def derived(measure: Measure, numerator: float | None, denominator: float | None) -> float | None:
    """Return what a measure of two others is; None where there is nothing to divide by, or one was not measured."""
    if numerator is None or denominator is None:
        return None
    if measure.kind == "difference":
        return numerator - denominator
    if not denominator:
        return None
    return numerator / denominator if measure.kind == "ratio" else (denominator - numerator) / denominator


def matching(measure: Measure, table: PointTable) -> PointTable:
    """Return the rows that count in a measure."""
    for name, value in measure.where:
        table = table.where(table.equals(name, value) if isinstance(value, str) else table.numbers(name) == value)
    return table


def _sum(measure: Measure, table: PointTable) -> Any:
    return table.numbers(measure.column).sum().item()


def _count(measure: Measure, table: PointTable) -> int:
    return len(table)


def _last(measure: Measure, table: PointTable) -> Any:
    return table.numbers(measure.column)[-1].item() if len(table) else None


def _max(measure: Measure, table: PointTable) -> Any:
    return table.numbers(measure.column).max().item() if len(table) else None


def _quantile(measure: Measure, table: PointTable) -> float | None:
    return float(np.quantile(table.numbers(measure.column), measure.quantile)) if len(table) else None


def _between(measure: Measure, table: PointTable) -> int:
    low, high = (*measure.bounds_s, np.inf)[:2]
    values = table.numbers(measure.column)
    return int(((values >= low) & (values < high)).sum())


_OF_ROWS: Final[Mapping[str, Callable[[Measure, PointTable], Any]]] = {
    "sum": _sum, "count": _count, "last": _last, "max": _max, "quantile": _quantile, "between": _between,
}  # fmt: skip


def parts_by(table: PointTable, key: str) -> list[tuple[str, PointTable]]:
    """Return the rows of each value of a tag or text, sorted."""
    column = table.coded(key)
    present = sorted((column.names[code], code) for code in np.unique(column.codes).tolist())
    return [(name, table.where(column.codes == code)) for name, code in present]


def row_of(measures: Sequence[Measure], there: Mapping[str, Measure], tables: Mapping[str, PointTable]) -> tuple[Any, ...]:
    """Return the values of these measures in their order."""
    found = reckoned(measures, there, tables)
    return tuple(found[measure.id] for measure in measures)
