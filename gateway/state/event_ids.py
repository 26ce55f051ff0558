"""Ids of plain events that came before, with a digest of what each held: an id that comes again is repeated, or contradicts itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Final

from footfall.errors import Unreadable
from footfall.sqlite import open_file

BUSY_S: Final = 10.0

_KNOWN: Final = "SELECT 1 FROM event_ids WHERE id=? UNION ALL SELECT 1 FROM event_ids WHERE id=? LIMIT 1"
_WRITE: Final = "INSERT OR IGNORE INTO event_ids (id, received_ns, content) VALUES (?,?,?)"


class EventIds:
    """Those in the journal's file, and those of the batch that is not written yet."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db: Final = db
        self._new: dict[bytes, bytes] = {}

    def is_new(self, id_hash: bytes, earlier: bytes | None, content: bytes) -> bool:
        """Return whether neither the id nor its form of an earlier release came before; from now on it did."""
        if id_hash in self._new or self._db.execute(_KNOWN, (id_hash, earlier)).fetchone():
            return False
        self._new[id_hash] = content
        return True

    def content(self, id_hash: bytes) -> bytes:
        """Return the digest of what the event held; empty if that is not known."""
        if id_hash in self._new:
            return self._new[id_hash]
        row = self._db.execute("SELECT content FROM event_ids WHERE id=?", (id_hash,)).fetchone()
        return (row[0] or b"") if row else b""

    def write(self, now_ns: int) -> None:
        """Write the batch's ids, inside the running transaction."""
        self._db.executemany(_WRITE, [(key, now_ns, content or None) for key, content in self._new.items()])

    def forget_new(self) -> None:
        """Forget the batch's ids: its transaction is durable, or was given up."""
        self._new = {}

    def forget(self, before_ns: int) -> None:
        """Forget ids that were seen before a time, inside the running transaction."""
        self._db.execute("DELETE FROM event_ids WHERE received_ns < ?", (before_ns,))


def content_in(journal: Path, id_hashes: Iterable[bytes]) -> bytes | None:
    """Return what a journal's file, beside its gateway, remembers of the first of these ids that it knows; None if it knows none.

    Raise ConfigError if it cannot be read.
    """
    if not journal.is_file():
        return None
    try:
        with closing(open_file(journal, "mode=ro", BUSY_S)) as db:
            for id_hash in id_hashes:
                if row := db.execute("SELECT content FROM event_ids WHERE id=?", (id_hash,)).fetchone():
                    return row[0] or b""
    except sqlite3.DatabaseError as error:
        raise Unreadable(f"{journal}: cannot be read: {error}") from None
    return None
