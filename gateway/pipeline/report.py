"""The gateway's account of itself: its status, gathered from its parts when somebody asks, and its metrics."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from footfall import __version__
from footfall.certificates import findings
from footfall.health import Health
from footfall.sealing import public_key_text
from footfall.units import NS_PER_S
from footfall.wording import counted
from gateway.accept.own_clock import OwnClock
from gateway.accept.plain_events import BLOCKED
from gateway.config import GatewayConfig
from gateway.fold.door_watch import silence_text
from gateway.http.metrics import MetricRegistry
from gateway.http.status import (
    LATE_S,
    OFFLINE_S,
    AgentState,
    AgentStatus,
    BrokerStatus,
    JournalStatus,
    SinkStatus,
    Status,
    agent_state,
    named,
)
from gateway.mqtt.inlet import Inlet
from gateway.mqtt.own_certificate import of_an_agent
from gateway.pipeline.agent_watch import AgentWatch
from gateway.pipeline.beats import Beats
from gateway.pipeline.condition import Condition
from gateway.pipeline.estate import Estate
from gateway.pipeline.fold_worker import FoldWorker
from gateway.pipeline.ingest import Ingest
from gateway.pipeline.live_feed import LiveFeed
from gateway.pipeline.notices import Notices
from gateway.pipeline.outbox import Outbox
from gateway.pipeline.record_queue import RecordQueue
from gateway.pipeline.sink_worker import REFUSED, SinkWorker
from gateway.state.accepted_clock import read_clocks
from gateway.state.balance import Balance
from gateway.state.quarantine.store import Quarantine

log = logging.getLogger("footfall.gateway.mqtt")

TAKEN_OVER_S: Final = 60.0
_CERTIFICATE_CODES: Final = ("certificate_wrong", "certificate_expired", "certificate_ends")


@dataclass(eq=False, slots=True, kw_only=True)
class Report:
    """The parts of a gateway, as status sees them. Called from the threads of the HTTP server."""

    config: GatewayConfig
    estate: Estate
    condition: Condition
    journal_id: str
    ingest: Ingest
    fold_worker: FoldWorker
    record_queue: RecordQueue
    outbox: Outbox
    sink_worker: SinkWorker
    quarantine: Quarantine
    inlet: Inlet
    clock: OwnClock
    watch: AgentWatch
    notices: Notices
    beats: Beats
    live_feed: LiveFeed

    def status(self) -> Status:
        condition, config, sink = self.condition, self.config, self.config.sink
        counted, sent = self.ingest.counted, self.outbox.sent
        batches, size = self.outbox.load()
        now_ns, outage = self._now_ns(), self.sink_worker.outage
        where = sink.where
        behind, held = self.fold_worker.behind_since_ns, self.quarantine.counts()
        return Status(
            version=__version__,
            now_ns=now_ns,
            started_ns=self._started_ns(),
            not_ready=condition.not_ready,
            journal=JournalStatus(self.journal_id, self.record_queue.head, self.fold_worker.pos, condition.journal_bytes,
                                  config.journal.max_bytes, self.ingest.pausing, self.fold_worker.is_holding),
            lag_s=max(0.0, (now_ns - behind) / 1e9) if behind else 0.0,
            balance=Balance(counted["in"], sent.written_rows, counted["quarantined"] + sent.refused_rows, self._dropped()).as_json(),
            sink=SinkStatus(sink.kind, where, outage.since_ns, outage.error, batches, size, self.outbox.max_bytes),
            broker=BrokerStatus(f"{config.broker.host}:{config.broker.port}", not self.inlet.error, self.inlet.error),
            agents=[self._agent(store, agent, now_ns) for store, agent in self.estate.agents],
            quarantine=held,
            stores=self.live_feed.latest_minutes(),
            uncalibrated=self.estate.uncalibrated,
            without_level=self.estate.without_level,
            own_beacons=len(self.ingest.beacons),
            neighbours_total=sum(health.neighbours_total for health in list(self.ingest.healths.values())),
            seal_key=public_key_text(self.ingest.seal_key) if self.ingest.seal_key else "",
            identifiers_blocked=self._counted(BLOCKED),
            noticed=self._noticed(held),
        )  # fmt: skip

    def _now_ns(self) -> int:
        """By the clock that is believed."""
        return self.clock.now_ns(read_clocks().boot_ns)

    def _started_ns(self) -> int:
        """By that clock, too: the one that the process began with may have been another."""
        return self.clock.now_ns(self.condition.started_boot_ns)

    def watch_certificates(self) -> None:
        """Post what is wrong with the gateway's certificates, and with the files that the next connection will read."""
        tls = self.config.broker.tls
        found = dict(findings(tls.ca_file, tls.cert_file, tls.key_file, time.time())) if tls else {}
        if not_ours := of_an_agent(tls, [agent for _, agent in self.estate.agents]):
            found.setdefault("certificate_wrong", not_ours)
            if not_ours not in self.notices.shown().get("certificate_wrong", ""):
                log.error("%s", not_ours)
        for code in _CERTIFICATE_CODES:
            if code in found:
                self.notices.post(code, f"of this gateway: {found[code]}")
            else:
                self.notices.withdraw(code)

    def _agent(self, store: str, agent: str, now_ns: int) -> AgentStatus:
        heard_ns, health = self.ingest.heard_ns.get(agent, 0), self.ingest.healths.get(agent)
        width_ms = self.fold_worker.clock_width_ms(agent)
        if health is None:
            state = self._due(agent, None, agent_state(now_ns, heard_ns))
            return AgentStatus(store, agent, state, heard_ns, clock_width_ms=width_ms)
        state = agent_state(now_ns, heard_ns, self.config.status.notice_s if health.state == "offline" else LATE_S)
        state = self._due(agent, health, state)
        devices = {name: said.detail or said.state for name, said in health.sources.items() if said.state != "ok"}
        found = self.watch.problems(health, now_ns, heard_ns, self.journal_id, self._started_ns())
        if apart_ns := self.clock.contradicts(agent):
            way = "ahead of" if apart_ns > 0 else "behind"
            found["clock_contradicts"] = f"its clock is synchronised, and {abs(apart_ns) / 1e9:,.0f} s {way} ours"
        return AgentStatus(store, agent, state, heard_ns, health.spool_frames, width_ms, devices, health.oldest_unsent_s, found)

    def _due(self, agent: str, health: Health | None, state: AgentState) -> AgentState:
        """Return its state, or `quiet`: tills report no health, and a recording that is replayed reports it, but no clock of its own."""
        stays = health is not None and health.sent_wall_ns > 0
        return state if state == "ok" or stays or agent not in self.estate.without_tasks else "quiet"

    def _noticed(self, held: Mapping[str, int]) -> dict[str, str]:
        now_ns = self._now_ns()
        found = self.estate.problems(now_ns)
        if quiet := self._silent_doors(now_ns):
            found["counter_silent"] = f"{counted(len(quiet), 'door counts', 'doors count')} nobody: {named(quiet)}"
        if unknown := self.fold_worker.fold.state.unknown_voids.recent(now_ns):
            found["void_unknown"] = f"voids and amends wait, for what they name is not stored: {named(unknown)}"
        if held_back := self.fold_worker.fold.state.held_back:
            found["rows_wait"] = f"rows wait, since they are put in order with those of others that are silent: {named(held_back)}"
        if lone := self.fold_worker.fold.state.returns_without_sale.recent(now_ns):
            found["returns_without_sale"] = f"no sale has the `ref` of these returns, which count as they are: {named(lone)}"
        if waiting := sorted(set(self.fold_worker.fold.state.waiting_adjustments.copy().values())):
            found["adjustment_waits"] = f"adjustments take back more than the day of their store has, and do not count: {named(waiting)}"
        silent = [f"{name} for {seconds:.0f} s" for name, seconds in self.beats.silent().items()]
        if silent:
            found["thread_stuck"] = f"a thread of the gateway does nothing any more: {', '.join(silent)}"
        if self.condition.jumped:
            found["clock_jumped"] = self.condition.jumped
        if REFUSED in held:
            found["sink_refused"] = f"the database refused {counted(held[REFUSED], 'point')}: {self._refused_why()}"
        taken_over_s = max(self.inlet.frames.taken_over_s, self.inlet.events.taken_over_s)
        if time.monotonic() - taken_over_s < TAKEN_OVER_S and not self.inlet.is_own_rival:
            found["two_gateways"] = f"another client connects to the broker as {self.config.broker.client_id}, and pushes this gateway out"
        return {**self.notices.shown(), **found}

    def _silent_doors(self, now_ns: int) -> list[str]:
        """Doors of stores from which all is here; of others nobody knows whether they counted."""
        owing = {store for store, agent in self.estate.agents if self._owes(agent, now_ns)}
        return [silence_text(silence) for silence in self.fold_worker.fold.state.doors.silent(now_ns) if silence.store not in owing]

    def _owes(self, agent: str, now_ns: int) -> bool:
        """Return whether an agent may have counts that are not here. Publishers of events alone report no health, and owe nothing."""
        health, heard_ns = self.ingest.healths.get(agent), self.ingest.heard_ns.get(agent, 0)
        if health is None:
            return not heard_ns and now_ns - self._started_ns() < OFFLINE_S * NS_PER_S
        return health.oldest_unsent_s > LATE_S or agent_state(now_ns, heard_ns) != "ok"

    def _refused_why(self) -> str:
        """In the database's own words, which name measurement and field."""
        if not self.sink_worker.refused_why:  # since an earlier run
            return "; ".join(entry.message for entry in self.quarantine.entries(reason=REFUSED, limit=1))
        return "; ".join(f"{measurement}: {why}" for measurement, why in list(self.sink_worker.refused_why.items()))

    def _dropped(self) -> dict[str, int]:
        return self._counted("dropped.")

    def _counted(self, prefix: str) -> dict[str, int]:
        """Return what of the balance begins so, by the rest of its name."""
        counted = list(self.ingest.counted.items())
        return {name.removeprefix(prefix): n for name, n in counted if name.startswith(prefix)}

    def register(self, registry: MetricRegistry) -> None:
        """Register every counter of the parts. Gauges of the status are the HTTP server's."""
        read, counted = registry.read, self.ingest.counted
        read("footfall_rows_in_total", "counter", "Rows taken in.", lambda: {(): counted["in"]})
        read("footfall_rows_written_total", "counter", "Rows that reached the database, as themselves or inside what is derived.",
             lambda: {(): self.outbox.sent.written_rows})  # fmt: skip
        read("footfall_rows_quarantined_total", "counter", "Rows put into quarantine.",
             lambda: {(): counted["quarantined"] + self.outbox.sent.refused_rows})  # fmt: skip
        read("footfall_rows_dropped_total", "counter", "Rows dropped, by reason.",
             lambda: {(reason,): n for reason, n in self._dropped().items()}, ("reason",))  # fmt: skip
        read("footfall_identifiers_blocked_total", "counter", "Identifiers of plain events that are none, by type.",
             lambda: {(name,): n for name, n in self._counted(BLOCKED).items()}, ("type",))  # fmt: skip
        read("footfall_unknown_body_keys_total", "counter", "Keys of frames that this release does not know, and ignores.",
             lambda: {(): counted["unknown_body_keys_total"]})  # fmt: skip
        read("footfall_unknown_version_frames_total", "counter", "Frames of an unknown wire version, left with their agents.",
             lambda: {(): counted["frames_of_unknown_version_total"]})  # fmt: skip
        read("footfall_points_written_total", "counter", "Points written to the database.", lambda: {(): self.sink_worker.points_total})
        read("footfall_points_refused_total", "counter", "Points that the database refused.", lambda: {(): self.sink_worker.refused_total})
        read("footfall_quarantine_replayed_total", "counter", "Rows of the quarantine that were taken in again.",
             lambda: {(): self.quarantine.totals().replayed_total})  # fmt: skip
        read("footfall_quarantine_dropped_total", "counter", "Rows that left the quarantine for good, by reason.",
             lambda: {(reason,): n for reason, n in self.quarantine.totals().dropped_total.items()}, ("reason",))  # fmt: skip
        read("footfall_fold_events_total", "counter", "What the fold noticed, by kind.",
             lambda: {(k.removesuffix("_total"),): n for k, n in list(self.fold_worker.fold.state.counts.items())}, ("kind",))  # fmt: skip
