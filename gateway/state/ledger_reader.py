"""The ledger as another process reads it, beside the gateway that writes it: one state of it, as of its last checkpoint.

with ledger_reader(state_dir / "ledger.db") as ledger:
    ledger.as_of_s                       # up to when everything is in
    ledger.visits_of(subject)
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgpack

from footfall.errors import ConfigError, Unreadable
from footfall.sqlite import DamagedFile, open_file
from gateway.fold.store import DwellRow, LinkRow, TouchRow, VisitRow
from gateway.state.ledger_schema import SCHEMA
from gateway.state.touch_tables import TouchTables

BUSY_S: Final = 10.0


class LedgerReader(TouchTables):
    """Everything is read in one transaction, so that it is of one checkpoint."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise Unreadable(f"{path}: there is no ledger yet: has the gateway run here?")
        super().__init__(path, open_file(path, "mode=ro", BUSY_S))
        try:
            found = self._read("PRAGMA user_version", ())[0][0]
            if found != SCHEMA.version:
                raise ConfigError(f"{path}: a ledger of another release (schema {found}): start the gateway of this release first")
            self._db.execute("BEGIN")
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def part(self, name: str) -> bytes:
        """Return a part of the last checkpoint, empty if it has none. Raise DamagedFile if it is not what was written."""
        rows = self._read("SELECT value, crc FROM state WHERE key=?", (name,))
        if rows and (not isinstance(rows[0][0], bytes) or zlib.crc32(rows[0][0]) != rows[0][1]):
            raise DamagedFile(self.path, f"the fold's state is damaged, in its part {name!r}")
        return rows[0][0] if rows else b""

    @cached_property
    def fold(self) -> Mapping[str, Any]:
        """The fold's own values at the checkpoint; empty before the first."""
        packed = self.part("fold")
        return msgpack.unpackb(packed, strict_map_key=False) if packed else {}

    @property
    def pos(self) -> int:
        """Up to which record of the journal everything is in."""
        return int(self.fold.get("pos", 0))

    @property
    def as_of_s(self) -> int:
        """The second in which the last record that is in was received, since 1970; 0 before the first checkpoint."""
        return int(self.fold.get("turn", 0))

    def visits_of(self, subject: str) -> list[VisitRow]:
        """Return all visits of a subject that are over, by store and key."""
        return self._rows(VisitRow, "WHERE subject=? ORDER BY store, key_ns", (subject,))

    def dwells_of(self, subject: str) -> list[DwellRow]:
        """Return all dwells of a subject that are over, by store and key."""
        return self._rows(DwellRow, "WHERE subject=? ORDER BY store, key_ns", (subject,))

    def all_touches_of_fan(self, fan: str) -> list[TouchRow]:
        """Return a fan's touches in all stores that are not voided, by time."""
        return sorted(self._rows(TouchRow, "WHERE fan=? AND void=0", (fan,)), key=lambda row: (row.time_ns, row.store, row.agent, row.row))

    def subjects_of(self, fan: str) -> list[str]:
        """Return every subject that is the fan's at some time."""
        return sorted({row.subject for row in self._rows(LinkRow, "WHERE fan=?", (fan,))})


@contextmanager
def ledger_reader(path: Path) -> Iterator[LedgerReader]:
    """Open a ledger to be read. Raise ConfigError if there is none, or it cannot be read."""
    try:
        reader = LedgerReader(path)
    except sqlite3.DatabaseError as error:
        raise Unreadable(f"{path}: {error}") from None
    try:
        yield reader
    except sqlite3.DatabaseError as error:
        raise Unreadable(f"{path}: {error}") from None
    finally:
        reader.close()
