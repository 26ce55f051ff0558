"""What readers give: rows of one measurement as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.points import ABSENT, SCHEMA, Coded, Column, concat_column

_DTYPE: Final = {"int": "<i8", "float": "<f8", "bool": "?"}


@dataclass(frozen=True, slots=True, eq=False)
class PointTable:
    """Rows in the order of their time. Tags, texts and subjects (16 hex digits) are Coded; int is int64, float float64, bool bool."""

    measurement: str
    time_ns: npt.NDArray[np.int64]
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.time_ns)

    def numbers(self, name: str) -> npt.NDArray[Any]:
        column = self.columns[name]
        if isinstance(column, Coded):
            raise TypeError(f"{self.measurement}.{name} holds text")
        return column

    def coded(self, name: str) -> Coded:
        column = self.columns[name]
        if not isinstance(column, Coded):
            raise TypeError(f"{self.measurement}.{name} holds numbers")
        return column

    def values(self, name: str) -> list[Any]:
        """Return the column as plain Python values."""
        column = self.columns[name]
        return column.texts() if isinstance(column, Coded) else list(column.tolist())

    def where(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.intp] | slice) -> PointTable:
        """Return the rows that a mask keeps or a slice cuts out, or those of the given numbers in their order."""
        kept = {name: Coded(c.codes[rows], c.names) if isinstance(c, Coded) else c[rows] for name, c in self.columns.items()}
        return PointTable(self.measurement, self.time_ns[rows], kept)

    def equals(self, name: str, text: str) -> npt.NDArray[np.bool_]:
        """Return a mask of the rows where a column of text holds `text`."""
        column = self.coded(name)
        return np.isin(column.codes, [code for code, found in enumerate(column.names) if found == text])


def joined(tables: Sequence[PointTable]) -> PointTable:
    """Return the rows of all tables, which have the same columns, sorted by time; those of the same time in the order of the tables."""
    if len(tables) == 1:
        return tables[0]
    time_ns = np.concatenate([table.time_ns for table in tables])
    columns = {name: concat_column([table.columns[name] for table in tables]) for name in tables[0].columns}
    return PointTable(tables[0].measurement, time_ns, columns).where(np.argsort(time_ns, kind="stable"))


class Builder:
    """Makes a Table of pages of raw rows; each page is packed into arrays at once, so memory is that of the columns."""

    def __init__(self, measurement: str, names: Sequence[str]) -> None:
        """`names`: the columns of the rows to come, after their time; tags and fields of the measurement's schema."""
        self._measurement = measurement
        self._names = tuple(names)
        self._rows = 0
        self._times: list[npt.NDArray[np.int64]] = []
        self._parts: list[list[npt.NDArray[Any]]] = [[] for _ in names]
        self._codes: list[dict[str, int]] = [{} for _ in names]

    def add(self, rows: Sequence[Sequence[Any]]) -> int:
        """Add a page of rows `(time_ns, value, …)`; None is an absent tag ("") or field (0, or as ABSENT has it).
        Returns the rows so far."""
        if not rows:
            return self._rows
        self._rows += len(rows)
        times, *columns = zip(*rows, strict=True)
        self._times.append(np.array(times, "<i8"))
        fields = SCHEMA[self._measurement].fields
        for name, column, parts, codes in zip(self._names, columns, self._parts, self._codes, strict=True):
            dtype = _DTYPE.get(fields.get(name, "text"))
            if dtype is None:
                code_of = {value: codes.setdefault(value or "", len(codes)) for value in dict.fromkeys(column)}
                parts.append(np.array([code_of[value] for value in column], np.uint32))
            else:
                empty = ABSENT.get((self._measurement, name), 0)
                present = column if None not in column else [empty if value is None else value for value in column]
                parts.append(np.array(present, dtype))
        return self._rows

    def table(self) -> PointTable:
        """Return all of them, sorted by time; rows of the same time stay in the order they came in."""
        fields = SCHEMA[self._measurement].fields
        columns: dict[str, Column] = {}
        for name, parts, codes in zip(self._names, self._parts, self._codes, strict=True):
            dtype = _DTYPE.get(fields.get(name, "text"))
            joined = np.concatenate(parts) if parts else np.zeros(0, dtype or np.uint32)
            columns[name] = Coded(joined, tuple(codes)) if dtype is None else joined
        time_ns = np.concatenate(self._times) if self._times else np.zeros(0, np.int64)
        table = PointTable(self._measurement, time_ns, columns)
        return table if (np.diff(time_ns) >= 0).all() else table.where(np.argsort(time_ns, kind="stable"))
