"""Reads the SQLite file that gateway/sinks/sqlite/sink.py writes, while it is being written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from footfall.errors import SinkUnavailable, Unreadable
from footfall.sqlite import open_file
from gateway.points import SCHEMA
from gateway.sinks.reader import PAGE_ROWS, SHOWN_BY, OnPage, _quiet, validated
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
        _, tags = validated(measurement, None, store, {})
        where, values = _where(tags, None, None, False)
        # SQLite finds one end of an index at once, but both in one SELECT by reading all of it.
        ends = [f"(SELECT {end}(time_ns) FROM {measurement}{where})" for end in ("min", "max")]
        found = [row for row in self._select(measurement, f"SELECT {', '.join(ends)}", values * 2) if row[0] is not None]
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
        on_page: OnPage = _quiet,
        **tags: str,
    ) -> PointTable:
        names, matched = validated(measurement, columns, store, tags)
        where, values = _where(matched, from_ns, to_ns, "void" in SCHEMA[measurement].fields and not void)
        sql = f"SELECT time_ns, {self._selected(measurement, names)} FROM {measurement}{where}"
        builder = Builder(measurement, names)
        for page in self._pages(measurement, sql, values):
            on_page(builder.add(page))
        return builder.table()

    def close(self) -> None:
        self._db.close()

    def _selected(self, measurement: str, names: Sequence[str]) -> str:
        """A file of an earlier release may not have all columns yet; SQLite would take the name of one for a text."""
        with self._errors():
            there = {row[1] for row in self._db.execute(f"PRAGMA table_info({measurement})")}
        return ", ".join(_quoted(name) if name in there else "NULL" for name in names)

    def _pages(self, measurement: str, sql: str, values: Sequence[Any]) -> Iterator[list[tuple[Any, ...]]]:
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
            raise Unreadable(f"{self.where}: cannot be read: {error}; its folder must be readable, or copy the file elsewhere") from None
        except sqlite3.DatabaseError as error:
            raise Unreadable(f"{self.where}: not a readable SQLite database: {error}") from None


def _where(tags: dict[str, str], from_ns: int | None, to_ns: int | None, hide_void: bool) -> tuple[str, list[Any]]:
    terms: list[tuple[str, list[Any]]] = [(f"{_quoted(tag)} = ?", [value]) for tag, value in tags.items()]
    if from_ns is not None:
        terms.append(("time_ns >= ?", [from_ns]))
    if to_ns is not None:
        terms.append(("time_ns < ?", [to_ns]))
    if hide_void:
        terms.append(("NOT void", []))
    where = " AND ".join(term for term, _ in terms)
    return (f" WHERE {where}" if where else ""), [value for _, values in terms for value in values]


def _quoted(name: str) -> str:
    """A column of the schema: `in` and `out` are words of SQL too."""
    return f'"{name}"'
