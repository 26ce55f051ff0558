"""The file of a spool: opened whatever state the disk is in, watched while it is open, and what its errors mean.

    file = SpoolFile(path)
    file.open()                                   # SpoolDamaged: what is there is not what was written
    with file.guarded() as db: …                  # reads
    with file.transaction() as db: …              # all or nothing, durable after it
    file.is_in_place(); file.carry()              # if the path leads to another file or none: write the open one there
    file.set_aside() -> Path                      # move the broken file beside the path

Errors that time or room may fix become SpoolUnavailable. Errors that show bytes other than those written become SpoolDamaged.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from edge_agent.spool.connect import connect, heals
from edge_agent.spool.schema import SCHEMA, SCHEMA_FACT
from edge_agent.spool.twins import FACTS, number_of
from footfall.errors import ConfigError, FootfallError
from footfall.private_files import private_folder
from footfall.sqlite import migrate, open_file
from footfall.sqlite_log import broken_log

KEPT_ASIDE: Final = 3
"""The number of broken files kept for inspection."""
UNREADABLE_READS: Final = 3
ROOM_TO_OPEN_BYTES: Final = 256 << 10
_VERSION_AT: Final = 60
"""Offset of user_version in a SQLite file."""
_COMPANIONS: Final = ("", "-wal", "-shm")


class SpoolUnavailable(FootfallError):
    """The disk refuses writes now (full, locked, read-only): keep the bodies and retry."""


class SpoolDamaged(Exception):
    """The file does not hold what was written: set it aside, and salvage what is whole."""


class SpoolFile:
    """One connection. The caller holds the spool's lock."""

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self._identity: tuple[int, int] | None = None
        self._unreadable = 0
        self.is_open = False
        self.is_makeshift = False
        """Opened for reading only, because the disk refuses writes; see `takes_writes`."""

    def open(self) -> None:
        try:
            private_folder(self._path.parent)
            self._look_at_log()
            with self._explained():
                self.db, self.is_makeshift = connect(self._path)
                self.is_open = True
                self._take_over()
                self.db.execute(f"PRAGMA query_only = {int(self.is_makeshift)}")
        except (OSError, SpoolUnavailable) as error:
            self.close()
            raise SpoolUnavailable(f"{self._path}: the spool cannot be opened: {error}") from None
        self._identity = _identity(self._path)

    def close(self) -> None:
        if self.is_open:
            self.is_open = False
            with suppress(sqlite3.Error):
                self.db.close()

    @contextmanager
    def guarded(self) -> Iterator[sqlite3.Connection]:
        self._reopen()
        with self._explained():
            yield self.db

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        self._reopen()
        with self._explained():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
                self.db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self.db.execute("ROLLBACK")
                raise

    def shrink_log(self) -> None:
        """Give the log's room back to the disk, if that is possible now."""
        with suppress(sqlite3.Error):
            self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def free_bytes(self) -> tuple[int, int, int]:
        """Return the free bytes inside the file and on its disk, and the disk's size in bytes."""
        inside = self.db.execute("PRAGMA freelist_count").fetchone()[0] * self.db.execute("PRAGMA page_size").fetchone()[0]
        try:
            disk = os.statvfs(self._path.parent)
        except OSError:
            return inside, 0, 0
        return inside, disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize

    def takes_writes(self) -> bool:
        """Return whether the disk accepts writes now."""
        try:
            os.close(os.open(self._path, os.O_RDWR))
        except OSError:
            return False
        return self.free_bytes()[1] > ROOM_TO_OPEN_BYTES

    def is_in_place(self) -> bool:
        """Return whether the path still leads to the file that is open."""
        return _identity(self._path) == self._identity

    def carry(self) -> None:
        """Write the contents of the open file to a new one at the path; set aside another file found there."""
        part = self._path.with_name(f"{self._path.name}.part")
        with suppress(OSError):
            private_folder(part.parent)
        with self._explained():
            inside, free, _ = self.free_bytes()
            size_bytes = self.db.execute("PRAGMA page_count").fetchone()[0] * self.db.execute("PRAGMA page_size").fetchone()[0]
            if free < size_bytes - inside:
                raise SpoolUnavailable(f"{self._path}: the file is gone, and {size_bytes} bytes are needed for a new one, {free} are free")
            try:
                part.unlink(missing_ok=True)
                _copy(self.db, part)
                self._move_aside("other")
                self.close()
                part.rename(self._path)
            except OSError as error:
                raise SpoolUnavailable(f"{self._path}: the file is gone, and no new one can be written: {error}") from None
        self.open()

    def set_aside(self) -> Path:
        """Move the file and its companions beside the path. Return the new path."""
        self.close()
        return self._move_aside("corrupt")

    def put_back(self, aside: Path) -> None:
        """Move a broken file back, since nothing could be salvaged now."""
        self.close()
        for suffix in _COMPANIONS:
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            companion = aside.with_name(aside.name + suffix)
            if companion.exists():
                companion.rename(self._path.with_name(self._path.name + suffix))

    def _move_aside(self, why: str) -> Path:
        beside = sorted(self._path.parent.glob(f"{self._path.name}.{why}-*"), key=lambda found: found.stat().st_mtime_ns)
        numbers = [int(found.name.rpartition("-")[2]) for found in beside if found.name.rpartition("-")[2].isdigit()]
        number = max(numbers, default=0) + 1
        for old in range(1, number - KEPT_ASIDE + 1):
            for suffix in _COMPANIONS:
                self._path.with_name(f"{self._path.name}.{why}-{old}{suffix}").unlink(missing_ok=True)
        aside = self._path.with_name(f"{self._path.name}.{why}-{number}")
        for suffix in _COMPANIONS:
            companion = self._path.with_name(self._path.name + suffix)
            if companion.exists():
                companion.rename(aside.with_name(aside.name + suffix))
        return aside

    def _look_at_log(self) -> None:
        """Raise SpoolDamaged for a broken log: SQLite would drop what follows the damage. Files of earlier releases have no checksums."""
        if 0 < _version_in_head(self._path) < SCHEMA.version:
            return
        if damage := broken_log(self._path):
            raise SpoolDamaged(f"{self._path}: {damage}")

    def _take_over(self) -> None:
        """Migrate the file to this release. A version changed by a flipped bit is damage."""
        version = self.db.execute("PRAGMA user_version").fetchone()[0]
        if version == SCHEMA.version:
            return
        stated = self._stated_version()
        if stated not in (None, version):
            raise SpoolDamaged(f"{self._path}: claims to be of version {version}, its content is of version {stated}")
        try:
            migrate(self.db, self._path, SCHEMA)
        except ConfigError as error:
            if isinstance(error.__context__, sqlite3.DatabaseError):  # a disk, not a release: `_explained` decides which
                raise error.__context__ from None
            raise

    def _stated_version(self) -> int | None:
        """Return the version in the checksummed facts; None before version 2."""
        for table in FACTS.tables:
            with suppress(sqlite3.OperationalError):
                for stored in self.db.execute(f"SELECT * FROM {table} WHERE id = ?", (number_of(SCHEMA_FACT),)):
                    if fact := FACTS.whole(stored):
                        return fact.values.value
        return None

    def _reopen(self) -> None:
        """Reopen a broken file that had to stay in its place."""
        if not self.is_open:
            self.open()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise
        except UnicodeDecodeError as error:  # a name in the schema, or SQLite's own complaint about one
            raise SpoolDamaged(f"{self._path}: text that is none: {error}") from None
        except sqlite3.Error as error:
            if not self._is_damage(error):
                raise SpoolUnavailable(f"{self._path}: {error}") from None
            raise SpoolDamaged(f"{self._path}: {error}") from None
        else:
            self._unreadable = 0

    def _is_damage(self, error: sqlite3.Error) -> bool:
        """Return whether the error means damage. A read that keeps failing is a sector that the card has lost."""
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if code in (sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ):
            self._unreadable += 1
            return self._unreadable >= UNREADABLE_READS
        return not heals(error)


def _version_in_head(path: Path) -> int:
    """Return the schema version in the file's own header, without its log; 0: none."""
    try:
        with path.open("rb") as file:
            return int.from_bytes(file.read(_VERSION_AT + 4)[_VERSION_AT:])
    except OSError:
        return 0


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _copy(db: sqlite3.Connection, to: Path) -> None:
    new = open_file(to)
    try:
        db.backup(new)
        new.execute("PRAGMA journal_mode = DELETE")
    finally:
        new.close()
    with to.open("rb") as file:
        os.fsync(file.fileno())
