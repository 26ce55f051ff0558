"""Answers to requests that bear an `Idempotency-Key`, so that one sent again is answered the same, and changes nothing twice.

taken = answers.begin(("ann", "POST", "/api/events", key), digest, now_s)   # an Answered: that again; else go on; or raises KeyRefused
taken.moment_ns(now_ns)                                                     # by which the request states what it changes
answers.finish(taken, Answered(202, body), now_s)                           # or answers.give_up(taken)

They are in a file beside the users, written before anything is changed: a request that was not answered, since the server ended in the
midst of it, is carried out again when it comes again, and states the same under the same ids, which count once.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from pathlib import Path
from typing import Any, Final, NamedTuple

from footfall.errors import FootfallError
from footfall.sqlite import DamagedFile, connect, open_memory

log = logging.getLogger("footfall.serve")

KEPT_S: Final = 86_400.0
REMEMBERED: Final = 10_000
LONGEST_KEY: Final = 255
_TABLE: Final = """CREATE TABLE IF NOT EXISTS answers (asked TEXT PRIMARY KEY, digest BLOB NOT NULL, until_s REAL NOT NULL,
    moment_ns INTEGER, status INTEGER, body BLOB) WITHOUT ROWID"""
_BEYOND: Final = "DELETE FROM answers WHERE asked IN (SELECT asked FROM answers ORDER BY until_s DESC LIMIT -1 OFFSET ?)"
Asked = tuple[str, ...]
"""Who asks what under which key."""


class Answered(NamedTuple):
    """What was answered."""

    status: int
    body: bytes


class KeyRefused(FootfallError):
    """A key means another request already, or one that is not answered yet, or cannot be remembered now."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class Taken:
    """A request that is being answered."""

    def __init__(self, answers: Answers | None = None, asked: str = "", moment_ns: int | None = None) -> None:
        """Without `answers` it bears no key."""
        self.asked: Final = asked
        self._answers: Final = answers
        self._moment_ns = moment_ns

    def moment_ns(self, now_ns: int) -> int:
        """Return when the request states what it changes: now, or as the first attempt had it. Raise KeyRefused."""
        if self._moment_ns is None:
            self._moment_ns = now_ns
            if self._answers is not None:
                self._answers.note(self.asked, now_ns)
        return self._moment_ns


class Answers:
    """Of the last REMEMBERED requests with a key, each for KEPT_S. Any thread may use it."""

    def __init__(self, path: Path | None = None) -> None:
        """`path`: the file; None: in memory alone. Raise ConfigError: it cannot be used."""
        self._lock: Final = threading.Lock()
        self._running: Final[set[str]] = set()
        self._db: Final = open_memory() if path is None else _opened(path)
        self._db.execute(_TABLE)

    def begin(self, asked: Asked, digest: bytes, now_s: float) -> Answered | Taken:
        """Return what was answered before, or a request to go on with. Raise KeyRefused. `digest` stands for the request's body."""
        key = json.dumps(asked)
        with self._lock:
            rows = self._do("SELECT digest, moment_ns, status, body FROM answers WHERE asked=? AND until_s>?", key, now_s)
            if not rows:
                self._do("DELETE FROM answers WHERE until_s<=?", now_s)
                self._do("INSERT OR REPLACE INTO answers (asked, digest, until_s) VALUES (?,?,?)", key, digest, now_s + KEPT_S)
                self._do(_BEYOND, REMEMBERED)
                self._running.add(key)
                return Taken(self, key)
            before, moment_ns, status, body = rows[0]
            if before != digest:
                raise KeyRefused(409, "idempotency.other", "this Idempotency-Key was sent with another body: each request has its own")
            if status is not None:
                return Answered(status, body)
            if key in self._running:
                raise KeyRefused(409, "idempotency.busy", "the request with this Idempotency-Key is being answered: ask again in a second")
            self._running.add(key)
            return Taken(self, key, moment_ns)

    def note(self, asked: str, moment_ns: int) -> None:
        """Keep when a request states what it changes, before it does. Raise KeyRefused."""
        with self._lock:
            self._do("UPDATE answers SET moment_ns=? WHERE asked=?", moment_ns, asked)

    def finish(self, taken: Taken, answered: Answered, now_s: float) -> None:
        """Keep what was answered. Raise KeyRefused."""
        with self._lock:
            self._running.discard(taken.asked)
            set_ = "UPDATE answers SET status=?, body=?, until_s=? WHERE asked=?"
            self._do(set_, answered.status, answered.body, now_s + KEPT_S, taken.asked)

    def give_up(self, taken: Taken) -> None:
        """Forget a request that changed nothing: it may come again, also with another body. Raise KeyRefused."""
        with self._lock:
            self._running.discard(taken.asked)
            self._do("DELETE FROM answers WHERE asked=?", taken.asked)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _do(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise KeyRefused(503, "idempotency.file", f"the Idempotency-Key cannot be kept now: {error}: send the same again") from None


def _opened(path: Path) -> sqlite3.Connection:
    """Return the file, or a new one in place of one that is damaged."""
    try:
        return connect(path)
    except DamagedFile as error:
        log.error("%s; it is begun anew, beside it as .damaged: keys of before mean nothing any more", error)
        path.replace(path.with_name(f"{path.name}.damaged"))
        return connect(path)


def check_key(key: str) -> str:
    """Return a key. Raise KeyRefused if it is none: 1 to LONGEST_KEY printable letters of ASCII."""
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise KeyRefused(400, "idempotency.key", f"an Idempotency-Key has 1 to {LONGEST_KEY} printable letters of ASCII, such as a UUID")
    return key
