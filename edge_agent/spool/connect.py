"""Ways to connect to a spool's file, whatever state its disk is in.

db, is_makeshift = connect(path)      # is_makeshift: opened for reading only, because the disk refuses writes
heals(error)                          # whether time or room may fix it; else the file is damaged
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Final

from footfall.private_files import make_private
from footfall.sqlite import open_file

_BUSY_S: Final = 10.0
_LOG_PAGES: Final = 250
_HEALS: Final = frozenset(
    {
        sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PERM, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_INTERRUPT,
    }
)  # fmt: skip


def connect(path: Path) -> tuple[sqlite3.Connection, bool]:
    """Return a connection, and whether only a makeshift one was possible. Raise sqlite3.OperationalError.

    A full or read-only disk is no obstacle: what SQLite shares with other processes then stays in memory. The last resort reads the
    file without its log, as of the last checkpoint.
    """
    for way in (_connect_shared, _connect_alone, _connect_copy, _connect_frozen):
        try:
            return way(path), way is not _connect_shared
        except sqlite3.OperationalError as error:
            failed = error
            if not heals(error):
                break
    raise failed


def heals(error: sqlite3.Error) -> bool:
    """Return whether time or room may fix the error."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_IOERR) & 0xFF in _HEALS


def _connect_shared(path: Path) -> sqlite3.Connection:
    return _connected(path, "mode=rwc", "NORMAL")


def _connect_alone(path: Path) -> sqlite3.Connection:
    return _connected(path, "mode=rwc", "EXCLUSIVE")


def _connect_copy(path: Path) -> sqlite3.Connection:
    """Connect to a copy of file and log, since a log that cannot be written cannot be read. The copy ends with the process."""
    with tempfile.TemporaryDirectory(prefix="footfall-") as folder:
        copy = Path(folder) / path.name
        try:
            for suffix in ("", "-wal"):
                shutil.copyfile(path.with_name(path.name + suffix), copy.with_name(copy.name + suffix))
        except OSError as error:
            raise sqlite3.OperationalError(f"no copy of it can be made: {error}") from None
        return _connected(copy, "mode=rwc", "EXCLUSIVE")


def _connect_frozen(path: Path) -> sqlite3.Connection:
    return _connected(path, "immutable=1", "EXCLUSIVE")


def _connected(path: Path, options: str, locking: str) -> sqlite3.Connection:
    make_private(path)
    db = open_file(path, options, _BUSY_S)
    try:
        db.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        db.execute(f"PRAGMA locking_mode = {locking}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA journal_size_limit = 4194304")
        db.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
        db.execute("PRAGMA cache_size = -256")
        db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except BaseException:
        db.close()
        raise
    return db
