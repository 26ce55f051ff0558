"""The ingest stage: reads the two connections, takes messages in while clock and disk allow it, and does what is due every second."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from footfall.health import Health
from footfall.sqlite import is_damage
from footfall.units import NS_PER_S
from footfall.wall_clock import is_synchronised
from gateway.accept.messages import Message
from gateway.accept.outcome import Entry
from gateway.accept.own_clock import OwnClock
from gateway.fold.awaited import LOOK_NS
from gateway.mqtt.inlet import Inlet, InletMessage
from gateway.pipeline.agent_watch import AgentWatch
from gateway.pipeline.condition import Condition
from gateway.pipeline.ingest import Ingest
from gateway.pipeline.live_feed import LiveFeed
from gateway.pipeline.notices import Notices
from gateway.pipeline.record_queue import RecordQueue
from gateway.pipeline.upkeep import Upkeep
from gateway.records import RecordKind
from gateway.state.accepted_clock import read_accepted, read_clocks
from gateway.state.journal import Journal

log = logging.getLogger("footfall.gateway")

GATHER_S: Final = 0.03
"""After a small read, the next waits this long: a commit to disk costs the same for one message as for fifty."""
SMALL_READ_BYTES: Final = 128 << 10
TICK_S: Final = 2.0
PROMPT_TICK_S: Final = LOOK_NS / NS_PER_S
"""The same while somebody waits for an arrival."""
PROMPT_NS: Final = 5 * NS_PER_S
"""A fan who entered longer ago has arrived by now: the fold is behind, and nobody need hasten."""
CHORES_S: Final = 1.0
EXPIRE_S: Final = 60.0
RECONNECT_S: Final = 1.0
NOTICED_S: Final = 600.0
"""How long status names what was wrong with an agent's latest messages."""
_FULL: Final = "the journal is over its quota, and what it holds is still needed: repair the database, or raise [journal] max_bytes"


@dataclass(slots=True)
class _Due:
    """When each periodic act comes next, on the monotonic clock."""

    at_s: dict[str, float] = field(default_factory=dict)

    def is_due(self, name: str, every_s: float, now_s: float) -> bool:
        if now_s < self.at_s.get(name, 0.0):
            return False
        self.at_s[name] = now_s + every_s
        return True


class NewSite(NamedTuple):
    """`body`: of its SITE record. `take` is called in this thread once that is durable: what comes from then on is the new estate's."""

    body: bytes
    take: Callable[[], None] = lambda: None


@dataclass(eq=False, slots=True, kw_only=True)
class IngestWorker:
    """`run` until `stop`. Records that are durable go into `records`; the live feed is published beside."""

    ingest: Ingest
    journal: Journal
    records: RecordQueue
    clock: OwnClock
    condition: Condition
    upkeep: Upkeep
    watch: AgentWatch
    watch_certificates: Callable[[], None]
    notices: Notices
    state_dir: Path
    new_sites: deque[NewSite]
    """Estates that the journal does not have yet: each is journaled before the next message. Other threads may append to it."""
    live_feed: LiveFeed
    beat: Callable[[], None]

    def __post_init__(self) -> None:
        self.ingest.on_health = self._hear
        self.ingest.on_noticed = self._notice

    def run(self, messages: Inlet, stop: threading.Event) -> None:
        """Take messages in until `stop`. Raise what is neither a full disk nor a lost connection."""
        while not self._journal_sites() and not stop.wait(CHORES_S):
            self.beat()
        due = _Due()
        while not stop.is_set():
            self.beat()
            self._round(messages, stop, due)

    def _round(self, messages: Inlet, stop: threading.Event, due: _Due) -> None:
        now_s = time.monotonic()
        if due.is_due("reconnect", RECONNECT_S, now_s):
            messages.reconnect()
        taken_bytes = self._turn(messages, stop)
        self.live_feed.send(messages.frames)
        self._hasten()
        messages.frames.flush()
        if 0 < taken_bytes < SMALL_READ_BYTES:
            stop.wait(max(0.0, now_s + GATHER_S - time.monotonic()))
        if due.is_due("chores", CHORES_S, now_s):
            messages.keep_alive()
            self._chores()
        if due.is_due("expire", EXPIRE_S, now_s):
            self._expire()

    def _turn(self, messages: Inlet, stop: threading.Event) -> int:
        """Read what came, and take it in if that is possible now; return how many bytes were taken."""
        arrived = messages.read(stop)
        if self._may_take() and self._journal_sites():
            return self._take(messages, messages.next(arrived))
        if arrived:  # how agents are is known all the same
            self.ingest.look(_messages(arrived), self.now_ns())
            messages.leave(arrived)
        return 0

    def _may_take(self) -> bool:
        """Return whether the clock can be right and the journal has room. While not, nothing is taken in or receipted."""
        verdict = self.clock.judge(read_clocks(), self.journal.last_received_ns, is_synchronised)
        self.condition.jumped = verdict.jumped
        if verdict.is_back:
            self._set_time_back(verdict.now_ns)
        self._set_not_ready(verdict.trouble or self.condition.unwritable or (_FULL if self.condition.is_full else ""))
        return not self.condition.not_ready

    def _set_time_back(self, now_ns: int) -> None:
        """The last records were dated by a clock that was ahead: time goes on from now."""
        try:
            records = self.journal.accept_clock(now_ns, "the clock was ahead, and is believed now")
        except sqlite3.OperationalError as error:
            self._report_unwritable(error)
            return
        if records:
            log.warning("the last record was dated by a clock that was ahead: time goes on before it")
            self.records.put([(record, None) for record in records])

    def _take(self, messages: Inlet, arrived: Sequence[InletMessage]) -> int:
        """Journal, acknowledge and receipt; return how many bytes that were, 0 if nothing came or could be taken."""
        if not arrived:
            return 0
        try:
            self.ingest.take(_messages(arrived), self.now_ns())
        except sqlite3.OperationalError as error:
            self._report_unwritable(error)
            messages.put_back(arrived)
            return 0
        messages.acknowledge(arrived)
        return sum(len(each.message.payload) for each in arrived)

    def _report_unwritable(self, error: sqlite3.OperationalError) -> None:
        if is_damage(error):
            raise error
        self.condition.unwritable = f"the journal cannot be written: {error}. Is the disk full? Nothing is acknowledged until it can"
        self._set_not_ready(self.condition.unwritable)

    def _hasten(self) -> None:
        """While an arrival is awaited, ask the agents of its store to report, and let time pass for the fold."""
        now_ns = self.now_ns()
        for prompt in self.live_feed.take_prompts():
            if now_ns - prompt.received_ns < PROMPT_NS:
                self.ingest.prompt(prompt.store, now_ns)
        if self.live_feed.is_awaited and not self.condition.not_ready:
            try:
                self._tick(now_ns, PROMPT_TICK_S)
            except sqlite3.OperationalError as error:
                self._report_unwritable(error)

    def _tick(self, now_ns: int, silent_s: float) -> None:
        """Journal that time passed, if nothing came for so long."""
        if now_ns - self.journal.last_received_ns > silent_s * NS_PER_S:
            self.ingest.tick(now_ns)

    def _chores(self) -> None:
        """What is due every second: quota, the clock that a person accepted, replays and, where nothing came, the record of a tick."""
        self.ingest.pausing = self.upkeep.keep_quota(self.now_ns())
        accepted_ns = read_accepted(self.state_dir)
        if accepted_ns is not None:
            self.clock.accept(accepted_ns)
        self.upkeep.report_crowded_out()
        if self.condition.not_ready and not self.condition.unwritable:
            return
        now_ns = self.now_ns()
        try:
            self._tick(now_ns, 0.0 if self.condition.unwritable else TICK_S)
            self.condition.unwritable = ""
            self.ingest.replay(now_ns)
        except sqlite3.OperationalError as error:
            self._report_unwritable(error)

    def _expire(self) -> None:
        self.watch_certificates()
        if self.clock.is_sure(read_clocks(), is_synchronised):
            self.upkeep.expire(self.now_ns())

    def now_ns(self) -> int:
        """Return the time of the clock that is believed: records and status are dated by it."""
        return self.clock.now_ns(read_clocks().boot_ns)

    def _notice(self, agent: str, code: str, what: str) -> None:
        """Show in status what is wrong with an agent's messages."""
        self.notices.post(code, f"{agent or 'a stranger'}: {what}", NOTICED_S, agent)

    def _hear(self, health: Health, is_retained: bool) -> None:
        """Pass an agent's health on to what watches agents, and to the judge of our own clock."""
        if is_retained or health.state != "online":
            return
        self.watch.hear(health, self.now_ns())
        if health.wall_synced:
            self.clock.hear(health.agent, health.sent_wall_ns, read_clocks().boot_ns)

    def _set_not_ready(self, why: str) -> None:
        if why and why != self.condition.not_ready:
            log.error("%s", why)
        self.condition.not_ready = why

    def _journal_sites(self) -> bool:
        """Journal estates that the journal does not have; return False while the disk takes nothing."""
        while self.new_sites:
            site = self.new_sites[0]
            try:
                now_ns = self.journal.next_ns(self.now_ns())
                records = self.journal.commit([(now_ns, Entry(RecordKind.SITE, "", "", 0, site.body))], {})
            except sqlite3.OperationalError as error:
                self._report_unwritable(error)
                return False
            self.records.put([(record, None) for record in records])
            site.take()
            self.new_sites.popleft()
        return True


def _messages(arrived: Sequence[InletMessage]) -> list[Message]:
    return [Message(each.message.topic, each.message.payload, each.message.retained) for each in arrived]
