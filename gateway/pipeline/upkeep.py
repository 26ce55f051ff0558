"""Keeping `state_dir` within its limits: the journal's quota, ages of records, keys and refusals, and notices of what was lost by them."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from footfall.units import NS_PER_DAY
from gateway.config import JournalLimits
from gateway.pipeline.condition import Condition
from gateway.pipeline.notices import Notices
from gateway.state.day_keys import DayKeys
from gateway.state.journal import Journal
from gateway.state.quarantine.store import Quarantine

log = logging.getLogger("footfall.gateway")

PRUNE_AT_ONCE: Final = 20_000
"""Records that one call deletes at most, so that no commit waits for long."""
FULL_SHARE: Final = 1.1
"""At the quota agents are asked to pause; above this share of it nothing is taken from anybody."""
CROWDED_OUT_S: Final = 3600.0
"""How long status names what a full quarantine dropped."""
EVENT_ID_DAYS: Final = 400


@dataclass(eq=False, slots=True, kw_only=True)
class Upkeep:
    """For the thread of ingest. `needed_after`: the journal's position up to which everything is in a checkpoint."""

    limits: JournalLimits
    journal: Journal
    quarantine: Quarantine
    day_keys: DayKeys
    notices: Notices
    condition: Condition
    needed_after: Callable[[], int]
    _crowded_out: int = 0
    _event_ids_pruned_ns: int = 0

    def keep_quota(self, now_ns: int) -> bool:
        """At the quota, prune records that are no longer needed; return whether agents are to pause since it is still reached."""
        try:
            if self.journal.size_bytes() >= self.limits.max_bytes:
                self.journal.prune(self.needed_after(), now_ns, PRUNE_AT_ONCE)
            self.condition.journal_bytes = self.journal.size_bytes()
        except sqlite3.OperationalError as error:
            log.error("old records cannot be removed: %s", error)
        self.condition.is_full = self.condition.journal_bytes >= FULL_SHARE * self.limits.max_bytes
        return self.condition.journal_bytes >= self.limits.max_bytes

    def expire(self, now_ns: int) -> None:
        """Remove what is older than its limit. `now_ns` must come from a clock that is sure: one that is ahead would remove too much."""
        try:
            self.quarantine.expire(now_ns)
            self.day_keys.erase(now_ns)
            self.journal.prune(self.needed_after(), now_ns - int(self.limits.keep_days * NS_PER_DAY), PRUNE_AT_ONCE)
            if now_ns - self._event_ids_pruned_ns > NS_PER_DAY:
                self._event_ids_pruned_ns = now_ns
                self.journal.forget_events(now_ns - EVENT_ID_DAYS * NS_PER_DAY)
        except sqlite3.OperationalError as error:
            log.error("old records cannot be removed: %s", error)

    def report_crowded_out(self) -> None:
        """Report, in the log and in status, what a full quarantine dropped: that is lost for good."""
        dropped = self.quarantine.crowded_out
        if dropped.total() > self._crowded_out:
            self._crowded_out = dropped.total()
            publisher, rows = dropped.most_common(1)[0]
            what = f"{self._crowded_out} rows gave way in quarantine, which is full: most are of {publisher.lstrip('/')} ({rows})"
            self.notices.post("quarantine_dropped", what, CROWDED_OUT_S)
            log.error("%s", what)
