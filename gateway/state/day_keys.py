"""The store's key of the day: drawn at random when its day begins, sent to its agents in receipts, erased when the day is over."""

from __future__ import annotations

import hashlib
import logging
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from footfall.checksums import checksum
from footfall.pseudonyms import KEY_BYTES
from footfall.receipts import DayKey
from footfall.sqlite import Schema, connect, migrate, transaction
from footfall.units import NS_PER_S
from gateway.site import Site, local_day

log = logging.getLogger("footfall.gateway")

_FIRST: Final = """
CREATE TABLE keys (store TEXT, key_id INTEGER, secret BLOB NOT NULL, from_ns INTEGER NOT NULL, until_ns INTEGER NOT NULL,
    PRIMARY KEY (store, key_id)) WITHOUT ROWID
"""


def _check_keys(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE keys ADD COLUMN crc INTEGER NOT NULL DEFAULT 0")
    for store, key_id, *rest in db.execute("SELECT store, key_id, secret, from_ns, until_ns FROM keys").fetchall():
        db.execute("UPDATE keys SET crc=? WHERE store=? AND key_id=?", (checksum(store, key_id, *rest), store, key_id))


SCHEMA: Final = Schema("the keys of the days", "keys", _FIRST, (_check_keys,))
_COLUMNS: Final = "store, key_id, secret, from_ns, until_ns, crc"


class HasDay(Protocol):
    """A store, or what must be known of one."""

    @property
    def timezone(self) -> str: ...
    @property
    def day_start(self) -> time: ...


@dataclass(frozen=True, slots=True)
class _Day:
    timezone: str
    day_start: time
    before: tuple[str, ...]
    """What the store was called: renamed, it keeps its key for the rest of the day."""


class DayKeys:
    """One file, erased rows overwritten (secure_delete). `key_id` is made of the secret, so none ever means two."""

    def __init__(self, path: Path, site: Site) -> None:
        """Of the site only when days begin is remembered: a chain's is large."""
        self._path: Final = path
        self._db: Final = connect(path)
        migrate(self._db, path, SCHEMA)
        self._db.execute("PRAGMA secure_delete=ON")
        self._current: dict[str, DayKey] = {}
        self.use(site)

    def use(self, site: Site) -> None:
        """Take the stores of an estate, from now on; keys that are in force stay so until their day is over."""
        self._stores = {store.name: _Day(store.timezone, store.day_start, store.names(store.zone).before) for store in site.stores}

    def current(self, store: str, now_ns: int) -> DayKey | None:
        """Return the key that is in force now; draw it if there is none yet. None for a store that is not in the estate."""
        key = self._current.get(store)
        if key is None or not key.from_ns <= now_ns < key.until_ns:
            if store not in self._stores:
                return None
            self._renew(now_ns)
            key = self._current[store]
        return key

    def _renew(self, now_ns: int) -> None:
        """All stores whose day begins, in one transaction: they tend to begin together.

        Keys of other days stay, those that are over too: the clock may go back, and then theirs is the day again.
        """
        with transaction(self._db):
            kept = self._in_force(now_ns)
            drawn = {name: _adopted(store, kept) or _draw(store, now_ns) for name, store in self._stores.items() if name not in kept}
            rows = [(name, key.key_id, key.secret, key.from_ns, key.until_ns) for name, key in drawn.items()]
            self._db.executemany(f"INSERT OR REPLACE INTO keys ({_COLUMNS}) VALUES (?,?,?,?,?,?)", [(*row, checksum(*row)) for row in rows])
        self._current = kept | drawn

    def _in_force(self, now_ns: int) -> dict[str, DayKey]:
        """By store. One that is not what was written is erased: another secret under its id would be worse than a new key."""
        kept: dict[str, DayKey] = {}
        for store, key_id, secret, from_ns, until_ns, crc in self._db.execute(f"SELECT {_COLUMNS} FROM keys").fetchall():
            if checksum(store, key_id, secret, from_ns, until_ns) != crc:
                self._db.execute("DELETE FROM keys WHERE store=? AND key_id=?", (store, key_id))
                log.error("%s: a key of the day was damaged and is erased: who was heard before and after counts twice today", self._path)
            elif from_ns <= now_ns < until_ns:
                kept[store] = DayKey(key_id, secret, from_ns, until_ns)
        return kept

    def erase(self, now_ns: int) -> None:
        """Erase keys whose day is over, from the file and from the log beside it. `now_ns` must come from a clock that is sure."""
        if self._db.execute("DELETE FROM keys WHERE until_ns <= ?", (now_ns,)).rowcount:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._current = {store: key for store, key in self._current.items() if key.until_ns > now_ns}

    def close(self) -> None:
        self._db.close()


def _adopted(store: _Day, kept: Mapping[str, DayKey]) -> DayKey | None:
    return next((kept[name] for name in store.before if name in kept), None)


def _draw(store: HasDay, now_ns: int) -> DayKey:
    _, from_ns, until_ns = day_of(store, now_ns)
    secret = secrets.token_bytes(KEY_BYTES)
    return DayKey(_id_of(secret), secret, from_ns, until_ns)


def _id_of(secret: bytes) -> int:
    """32 bits, and not the id of private keys."""
    return int.from_bytes(hashlib.blake2b(secret, digest_size=4, person=b"key id").digest()) or 1


def day_of(store: HasDay, now_ns: int) -> tuple[int, int, int]:
    """Return (ordinal, begin, end) of the store's day: from `day_start` to the next, local time."""
    day_start = timedelta(hours=store.day_start.hour, minutes=store.day_start.minute)
    day, begin_s, end_s = local_day(ZoneInfo(store.timezone), day_start, now_ns // NS_PER_S)
    return day, begin_s * NS_PER_S, end_s * NS_PER_S
