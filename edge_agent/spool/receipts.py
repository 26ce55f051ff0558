"""What gateways answer, kept in the spool: marks, the journal whose receipts count, and the dates of frames."""

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
    """The part of a Spool that its receipts change. Any thread may call."""

    def __init__(self, lock: threading.RLock, store: SpoolStore) -> None:
        self._lock: Final = lock
        self._store: Final = store

    def mark(self, epoch: str, upto: int, gateway_ns: int) -> None:
        """Every frame of `epoch` up to `upto` is durable at the gateway. Also downwards: a gateway that lost its state gets them again.

        A mark above the last seq means that this file went back: all that is here is known. Its numbers were used up to there, so that the
        current epoch ends, and what comes goes under another. Written with the next commit.
        """
        with self._lock:
            if self._store.memory.mark(epoch, upto, gateway_ns):
                self._store.report_damage(f"the card went back: of epoch {epoch} a gateway has frames that are not here any more")

    def heard(self, gateway_ns: int) -> None:
        """A receipt was heard, of whatever journal."""
        with self._lock:
            self._store.memory.heard(gateway_ns)

    @property
    def receipted_ns(self) -> int:
        """The latest `gateway_ns` of any receipt ever heard."""
        return self._store.memory.receipted_ns

    @property
    def journal_id(self) -> str | None:
        """The gateway's journal whose receipts count."""
        with self._lock:
            return self._store.memory.journal_id

    @property
    def journals(self) -> list[str]:
        """All that were ever bound, the present one last."""
        with self._lock:
            return self._store.memory.journals

    def bind_journal(self, journal_id: str) -> None:
        """Count the receipts of this journal from now on. If there was another before, every frame still here is owed again, from the
        mark on which its receipts will name; and dates that it sent are numbered anew."""
        with self._lock:
            if journal_id != self.journal_id:
                self._store.memory.bind_journal(journal_id)
                self._store.commit()

    @property
    def times_n(self) -> int:
        """The number of the last dates that were stored, of the present journal."""
        return self._store.memory.times_n

    def store_times(self, times: Times) -> None:
        """Durable on return, or SpoolUnavailable: then they are not to be confirmed."""
        with self._lock:
            with self._store.transaction() as db:
                rows, change = self._store.memory.new_times(times), self._store.change + 1
                for number, run in rows.items():
                    TIMES.put(db, number, times_row(run), change)
                FACTS.put(db, number_of(TIMES_FACT), FactRow(TIMES_FACT, times.n), change)
            self._store.memory.add_times(rows, times.n)

    def date(self, epoch: str, dates: Iterable[tuple[int, DecidedTime]]) -> None:
        """The agent's own dates, by seq, of frames not sent before. Durable on return; while the disk takes nothing, memory has them."""
        with self._lock:
            self._store.memory.date(epoch, dates)
            self._store.commit()
