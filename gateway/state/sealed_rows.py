"""Rows of the ledger, each with a checksum: how named tuples are written to their tables and read from them."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from footfall.sqlite import DamagedFile, insert_many, is_damage
from gateway.fold.store import Claim, CorrectionRow, CountRow, DwellRow, LinkRow, TouchNameRow, TouchRow, VisitRow
from gateway.state.ledger_schema import row_checksum, row_checksums


class CellRow(NamedTuple):
    kind: str
    owner: int
    minute: int
    cell: bytes


class BatchRow(NamedTuple):
    """Points that wait for the database."""

    id: int
    rows: int
    points: bytes


class StandingRow(NamedTuple):
    """A standing; its spans and what of it is lent are JSON."""

    name: str
    number: int
    rank: int
    only_by_ref: int
    spans: str
    lent: str
    label: str


class StandingFanRow(NamedTuple):
    """Of which fan a span of a name's standing is or was."""

    fan: str
    name: str


class FactRow(NamedTuple):
    """A fact, by a number of the ledger's own; `body` is its JSON, and the others are parts of that.

    But `known_ns`, where nobody stated when it was learned: then it is when the gateway took it.
    """

    n: int
    id: str
    kind: str
    source: str
    actor: str
    known_ns: int
    body: str


TABLES: Final[Mapping[type[tuple[Any, ...]], str]] = {
    VisitRow: "visits", DwellRow: "dwells", TouchRow: "touches", CountRow: "counts", LinkRow: "links", CellRow: "cells", Claim: "claims",
    BatchRow: "outbox", TouchNameRow: "touch_names", StandingRow: "standings", StandingFanRow: "standing_fans", FactRow: "facts",
    CorrectionRow: "corrections",
}  # fmt: skip
"""Columns are the fields of these; each row bears a checksum of them."""
COLUMNS: Final = {table: ", ".join(kind._fields) for kind, table in TABLES.items()}  # type: ignore[attr-defined] # named tuples
AT_ONCE: Final = 500
"""Names that one statement asks for."""
_Value = TypeVar("_Value")
LedgerRow = TypeVar("LedgerRow", bound=tuple[Any, ...])


class SealedRows:
    """An open file with these tables, inside a transaction that its owner ends."""

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        self.path: Final = path
        self._db: Final = db

    def _save(self, kind: type[LedgerRow], rows: Iterable[LedgerRow]) -> None:
        insert_many(self._db, insert(kind), sealed(rows))

    def _rows(self, kind: type[LedgerRow], where: str, values: tuple[Any, ...]) -> list[LedgerRow]:
        """Return rows that are what was written. Raise DamagedFile if one is not."""
        return self._checked(kind, self._read(f"SELECT {COLUMNS[TABLES[kind]]}, crc FROM {TABLES[kind]} {where}", values))

    def _checked(self, kind: type[LedgerRow], rows: list[tuple[Any, ...]]) -> list[LedgerRow]:
        """Return rows as they were read, with their checksums, without these. Raise DamagedFile if one is not what was written."""
        values, make = [row[:-1] for row in rows], tuple.__new__
        if row_checksums(values) != [row[-1] for row in rows]:
            raise DamagedFile(self.path, f"a row of its table {TABLES[kind]} is damaged")
        return [make(kind, each) for each in values]  # as a tuple is made: the named one's own way takes four times as long

    def _read(self, sql: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                raise DamagedFile(self.path, f"it is damaged: {error}") from None
            raise

    def _drop_damaged(self) -> dict[str, int]:
        """Forget rows that are not what was written; return how many, by table.

        Raise DamagedFile if that cannot be, or points would be lost.
        """
        self._db.create_function("row_crc", -1, _checksum_of_remains)
        gone = {}
        for table, columns in COLUMNS.items():
            remains = ", ".join(
                f"typeof({name}), CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) ELSE {name} END" for name in columns.split(", ")
            )
            wrong = f"FROM {table} WHERE row_crc({remains}) IS NOT crc"
            if table == "outbox":
                if self._read(f"SELECT count(*) {wrong}", ())[0][0]:
                    raise DamagedFile(self.path, "points that wait for the database are damaged")
            elif n := self._db.execute(f"DELETE {wrong}").rowcount:
                gone[table] = n
        return gone


def parts(values: Collection[_Value], size: int) -> Iterator[list[_Value]]:
    """Yield values in order, so many at a time."""
    some = list(values)
    yield from (some[at : at + size] for at in range(0, len(some), size))


def marks(values: Collection[object]) -> str:
    """Return the question marks of a statement that asks for so many values."""
    return ",".join("?" * len(values))


def sealed(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Yield rows of one table, each with its checksum."""
    left = iter(rows)
    while some := list(islice(left, AT_ONCE)):
        yield from ((*row, crc) for row, crc in zip(some, row_checksums(some), strict=True))


@cache
def insert(kind: type[tuple[Any, ...]], otherwise: str = "REPLACE") -> str:
    """Return the statement that writes a row; `otherwise` is what to do where its key is taken."""
    table = TABLES[kind]
    columns = COLUMNS[table]
    return f"INSERT OR {otherwise} INTO {table} ({columns}, crc) VALUES (?{', ?' * (columns.count(',') + 1)})"


def _checksum_of_remains(*typed: Any) -> int:
    """As `row_checksum` has it, of values as (type, value), texts as bytes: damaged ones are no texts."""
    pairs = zip(typed[::2], typed[1::2], strict=True)
    return row_checksum(*[value.decode("utf-8", "surrogateescape") if kind == "text" else value for kind, value in pairs])
