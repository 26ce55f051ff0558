"""Answers to requests that bear an `Idempotency-Key`, so that one sent again is answered the same, and changes nothing twice.

taken = answers.begin(("ann", "POST", "/api/events", key), digest, now_s)   # an Answered: that again; else go on; or raises KeyRefused
taken.moment_ns(now_ns)                                                     # by which the request states what it changes
answers.finish(taken, Answered(202, body), now_s)                           # or answers.give_up(taken)

They are in a file beside the users, written before anything is changed: a request that was not answered, since the server ended in the
midst of it, is carried out again when it comes again, and states the same under the same ids, which count once.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import threading
from pathlib import Path
from typing import Any, Final, NamedTuple

from footfall.errors import FootfallError
from footfall.sqlite import DamagedFile, connect, naming, open_memory

log = logging.getLogger("footfall.serve")

KEPT_S: Final = 86_400.0
REMEMBERED: Final = 10_000
MOST_BYTES: Final = 64 << 20
"""Of all that is kept; the file is larger by what SQLite needs."""
LONGEST_KEY: Final = 255
LONGEST_ASKED: Final = 1024
"""What is asked is kept by its hash where it is longer: a query string may have thousands of letters."""
ROW_BYTES: Final = 128
"""Of a request beside what it asked and its answer: more than it takes."""
_TABLE: Final = """CREATE TABLE IF NOT EXISTS answers (asked TEXT PRIMARY KEY, digest BLOB NOT NULL, until_s REAL NOT NULL,
    moment_ns INTEGER, status INTEGER, body BLOB) WITHOUT ROWID"""
_BY_AGE: Final = "CREATE INDEX IF NOT EXISTS answers_by_age ON answers (until_s)"
_BYTES: Final = f"{ROW_BYTES} + length(asked) + ifnull(length(body), 0)"
_IS_OLDEST: Final = "asked = (SELECT asked FROM answers ORDER BY until_s LIMIT 1)"
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
    """Of the last requests with a key, REMEMBERED and MOST_BYTES at most, each for KEPT_S. Any thread may use it."""

    def __init__(self, path: Path | None = None) -> None:
        """`path`: the file; None: in memory alone. Raise ConfigError: it cannot be used."""
        self._lock: Final = threading.Lock()
        self._running: Final[set[str]] = set()
        self._db, self._count, self.kept_bytes = _counted(open_memory()) if path is None else _opened(path)

    def begin(self, asked: Asked, digest: bytes, now_s: float) -> Answered | Taken:
        """Return what was answered before, or a request to go on with. Raise KeyRefused. `digest` stands for the request's body."""
        key = _name(asked)
        with self._lock:
            self._delete("until_s<=?", now_s)
            rows = self._do("SELECT digest, moment_ns, status, body FROM answers WHERE asked=?", key)
            if not rows:
                self._do("INSERT INTO answers (asked, digest, until_s) VALUES (?,?,?)", key, digest, now_s + KEPT_S)
                self._grow(1, ROW_BYTES + len(key))
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
            set_ = "UPDATE answers SET status=?, body=?, until_s=? WHERE asked=? RETURNING 1"
            if self._do(set_, answered.status, answered.body, now_s + KEPT_S, taken.asked):
                self._grow(0, len(answered.body))

    def give_up(self, taken: Taken) -> None:
        """Forget a request that changed nothing: it may come again, also with another body. Raise KeyRefused."""
        with self._lock:
            self._running.discard(taken.asked)
            self._delete("asked=?", taken.asked)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _delete(self, where: str, *values: object) -> int:
        """Return how many are forgotten."""
        sizes = [size for (size,) in self._do(f"DELETE FROM answers WHERE {where} RETURNING {_BYTES}", *values)]
        self._count, self.kept_bytes = self._count - len(sizes), self.kept_bytes - sum(sizes)
        return len(sizes)

    def _grow(self, count: int, size: int) -> None:
        """Count what was written, and forget the oldest beyond the bounds."""
        self._count, self.kept_bytes = self._count + count, self.kept_bytes + size
        while (self._count > REMEMBERED or self.kept_bytes > MOST_BYTES) and self._delete(_IS_OLDEST):
            pass

    def _do(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise KeyRefused(503, "idempotency.file", f"the Idempotency-Key cannot be kept now: {error}: send the same again") from None


def _opened(path: Path) -> tuple[sqlite3.Connection, int, int]:
    """Return the file, or a new one in place of one that is damaged, with how many requests it has, and their bytes."""
    try:
        with naming(path, "it cannot be read"):
            return _counted(connect(path))
    except DamagedFile as error:
        log.error("%s; it is begun anew, beside it as .damaged: keys of before mean nothing any more", error)
        path.replace(path.with_name(f"{path.name}.damaged"))
        return _counted(connect(path))


def _counted(db: sqlite3.Connection) -> tuple[sqlite3.Connection, int, int]:
    db.execute(_TABLE)
    db.execute(_BY_AGE)
    count, size = db.execute(f"SELECT count(*), ifnull(sum({_BYTES}), 0) FROM answers").fetchone()
    return db, count, size


def _name(asked: Asked) -> str:
    """Return by what name a request is kept: as earlier releases wrote it, in ASCII, or its hash."""
    text = json.dumps(asked)
    return text if len(text) <= LONGEST_ASKED else hashlib.sha256(text.encode()).hexdigest()


def check_key(key: str) -> str:
    """Return a key. Raise KeyRefused if it is none: 1 to LONGEST_KEY printable letters of ASCII."""
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise KeyRefused(400, "idempotency.key", f"an Idempotency-Key has 1 to {LONGEST_KEY} printable letters of ASCII, such as a UUID")
    return key
