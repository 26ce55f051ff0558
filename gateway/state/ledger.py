"""The ledger: visits, dwells, touches and links by person, for 400 days; with it the fold's state and the outbox, in one file.

Everything in one checkpoint is one transaction: after a crash all of it stands at one position of the journal, and folding
on from there gives the same rows again. It is synced, once a checkpoint: the journal forgets what lies before it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgpack

from footfall.sqlite import DamagedFile, connect, migrate, open_memory
from gateway.fold.store import CorrectionRow, CountRow, DwellRow, VisitRow
from gateway.state.claim_table import ClaimTable
from gateway.state.identity_tables import IdentityTables
from gateway.state.ledger_schema import SCHEMA
from gateway.state.name_filter import NameFilter
from gateway.state.sealed_rows import TABLES, BatchRow, CellRow
from gateway.state.span_tables import SpanTables

SMALL_BYTES: Final = 32 << 20
"""A ledger of at most this size is read through at every start: what is larger is checked row by row as it is used."""


class Ledger(IdentityTables, SpanTables, ClaimTable):
    """One writer, the fold's thread, always inside the transaction that `checkpoint` ends. Readers open the file on their own."""

    def __init__(self, path: Path | str, take_over: bool = True) -> None:
        """`take_over`: a file of an earlier release is made one of this; see `migrate`."""
        super().__init__(Path(path), connect(Path(path)) if path != ":memory:" else open_memory())
        migrate(self._db, self.path, SCHEMA, take_over)
        self._db.execute("PRAGMA cache_size=-16384")
        self._db.execute("PRAGMA temp_store=MEMORY")  # what a statement of many rows changes is kept until it ends: not in /var/tmp
        self._known = NameFilter(self._all_names)
        self._begin_facts()
        self._db.execute("BEGIN IMMEDIATE")

    def checkpoint(self, state: Iterable[tuple[str, bytes]]) -> None:
        """Make durable what was written since the last one, together with the parts of `state`, which are made one by one."""
        self._write_touches()
        self._write_claims()
        self._write_identity()
        rows = ((key, value, zlib.crc32(value)) for key, value in state)
        self._db.executemany("INSERT OR REPLACE INTO state (key, value, crc) VALUES (?,?,?)", rows)
        self._db.execute("COMMIT")
        self._db.execute("BEGIN IMMEDIATE")

    def roll_back(self) -> None:
        """Go back to the last checkpoint."""
        self._forget_touches()
        self._forget_waiting_claims()
        if self._db.in_transaction:  # a full disk ends it
            self._db.execute("ROLLBACK")
        self._db.execute("BEGIN IMMEDIATE")
        self._begin_facts()

    def state(self) -> dict[str, bytes]:
        """Return the parts that the last checkpoint gave. Raise DamagedFile if they are not what was written."""
        rows = self._read("SELECT key, value, crc FROM state", ())
        damaged = [key for key, value, crc in rows if not isinstance(value, bytes) or zlib.crc32(value) != crc]
        if damaged:
            raise DamagedFile(self.path, f"the fold's state is damaged, in its part {damaged[0]!r}")
        return {key: value for key, value, _ in rows}

    def check(self) -> None:
        """Raise DamagedFile if what waits for the database is not what was written, or any row of a small ledger."""
        pages, page_bytes = (self._read(f"PRAGMA {what}", ())[0][0] for what in ("page_count", "page_size"))
        for kind in TABLES if pages * page_bytes <= SMALL_BYTES else (BatchRow,):
            self._rows(kind, "", ())

    def drop_damaged(self) -> dict[str, int]:
        """Forget rows that are not what was written; how many, by table. DamagedFile if that cannot be, or points would be lost."""
        gone = self._drop_damaged()
        self._db.execute("COMMIT")
        self._db.execute("BEGIN IMMEDIATE")
        return gone

    def stands_at(self) -> tuple[int, str]:
        """Return up to which record of which journal all is in here; (0, "") before the first checkpoint."""
        state = self.state()
        pos = int(msgpack.unpackb(state["fold"], strict_map_key=False)["pos"]) if "fold" in state else 0
        return pos, state.get("journal", b"").decode()

    def close(self) -> None:
        """Close the file. Without a checkpoint, what came since the last one is undone."""
        if self._db.in_transaction:  # a full disk ends it
            self._db.execute("ROLLBACK")
        self._db.close()

    # Visits, dwells, touches

    def save_visits(self, rows: Iterable[VisitRow]) -> None:
        self._save(VisitRow, rows)

    def visits(self, subject: str, store: str, from_ns: int, to_ns: int) -> list[VisitRow]:
        """Return the subject's visits in a store that touch the span, by key."""
        where = "WHERE subject=? AND store=? AND last_ns>=? AND start_ns<=? ORDER BY key_ns"
        return self._rows(VisitRow, where, (subject, store, from_ns, to_ns))

    def visits_of(self, subject: str) -> list[VisitRow]:
        return self._rows(VisitRow, "WHERE subject=? ORDER BY store, key_ns", (subject,))

    def visits_of_fan(self, fan: str, store: str, from_ns: int, to_ns: int) -> list[VisitRow]:
        """Return the fan's visits in a store that touch the span."""
        return self._rows(VisitRow, "WHERE fan=? AND fan<>'' AND store=? AND start_ns<=? AND last_ns>=?", (fan, store, to_ns, from_ns))

    def stores_of(self, subject: str) -> list[str]:
        """Return the stores that have visits of the subject."""
        return [store for (store,) in self._read("SELECT DISTINCT store FROM visits WHERE subject=?", (subject,))]

    def save_dwells(self, rows: Iterable[DwellRow]) -> None:
        self._save(DwellRow, rows)

    def dwells(self, subject: str, store: str, from_ns: int, to_ns: int) -> list[DwellRow]:
        """Return the subject's dwells in a store that touch the span, by key."""
        where = "WHERE subject=? AND store=? AND last_ns>=? AND start_ns<=? ORDER BY key_ns, agent, zone"
        return self._rows(DwellRow, where, (subject, store, from_ns, to_ns))

    def has_dwells(self, subject: str) -> bool:
        return bool(self._read("SELECT 1 FROM dwells WHERE subject=? LIMIT 1", (subject,)))

    def dwells_touching(self, subject: str, from_ns: int, to_ns: int) -> list[DwellRow]:
        return self._rows(DwellRow, "WHERE subject=? AND start_ns<=? AND last_ns>=? ORDER BY store, key_ns", (subject, to_ns, from_ns))

    def dwells_of_parts(self, subject: str, store: str, part_of_ns: int) -> list[DwellRow]:
        return self._rows(DwellRow, "WHERE subject=? AND store=? AND part_of_ns=?", (subject, store, part_of_ns))

    def dwells_of_fan(self, fan: str, store: str, from_ns: int, to_ns: int) -> list[DwellRow]:
        """Return the fan's dwells in a store that touch the span."""
        return self._rows(DwellRow, "WHERE fan=? AND fan<>'' AND store=? AND start_ns<=? AND last_ns>=?", (fan, store, to_ns, from_ns))

    def dwell_end(self, subject: str, store: str, time_ns: int) -> int:
        """Return until when, in ns, a dwell of the subject lasts that covers the time; 0 if none does."""
        where = "WHERE subject=? AND store=? AND start_ns<=? AND last_ns>=? ORDER BY last_ns DESC LIMIT 1"
        rows = self._rows(DwellRow, where, (subject, store, time_ns, time_ns))
        return rows[0].last_ns if rows else 0

    def save_count(self, row: CountRow) -> None:
        self._save(CountRow, [row])

    def save_corrections(self, rows: Iterable[CorrectionRow]) -> None:
        self._save(CorrectionRow, rows)

    def corrections_of(self, event_id: str) -> list[CorrectionRow]:
        return self._rows(CorrectionRow, "WHERE of=?", (event_id,))

    def waiting_corrections(self) -> list[CorrectionRow]:
        """Return voids and amends whose event has not come."""
        return self._rows(CorrectionRow, "WHERE waits=1", ())

    def adjustments(self) -> list[CorrectionRow]:
        """Return the adjustments of doors, counted or waiting."""
        return self._rows(CorrectionRow, "WHERE kind='adjustment'", ())

    # Minutes

    def load_cell(self, table: str, owner: int, minute: int) -> Sequence[Any] | None:
        rows = self._rows(CellRow, "WHERE kind=? AND owner=? AND minute=?", (table, owner, minute))
        return msgpack.unpackb(rows[0].cell) if rows else None

    def load_cell_before(self, table: str, owner: int, minute: int) -> tuple[int, Sequence[float]] | None:
        rows = self._rows(CellRow, "WHERE kind=? AND owner=? AND minute<? ORDER BY minute DESC LIMIT 1", (table, owner, minute))
        return (rows[0].minute, msgpack.unpackb(rows[0].cell)) if rows else None

    def load_cells(self, table: str, owner: int, first: int, last: int) -> dict[int, Sequence[Any]]:
        rows = self._rows(CellRow, "WHERE kind=? AND owner=? AND minute BETWEEN ? AND ?", (table, owner, first, last))
        return {row.minute: msgpack.unpackb(row.cell) for row in rows}

    def cell_minutes(self, table: str, owner: int, first: int, last: int) -> list[int]:
        rows = self._read("SELECT minute FROM cells WHERE kind=? AND owner=? AND minute BETWEEN ? AND ?", (table, owner, first, last))
        return [row[0] for row in rows]

    def save_cells(self, table: str, cells: Sequence[tuple[int, int, Sequence[Any]]]) -> None:
        self._save(CellRow, (CellRow(table, owner, minute, msgpack.packb(cell)) for owner, minute, cell in cells))

    # Outbox

    def outbox(self) -> list[BatchRow]:
        return self._rows(BatchRow, "ORDER BY id", ())

    def change_outbox(self, sent_up_to: int, new: Iterable[BatchRow]) -> None:
        self._db.execute("DELETE FROM outbox WHERE id <= ?", (sent_up_to,))
        self._save(BatchRow, new)

    def prune(self, before_ns: int) -> None:
        """Forget what ended before a time."""
        self._prune_touches(before_ns)
        self._db.execute("DELETE FROM visits WHERE last_ns < ?", (before_ns,))
        self._db.execute("DELETE FROM dwells WHERE last_ns < ?", (before_ns,))
        self._db.execute("DELETE FROM counts WHERE key_ns < ?", (before_ns,))
        self._db.execute("DELETE FROM cells WHERE minute < ?", (before_ns // 60_000_000_000,))
