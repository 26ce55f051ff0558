"""One running agent: sources and intake into the core, its frames into the spool, from there to the gateway.

Agent(settings: AgentSettings, clock: Clock).run(stop: threading.Event)   # blocks until `stop`
"""

from __future__ import annotations

import logging
import queue
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Final

from device_profiles.registry import Registry
from edge_agent.clock import Clock, Moment, moment
from edge_agent.config import AgentSettings
from edge_agent.core import Core, lost_frame
from edge_agent.durability import PendingRequests, remembered
from edge_agent.gateway_key import GatewayKey
from edge_agent.health_size import reasons_of
from edge_agent.inbox import Events, Key, Reloaded
from edge_agent.intake import Intake, intake_of
from edge_agent.keys import SubjectKeys
from edge_agent.lasting_refusals import refused_by
from edge_agent.own_beacons import OwnBeaconsFile
from edge_agent.publisher import Publisher
from edge_agent.reload import Reload
from edge_agent.sources.border import refusal
from edge_agent.sources.source import Gap, Heard, Tally
from edge_agent.spool import HOUR_S, Fill, Spool, SpooledFrame, SpoolUnavailable
from edge_agent.supervisor import Supervisor
from footfall.frames import Body
from footfall.health import Health
from footfall.receipts import DayKey
from footfall.units import NS_PER_S

log = logging.getLogger("footfall.agent")

INBOX: Final = 10_000
FIRST_RECEIPT_NS: Final = 3 * NS_PER_S
"""So long waits what is heard at the first start of all, unless a receipt states whose beacons are whose before."""
TURN_S: Final = 0.25
TURN_ITEMS: Final = 5_000
TIDY_NS: Final = 60 * NS_PER_S
RETRY_NS: Final = NS_PER_S


class EdgeAgent:
    """All that sources emit goes through one bounded inbox. While the disk fails, frames are held in memory, up to a limit. The excess is
    dropped, counted and reported as a gap, so that no source ever waits for a disk. Raise SpoolUnavailable if no spool can be made.
    """

    def __init__(self, settings: AgentSettings, clock: Clock, profiles: Registry | None = None) -> None:
        self._reload: Final = Reload(settings, profiles)
        self._clock: Final = clock
        self._started_ns: Final = clock.boot_ns()
        self._inbox: Final[queue.Queue[Heard | Events | Key | Reloaded]] = queue.Queue(INBOX)
        self._stop = threading.Event()
        self._publishing = threading.Thread()
        kept = settings.spool
        self.spool: Final = Spool(
            kept.path, secrets.token_hex(16), clock.boot, max_bytes=kept.max_bytes, keep_s=kept.keep_h * HOUR_S,
            max_age_s=kept.max_age_d * 24 * HOUR_S, keep_free_bytes=kept.keep_free_bytes, lost=self._substitute, store=settings.store,
        )  # fmt: skip
        self.core: Final = Core(
            clock.boot, settings.zones, self._reload.now.profiles, SubjectKeys(self._reload.now.keys), store=settings.store,
            receivers=settings.receiver_limits, zone_rules=settings.zone_rules,
        )  # fmt: skip
        self._own_beacons: Final = OwnBeaconsFile(kept.path, self._started_ns + FIRST_RECEIPT_NS)
        self.core.beacon_rule = self._own_beacons.rule
        self._gateway_key: Final = GatewayKey(settings, self.spool)
        self.core.counters.load(remembered(self.spool))
        self.publisher: Final = Publisher(
            settings.store, settings.agent, self.spool, clock, settings.broker, self.health, self._offer, self._substitute,
            notice_s=settings.status.notice_s,
        )  # fmt: skip
        self.supervisor: Final = Supervisor(
            [source.source(clock, self._reload.now.profiles) for source in settings.sources], self._inbox.put, clock, settings.tasks,
        )  # fmt: skip
        self.intake: Final = self._intake()
        self._tidied_ns = self._started_ns
        self._set_aside_total = 0
        self._pending: Final = PendingRequests()
        self._retry_ns: int | None = None

    def run(self, stop: threading.Event) -> None:
        """Run until `stop` is set. Then end the sources, spool what they emitted, and send the broker a DISCONNECT."""
        self._stop = stop
        self._report_absence()
        with self._serving():
            self.supervisor.start(stop)
            while not stop.is_set() or self.supervisor.is_running():
                self._turn(TURN_S)
        self._turn(0.0, flush=True)
        self.spool.close()

    def reload(self, read: Callable[[], AgentSettings]) -> None:
        """Take the sources, profiles and keys of settings that are read again. With mistakes all stays as it was, and health has them.

        Called by a thread of its own, while `run` runs: sources may take seconds to end, and what they emit meanwhile is taken.
        """
        asked = self._reload.ask(read)
        if asked is None:
            return
        reloaded = Reloaded(asked, [source.source(self._clock, asked.now.profiles) for source in asked.begun])
        self.supervisor.end(asked.ended)
        self._inbox.put(reloaded)
        while not (reloaded.is_used.wait(TURN_S) or self._stop.is_set()):
            pass  # the next reload goes on from this one

    def _use(self, reloaded: Reloaded) -> None:
        """Go on with what a reload asks for: from the next sighting on."""
        now, settings = reloaded.asked.now, reloaded.asked.now.settings
        self.core.change(settings.zones, now.profiles, now.keys, settings.receiver_limits, settings.zone_rules)
        self._reload.now = now
        if self.intake is not None:
            self.intake.ask_consent(now.profiles.consent)
            self._gateway_key.use(now.keys, now.gateway_key)
        self.supervisor.begin(reloaded.sources, settings.tasks, {source.name for source in settings.sources})
        reloaded.is_used.set()
        log.info("reloaded: %d sources, %d of them anew", len(settings.sources), len(reloaded.sources))

    def health(self) -> Health:
        now = moment(self._clock)
        try:
            fill = self.spool.fill(now.boot_ns)
        except SpoolUnavailable:
            fill = Fill(0, 0, 0.0)
        return Health(
            state="online",
            agent=self._reload.now.settings.agent,
            store=self._reload.now.settings.store,
            boot=self._clock.boot,
            uptime_s=(now.boot_ns - self._started_ns) / NS_PER_S,
            sent_wall_ns=now.wall_ns,
            spool_frames=fill.unsent_frames,
            spool_bytes=fill.bytes,
            oldest_unsent_s=fill.oldest_unsent_s,
            sightings_total=self.core.sightings_total,
            dropped_total=self.core.dropped_total.total() + self.spool.dropped_rows_total,
            dropped=reasons_of(self.core.dropped_total, self.spool.dropped_rows_total),
            ignored_total=self.core.counters.ignored_total.total(),
            rows_total=self.core.rows_total,
            neighbours_total=self.core.neighbours_total,
            sources=self.supervisor.report(),
            wall_synced=now.wall_synced,
            journals=self.publisher.journals(),
            problems=self.spool.problems()
            | self.publisher.problems()
            | self._reload.problems()
            | refused_by(self.intake, *self.supervisor.sources()),
            certificate_ends_s=self.publisher.certificate_ends_s,
        )

    def _turn(self, timeout_s: float, flush: bool = False) -> None:
        """Take what waits in the inbox, spool what is due, and only then answer the requests that wait for it."""
        if not self._publishing.is_alive() and not self._stop.is_set():
            raise RuntimeError("the publisher's thread has died of a bug; its traceback is above")
        self._renew_beacons()
        if not self._own_beacons.is_known and not self._stop.wait(timeout_s):
            return
        events = self._hear(timeout_s)
        now = moment(self._clock)
        self._renew_key()
        self._gateway_key.renew(self.publisher.seal_key)
        self.core.prompt_until_ns = self.publisher.prompt_until_ns
        self._keep(self.core.tick(now, flush or bool(events), self.publisher.terms(now.boot_ns)), events, now.boot_ns)
        self._pending.resolve(self.spool)
        self._tidy(now)

    def _hear(self, timeout_s: float) -> list[Events]:
        """Take up to one turn's worth of the inbox."""
        events = []
        try:
            item = self._inbox.get(timeout=timeout_s) if timeout_s else self._inbox.get_nowait()
            for _ in range(TURN_ITEMS):
                match item:
                    case Events():
                        self._hear_events(item)
                        events.append(item)
                    case Key():
                        self._hear_key(item)
                    case Reloaded():
                        self._use(item)
                    case Tally() if self._retry_ns is not None and item.counted.cumulative:
                        pass  # what it showed cannot be stored with its people now: the next total contains them
                    case _:
                        self._hear_one(item)
                item = self._inbox.get_nowait()
        except queue.Empty:
            pass
        return events

    def _hear_one(self, heard: Heard) -> None:
        try:
            self.core.hear(heard)
        except Exception as error:  # whatever one thing heard does, its neighbours are kept
            self.core.dropped_total[refusal(error).reason] += 1

    def _hear_events(self, events: Events) -> None:
        now_ns = self._clock.boot_ns()
        for text in events.texts:
            self.core.event(text, now_ns)

    def _hear_key(self, item: Key) -> None:
        self.core.rekey(lambda keys: keys.offer(item.key, item.gateway_ns))

    def _renew_key(self) -> None:
        """Erase the key of the day once its day is over at the gateway, whether or not a new one has come."""
        gateway_ns = self.publisher.gateway_ns
        self.core.rekey(lambda keys: keys.expire(gateway_ns))

    def _renew_beacons(self) -> None:
        """Follow the gateway's `site.toml`."""
        gateway_ns = self.publisher.gateway_ns
        if self._own_beacons.renewed(self.publisher.own_beacons, gateway_ns, self._clock.boot_ns()):
            self.core.beacon_rule = self._own_beacons.rule

    def _keep(self, bodies: Sequence[Body], events: Sequence[Events], now_ns: int) -> None:
        """Spool `bodies` and all that is held, with the counters' readings. While the disk refuses, hold them, and retry once a second."""
        if not bodies and not self.spool.is_holding:
            return
        if self._retry_ns is None or now_ns >= self._retry_ns:
            readings = self.core.counters.changed(everything=self._retry_ns is not None)
            try:
                self.spool.append(bodies, readings)
            except SpoolUnavailable as error:
                self._retry_ns = now_ns + RETRY_NS
                log.error("%s: frames wait in memory", error)
            else:
                self._retry_ns = None
        is_kept = self._retry_ns is None or not bodies or self.spool.hold(bodies)
        epoch, last = self.spool.numbered()
        for item in events:
            self._pending.add(epoch, last if is_kept else None, item.kept)
        if bodies:
            self.publisher.wake()

    def _tidy(self, now: Moment) -> None:
        """Do the upkeep of the spool's file; report what it lost as gaps."""
        if self.spool.set_aside_total > self._set_aside_total:
            self._set_aside_total = self.spool.set_aside_total
            log.error("the spool's file was broken: %s", self.spool.problems().get("spool_damaged", ""))
            self.core.hear(Gap(0, now.boot_ns, "spool.corrupt"))
        if self._retry_ns is None and (lost := self.spool.take_lost()):
            self.core.hear(Gap(lost.since_boot_ns, now.boot_ns, lost.reason, lost.rows))
        try:
            self.spool.watch()
            if now.boot_ns - self._tidied_ns >= TIDY_NS:
                self._tidied_ns = now.boot_ns
                self.spool.tidy(now.boot_ns, self.publisher.gateway_ns)
        except SpoolUnavailable as error:
            log.error("%s; it is looked after later", error)

    def _report_absence(self) -> None:
        """Emit a gap since the last frame of the run before, or since this boot began if that frame is of an earlier one.

        A frame holds times of one boot only. The frames of both boots bound how long the machine was off.
        """
        newest = self.spool.newest()
        if newest is not None:
            since_ns = newest.made_boot_ns if newest.boot == self._clock.boot else 0
            self.core.hear(Gap(since_ns, self._clock.boot_ns(), "agent.restart"))

    @contextmanager
    def _serving(self) -> Iterator[None]:
        """Run publisher and intake in threads of their own."""
        stop = threading.Event()
        self._publishing = threading.Thread(target=self.publisher.run, args=(stop,), name="publisher", daemon=True)
        self._publishing.start()
        if self.intake is not None:
            self.intake.start()
        try:
            yield
        finally:
            if self.intake is not None:
                self.intake.stop()
            stop.set()
            self.publisher.wake()
            self._publishing.join()

    def _intake(self) -> Intake | None:
        now, protection = self._reload.now, self._gateway_key.protection
        return intake_of(now.settings.intake, now.profiles.consent, self._take_events, self.health, protection, self.publisher.sure_ns)

    def _take_events(self, texts: Sequence[str]) -> Future[None]:
        kept: Future[None] = Future()
        self._inbox.put(Events(texts, kept))
        return kept

    def _offer(self, key: DayKey, gateway_ns: int) -> None:
        self._inbox.put(Key(key, gateway_ns))

    def _substitute(self, frame: SpooledFrame) -> Body:
        """Return what replaces a frame that the disk has corrupted: a gap with the number of its rows."""
        now = self._reload.now
        return lost_frame(frame.boot, frame.made_boot_ns, frame.first_row, frame.rows, now.settings.zones, now.profiles, frame.store)
