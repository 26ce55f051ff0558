"""Checkpoints: the fold's state, the ledger and the unsent part of the outbox, durable at one position of the journal."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgpack

from footfall.errors import ConfigError
from gateway.pipeline.outbox import Outbox, SentCounts
from gateway.points import Points, pack, unpack
from gateway.shard import Shard
from gateway.state.journal import Journal
from gateway.state.ledger import Ledger
from gateway.state.sealed_rows import BatchRow

CHECKPOINT_EVERY_S: Final = 10.0
CHECKPOINT_SHARE: Final = 0.02
"""Checkpoints take at most this share of the time: with a large state they come less often …"""
CHECKPOINT_AT_LEAST_EVERY_S: Final = 120.0
"""… but the ledger is never older than this, and no start has to fold more."""


class Checkpoints:
    """For the fold's thread. `pos`: the journal is not needed up to here."""

    def __init__(self, ledger: Ledger, outbox: Outbox, journal_id: str) -> None:
        self._ledger: Final = ledger
        self._outbox: Final = outbox
        self._journal_id: Final = journal_id
        self._refused_rows: dict[int, int] = {}
        """By batch: its rows that are in quarantine, not in its points."""
        self.pos = 0
        self._sent = SentCounts()
        self._due_s = time.monotonic() + CHECKPOINT_EVERY_S

    def is_due(self) -> bool:
        return time.monotonic() >= self._due_s

    def restore(self, state: Mapping[str, bytes], pos: int, pass_on: Callable[[list[Points]], Sequence[Points]]) -> None:
        """Put the outbox back to the last checkpoint, at `pos`; `pass_on` returns the points that may be written now."""
        self._outbox.start_from(SentCounts(*msgpack.unpackb(state["sent"])) if "sent" in state else SentCounts())
        self._refused_rows = msgpack.unpackb(state["refused"], strict_map_key=False) if "refused" in state else {}
        for batch_id, rows, data in self._ledger.outbox():
            self._outbox.restore(batch_id, rows, pass_on(unpack(data)), self._refused_rows.get(batch_id, 0))
        self.pos, self._sent = pos, self._outbox.sent

    def write(self, shard: Shard) -> bool:
        """Write one in one transaction; return False, and write nothing, if nothing changed since the last."""
        began_s = time.monotonic()
        sent, new = self._outbox.to_store()
        if not new and (shard.core.pos, sent) == (self.pos, self._sent):
            self._due_s = began_s + CHECKPOINT_EVERY_S
            return False
        self._ledger.change_outbox(sent.up_to, [BatchRow(batch.id, batch.rows, pack(batch.points)) for batch in new])
        packed: bytes = msgpack.packb([sent.up_to, sent.written_rows, sent.refused_rows])
        self._refused_rows = {batch: n for batch, n in self._refused_rows.items() if batch > sent.up_to}
        self._refused_rows.update((batch.id, batch.refused_rows) for batch in new if batch.refused_rows)
        refused: bytes = msgpack.packb(self._refused_rows)
        shard.checkpoint({"sent": packed, "journal": self._journal_id.encode(), "refused": refused})
        self.pos, self._sent = shard.core.pos, sent
        took_s = time.monotonic() - began_s
        self._due_s = time.monotonic() + min(max(CHECKPOINT_EVERY_S, took_s / CHECKPOINT_SHARE), CHECKPOINT_AT_LEAST_EVERY_S)
        return True


def check_same_journal(pos: int, journal_id: str, journal: Journal) -> None:
    """Raise ConfigError unless a ledger at `pos` of the journal `journal_id` belongs to `journal`.

    What another journal has up to that position would be taken for folded, and lost; what comes again would be counted twice.
    """
    if (journal_id or journal.journal_id) != journal.journal_id or pos > journal.last_pos:
        raise ConfigError(
            f"ledger.db stands at record {pos}, but journal.db ends at {journal.last_pos} or is another one: they are"
            " not of one moment. Put back both of one backup (footfall restore), or remove ledger.db to fold what the journal has"
            " (and import links again)"
        )
