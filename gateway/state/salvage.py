"""A database of the gateway that was found damaged is made anew of all that SQLite can still read of it.

What is found while it runs cannot be mended there: the file is marked, the gateway ends, and its next start makes it anew. The damaged
file stays beside, under a name that the log has. What could not be read is missing then, and whoever reads the new file notices by its own
checksums and counts: records of the journal that are not there become gaps.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from footfall.errors import ConfigError
from footfall.sqlite import DamagedFile, Schema, connect, is_damage, layout, migrate, naming, open_file, transaction

log = logging.getLogger("footfall.gateway")

PARTS: Final = ("", "-wal", "-shm")
DAMAGED: Final = ".damaged"
"""A file beside a database: that was found damaged while it was used."""
MENDING, MENDED = ".mending", ".mended"
"""The new file while it is made, and once it is whole."""
MOST_TIMES: Final = 5
"""Of a disk that damages a file again and again it is not made anew any more: each time takes its size."""
AT_ONCE: Final = 500
MOST_UNREADABLE: Final = 10_000
"""After so many rows that cannot be read no more are looked for: a page of a tree has less below it."""
ADVICE: Final = "put back a backup (footfall restore), or move it away to begin a new one: agents send again what they still have"
_Opened = TypeVar("_Opened")
TableRow = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Rescue:
    """How files of one kind are made anew."""

    schema: Schema
    made_by_triggers: frozenset[str] = frozenset()
    """Tables that fill themselves."""
    finish: Callable[[sqlite3.Connection, sqlite3.Connection], None] = field(default=lambda old, new: None)
    """What cannot be copied row by row, from the old file to the new one."""
    ends: Mapping[str, Callable[[sqlite3.Connection], int]] = field(default_factory=dict)
    """By table: its last rowid, as something else knows it."""


def opened(path: Path, rescue: Rescue, make: Callable[[], _Opened], said: Callable[[str], None] = log.error) -> _Opened:
    """Return what `make` opens at `path`, made anew if it is damaged, which `said` reports. Raise ConfigError if none of it can be read."""
    _finish(path)
    try:
        if is_marked(path):
            raise DamagedFile(path, "it was found damaged")
        return make()
    except DamagedFile as error:
        beside = mend(path, rescue, error)
        said(f"{error}. It was made anew of what could be read of it; as it was, it is {beside.name}")
        return make()


def is_marked(path: Path) -> bool:
    return _mark(path).exists()


def unmark(path: Path) -> None:
    _mark(path).unlink(missing_ok=True)


def mark_damaged(path: Path) -> None:
    """Mark a file as damaged, so that the next start does not use it."""
    with suppress(OSError):  # a full disk: then it will be found damaged once more
        _mark(path).touch()


def found_damaged(paths: Iterable[Path], error: Exception) -> ConfigError:
    """Return what ended the gateway, with the name of the file, which is marked. Read all of them if the error has no name."""
    named = [error.path] if isinstance(error, DamagedFile) else [path for path in paths if path.exists() and not _is_sound(path)]
    for path in named:
        mark_damaged(path)
    where = ", ".join(map(str, named)) or f"a file of {next(iter(paths)).parent}"
    words = str(error).removeprefix(f"{where}: ")
    return ConfigError(f"{where}: damaged: {words}. The next start makes it anew of what can be read; a backup has all (footfall restore)")


def move_aside(path: Path) -> Path:
    """Move a database with its companions to a name that is free, and return it. Raise ConfigError if that was done too often."""
    number = 1 + sum(1 for _ in path.parent.glob(f"{path.name}.unusable-*[0-9]"))
    if number > MOST_TIMES:
        raise ConfigError(
            f"{path}: damaged, as it was {MOST_TIMES} times before: change the disk, and remove {path.name}.unusable-*; {ADVICE}"
        )
    beside = path.with_name(f"{path.name}.unusable-{number}")
    for part in PARTS:
        if (found := path.with_name(path.name + part)).exists():
            found.rename(beside.with_name(beside.name + part))
    unmark(path)
    return beside


def mend(path: Path, rescue: Rescue, error: DamagedFile) -> Path:
    """Make the file anew; where the old one is now. ConfigError if it cannot be read at all, or was too often."""
    made = path.with_name(path.name + MENDING)
    for part in PARTS:
        made.with_name(made.name + part).unlink(missing_ok=True)
    made.touch(mode=0o600)
    try:
        with (
            naming(path, "cannot be made anew"),
            closing(open_file(path)) as old,
            closing(connect(made)) as new,
        ):
            old.text_factory = _text
            migrate(new, made, rescue.schema)
            _copy(old, new, rescue)
            new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except ConfigError as why:
        raise ConfigError(f"{error}. Nothing can be read of it ({why}): {ADVICE}") from None
    made.rename(path.with_name(path.name + MENDED))
    beside = move_aside(path)
    _finish(path)
    return beside


def _finish(path: Path) -> None:
    """Whole, it takes its place: also after a crash in between."""
    mended = path.with_name(path.name + MENDED)
    if mended.exists():
        if path.exists():
            move_aside(path)
        mended.rename(path)


def _mark(path: Path) -> Path:
    return path.with_name(path.name + DAMAGED)


def _is_sound(path: Path) -> bool:
    try:
        with closing(open_file(path)) as db:
            return bool(db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.DatabaseError as error:
        return not is_damage(error)


def _text(data: bytes) -> str | bytes:
    """Damaged texts are no texts: rows with such are refused by the new file, or by their checksums."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, rescue: Rescue) -> None:
    found = int(old.execute("PRAGMA user_version").fetchone()[0])
    if found != rescue.schema.version:
        raise ConfigError(f"it is of another release (schema {found})")
    keyed = {row[1] for row in new.execute("PRAGMA table_list") if row[4]}
    with transaction(new):
        for table, columns in layout(rescue.schema).items():
            if table in rescue.made_by_triggers or table.startswith("sqlite_"):
                continue
            rows = (
                _by_key(old, table, columns, _key(new, table)) if table in keyed else _by_rowid(old, table, columns, rescue.ends.get(table))
            )
            new.execute(f"DELETE FROM {table}")  # what its making put there
            _insert(new, table, columns, rows)
        rescue.finish(old, new)


def _insert(new: sqlite3.Connection, table: str, columns: Sequence[str], rows: Iterable[TableRow]) -> None:
    sql = f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES (?{', ?' * (len(columns) - 1)})"
    for row in rows:
        with suppress(sqlite3.IntegrityError):  # a damaged value of another type
            new.execute(sql, row)


def _key(db: sqlite3.Connection, table: str) -> list[str]:
    columns = sorted((row[5], row[1]) for row in db.execute("SELECT * FROM pragma_table_info(?)", (table,)) if row[5])
    return [name for _, name in columns]


def _by_key(db: sqlite3.Connection, table: str, columns: Sequence[str], key: Sequence[str]) -> Iterator[TableRow]:
    """From both ends, as far as can be read."""
    for way in ("", " DESC"):
        try:
            yield from db.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY {', '.join(name + way for name in key)}")
            return
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise


def _by_rowid(
    db: sqlite3.Connection, table: str, columns: Sequence[str], end: Callable[[sqlite3.Connection], int] | None
) -> Iterator[TableRow]:
    """In their order, and one by one around what cannot be read."""
    select = f"SELECT rowid, {', '.join(columns)} FROM {table} WHERE rowid BETWEEN ? AND ? ORDER BY rowid LIMIT {AT_ONCE}"
    first = _read(db, f"SELECT rowid FROM {table} ORDER BY rowid LIMIT 1", ())
    last = _read(db, f"SELECT rowid FROM {table} ORDER BY rowid DESC LIMIT 1", ())
    if first == [] or last == []:
        return
    at = first[0][0] if first else 1
    until = last[0][0] if last else end(db) if end else at + MOST_UNREADABLE
    unreadable = 0
    while at <= until and unreadable < MOST_UNREADABLE:
        rows = _read(db, select, (at, until))
        if rows is None:
            pieces = [_read(db, select, (each, each)) for each in range(at, min(at + AT_ONCE, until + 1))]
            unreadable += pieces.count(None)
            yield from (row[1:] for piece in pieces for row in piece or ())
            at += AT_ONCE
        elif rows:
            yield from (row[1:] for row in rows)
            at = rows[-1][0] + 1
        else:
            return


def _read(db: sqlite3.Connection, sql: str, values: TableRow) -> list[TableRow] | None:
    """None if what has to be read for it is damaged."""
    try:
        return db.execute(sql, values).fetchall()
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        return None
