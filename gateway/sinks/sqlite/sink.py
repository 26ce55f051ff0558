"""The embedded database: one SQLite file, a table a measurement. Analysts read it while the gateway writes.

Rows lie by store and time, which is how they are asked for. Hours of traffic are kept added up (`hours.py`). The views `visits`,
`dwells`, `touches` and `stores` leave out what was voided and spell the time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from footfall.errors import ConfigError, SinkUnavailable
from footfall.sqlite import open_file, run_script, transaction
from gateway.points import ABSENT, SCHEMA, Coded, Column, FieldType, Measurement, Points
from gateway.sinks.sqlite import hours
from gateway.sinks.stored_text import check_finite, row_texts, stored_tag, stored_text

APPLICATION_ID: Final = 0x466F6F74
"""`Foot`, in the file's header: distinguishes it from other programs' files."""
SCHEMA_VERSION: Final = 7
"""Goes up with every measurement and field: a release that does not know them must not write here again."""

_TYPES: Final[dict[FieldType, str]] = {"int": "INTEGER", "float": "REAL", "bool": "INTEGER", "text": "TEXT", "subject": "TEXT"}
_EMPTY: Final[dict[FieldType, str]] = {"int": "0", "float": "0.0", "bool": "0", "text": "''", "subject": "''"}
"""What a field has in rows written before there was such a field; see also ABSENT."""
_VIEWS: Final = {"visits": "visit", "dwells": "dwell", "touches": "touch", "stores": "store"}
_BUSY_S: Final = 5.0
_ADVICE: Final = {
    sqlite3.SQLITE_FULL: "the disk is full: make room, nothing is lost meanwhile",
    sqlite3.SQLITE_BUSY: f"another program has locked it for {_BUSY_S:.0f} s: end its transaction",
    sqlite3.SQLITE_LOCKED: "another program has locked it: end its transaction",
    sqlite3.SQLITE_READONLY: "it may not be written: give the gateway's user write access to the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: the folder must exist and be writable for the gateway's user",
    sqlite3.SQLITE_IOERR: "the disk fails to read or write",
    sqlite3.SQLITE_CORRUPT: "the file is damaged: put back a copy, or move it away and rebuild",
    sqlite3.SQLITE_NOTADB: "the file was overwritten: put back a copy, or move it away and rebuild",
    sqlite3.SQLITE_NOMEM: "memory is short",
}
"""What to do, by SQLite's primary result code."""
_CHANGED: Final = (
    "this will not mend itself: somebody changed its tables. Take that back, or move the file away and start the gateway again"
)
"""What to do about any other."""


class SQLite:
    """A Sink. ConfigError if `path` cannot become, or is not, a database of the gateway."""

    name = "sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = _open(path)
        self._file = path.stat().st_dev, path.stat().st_ino

    def write(self, batch: Sequence[Points]) -> None:
        """Write points in one transaction. It never raises PartialWrite: there is nothing in the schema that SQLite refuses."""
        rows = [(_UPSERT[points.measurement], _rows(points)) for points in batch if len(points)]
        with self._transaction():
            for statement, values in rows:
                self._db.executemany(statement, values)
            hours.add_up(self._db, batch)

    def delete(self, measurements: Sequence[str], store: str, from_ns: int, to_ns: int) -> None:
        with self._transaction():
            for name in measurements:
                where = "WHERE store = ? AND time_ns >= ? AND time_ns < ?"
                self._db.execute(f"DELETE FROM {SCHEMA[name].name} {where}", (stored_tag(store), from_ns, to_ns))
            hours.add_up(self._db, ())

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
            raise SinkUnavailable(f"{self._path}: {error}: {self._advice(error)}") from None

    def _advice(self, error: sqlite3.DatabaseError) -> str:
        """What is to be done; a table or column that was taken away while it was open is put back at once."""
        advice = _ADVICE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        if advice is not None:
            return advice
        try:
            return "what was missing was made again, and is empty" if _complete(self._db, self._path) else _CHANGED
        except (sqlite3.DatabaseError, ConfigError):
            return _CHANGED

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
        db = open_file(path, busy_timeout_s=_BUSY_S)
        try:
            _set_up(db, path)
        except BaseException:
            db.close()
            raise
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_NOTADB:
            raise ConfigError(f"{path}: not an SQLite database: name another file in `path` of [sink]") from None
        advice = _ADVICE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, _CHANGED)
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
    _complete(db, path)


def _complete(db: sqlite3.Connection, path: Path) -> bool:
    """Make what this release has and the file has not: all of it, or what came with later releases; whether anything was missing.

    ConfigError if a table has other columns than any release gave it.
    """
    script = "".join(_missing(db, path, schema) for schema in SCHEMA.values())
    script += hours.missing(db)
    known = {name for (name,) in db.execute("SELECT name FROM sqlite_schema")}
    script += "".join(_view(name, measurement) for name, measurement in _VIEWS.items() if name not in known)
    if script or db.execute("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
        with transaction(db):
            run_script(db, f"{script}PRAGMA application_id = {APPLICATION_ID};PRAGMA user_version = {SCHEMA_VERSION};")
    return bool(script)


def _missing(db: sqlite3.Connection, path: Path, schema: Measurement) -> str:
    """Statements that make the measurement's table, or the columns that it has not."""
    columns = {row[1] for row in db.execute(f"PRAGMA table_info({schema.name})")}
    if not columns:
        return _create(schema)
    if lost := {"time_ns", *schema.tags} - columns:
        raise ConfigError(f"{path}: its table {schema.name} has no {', '.join(sorted(lost))}: {_CHANGED}")
    new = {name: kind for name, kind in schema.fields.items() if name not in columns}
    return "".join(
        f'ALTER TABLE {schema.name} ADD COLUMN "{name}" {_TYPES[kind]} NOT NULL DEFAULT {ABSENT.get((schema.name, name), _EMPTY[kind])};'
        for name, kind in new.items()
    )


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


def _upsert(schema: Measurement) -> str:
    """The columns are named: in a file of an earlier release they stand in another order."""
    names = ", ".join(f'"{name}"' for name in ("time_ns", *schema.tags, *schema.fields))
    return f"INSERT OR REPLACE INTO {schema.name} ({names}) VALUES (?{', ?' * (len(schema.tags) + len(schema.fields))})"


_UPSERT: Final = {name: _upsert(schema) for name, schema in SCHEMA.items()}
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
