"""SQLite as Footfall's own files use it: WAL, explicit transactions, and a version that every file bears.

A file of an earlier release becomes one of this release step by step, in one transaction; one of a later release is refused by name.
A kind of file is a `Schema`; whoever changes what it holds adds a step to it, and never edits one that was released.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from footfall.errors import ConfigError, Unusable

Step = str | Callable[[sqlite3.Connection], None]
"""A script, or a function for what SQL cannot express."""


class DamagedFile(Unusable):
    """A file that was found damaged, when it was opened or while it was used. `path` is the one."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path}: {what}")
        self.path: Final = path


DAMAGED_CODES: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


@dataclass(frozen=True, slots=True)
class Schema:
    """What files of one kind hold: `script` makes version `first` of an empty file, `steps[i]` version `first + i + 1` of the one before.

    A new file is made by the same steps as an old one becomes new, so that both are alike.
    """

    kind: str
    """For people: "a journal"."""
    table: str
    """One that all versions have: it distinguishes such a file from others."""
    script: str
    steps: tuple[Step, ...] = ()
    first: int = 1
    was_unversioned: bool = False
    """Files of version `first` bear the version 0, as new ones do."""
    if_too_old: str = "run the releases in between, one after the other"
    """What to do about a file from before version `first`."""

    @property
    def version(self) -> int:
        return self.first + len(self.steps)


def open_file(path: Path, options: str = "mode=rwc", busy_timeout_s: float = 30.0) -> sqlite3.Connection:
    """Return a connection in autocommit mode that any thread may use. Raise sqlite3.Error.

    `options` as in SQLite's URIs: `mode=ro` for readers, `immutable=1` for files that nobody can write.
    """
    uri = f"{path.absolute().as_uri()}?{options}"
    return sqlite3.connect(uri, uri=True, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False)


def open_memory() -> sqlite3.Connection:
    """Return an empty database in memory, in autocommit mode; any thread may use it."""
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


def connect(path: Path, busy_timeout_s: float = 30.0, synchronous: str = "FULL") -> sqlite3.Connection:
    """A connection in autocommit mode to a WAL database, made if it is not there; ConfigError if the file is something else."""
    with naming(path, "cannot be used as a database", ". Is the folder there and writable, and the file Footfall's?"):
        db = open_file(path, busy_timeout_s=busy_timeout_s)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute(f"PRAGMA synchronous={synchronous}")
    return db


@contextmanager
def naming(path: Path, what: str, more: str = "") -> Iterator[None]:
    """Errors of the database, while it is opened, name the file: DamagedFile if it is damaged, else ConfigError."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            raise DamagedFile(path, f"{what}: {error}{more}") from None
        raise ConfigError(f"{path}: {what}: {error}{more}") from None
    except UnicodeDecodeError as error:  # a damaged name of a table, in SQLite's own words
        raise DamagedFile(path, f"{what}: it is damaged: {error}") from None


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file is damaged, and not only full, locked or out of reach. A text that is none is Python's own error, without a code."""
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in DAMAGED_CODES or "Could not decode to UTF-8" in str(error)


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, whatever ends the block."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def run_script(db: sqlite3.Connection, script: str) -> None:
    """The statements of a script inside the running transaction, which `executescript` would end."""
    statement = ""
    for part in script.split(";"):
        statement += part + ";"
        if sqlite3.complete_statement(statement):  # a trigger has more than one semicolon
            if statement.strip(" \n;"):
                db.execute(statement)
            statement = ""


def migrate(db: sqlite3.Connection, path: Path, schema: Schema, take_over: bool = True) -> int:
    """Make the file one of this release; the version that it had, 0 if it was empty.

    ConfigError if it is of a later release, from before the first step, or no such file; and with `take_over` false, which is for
    commands beside a gateway, also if it is of an earlier one: that gateway may still be running.
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
    """A flipped bit in the names of tables and columns would be met only when they are used."""
    found = _layout(db)
    lost = [f"{table}.{column}" for table, columns in layout(schema).items() for column in columns if column not in found.get(table, ())]
    if lost:
        raise DamagedFile(path, f"{schema.kind} that is damaged, or was changed by hand: it has no {lost[0]}")


@cache
def layout(schema: Schema) -> dict[str, list[str]]:
    """The columns of every table that files of this release have."""
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
