"""The embedded database: one SQLite file, a table a measurement. Analysts read it while the gateway writes.

Rows lie by store and time, which is how they are asked for. The views `visits`, `dwells` and `touches` leave out what was voided and
spell the time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from footfall.errors import ConfigError, SinkUnavailable
from gateway.points import SCHEMA, Coded, Column, FieldType, Measurement, Points
from gateway.sinks.lines import check_finite, row_texts, stored_tag, stored_text

APPLICATION_ID: Final = 0x466F6F74
"""`Foot`, in the file's header: tells it from other programs' files."""
SCHEMA_VERSION: Final = 1

_TYPES: Final[dict[FieldType, str]] = {"int": "INTEGER", "float": "REAL", "bool": "INTEGER", "text": "TEXT", "subject": "TEXT"}
_VIEWS: Final = {"visits": "visit", "dwells": "dwell", "touches": "touch"}
_BUSY_S: Final = 5.0
_ADVICE: Final = {
    sqlite3.SQLITE_FULL: "the disk is full: make room, nothing is lost meanwhile",
    sqlite3.SQLITE_BUSY: f"another program has locked it for {_BUSY_S:.0f} s: end its transaction",
    sqlite3.SQLITE_LOCKED: "another program has locked it: end its transaction",
    sqlite3.SQLITE_READONLY: "it may not be written: give the gateway's user write access to the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: the folder must exist and be writable for the gateway's user",
    sqlite3.SQLITE_IOERR: "the disk fails to read or write",
    sqlite3.SQLITE_CORRUPT: "the file is damaged: put back a copy, or move it away and rebuild",
    sqlite3.SQLITE_NOMEM: "memory is short",
}
"""What to do, by SQLite's primary result code. Any other code is a bug."""


class SQLite:
    """A Sink. ConfigError if `path` cannot become, or is not, a database of the gateway."""

    name = "sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = _open(path)
        self._file = path.stat().st_dev, path.stat().st_ino

    def write(self, batch: Sequence[Points]) -> None:
        """One transaction. It never raises PartialWrite: there is nothing in the schema that SQLite refuses."""
        rows = [(_UPSERT[points.measurement], _rows(points)) for points in batch if len(points)]
        with self._transaction():
            for statement, values in rows:
                self._db.executemany(statement, values)

    def delete(self, measurements: Sequence[str], store: str, from_ns: int, to_ns: int) -> None:
        with self._transaction():
            for name in measurements:
                where = "WHERE store = ? AND time_ns >= ? AND time_ns < ?"
                self._db.execute(f"DELETE FROM {SCHEMA[name].name} {where}", (stored_tag(store), from_ns, to_ns))

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._check_file()
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.DatabaseError as error:
            advice = _ADVICE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
            if advice is None:
                raise
            raise SinkUnavailable(f"{self._path}: {error}: {advice}") from None

    def _check_file(self) -> None:
        """A file that was deleted would go on taking rows, and lose them."""
        try:
            found = self._path.stat()
        except OSError as error:
            raise SinkUnavailable(f"{self._path}: {error.strerror}: put it back, or start the gateway again for a new one") from None
        if (found.st_dev, found.st_ino) != self._file:
            raise SinkUnavailable(f"{self._path}: another file stands in its place: start the gateway again to use it")


def _open(path: Path) -> sqlite3.Connection:
    try:
        db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            _set_up(db, path)
        except BaseException:
            db.close()
            raise
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_NOTADB:
            raise ConfigError(f"{path}: not an SQLite database: name another file in `path` of [sink]") from None
        advice = _ADVICE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        if advice is None:
            raise
        raise ConfigError(f"{path}: {error}: {advice}") from None
    return db


def _set_up(db: sqlite3.Connection, path: Path) -> None:
    owner, version, tables = (
        db.execute(question).fetchone()[0]
        for question in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_schema")
    )
    if tables and owner != APPLICATION_ID:
        raise ConfigError(f"{path}: a database of another program: name another file in `path` of [sink]")
    if version > SCHEMA_VERSION:
        raise ConfigError(f"{path}: written by a newer release (schema {version}, this one knows {SCHEMA_VERSION}): upgrade the gateway")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA cache_size = -32768")  # KiB
    db.execute("PRAGMA wal_autocheckpoint = 4000")  # pages: 16 MiB of rows are worth one tidying up
    if not tables:
        db.executescript(_CREATE)


def _create(schema: Measurement) -> str:
    columns = [f'"{tag}" TEXT NOT NULL' for tag in schema.tags]
    columns += [f'"{name}" {_TYPES[kind]} NOT NULL' for name, kind in schema.fields.items()]
    rest = "".join(f', "{tag}"' for tag in schema.tags if tag != "store")
    return (
        f'CREATE TABLE {schema.name} (time_ns INTEGER NOT NULL, {", ".join(columns)}, PRIMARY KEY ("store", time_ns{rest})) WITHOUT ROWID;'
    )


def _view(name: str, measurement: str) -> str:
    time = "strftime('%Y-%m-%dT%H:%M:%fZ', time_ns / 1e9, 'unixepoch') AS time"
    return f"CREATE VIEW {name} AS SELECT {time}, * FROM {measurement} WHERE NOT void;"


_CREATE: Final = "\n".join(
    [
        "BEGIN IMMEDIATE;",
        *(_create(schema) for schema in SCHEMA.values()),
        *(_view(name, measurement) for name, measurement in _VIEWS.items()),
        f"PRAGMA application_id = {APPLICATION_ID};",
        f"PRAGMA user_version = {SCHEMA_VERSION};",
        "COMMIT;",
    ]
)
_UPSERT: Final = {
    name: f"INSERT OR REPLACE INTO {name} VALUES (?{', ?' * (len(schema.tags) + len(schema.fields))})" for name, schema in SCHEMA.items()
}
"""Every version of a point has every field, so replacing the row is the upsert."""


def _rows(points: Points) -> Iterator[tuple[Any, ...]]:
    schema = SCHEMA[points.measurement]
    columns: list[list[Any]] = [points.time_ns.tolist()]
    columns += [row_texts(points.tags[tag], stored_tag) for tag in schema.tags]
    columns += [_values(kind, points.fields[name]) for name, kind in schema.fields.items()]
    return zip(*columns, strict=True)


def _values(kind: FieldType, column: Column) -> list[Any]:
    if isinstance(column, Coded):
        return row_texts(column, stored_text)
    if kind == "float":
        check_finite(column)
    values: list[Any] = column.tolist()
    return [f"{value:016x}" for value in values] if kind == "subject" else values
