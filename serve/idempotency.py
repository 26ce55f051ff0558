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
"""Of each user."""
MOST_BYTES: Final = 64 << 20
"""Of all that is kept; the file is larger by what SQLite needs. Whoever has most of it gives way."""
LONGEST_KEY: Final = 255
LONGEST_ASKED: Final = 1024
"""What is asked is kept by its hash where it is longer: a query string may have thousands of letters."""
ROW_BYTES: Final = 128
"""Of a request beside what it asked and its answer: more than it takes."""
_TABLE: Final = """CREATE TABLE IF NOT EXISTS answers (asked TEXT PRIMARY KEY, digest BLOB NOT NULL, until_s REAL NOT NULL,
    moment_ns INTEGER, status INTEGER, body BLOB, user TEXT NOT NULL DEFAULT '', is_running INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID"""
_ADDED: Final = {"user": "TEXT NOT NULL DEFAULT ''", "is_running": "INTEGER NOT NULL DEFAULT 0"}
"""Columns that files of earlier releases do not have."""
_INDEXES: Final = (
    "CREATE INDEX IF NOT EXISTS answers_by_age ON answers (until_s)",
    "CREATE INDEX IF NOT EXISTS answers_of_user ON answers (user, until_s)",
)
_BYTES: Final = f"{ROW_BYTES} + length(asked) + ifnull(length(body), 0)"
_IS_OLDEST: Final = "asked = (SELECT asked FROM answers WHERE user = ? AND NOT is_running ORDER BY until_s LIMIT 1)"
Asked = tuple[str, ...]
"""Who asks what under which key: the user comes first."""


class _Kept(NamedTuple):
    """How many requests are kept of a user, and their bytes."""

    requests: int = 0
    size_bytes: int = 0

    def plus(self, requests: int, size_bytes: int) -> _Kept:
        return _Kept(self.requests + requests, self.size_bytes + size_bytes)


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
    """Of the last requests with a key, each for KEPT_S: REMEMBERED of each user, and MOST_BYTES of all. Any thread may use it.

    A request that is being answered is never forgotten.
    """

    def __init__(self, path: Path | None = None) -> None:
        """`path`: the file; None: in memory alone. Raise ConfigError: it cannot be used."""
        self._lock: Final = threading.Lock()
        self._running: Final[set[str]] = set()
        self._db, self._kept = _counted(open_memory()) if path is None else _opened(path)

    @property
    def kept_bytes(self) -> int:
        """Return how many bytes are kept."""
        return sum(each.size_bytes for each in self._kept.values())

    def begin(self, asked: Asked, digest: bytes, now_s: float) -> Answered | Taken:
        """Return what was answered before, or a request to go on with. Raise KeyRefused. `digest` stands for the request's body."""
        key = _name(asked)
        with self._lock:
            self._delete("until_s<=?", now_s)
            rows = self._do("SELECT digest, moment_ns, status, body FROM answers WHERE asked=?", key)
            if not rows:
                into = "INSERT INTO answers (asked, digest, until_s, user, is_running) VALUES (?,?,?,?,1)"
                self._do(into, key, digest, now_s + KEPT_S, asked[0])
                self._running.add(key)
                self._grow(asked[0], 1, ROW_BYTES + len(key))
                return Taken(self, key)
            before, moment_ns, status, body = rows[0]
            if before != digest:
                raise KeyRefused(409, "idempotency.other", "this Idempotency-Key was sent with another body: each request has its own")
            if status is not None:
                return Answered(status, body)
            if key in self._running:
                raise KeyRefused(409, "idempotency.busy", "the request with this Idempotency-Key is being answered: ask again in a second")
            self._do("UPDATE answers SET is_running=1 WHERE asked=?", key)
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
            set_ = "UPDATE answers SET status=?, body=?, until_s=?, is_running=0 WHERE asked=? RETURNING user"
            for (user,) in self._do(set_, answered.status, answered.body, now_s + KEPT_S, taken.asked):
                self._grow(user, 0, len(answered.body))

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
        gone = self._do(f"DELETE FROM answers WHERE {where} RETURNING user, {_BYTES}", *values)
        for user, size in gone:
            kept = self._kept[user].plus(-1, -size)
            if kept.requests:
                self._kept[user] = kept
            else:
                del self._kept[user]
        return len(gone)

    def _grow(self, user: str, count: int, size: int) -> None:
        """Count what was written, and forget the oldest beyond the bounds: the user's own, or those of who has most."""
        self._kept[user] = self._kept.get(user, _Kept()).plus(count, size)
        while self._kept[user].requests > REMEMBERED and self._delete(_IS_OLDEST, user):
            pass
        while self.kept_bytes > MOST_BYTES and self._delete(_IS_OLDEST, max(self._kept, key=lambda each: self._kept[each].size_bytes)):
            pass

    def _do(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise KeyRefused(503, "idempotency.file", f"the Idempotency-Key cannot be kept now: {error}: send the same again") from None


def _opened(path: Path) -> tuple[sqlite3.Connection, dict[str, _Kept]]:
    """Return the file, or a new one in place of one that is damaged, with what it keeps of each user."""
    try:
        with naming(path, "it cannot be read"):
            return _counted(connect(path))
    except DamagedFile as error:
        log.error("%s; it is begun anew, beside it as .damaged: keys of before mean nothing any more", error)
        path.replace(path.with_name(f"{path.name}.damaged"))
        return _counted(connect(path))


def _counted(db: sqlite3.Connection) -> tuple[sqlite3.Connection, dict[str, _Kept]]:
    db.execute(_TABLE)
    there = {row[1] for row in db.execute("PRAGMA table_info(answers)")}
    for name in _ADDED.keys() - there:
        db.execute(f"ALTER TABLE answers ADD COLUMN {name} {_ADDED[name]}")
    for each in _INDEXES:
        db.execute(each)
    db.execute("UPDATE answers SET is_running=0 WHERE is_running")  # the server that answered them ended in the midst of it
    found = db.execute(f"SELECT user, count(*), sum({_BYTES}) FROM answers GROUP BY user")
    return db, {user: _Kept(count, size) for user, count, size in found}


def _name(asked: Asked) -> str:
    """Return by what name a request is kept: as earlier releases wrote it, in ASCII, or its hash."""
    text = json.dumps(asked)
    return text if len(text) <= LONGEST_ASKED else hashlib.sha256(text.encode()).hexdigest()


def check_key(key: str) -> str:
    """Return a key. Raise KeyRefused if it is none: 1 to LONGEST_KEY printable letters of ASCII."""
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise KeyRefused(400, "idempotency.key", f"an Idempotency-Key has 1 to {LONGEST_KEY} printable letters of ASCII, such as a UUID")
    return key
