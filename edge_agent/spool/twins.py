"""The small tables of the spool's file, each stored twice. No file here: an open database, or values.

Each row bears a checksum over its table's name, its number and its values. A flipped bit is detected, and the other copy has the row as it
was. `change` grows with every commit: it shows which of several versions in a broken file is the last.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Generic, NamedTuple, TypeVar, get_type_hints

_SQL_TYPES: Final = {str: "TEXT", int: "INTEGER"}


class EpochRow(NamedTuple):
    epoch: str
    boot: str
    last: int
    mark: int
    base: int
    receipted: int
    receipted_ns: int


class ReceiptedRow(NamedTuple):
    epoch_n: int
    upto: int
    gateway_ns: int


class JournalRow(NamedTuple):
    journal_id: str


class ReadingRow(NamedTuple):
    key: str
    value: str


class BootRow(NamedTuple):
    boot: str
    length_ns: int


class TimesRow(NamedTuple):
    epoch: str
    first_seq: int
    last_seq: int
    offset_ns: int
    width_ns: int
    quality: int


class FactRow(NamedTuple):
    name: str
    value: int


class StoreRow(NamedTuple):
    store: str


Values = TypeVar("Values", bound=NamedTuple)


class TwinRow(NamedTuple, Generic[Values]):
    """One copy of a row, as it was written."""

    number: int
    values: Values
    change: int


class _Copy(NamedTuple, Generic[Values]):
    whole: list[TwinRow[Values]]
    broken: int


@dataclass(frozen=True, slots=True)
class Loaded(Generic[Values]):
    """`rows`: by number. `change`: the latest. `damaged`: rows with a wrong checksum or in one copy only; `lost`: those in neither."""

    rows: Mapping[int, Values]
    change: int
    damaged: int
    lost: int


@dataclass(frozen=True, slots=True)
class Twin(Generic[Values]):
    """A small table and its copy: an integer key, then a column for each field of `row`."""

    name: str
    row: type[Values]
    key: str = "id"

    @property
    def tables(self) -> tuple[str, str]:
        return self.name, f"{self.name}_twin"

    @property
    def script(self) -> str:
        columns = ", ".join(f"{name} {_SQL_TYPES[kind]}" for name, kind in get_type_hints(self.row).items())
        return "".join(
            f"CREATE TABLE {table} ({self.key} INTEGER PRIMARY KEY, {columns}, change INTEGER, sum INTEGER);" for table in self.tables
        )

    def put(self, db: sqlite3.Connection, number: int, values: Values | None, change: int) -> None:
        """Write a row to both tables; None deletes it."""
        if values is None:
            for table in self.tables:
                db.execute(f"DELETE FROM {table} WHERE {self.key} = ?", (number,))
            return
        row = (number, *values, change)
        stored = (*row, _row_sum(self.name, row))
        for insert in _inserts(self.tables, len(stored)):
            db.execute(insert, stored)

    def whole(self, stored: Sequence[Any]) -> TwinRow[Values] | None:
        """Return a row of either table (number, values, change, sum); None if it is not as it was written."""
        *written, stated_sum = stored
        if len(written) != len(self.row._fields) + 2 or stated_sum != _row_sum(self.name, written):
            return None
        number, *values, change = written
        return TwinRow(number, self.row(*values), change)

    def load(self, db: sqlite3.Connection) -> Loaded[Values]:
        """Return the rows of both copies together: of two versions of a row the later."""
        copies = [self._copy(db, table) for table in self.tables]
        found: dict[int, TwinRow[Values]] = {}
        for copy in copies:
            for row in copy.whole:
                if row.number not in found or found[row.number].change < row.change:
                    found[row.number] = row
        first, second = copies
        damaged = first.broken + second.broken + (set(first.whole) != set(second.whole))
        lost = max(0, max(len(copy.whole) + copy.broken for copy in copies) - len(found))
        change = max((row.change for row in found.values()), default=0)
        return Loaded({number: row.values for number, row in sorted(found.items())}, change, damaged, lost)

    def rewrite(self, db: sqlite3.Connection, rows: Mapping[int, Values], change: int) -> None:
        """Replace the rows of both tables."""
        for table in self.tables:
            db.execute(f"DELETE FROM {table}")
        for number, values in rows.items():
            self.put(db, number, values, change)

    def _copy(self, db: sqlite3.Connection, table: str) -> _Copy[Values]:
        rows = [self.whole(stored) for stored in db.execute(f"SELECT * FROM {table}")]
        return _Copy([row for row in rows if row is not None], rows.count(None))


def number_of(name: str) -> int:
    """Return the row of a name: 56 bits of its digest, so that no index is needed, which may be damaged."""
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()[:7])


@cache
def _inserts(tables: tuple[str, str], width: int) -> tuple[str, ...]:
    """The statements that write a row of so many values, one a table."""
    return tuple(f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * width)})" for table in tables)


def _row_sum(table: str, values: Iterable[Any]) -> int:
    return zlib.crc32(repr((table, *values)).encode("utf-8", "surrogateescape"))


EPOCHS: Final = Twin("epochs", EpochRow, key="n")
RECEIPTED: Final = Twin("receipted", ReceiptedRow)
JOURNALS: Final = Twin("journals", JournalRow, key="n")
READINGS: Final = Twin("readings", ReadingRow)
BOOTS: Final = Twin("boots", BootRow, key="n")
TIMES: Final = Twin("times", TimesRow)
FACTS: Final = Twin("facts", FactRow)
STORES: Final = Twin("stores", StoreRow, key="n")
"""By epoch: the store in which its run of the agent was."""
TWINS: Final[tuple[Twin[Any], ...]] = (EPOCHS, RECEIPTED, JOURNALS, READINGS, BOOTS, TIMES, FACTS, STORES)


class LoadedTables:
    """All small tables of a file, as they were at one moment."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._tables: Final = {twin.name: twin.load(db) for twin in TWINS}

    def of(self, twin: Twin[Values]) -> Loaded[Values]:
        return self._tables[twin.name]
