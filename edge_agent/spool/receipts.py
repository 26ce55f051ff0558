"""What receipts change in the spool: marks, the journal whose receipts count, and the dates of frames."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Final

from edge_agent.spool.memory import times_row
from edge_agent.spool.schema import TIMES_FACT
from edge_agent.spool.store import SpoolStore
from edge_agent.spool.twins import FACTS, TIMES, FactRow, number_of
from footfall.frames import DecidedTime
from footfall.receipts import Times


class Receipts:
    """The part of a Spool that receipts change. Any thread may call."""

    def __init__(self, lock: threading.RLock, store: SpoolStore) -> None:
        self._lock: Final = lock
        self._store: Final = store

    def mark(self, epoch: str, upto: int, gateway_ns: int) -> None:
        """Set the mark: every frame of `epoch` up to `upto` is durable at the gateway. A lower one resends frames after a loss of state.

        A mark above the last seq means that this file was restored: the gateway has all that is here. Numbers up to the mark were used,
        so the current epoch ends and another begins. Written with the next commit.
        """
        with self._lock:
            if self._store.memory.mark(epoch, upto, gateway_ns):
                self._store.report_damage(f"the card went back: of epoch {epoch} a gateway has frames that are not here any more")

    def heard(self, gateway_ns: int) -> None:
        """Take note of a receipt of any journal."""
        with self._lock:
            self._store.memory.heard(gateway_ns)

    @property
    def receipted_ns(self) -> int:
        """Return the latest `gateway_ns` of any receipt ever heard; 0 without one."""
        return self._store.memory.receipted_ns

    @property
    def journal_id(self) -> str | None:
        """Return the journal whose receipts count; None if not bound yet."""
        with self._lock:
            return self._store.memory.journal_id

    @property
    def journals(self) -> list[str]:
        """Return the journals that were ever bound, the present one last."""
        with self._lock:
            return self._store.memory.journals

    def bind_journal(self, journal_id: str) -> None:
        """Bind to a journal. If another was bound before, every frame still here is owed again from the mark that the new one reports, and
        dates are numbered anew."""
        with self._lock:
            if journal_id != self.journal_id:
                self._store.memory.bind_journal(journal_id)
                self._store.commit()

    @property
    def times_n(self) -> int:
        """Return the number of the last dates stored from the present journal."""
        return self._store.memory.times_n

    def store_times(self, times: Times) -> None:
        """Store dates, durable on return. Raise SpoolUnavailable, and then the caller must not confirm them."""
        with self._lock:
            with self._store.transaction() as db:
                rows, change = self._store.memory.new_times(times), self._store.change + 1
                for number, run in rows.items():
                    TIMES.put(db, number, times_row(run), change)
                FACTS.put(db, number_of(TIMES_FACT), FactRow(TIMES_FACT, times.n), change)
            self._store.memory.add_times(rows, times.n)

    def date(self, epoch: str, dates: Iterable[tuple[int, DecidedTime]]) -> None:
        """Store the agent's own dates, by seq, of frames not sent before. While the disk refuses writes, they are held in memory."""
        with self._lock:
            self._store.memory.date(epoch, dates)
            self._store.commit()
