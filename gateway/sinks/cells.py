"""Cells: what the points of one bucket of time have together, summed up inside the database. Pure.

`cells_of` defines every number that `PointReader.cells` returns; tests/conformance holds each database to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from gateway.points import ABSENT, SCHEMA, Coded, concat_coded
from gateway.sinks.table import PointTable

Function = Literal["sum", "count", "last", "max"]
_MOST_NUMBERS: Final = 1 << 62


class Aggregate(NamedTuple):
    """One column of a CellTable, called `name`.

    `column`: a field; of count any field that every point has. `where`: fields or tags whose values must be equal.
    """

    name: str
    function: Function
    column: str
    where: tuple[tuple[str, bool | str], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class CellTable:
    """Cells in the order of their time, then of their keys. A bucket without points has no cell.

    `time_ns`: where each bucket begins, a multiple of its length since 1970 in UTC. `keys`: the tags that points were grouped by.
    `values`: sums of int are int64, of float float64; counts are int64; last and max float64, nan where no point matched.
    """

    time_ns: npt.NDArray[np.int64]
    keys: Mapping[str, Coded]
    values: Mapping[str, npt.NDArray[Any]]

    def __len__(self) -> int:
        return len(self.time_ns)


def cells_of(
    table: PointTable,
    aggregates: Sequence[Aggregate],
    from_ns: int,
    to_ns: int,
    bucket_ns: int,
    by: Sequence[str] = ("store",),
    stores: Sequence[str] | None = None,
    edges_ns: Sequence[int] = (),
) -> CellTable:
    """Return the cells of the points with from_ns <= time < to_ns; voided points are in none.

    They reach from each of `edges_ns` to the next; without edges they are whole numbers of `bucket_ns`. Of points of equal time the
    greatest value is the last.
    """
    checked(table.measurement, aggregates, bucket_ns, by)
    kept = (table.time_ns >= from_ns) & (table.time_ns < to_ns)
    if "void" in table.columns:
        kept &= ~table.numbers("void")
    if stores is not None:
        kept &= _any_of(table, "store", stores)
    points = table.where(kept)
    keys = [_ranked(points.coded(tag)) for tag in by]
    groups = Groups([_begins(points.time_ns, bucket_ns, edges_ns), *[key.codes for key in keys]])
    time_ns, *codes = groups.columns
    named = {tag: Coded(c.astype(np.uint32), key.names) for tag, c, key in zip(by, codes, keys, strict=True)}
    return CellTable(time_ns, named, {each.name: _value(points, each, groups) for each in aggregates})


def _begins(time_ns: npt.NDArray[np.int64], bucket_ns: int, edges_ns: Sequence[int]) -> npt.NDArray[np.int64]:
    if not edges_ns:
        return time_ns // bucket_ns * bucket_ns
    begins = np.array(edges_ns, np.int64)
    return begins[np.searchsorted(begins, time_ns, "right") - 1]


def merged(tables: Sequence[CellTable]) -> CellTable:
    """Return the cells of all tables in order. They have the same columns, and no cell in common."""
    time_ns = np.concatenate([table.time_ns for table in tables])
    keys = {tag: _ranked(concat_coded([table.keys[tag] for table in tables])) for tag in tables[0].keys}
    order = np.argsort(Groups([time_ns, *[key.codes for key in keys.values()]]).of_row)
    values = {name: np.concatenate([table.values[name] for table in tables])[order] for name in tables[0].values}
    return CellTable(time_ns[order], {tag: Coded(key.codes[order], key.names) for tag, key in keys.items()}, values)


class Groups:
    """Rows with equal values in all columns, as one group each. Groups are sorted by the columns."""

    def __init__(self, columns: Sequence[npt.NDArray[Any]]) -> None:
        _, first, self.of_row = np.unique(_one_number(columns), return_index=True, return_inverse=True)
        """The number of each row's group."""
        self.columns = [column[first] for column in columns]
        """The values that each group's rows have."""

    def __len__(self) -> int:
        return len(self.columns[0])


def _one_number(columns: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.int64]:
    """Return a number for each row, equal where all columns are, and in their order."""
    found, size = np.zeros(len(columns[0]), np.int64), 1
    for column in columns if len(found) else ():
        are_whole = column.dtype != np.bool_ and np.can_cast(column.dtype, np.int64)
        low, high = (int(column.min()), int(column.max())) if are_whole else (0, _MOST_NUMBERS)
        if size * (high - low + 1) <= _MOST_NUMBERS:
            found, size = found * (high - low + 1) + (column.astype(np.int64) - low), size * (high - low + 1)
            continue
        # As many numbers as there are values: two columns of them have room.
        kept, codes = (np.unique(each, return_inverse=True) for each in (found, column))
        found, size = kept[1] * len(codes[0]) + codes[1], len(kept[0]) * len(codes[0])
    return found


def checked(measurement: str, aggregates: Sequence[Aggregate], bucket_ns: int, by: Sequence[str]) -> None:
    """Raise ValueError if the schema cannot give this."""
    schema = SCHEMA[measurement]
    if bucket_ns <= 0:
        raise ValueError(f"a bucket of {bucket_ns} ns: it must be longer than nothing")
    if unknown := [tag for tag in by if tag not in schema.tags]:
        raise ValueError(f"{measurement} cannot be grouped by {unknown[0]}: its tags are {', '.join(schema.tags)}")
    for each in aggregates:
        kind = schema.fields.get(each.column)
        if kind is None:
            raise ValueError(f"{measurement} has no field {each.column}: it has {', '.join(schema.fields)}")
        if each.function != "count" and kind not in ("int", "float"):
            raise ValueError(f"{each.function} of {measurement}.{each.column}, which is {kind}: only a number has one")
        for name, value in each.where:
            if ("bool" if isinstance(value, bool) else "text") != schema.fields.get(name, "text" if name in schema.tags else None):
                raise ValueError(f"{measurement}.{name} cannot be {value!r}: a tag and a text equals a text, a bool a bool")


def empty_value(measurement: str, each: Aggregate) -> float:
    """Return what a cell has where no point matches. Points of before there was the field have its absent value."""
    if each.function in ("sum", "count"):
        return 0
    return np.nan if each.where else ABSENT.get((measurement, each.column), 0)


def dtype_of(measurement: str, each: Aggregate) -> type[np.int64] | type[np.float64]:
    whole = each.function == "count" or (each.function == "sum" and SCHEMA[measurement].fields[each.column] == "int")
    return np.int64 if whole else np.float64


_TOGETHER: Final[Mapping[Function, Callable[[npt.NDArray[Any], npt.NDArray[Any]], npt.NDArray[Any]]]] = {
    "sum": np.add, "count": np.add, "max": np.fmax, "last": lambda earlier, later: np.where(np.isnan(later), earlier, later),
}  # fmt: skip
"""What two parts of one cell are together, the earlier one first."""


class CellBuilder:
    """Makes a CellTable of what several statements return, each some of the aggregates for some of the cells, or for parts of them.

    Parts of one cell are added in the order of time; a page has no two of them.
    """

    def __init__(self, measurement: str, by: Sequence[str]) -> None:
        self._measurement, self._by = measurement, tuple(by)
        self._codes: list[dict[str, int]] = [{} for _ in by]
        self._times: list[npt.NDArray[np.int64]] = [np.zeros(0, np.int64)]
        self._keys: list[list[npt.NDArray[np.uint32]]] = [[np.zeros(0, np.uint32)] for _ in by]
        self._parts: list[tuple[int, dict[str, npt.NDArray[Any]]]] = []
        self._rows = 0

    def add(self, aggregates: Sequence[Aggregate], rows: Sequence[Sequence[Any]]) -> int:
        """Add rows `(time_ns, *keys, *values)`; a value is None where no point matched, and what follows them is left out.

        Return the rows so far.
        """
        if not rows:
            return self._rows
        times, *columns = zip(*rows, strict=True)
        self._times.append(np.array(times, np.int64))
        for codes, parts, column in zip(self._codes, self._keys, columns, strict=False):
            parts.append(np.array([codes.setdefault(text or "", len(codes)) for text in column], np.uint32))
        values = {
            each.name: np.array([empty if value is None else value for value in column], dtype_of(self._measurement, each))
            for each, column in zip(aggregates, columns[len(self._by) :], strict=False)
            for empty in [empty_value(self._measurement, each)]
        }
        self._parts.append((self._rows, values))
        self._rows += len(rows)
        return self._rows

    def table(self, aggregates: Sequence[Aggregate]) -> CellTable:
        """Return the cells, with the columns of `aggregates`."""
        keys = [_ranked(Coded(np.concatenate(parts), tuple(codes))) for parts, codes in zip(self._keys, self._codes, strict=True)]
        groups = Groups([np.concatenate(self._times), *[key.codes for key in keys]])
        time_ns, *codes = groups.columns
        named = {tag: Coded(c.astype(np.uint32), key.names) for tag, c, key in zip(self._by, codes, keys, strict=True)}
        return CellTable(time_ns, named, {each.name: self._value(each, groups) for each in aggregates})

    def _value(self, each: Aggregate, groups: Groups) -> npt.NDArray[Any]:
        found = np.full(len(groups), empty_value(self._measurement, each), dtype_of(self._measurement, each))
        there = np.zeros(len(groups), np.bool_)
        for first, columns in self._parts:
            if (values := columns.get(each.name)) is not None:
                group = groups.of_row[first : first + len(values)]
                found[group] = np.where(there[group], _TOGETHER[each.function](found[group], values), values)
                there[group] = True
        return found


def _value(points: PointTable, each: Aggregate, groups: Groups) -> npt.NDArray[Any]:
    matching = np.ones(len(points), np.bool_)
    for name, value in each.where:
        matching &= points.numbers(name) == value if isinstance(value, bool) else points.equals(name, value)
    group = groups.of_row[matching]
    found = np.full(len(groups), 0 if each.function in ("sum", "count") else np.nan, dtype_of(points.measurement, each))
    if each.function == "count":
        np.add.at(found, group, 1)
    elif each.function == "sum":
        np.add.at(found, group, points.numbers(each.column)[matching])
    else:
        values, time_ns = points.numbers(each.column)[matching], points.time_ns[matching]
        order = np.lexsort((values, time_ns) if each.function == "last" else (values,))
        found[group[order]] = values[order]  # of several values for one place the last stays
    return found


def _any_of(table: PointTable, tag: str, names: Sequence[str]) -> npt.NDArray[np.bool_]:
    column, wanted = table.coded(tag), set(names)
    return np.isin(column.codes, [code for code, name in enumerate(column.names) if name in wanted])


def _ranked(column: Coded) -> Coded:
    """The same texts with codes that sort as they do, one for each text, those in use alone."""
    used = [column.names[code] for code in np.flatnonzero(np.bincount(column.codes)).tolist()]
    names: Final = tuple(sorted(set(used)))
    rank = {name: i for i, name in enumerate(names)}
    codes = np.array([rank.get(name, 0) for name in column.names], np.uint32)
    return Coded(codes[column.codes] if len(column) else column.codes, names)
