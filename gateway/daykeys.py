"""The store's key of the day: drawn at random when its day begins, told to its agents in receipts, erased when the day is over."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from footfall.pseudonyms import KEY_BYTES
from footfall.receipts import DayKey
from footfall.sqlite import Schema, connect, migrate, transaction
from gateway.site import Site, local_day

_FIRST: Final = """
CREATE TABLE keys (store TEXT, key_id INTEGER, secret BLOB NOT NULL, from_ns INTEGER NOT NULL, until_ns INTEGER NOT NULL,
    PRIMARY KEY (store, key_id)) WITHOUT ROWID
"""
SCHEMA: Final = Schema("the keys of the days", "keys", _FIRST)
NS_PER_S: Final = 1_000_000_000


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
    """One file, erased rows overwritten (secure_delete). `key_id` is the day's ordinal, so it is never used twice."""

    def __init__(self, path: Path, site: Site) -> None:
        """Of the site only when days begin is remembered: a chain's is large."""
        self._db: Final = connect(path)
        migrate(self._db, path, SCHEMA)
        self._db.execute("PRAGMA secure_delete=ON")
        self._stores: Final = {store.name: _Day(store.timezone, store.day_start, store.names(store.zone).before) for store in site.stores}
        self._current: dict[str, DayKey] = {}

    def current(self, store: str, now_ns: int) -> DayKey | None:
        """The key that is in force now; drawn if there is none yet. None for a store that is not in the estate."""
        key = self._current.get(store)
        if key is None or not key.from_ns <= now_ns < key.until_ns:
            if store not in self._stores:
                return None
            self._renew(now_ns)
            key = self._current[store]
        return key

    def _renew(self, now_ns: int) -> None:
        """All stores whose day begins, in one transaction: they tend to begin together."""
        self.erase(now_ns)
        with transaction(self._db):
            kept = {row[0]: DayKey(*row[1:]) for row in self._db.execute("SELECT * FROM keys WHERE from_ns <= ?", (now_ns,))}
            drawn = {name: _adopted(store, kept) or _draw(store, now_ns) for name, store in self._stores.items() if name not in kept}
            self._db.executemany(
                "INSERT OR REPLACE INTO keys VALUES (?,?,?,?,?)",
                [(name, key.key_id, key.secret, key.from_ns, key.until_ns) for name, key in drawn.items()],
            )
        self._current = kept | drawn

    def erase(self, now_ns: int) -> None:
        """Nothing is left of keys whose day is over, neither in the file nor in the log beside it."""
        if self._db.execute("DELETE FROM keys WHERE until_ns <= ?", (now_ns,)).rowcount:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._current = {store: key for store, key in self._current.items() if key.until_ns > now_ns}

    def close(self) -> None:
        self._db.close()


def _adopted(store: _Day, kept: Mapping[str, DayKey]) -> DayKey | None:
    return next((kept[name] for name in store.before if name in kept), None)


def _draw(store: HasDay, now_ns: int) -> DayKey:
    day, from_ns, until_ns = day_of(store, now_ns)
    return DayKey(day, secrets.token_bytes(KEY_BYTES), from_ns, until_ns)


def day_of(store: HasDay, now_ns: int) -> tuple[int, int, int]:
    """(ordinal, begin, end) of the store's day: from `day_start` to the next, local time."""
    day_start = timedelta(hours=store.day_start.hour, minutes=store.day_start.minute)
    day, begin_s, end_s = local_day(ZoneInfo(store.timezone), day_start, now_ns // NS_PER_S)
    return day, begin_s * NS_PER_S, end_s * NS_PER_S
