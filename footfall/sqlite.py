"""SQLite as Footfall's own files use it: WAL, explicit transactions, and a version in every file.

A file of an earlier release is migrated to this one step by step, in one transaction; one of a later release is refused.
A kind of file is a `Schema`. To change it, add a step; never edit a released one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from footfall.errors import ConfigError, Unusable
from footfall.private_files import create_private, make_private

Step = str | Callable[[sqlite3.Connection], None]
"""A script, or a function for what SQL cannot express."""


class DamagedFile(Unusable):
    """A file that was found damaged, when opened or in use. `path`: the file."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path}: {what}")
        self.path: Final = path


CREATE: Final = "mode=rwc"
VALUES_AT_ONCE: Final = 900
"""So many values a statement may have in any build of SQLite: some allow 999."""
DAMAGED_CODES: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


@dataclass(frozen=True, slots=True)
class Schema:
    """The schema of one kind of file. `script` creates version `first` in an empty file; `steps[i]` migrates to version `first + i + 1`.

    New files take the same steps as old ones, so both end up the same.
    """

    kind: str
    """Name in messages, such as "a journal"."""
    table: str
    """A table that all versions have, which distinguishes such a file from others."""
    script: str
    steps: tuple[Step, ...] = ()
    first: int = 1
    was_unversioned: bool = False
    """Whether files of version `first` bear the version 0, as empty ones do."""
    if_too_old: str = "run the releases in between, one after the other"
    """Advice for a file from before version `first`."""

    @property
    def version(self) -> int:
        return self.first + len(self.steps)


def open_file(path: Path, options: str = CREATE, busy_timeout_s: float = 30.0) -> sqlite3.Connection:
    """Return a connection in autocommit mode that any thread may use. Raise sqlite3.Error.

    `options` as in SQLite's URIs: `mode=ro` for readers, `immutable=1` for files that nobody can write. A file that is made is its
    owner's only; SQLite gives its log the rights of the file.
    """
    if options == CREATE:
        create_private(path)
    uri = f"{path.absolute().as_uri()}?{options}"
    return sqlite3.connect(uri, uri=True, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False)


def open_memory() -> sqlite3.Connection:
    """Return an empty database in memory, in autocommit mode; any thread may use it."""
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


def connect(path: Path, busy_timeout_s: float = 30.0, synchronous: str = "FULL") -> sqlite3.Connection:
    """Return a connection in autocommit mode to a WAL database, created if absent. Raise ConfigError if the file is something else.

    Only its owner may read it: one of an earlier release loses the rights of others.
    """
    make_private(path)
    with naming(path, "cannot be used as a database", ". Is the folder there and writable, and the file Footfall's?"):
        db = open_file(path, busy_timeout_s=busy_timeout_s)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute(f"PRAGMA synchronous={synchronous}")
    return db


@contextmanager
def naming(path: Path, what: str, more: str = "") -> Iterator[None]:
    """Convert errors while a database is opened into ones that name the file: DamagedFile if it is damaged, else ConfigError."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            raise DamagedFile(path, f"{what}: {error}{more}") from None
        raise ConfigError(f"{path}: {what}: {error}{more}") from None
    except UnicodeDecodeError as error:  # a damaged name of a table, in SQLite's own words
        raise DamagedFile(path, f"{what}: it is damaged: {error}") from None


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether an error means damage, not only full, locked or out of reach. Python's own, for invalid text, has no code."""
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in DAMAGED_CODES or "Could not decode to UTF-8" in str(error)


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Run the block in a transaction: all or nothing, whatever ends it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def insert_many(db: sqlite3.Connection, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Run an INSERT that ends in `VALUES (?,?)` for rows of that length, many a statement: one by one they take half as long again."""
    width, left = sql.count("?"), iter(rows)
    at_once = VALUES_AT_ONCE // width
    while len(some := list(islice(left, at_once))) == at_once:
        db.execute(_for_rows(sql, at_once), list(chain.from_iterable(some)))
    db.executemany(sql, some)


@cache
def _for_rows(sql: str, rows: int) -> str:
    head, values, row = sql.rpartition("VALUES ")
    return f"{head}{values}{','.join([row] * rows)}"


def run_script(db: sqlite3.Connection, script: str) -> None:
    """Run a script inside the running transaction, which `executescript` would end."""
    statement = ""
    for part in script.split(";"):
        statement += part + ";"
        if sqlite3.complete_statement(statement):  # a trigger has more than one semicolon
            if statement.strip(" \n;"):
                db.execute(statement)
            statement = ""


def migrate(db: sqlite3.Connection, path: Path, schema: Schema, take_over: bool = True) -> int:
    """Migrate the file to this release. Return the version that it had, 0 if it was empty.

    Raise ConfigError if it is of a later release, from before the first step, or another kind of file. With `take_over` false, for
    commands beside a gateway, also if it is of an earlier release: that gateway may still be running.
    """
    with naming(path, f"{schema.kind} that cannot be opened"):
        found = _version(db, path, schema)
        if found == schema.version:
            _check_layout(db, path, schema)
            return found
        if found and not take_over:
            raise ConfigError(f"{path}: {schema.kind} of an earlier release (schema {found}): start the gateway of this release first")
        with transaction(db):
            found = _version(db, path, schema)  # another process may have been first
            _take_steps(db, schema, found)
            db.execute(f"PRAGMA user_version={schema.version}")
    return found


def _take_steps(db: sqlite3.Connection, schema: Schema, found: int) -> None:
    if found == 0:
        run_script(db, schema.script)
    for step in schema.steps[max(found - schema.first, 0) :]:
        run_script(db, step) if isinstance(step, str) else step(db)


def _check_layout(db: sqlite3.Connection, path: Path, schema: Schema) -> None:
    """Raise DamagedFile if tables or columns are missing: a flipped bit in a name would else show only when it is used."""
    found = _layout(db)
    lost = [f"{table}.{column}" for table, columns in layout(schema).items() for column in columns if column not in found.get(table, ())]
    if lost:
        raise DamagedFile(path, f"{schema.kind} that is damaged, or was changed by hand: it has no {lost[0]}")


@cache
def layout(schema: Schema) -> dict[str, list[str]]:
    """Return the columns of every table in files of this release."""
    db = open_memory()
    _take_steps(db, schema, 0)
    return _layout(db)


def _layout(db: sqlite3.Connection) -> dict[str, list[str]]:
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()]
    return {table: [row[1] for row in db.execute("SELECT * FROM pragma_table_info(?)", (table,))] for table in tables}


def _version(db: sqlite3.Connection, path: Path, schema: Schema) -> int:
    found = int(db.execute("PRAGMA user_version").fetchone()[0])
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if tables and schema.table not in tables:
        raise ConfigError(f"{path}: not {schema.kind}: another program's file, or another of Footfall's put in its place")
    if not found and tables and schema.was_unversioned:
        found = schema.first
    if found > schema.version:
        raise ConfigError(
            f"{path}: {schema.kind} of another release, a newer one (schema {found}, this one knows {schema.version}): run that "
            "release again, or put back a backup that this one made"
        )
    if (tables or found) and found < schema.first:
        raise Unusable(
            f"{path}: {schema.kind} of another release, one too old to be taken over (schema {found}, this one reaches back "
            f"to {schema.first}): {schema.if_too_old}"
        )
    return found
