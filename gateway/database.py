"""SQLite as the gateway's own files use it: WAL, explicit transactions, one schema version a file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from footfall.errors import ConfigError


def connect(path: Path, busy_timeout_s: float = 30.0, synchronous: str = "FULL") -> sqlite3.Connection:
    """A connection in autocommit mode to a WAL database, made if it is not there; ConfigError if the file is something else."""
    try:
        db = sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute(f"PRAGMA synchronous={synchronous}")
    except sqlite3.DatabaseError as error:
        raise ConfigError(
            f"{path}: cannot be used as a database: {error}. Is the folder there and writable, and the file Footfall's?"
        ) from None
    return db


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
    for statement in filter(str.strip, script.split(";")):
        db.execute(statement)


def check_version(db: sqlite3.Connection, path: Path, version: int, script: str) -> bool:
    """Make the schema where there is none yet (True); ConfigError if another release made it."""
    with transaction(db):
        found = int(db.execute("PRAGMA user_version").fetchone()[0])
        if found == 0:
            run_script(db, script)
            db.execute(f"PRAGMA user_version={version}")
        elif found != version:
            raise ConfigError(f"{path}: made by another release (schema {found}, this one has {version}); run the release that made it")
    return found == 0
