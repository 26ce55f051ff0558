"""Reads the SQLite file that gateway/sinks/sqlite/sink.py writes, while it is being written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from footfall.errors import SinkUnavailable, Unreadable
from footfall.sqlite import open_file
from footfall.units import NS_PER_HOUR
from gateway.points import SCHEMA
from gateway.sinks.cells import Aggregate, CellBuilder, CellTable, checked
from gateway.sinks.reader import PAGE_ROWS, SHOWN_BY, OnPage, quiet, validated, validated_stores
from gateway.sinks.sqlite import hours
from gateway.sinks.sqlite.cells import ASKED, ASKED_SPAN, IN_PARTS, Buckets, CellQuery
from gateway.sinks.sqlite.packed import PACKED, selected, unpacked
from gateway.sinks.table import Builder, PointTable

_BUSY_S = 10.0

# Jumps from store to store along the key instead of reading every row.
_STORES = """
WITH RECURSIVE found(store) AS (
    SELECT min(store) FROM {name}
    UNION ALL
    SELECT (SELECT min(store) FROM {name} WHERE store > found.store) FROM found WHERE found.store IS NOT NULL
)
SELECT store FROM found WHERE store IS NOT NULL
"""

# SQLite finds one end of one store's rows at once, but both ends in one SELECT, or those of all stores, by reading every row.
_SPAN = """
SELECT min(first_ns), max(last_ns) FROM (
    SELECT (SELECT min(time_ns) FROM {name} WHERE store = asked.store) AS first_ns,
           (SELECT max(time_ns) FROM {name} WHERE store = asked.store) AS last_ns
    FROM ({stores}) AS asked
)
"""


class SqliteReader:
    """A Reader of one file, opened read-only."""

    def __init__(self, path: Path) -> None:
        self.where = str(path)
        if not path.is_file():
            raise Unreadable(f"{path}: there is no such file; the gateway writes it where `path` in [sink] of gateway.toml says")
        with self._errors():
            self._db = open_file(path, "mode=ro", _BUSY_S)
            self._tables = {name for (name,) in self._db.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")}
        if not self._tables & SCHEMA.keys():
            self.close()
            raise Unreadable(f"{path}: not a database of the gateway: it has none of the tables {', '.join(SCHEMA)}")

    def stores(self) -> list[str]:
        return sorted({store for name in SHOWN_BY for (store,) in self._select(name, _STORES.format(name=name), ())})

    def span(self, measurement: str, store: str | None = None) -> tuple[int, int] | None:
        validated(measurement, None, store, {})
        sql = _SPAN.format(name=measurement, stores=_STORES.format(name=measurement) if store is None else "SELECT ? AS store")
        found = [row for row in self._select(measurement, sql, () if store is None else (store,)) if row[0] is not None]
        return (found[0][0], found[0][1]) if found else None

    def rows(
        self,
        measurement: str,
        store: str | None = None,
        from_ns: int | None = None,
        to_ns: int | None = None,
        columns: Sequence[str] | None = None,
        *,
        void: bool = False,
        on_page: OnPage = quiet,
        **tags: str,
    ) -> PointTable:
        names, matched = validated(measurement, columns, store, tags)
        where, values = _where(matched, from_ns, to_ns, "void" in SCHEMA[measurement].fields and not void)
        if measurement in PACKED and measurement in self._tables:
            with self._one_state():
                self._fill_asked_store(measurement, None if store is None else [store])
                sql = f"SELECT {selected(names)} FROM asked_store AS s CROSS JOIN {measurement} AS p WHERE {where} GROUP BY s.store"
                table = unpacked(measurement, names, list(self._select(measurement, sql, values)))
            on_page(len(table))
            return table
        stores = "SELECT ? AS store" if store else _STORES.format(name=measurement)
        sql = f"SELECT p.time_ns, {self._selected(measurement, names)} FROM ({stores}) AS s CROSS JOIN {measurement} AS p WHERE {where}"
        builder = Builder(measurement, names)
        for page in self._pages(measurement, sql, [*([store] if store else []), *values]):
            on_page(builder.add(page))
        return builder.table()

    def cells(
        self,
        measurement: str,
        aggregates: Sequence[Aggregate],
        from_ns: int,
        to_ns: int,
        bucket_ns: int,
        by: Sequence[str] = ("store",),
        /,
        stores: Sequence[str] | None = None,
        on_page: OnPage = quiet,
        *,
        edges_ns: Sequence[int] = (),
        **tags: str,
    ) -> CellTable:
        checked(measurement, aggregates, bucket_ns, by)
        validated(measurement, (), None, tags)
        if edges_ns and edges_ns[0] != from_ns:
            raise ValueError(f"the first edge, {edges_ns[0]}, is not where the span begins, {from_ns}")
        builder = CellBuilder(measurement, by)
        if measurement in self._tables:
            with self._one_state():
                asked = self._asked(measurement, validated_stores(stores), Buckets(from_ns, to_ns, bucket_ns, edges_ns), by, tags)
                for query in self._parts(asked, aggregates, to_ns) if asked else ():
                    for statement in query.statements(aggregates):
                        for page in self._pages(measurement, statement.sql, statement.values):
                            on_page(builder.add(statement.aggregates, page))
        return builder.table(aggregates)

    def interrupt(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # it was closed a moment ago
            self._db.interrupt()

    def close(self) -> None:
        self._db.close()

    def _asked(
        self, measurement: str, stores: Sequence[str] | None, buckets: Buckets, by: Sequence[str], tags: dict[str, str]
    ) -> CellQuery | None:
        """Fill the tables of what was asked. Return None if there is no point."""
        self._fill_asked_store(measurement, stores)
        if len(buckets) == 1:
            (count,) = self._db.execute("SELECT count(*) FROM asked_store").fetchone()
            return self._joined(CellQuery(measurement, self._columns(measurement), by, tags, buckets, count))
        ends = {"from_ns": buckets.from_ns, "to_ns": buckets.to_ns}
        count, first_ns, last_ns = self._db.execute(ASKED_SPAN.format(name=measurement), ends).fetchone()
        if first_ns is None:
            return None
        there = buckets.within(max(buckets.from_ns, first_ns // NS_PER_HOUR * NS_PER_HOUR), last_ns + 1)
        return self._joined(CellQuery(measurement, self._columns(measurement), by, tags, there, count))

    def _joined(self, query: CellQuery) -> CellQuery:
        if query.is_joined:
            self._db.executemany("INSERT INTO asked_bucket VALUES (?, ?, ?)", query.buckets.rows())
        return query

    def _parts(self, query: CellQuery, aggregates: Sequence[Aggregate], to_ns: int) -> Sequence[CellQuery]:
        """Hours that are kept added up, where they have what is asked, and the points after them, in this order; or the points alone."""
        if query.measurement != hours.MEASUREMENT or hours.TABLE not in self._tables or not query.buckets.are_whole_hours:
            return [query]
        needs_times = any(each.function == "last" for each in aggregates) and not query.has_one_a_time
        if needs_times or not hours.have(self._columns(hours.TABLE), aggregates) or not hours.are_up_to_date(self._db):
            return [query]
        self._db.execute(hours.KNOWN, {"to_ns": to_ns // NS_PER_HOUR * NS_PER_HOUR})
        return [replace(query, part=part) for part in IN_PARTS]

    def _fill_asked_store(self, measurement: str, stores: Sequence[str] | None) -> None:
        for statement in ASKED:
            self._db.execute(statement)
        if stores is None:
            self._db.execute(f"INSERT INTO asked_store (store) {_STORES.format(name=measurement)}")
        else:
            self._db.executemany("INSERT INTO asked_store (store) VALUES (?)", [(store,) for store in stores])

    @contextmanager
    def _one_state(self) -> Iterator[None]:
        """All that is read inside is of one moment, whatever the gateway writes meanwhile."""
        with self._errors():
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.execute("ROLLBACK")

    def _selected(self, measurement: str, names: Sequence[str]) -> str:
        """A file of an earlier release may not have all columns yet; SQLite would take the name of one for a text."""
        there = self._columns(measurement)
        return ", ".join(f'p."{name}"' if name in there else "NULL" for name in names)

    def _columns(self, measurement: str) -> frozenset[str]:
        with self._errors():
            return frozenset(row[1] for row in self._db.execute(f"PRAGMA table_info({measurement})"))

    def _pages(self, measurement: str, sql: str, values: Sequence[Any] | Mapping[str, Any]) -> Iterator[list[tuple[Any, ...]]]:
        if measurement not in self._tables:
            return
        with self._errors():
            cursor = self._db.execute(sql, values)
            while page := cursor.fetchmany(PAGE_ROWS):
                yield page

    def _select(self, measurement: str, sql: str, values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        for page in self._pages(measurement, sql, values):
            yield from page

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise SinkUnavailable(f"{self.where}: locked by another process for {_BUSY_S:.0f} s: {error}") from None
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                raise SinkUnavailable(f"{self.where}: what was asked was interrupted") from None
            raise Unreadable(f"{self.where}: cannot be read: {error}; its folder must be readable, or copy the file elsewhere") from None
        except sqlite3.DatabaseError as error:
            raise Unreadable(f"{self.where}: not a readable SQLite database: {error}") from None


def _where(tags: dict[str, str], from_ns: int | None, to_ns: int | None, hide_void: bool) -> tuple[str, list[Any]]:
    """Conditions of rows `p` of the store `s`: with the store, SQLite finds the span by a seek."""
    terms: list[tuple[str, list[Any]]] = [("p.store = s.store", [])]
    terms += [(f'p."{tag}" = ?', [value]) for tag, value in tags.items() if tag != "store"]
    if from_ns is not None:
        terms.append(("p.time_ns >= ?", [from_ns]))
    if to_ns is not None:
        terms.append(("p.time_ns < ?", [to_ns]))
    if hide_void:
        terms.append(("NOT p.void", []))
    return " AND ".join(term for term, _ in terms), [value for _, values in terms for value in values]
