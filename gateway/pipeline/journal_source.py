"""Records of the journal for the fold, without a hole: what is damaged, and what cannot be folded, is set aside with its rows counted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final

from footfall.errors import ConfigError
from footfall.wording import counted
from gateway.pipeline import mending
from gateway.pipeline.notices import Notices
from gateway.pipeline.record_queue import TAKE_BYTES
from gateway.records import Record, RecordKind
from gateway.state.journal import Journal
from gateway.state.journal_reader import Aside, DamagedRecords
from gateway.state.quarantine.entries import Refusal

log = logging.getLogger("footfall.gateway.fold")

READ_AT_ONCE: Final = 500
KeepRefusals = Callable[[Sequence[Refusal]], object]
"""Puts refusals into quarantine; raises sqlite3.OperationalError while its disk is full."""


class JournalSource:
    """For the fold's thread, which has a connection to the journal of its own."""

    def __init__(self, journal: Journal, keep: KeepRefusals, notices: Notices) -> None:
        self.journal: Final = journal
        self._keep: Final = keep
        self._notices: Final = notices
        self._only_sites = True
        """Whether nothing but sites was read so far: pruning leaves sites alone, so there may be holes between them."""
        self._report_asides()

    def start_at(self, pos: int) -> None:
        """Begin behind `pos`, the position of a checkpoint."""
        self._only_sites = pos == 0

    def read(self, after_pos: int, limit: int = READ_AT_ONCE) -> list[Record]:
        """Return records in order; damaged ones are set aside first. ConfigError if the journal has a hole there."""
        while True:
            try:
                records = self.journal.read(after_pos, limit, TAKE_BYTES)
            except DamagedRecords as found:
                self.set_aside(found.aside, mending.damaged(found))
            else:
                self._check_no_hole(after_pos, records)
                return records

    def _check_no_hole(self, before: int, records: Sequence[Record]) -> None:
        """A new ledger may begin where the journal does; one that is older than the journal must not go on."""
        for record in records:
            first = record.seq if record.kind == RecordKind.ASIDE else record.pos
            if first > before + 1 and not self._only_sites:
                raise ConfigError(
                    f"the journal goes on at {record.pos}, but the ledger stands at {before}: it was put back from an older"
                    " backup. Put back journal.db and ledger.db of one moment, or remove ledger.db to fold what the journal still has"
                )
            before = record.pos
            self._only_sites &= record.kind == RecordKind.SITE

    def set_aside_unfoldable(self, pos: int, error: Exception) -> None:
        """Put the record at `pos`, at which the fold fails with `error`, into quarantine and an aside in its place."""
        record = self.journal.read(pos - 1, 1)[0]
        self.set_aside(*mending.unfoldable(record, *self.journal.rows_of(pos), error))

    def set_aside(self, aside: Aside, refusal: Refusal) -> None:
        """Keep in quarantine first, then mark in the journal: after a crash in between, both happen again."""
        self._keep([refusal])
        self.journal.set_aside(aside)
        log.error("%s is set aside, with %d rows; its bytes are in quarantine under %s", refusal.message, aside.rows, refusal.reason)
        self._report_asides()

    def _report_asides(self) -> None:
        asides = self.journal.asides()
        if asides:
            rows, last = sum(aside.rows for aside in asides), asides[-1]
            self._notices.post(
                "records_set_aside",
                f"{counted(len(asides), 'place')} in {self.journal.path.name} with {counted(rows, 'row')}, the last up to record {last.pos}"
                f" ({last.reason}); footfall quarantine list shows what is left of them",
            )
