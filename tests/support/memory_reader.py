"""A reader of points held in memory, by the definitions: `rows` by numpy, `cells` by cells_of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gateway.points import SCHEMA
from gateway.sinks.cells import Aggregate, CellTable, cells_of
from gateway.sinks.reader import SHOWN_BY, OnPage, columns_of, quiet
from gateway.sinks.table import Builder, PointTable


class MemoryReader:
    """A PointReader of `rows`: by measurement `(time_ns, *tags, *fields)` in the order of the schema."""

    where = "memory"

    def __init__(self, rows: Mapping[str, Sequence[tuple[Any, ...]]]) -> None:
        self._tables: dict[str, PointTable] = {}
        for measurement, schema in SCHEMA.items():
            builder = Builder(measurement, columns_of(schema))
            builder.add(list(rows.get(measurement, ())))
            self._tables[measurement] = builder.table()
        self.asked: list[str] = []
        """The measurements of which rows or cells were read, in order."""

    def stores(self) -> list[str]:
        return sorted({store for name in SHOWN_BY for store in self._tables[name].values("store")})

    def span(self, measurement: str, store: str | None = None) -> tuple[int, int] | None:
        table = self._tables[measurement]
        time_ns = table.time_ns if store is None else table.time_ns[table.equals("store", store)]
        return (int(time_ns.min()), int(time_ns.max())) if len(time_ns) else None

    def rows(
        self, measurement: str, store: str | None = None, from_ns: int | None = None, to_ns: int | None = None,
        columns: Sequence[str] | None = None, *, void: bool = False, on_page: OnPage = quiet, **tags: str,
    ) -> PointTable:  # fmt: skip
        self.asked.append(f"rows of {measurement}")
        table = self._tables[measurement]
        kept = np.ones(len(table), np.bool_)
        for name, value in (({} if store is None else {"store": store}) | tags).items():
            kept &= table.equals(name, value)
        kept &= True if from_ns is None else table.time_ns >= from_ns
        kept &= True if to_ns is None else table.time_ns < to_ns
        if "void" in table.columns and not void:
            kept &= ~table.numbers("void")
        found = table.where(kept)
        return found if columns is None else PointTable(measurement, found.time_ns, {name: found.columns[name] for name in columns})

    def cells(
        self, measurement: str, aggregates: Sequence[Aggregate], from_ns: int, to_ns: int, bucket_ns: int,
        by: Sequence[str] = ("store",), /, stores: Sequence[str] | None = None, on_page: OnPage = quiet, *,
        edges_ns: Sequence[int] = (), **tags: str,
    ) -> CellTable:  # fmt: skip
        self.asked.append(f"cells of {measurement}")
        table = self._tables[measurement]
        for name, value in tags.items():
            table = table.where(table.equals(name, value))
        return cells_of(table, aggregates, from_ns, to_ns, bucket_ns, by, stores, edges_ns)

    def interrupt(self) -> None:
        """Nothing takes long."""

    def close(self) -> None:
        """Nothing to close."""
