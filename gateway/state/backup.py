"""Copies of a gateway's state: all its files as of one moment, taken while it runs, and put back while it does not.

The ledger is copied first and the journal after it: so the copy's journal has all that its ledger was made of, as after a crash. In
the folder `last` is the newest copy that is whole; it is written as `next`, checked, and only then takes the other's place, which is
`before` for that moment.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from footfall import __version__
from footfall.errors import ConfigError
from footfall.sqlite import open_file
from gateway.state.journal import Journal
from gateway.state.ledger import Ledger
from gateway.state.ownership import give_to_owner_of

DATABASES: Final = ("ledger.db", "journal.db", "keys.db", "quarantine.db")
"""In the order in which they are copied. Ids of plain events are the journal's."""
OTHERS: Final = ("quarantine.key", "users.json")
NEEDED: Final = ("ledger.db", "journal.db")
MANIFEST: Final = "backup.json"
LAST, NEXT, BEFORE = "last", "next", "before"
TRIES: Final = 5
BUSY_S: Final = 30.0
_DIGEST_AT_ONCE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Copied:
    """One copy: when it was made, and up to which record of which journal it goes."""

    folder: Path
    made_ns: int
    version: str
    journal_id: str
    last_pos: int
    last_received_ns: int


def back_up(state_dir: Path, folder: Path) -> Copied:
    """Copy the state into `folder`/last, readable by its owner only. ConfigError if it cannot be; the copy before stays then."""
    if folder.resolve().is_relative_to(state_dir.resolve()):
        raise ConfigError(f"{folder}: is in the state itself, and lost with it: name a folder on another disk")
    missing = [name for name in NEEDED if not (state_dir / name).is_file()]
    if missing:
        raise ConfigError(f"{state_dir / missing[0]}: there is no such file: has the gateway run here?")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _only_one(folder):
            return _replace(folder, _copy(state_dir, folder / NEXT))
    except (OSError, sqlite3.Error) as error:
        raise ConfigError(f"{folder}: no backup was made, the one before is as it was: {error}") from None


def restore(folder: Path, state_dir: Path) -> tuple[Copied, Path | None]:
    """Put the copy in `folder` in the place of the state, which is moved beside: the copy, and where the state is now.

    ConfigError if a gateway runs there, or the copy is not whole; nothing was changed then.
    """
    copied = check(folder)
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _only_one(state_dir, "lock", f"{state_dir}: a gateway runs on it: stop it first"):
            fresh = state_dir / "restored"
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(mode=0o700)
            for name in _files(copied.folder):
                _copy_file(copied.folder / name, fresh / name)
            replaced = _move_away(state_dir)
            give_to_owner_of(state_dir, (state_dir / "lock", *fresh.iterdir()))
            for path in sorted(fresh.iterdir(), reverse=True):
                path.rename(state_dir / path.name)
            fresh.rmdir()
            _sync_folder(state_dir)
            return copied, replaced
    except OSError as error:
        raise ConfigError(f"{state_dir}: cannot be written: {error}") from None


def check(folder: Path) -> Copied:
    """Check that the newest copy in `folder` (or `folder` itself, if it is one) is whole: every byte is what was written."""
    places = [place for place in (folder, folder / LAST, folder / BEFORE) if (place / MANIFEST).is_file()]
    if not places:
        raise ConfigError(f"{folder}: there is no backup in it, such as footfall backup makes")
    place = places[0]
    try:
        said: dict[str, Any] = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
        for name, digest in said["files"].items():
            if _digest(place / name) != digest:
                raise ConfigError(f"{place / name}: not what the backup wrote: take another")
        return Copied(place, *(said[key] for key in ("made_ns", "version", "journal_id", "last_pos", "last_received_ns")))
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise ConfigError(f"{place}: not a whole backup: {error}") from None


def _files(place: Path) -> Mapping[str, str]:
    files: dict[str, str] = json.loads((place / MANIFEST).read_text(encoding="utf-8"))["files"]
    return files


def _copy(state_dir: Path, place: Path) -> Copied:
    """A copy that passes the gateway's own checks. The journal may be pruned in between: then all is copied again."""
    for _ in range(TRIES):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(mode=0o700)
        made_ns = time.time_ns()
        for name in DATABASES:
            if (state_dir / name).is_file():
                _copy_database(state_dir / name, place / name)
        for name in OTHERS:
            if (state_dir / name).is_file():
                _copy_file(state_dir / name, place / name)
        copied = _checked(place, made_ns)
        if copied is not None:
            _write_manifest(copied)
            return copied
    raise ConfigError(f"{state_dir}: the journal forgets faster than it can be copied: make room in [journal] max_bytes")


def _checked(place: Path, made_ns: int) -> Copied | None:
    """None if the journal does not begin where the ledger ends."""
    with (
        closing(Journal(place / "journal.db", take_over=False)) as journal,
        closing(Ledger(place / "ledger.db", take_over=False)) as ledger,
    ):
        pos, journal_id = ledger.stands_at()
        if journal_id not in ("", journal.journal_id) or pos > journal.last_pos:
            raise ConfigError(f"{place}: ledger.db and journal.db are not of one gateway")
        if pos < journal.pruned_to():
            return None
        copied = Copied(place, made_ns, __version__, journal.journal_id, journal.last_pos, journal.last_received_ns)
    for name in DATABASES:
        _make_one_file(place / name)
    return copied


def _write_manifest(copied: Copied) -> None:
    names = [path.name for path in sorted(copied.folder.iterdir()) if path.is_file()]
    said = {
        "made_ns": copied.made_ns, "version": copied.version, "journal_id": copied.journal_id, "last_pos": copied.last_pos,
        "last_received_ns": copied.last_received_ns, "files": {name: _digest(copied.folder / name) for name in names},
    }  # fmt: skip
    path = copied.folder / MANIFEST
    path.touch(mode=0o600)
    path.write_text(json.dumps(said, indent=1), encoding="utf-8")
    for name in (*names, MANIFEST):
        _sync(copied.folder / name)
    _sync_folder(copied.folder)


def _replace(folder: Path, copied: Copied) -> Copied:
    """`next` becomes `last`; at every moment a whole copy is there."""
    last, before = folder / LAST, folder / BEFORE
    if last.exists():
        shutil.rmtree(before, ignore_errors=True)
        last.rename(before)
    copied.folder.rename(last)
    _sync_folder(folder)
    shutil.rmtree(before, ignore_errors=True)
    return Copied(last, copied.made_ns, copied.version, copied.journal_id, copied.last_pos, copied.last_received_ns)


def _copy_database(source: Path, target: Path) -> None:
    """As of one moment, in one step, whoever writes meanwhile."""
    target.touch(mode=0o600)
    with closing(open_file(source, "mode=ro", BUSY_S)) as old, closing(open_file(target)) as new:
        old.backup(new)


def _make_one_file(path: Path) -> None:
    """Nothing of it in a log beside it."""
    if path.exists():
        with closing(open_file(path)) as db:
            db.execute("PRAGMA journal_mode=DELETE")


def _copy_file(source: Path, target: Path) -> None:
    target.touch(mode=0o600)
    shutil.copyfile(source, target)
    _sync(target)


def _move_away(state_dir: Path) -> Path | None:
    """What stands there now, with the logs beside it; None if nothing does."""
    found = [path for name in (*DATABASES, *OTHERS) for path in sorted(state_dir.glob(f"{name}*")) if path.is_file()]
    if not found:
        return None
    number = 1 + sum(1 for _ in state_dir.glob("replaced-*"))
    place = state_dir / f"replaced-{number}"
    place.mkdir(mode=0o700)
    give_to_owner_of(state_dir, (place,))
    for path in found:
        path.rename(place / path.name)
    return place


@contextmanager
def _only_one(folder: Path, name: str = ".lock", busy: str = "") -> Iterator[None]:
    with open(folder / name, "ab", opener=_private) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(busy or f"{folder}: another footfall backup writes into it") from None
        yield


def _private(path: str, flags: int) -> int:
    """Readable by its owner only, whatever the umask is."""
    return os.open(path, flags, 0o600)


def _digest(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while piece := file.read(_DIGEST_AT_ONCE):
            digest.update(piece)
    return digest.hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_sync_folder = _sync
