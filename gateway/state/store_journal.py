"""The journal as one store's records, read beside the gateway that writes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from footfall.errors import ConfigError, Unreadable
from footfall.sqlite import open_file
from gateway.records import Record, RecordKind
from gateway.state import journal_reader as journaled
from gateway.state.checksums import record_of

BUSY_S: Final = 10.0
POSITIONS_AT_ONCE: Final = 5000
_OWN: Final = f"{journaled.SELECT} WHERE pos > ? AND pos <= ? AND store IN ('', ?) ORDER BY pos"
_OTHERS: Final = (
    "SELECT min(pos), received_ns FROM records WHERE pos > ? AND pos <= ? AND store NOT IN ('', ?) GROUP BY received_ns / 1000000000"
)
_FIRST: Final = "SELECT min(received_ns) FROM records WHERE pos > ?"

_AWAY: Final = "SELECT max(from_ns) FROM absences WHERE from_ns < ? AND to_ns > ? HAVING count(*) > 0"


class StoreJournal:
    """What is set aside, or damaged, is left out: the gateway has it in quarantine, or will."""

    def __init__(self, db: sqlite3.Connection, store: str) -> None:
        self._db: Final = db
        self._store: Final = store

    @property
    def last_pos(self) -> int:
        """The position of the journal's last record."""
        return journaled.head(self._db).pos

    def site(self) -> bytes:
        """Return the estate that was journaled last. Raise ConfigError if none was."""
        body = journaled.site_after(self._db, 0)
        if body is None:
            raise ConfigError("the journal has no estate yet: has the gateway run here?")
        return body

    def begins_ns(self) -> int:
        """Return since when the journal has all that came, ns; 0 if it has all that ever did."""
        pruned = journaled.pruned_to(self._db)
        return int(self._db.execute(_FIRST, (pruned,)).fetchone()[0] or 0) if pruned else 0

    def away_since_ns(self, time_ns: int) -> int:
        """Return since when nothing had been taken at a time; 0 if this journal had never taken anything, or was not away then."""
        found = self._db.execute(_AWAY, (time_ns, time_ns)).fetchone()
        return int(found[0]) if found else 0

    def read(self, after_pos: int, to_pos: int, on_pos: Callable[[int], None] = lambda pos: None) -> Iterator[Record]:
        """Yield the store's records and those of no store; for a second of other stores' records a note stands."""
        gone = [(each.first_pos, each.pos) for each in journaled.asides(self._db, after_pos)]
        while after_pos < to_pos:
            until = min(after_pos + POSITIONS_AT_ONCE, to_pos)
            rows = self._db.execute(_OWN, (after_pos, until, self._store)).fetchall()
            own = [written.record for written in map(record_of, rows) if written is not None]
            others = self._db.execute(_OTHERS, (after_pos, until, self._store)).fetchall()
            passed = [Record(pos, at_ns, RecordKind.NOTE, "", "", 0, 0, 0, 0, b"") for pos, at_ns in others]
            for record in sorted([*own, *passed], key=lambda each: each.pos):
                if not any(first <= record.pos <= last for first, last in gone):
                    yield record
            after_pos = until
            on_pos(until)


@contextmanager
def store_journal(path: Path, store: str) -> Iterator[StoreJournal]:
    """Open a journal to read a store's records. Raise ConfigError if it cannot be read."""
    if not path.is_file():
        raise Unreadable(f"{path}: there is no journal yet: has the gateway run here?")
    db = open_file(path, "mode=ro", BUSY_S)
    try:
        yield StoreJournal(db, store)
    except sqlite3.DatabaseError as error:
        raise Unreadable(f"{path}: cannot be read: {error}") from None
    finally:
        db.close()
