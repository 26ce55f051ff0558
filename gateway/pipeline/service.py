"""The gateway as a process: three threads (network and journal, fold, sink), bounded queues between them, a clean start and end."""

from __future__ import annotations

import fcntl
import logging
import sqlite3
import subprocess
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final

from footfall.config import secret
from footfall.errors import ConfigError
from footfall.health import Health
from footfall.sqlite import is_damage
from footfall.sqlite_log import mend_log
from footfall.topics import live_topic
from footfall.units import NS_PER_DAY
from footfall.wall_clock import is_synchronised
from gateway.accept.accept import Acceptor
from gateway.accept.events import Pseudonymiser
from gateway.accept.messages import Message, Messages
from gateway.accept.outcome import Entry
from gateway.accept.own_clock import OwnClock
from gateway.accept.site_index import Places
from gateway.config import GatewayConfig, InfluxSink, SqliteSink, load_site
from gateway.fold.fold import Fold
from gateway.http.agent_watch import AgentWatch
from gateway.http.live import Broadcast
from gateway.http.live_feed import News
from gateway.http.metrics import Registry
from gateway.http.notices import Notices
from gateway.http.report import Condition, Report
from gateway.http.server import StatusServer
from gateway.http.status import Status
from gateway.mqtt import embedded_broker
from gateway.mqtt.inlet import Inlet, InletMessage
from gateway.pipeline.beats import Beats
from gateway.pipeline.fold_worker import FoldWorker
from gateway.pipeline.ingest import Ingest
from gateway.pipeline.outbox import Outbox
from gateway.pipeline.record_queue import RecordQueue
from gateway.pipeline.restart import open_fold
from gateway.pipeline.sink_worker import SinkWorker
from gateway.recorded_site import RecordedSite, record_site
from gateway.records import RecordKind
from gateway.shard import Shard
from gateway.sinks.influxdb.sink import InfluxDB
from gateway.sinks.sink import Sink
from gateway.sinks.sqlite.sink import SQLite
from gateway.state import files
from gateway.state.accepted_clock import read_accepted, read_clocks
from gateway.state.backup import DATABASES
from gateway.state.journal import Journal

log = logging.getLogger("footfall.gateway")

GATHER_S: Final = 0.03
"""Between readings that bring little, so that the next brings more: a commit to disk costs the same for one message as for fifty."""
SMALL_READ_BYTES: Final = 128 << 10
PRUNE_AT_ONCE: Final = 20_000
FULL_SHARE: Final = 1.1
"""At the quota agents are asked to pause; over this share of it nothing is taken from anybody."""
TICK_S: Final = 2.0
CHORES_S: Final = 1.0
EXPIRE_S: Final = 60.0
RECONNECT_S: Final = 1.0
SHUTDOWN_TIMEOUT_S: Final = 30.0
"""So long after it was asked to end it waits for the database to take what is folded. What is not, the next start goes on with."""
PROVE_S: Final = 30.0
"""A clock that was set while the gateway runs must stay so for at least so long."""
NOTICED_S: Final = 600.0
"""So long status names what was wrong with what an agent sent last."""
CROWDED_OUT_S: Final = 3600.0
"""So long status says that the quarantine gave something up."""
EVENT_ID_DAYS: Final = 400


class Gateway:
    """`start`, then `run` until `stop`. Everything it holds is let go of by `close`."""

    def __init__(self, config: GatewayConfig) -> None:
        self._config: Final = config
        site = load_site(config.site)
        state_dir = _state_dir(config.state_dir)
        self._lock: Final = _lock(state_dir / "lock")
        _mend_logs(state_dir)
        self._site_json: Final = record_site(site)
        self._agents: Final = [(store.name, agent.name) for store, agent in site.stationed(time.time_ns())]
        profiles = config.profiles.registry()
        brand_secret = secret(config.brand_secret, config.brand_secret_file)
        self._pseudonyms: Final = Pseudonymiser(brand_secret)
        self._embedded: subprocess.Popen[bytes] | None = None
        if config.broker.embedded:
            self._embedded = embedded_broker.start(config.broker.port, state_dir)
        self.notices: Final = Notices()
        self._journal: Final = files.open_journal(state_dir, self._mended)
        self._quarantine: Final = files.open_quarantine(config, self._mended)
        self._day_keys: Final = files.open_keys(state_dir, site, self._mended)
        self._ledger, fold = open_fold(
            state_dir / files.LEDGER, self._journal,
            lambda ledger: Fold(profiles, ledger, self._staff_subjects, config.stay_points), self._mended,
        )  # fmt: skip
        self._sink: Final = open_sink(config)
        self._record_queue: Final = RecordQueue()
        self._record_queue.head = self._journal.last_pos
        self._outbox: Final = Outbox(config.outbox.max_bytes)
        self._live: Final = Broadcast()
        self._to_publish: Final[deque[tuple[str, bytes]]] = deque(maxlen=10_000)
        self._news: Final = News(self._live, lambda store, text: self._to_publish.append((live_topic(store), text)))
        self._fold_journal: Final = Journal(state_dir / files.JOURNAL)
        self._shard: Final = Shard(Messages(Acceptor(Places(site), self._journal, self._pseudonyms)), fold)
        self._fold_worker: Final = FoldWorker(self._shard, self._ledger, self._fold_journal, self._outbox, self._record_queue,
                                       self._news.tell, lambda: self._beats.beat("fold"), self._quarantine.add, self.notices,
                                       config.status.notice_s)  # fmt: skip
        self._beats: Final = Beats(_silence_s(config))
        if isinstance(self._sink, InfluxDB):
            self._sink.on_request = lambda: self._beats.beat("sink")
        self._sink_worker: Final = SinkWorker(self._sink, self._outbox, self._quarantine, lambda: self._beats.beat("sink"))
        self._inlet: Final = Inlet(config.broker, lambda: self._beats.beat("network"))
        self._ingest: Final = Ingest(
            self._shard.messages, self._journal, self._quarantine, self._day_keys,
            self._inlet.frames.publish, self._record_queue.put,
        )  # fmt: skip
        self._watch: Final = AgentWatch(config.status.notice_s)
        self._ingest.on_health = self._hear
        self._ingest.on_noticed = self._notice
        self._stop: Final = threading.Event()
        self._stop_sink: Final = threading.Event()
        self._clock: Final = OwnClock(read_clocks(), len(self._agents), max(config.status.notice_s, PROVE_S))
        self._state: Final = Condition(started_boot_ns=read_clocks().boot_ns)
        self._crowded_out = 0
        self._events_forgotten_ns = 0
        self._failed: list[BaseException] = []
        self._report: Final = Report(
            config=config, agents=self._agents, condition=self._state, journal_id=self._journal.journal_id, ingest=self._ingest,
            fold_worker=self._fold_worker, record_queue=self._record_queue, outbox=self._outbox, sink_worker=self._sink_worker,
            quarantine=self._quarantine, inlet=self._inlet, clock=self._clock, watch=self._watch, notices=self.notices,
            beats=self._beats, news=self._news,
        )  # fmt: skip
        self.registry: Final = Registry()
        self._report.register(self.registry)
        self.http: Final = StatusServer(config.http, self, self.registry, self._live)

    def stop(self) -> None:
        """Ask `run` to end: nothing more is taken in, what is in goes to the database if it is there."""
        self._stop.set()

    def run(self) -> None:
        """Until `stop`, or until a bug ends a thread, which is then raised here."""
        while not self._note_site() and not self._stop.wait(CHORES_S):
            pass
        fold_worker = self._thread("fold", lambda: self._fold_worker.run(self._stop))
        sink_worker = self._thread("sink", lambda: self._sink_worker.run(self._stop_sink))
        try:
            self._network()
        finally:
            self._stop.set()
            ends_s = time.monotonic() + SHUTDOWN_TIMEOUT_S
            fold_worker.join()
            if not self._failed and not self._sink_worker.outage.since_ns:
                self._outbox.wait_empty(max(0.0, ends_s - time.monotonic()))
            self._stop_sink.set()
            sink_worker.join()
            if not self._failed:
                self._fold_worker.checkpoint()
        if self._failed:
            raise self._failed[0]

    def close(self) -> None:
        self.http.close()
        self._inlet.close()
        for each in (self._sink, self._ledger, self._fold_journal, self._journal, self._quarantine, self._day_keys):
            each.close()
        if self._embedded is not None:
            self._embedded.terminate()
            self._embedded.wait()
        self._lock.close()

    def _thread(self, name: str, run: Any) -> threading.Thread:
        def guarded() -> None:
            try:
                run()
                self._beats.leave(name)
            except BaseException as error:  # whatever it is, the process must end and say so
                self._fail(error)

        thread = threading.Thread(target=guarded, name=name, daemon=True)
        thread.start()
        return thread

    def _fail(self, error: BaseException) -> None:
        self._failed.append(error)
        self._stop.set()

    # The network's thread

    def _network(self) -> None:
        due = {"chores": 0.0, "reconnect": 0.0, "expire": 0.0}
        while not self._stop.is_set():
            self._beats.beat("network")
            now_s = time.monotonic()
            if now_s >= due["reconnect"]:
                due["reconnect"] = now_s + RECONNECT_S
                self._inlet.reconnect()
            taken_bytes = self._turn()
            while self._to_publish:
                self._inlet.frames.publish(*self._to_publish.popleft())
            self._inlet.frames.flush()
            if 0 < taken_bytes < SMALL_READ_BYTES:
                self._stop.wait(max(0.0, now_s + GATHER_S - time.monotonic()))
            if now_s >= due["chores"]:
                due["chores"] = now_s + CHORES_S
                self._chores()
            if now_s >= due["expire"]:
                due["expire"] = now_s + EXPIRE_S
                self._expire()
        self._beats.leave("network")

    def _turn(self) -> int:
        """Read, and take if anything can be taken; how many bytes were."""
        arrived = self._inlet.read(self._stop)
        if self._may_take():
            return self._take(self._inlet.next(arrived))
        if arrived:  # how agents are is known all the same
            self._ingest.look(_messages(arrived), self._now_ns())
            self._inlet.leave(arrived)
        return 0

    def _may_take(self) -> bool:
        """Whether the clock can be right and the journal has room. While not, nothing is taken in or receipted."""
        verdict = self._clock.judge(read_clocks(), self._journal.last_received_ns, is_synchronised)
        self._state.jumped, trouble = verdict.jumped, ""
        if verdict.is_back:
            self._go_back(verdict.now_ns)
        if verdict.trouble:
            trouble = verdict.trouble
        elif self._state.unwritable:
            trouble = self._state.unwritable
        elif self._state.is_full:
            trouble = "the journal is over its quota, and what it holds is still needed: mend the database, or raise [journal] max_bytes"
        self._set_not_ready(trouble)
        return not trouble

    def _go_back(self, now_ns: int) -> None:
        """The last records were dated by a clock that was ahead: time goes on from now."""
        try:
            records = self._journal.accept_clock(now_ns, "the clock was ahead, and is believed now")
        except sqlite3.OperationalError as error:
            self._cannot_write(error)
            return
        if records:
            log.warning("the last record was dated by a clock that was ahead: time goes on before it")
            self._record_queue.put([(record, None) for record in records])

    def _take(self, arrived: Sequence[InletMessage]) -> int:
        """Take, acknowledge and receipt; the bytes of it, 0 if nothing was there or could be taken."""
        if not arrived:
            return 0
        try:
            self._ingest.take(_messages(arrived), self._now_ns())
        except sqlite3.OperationalError as error:
            self._cannot_write(error)
            self._inlet.put_back(arrived)
            return 0
        self._inlet.acknowledge(arrived)
        return sum(len(each.message.payload) for each in arrived)

    def _cannot_write(self, error: sqlite3.OperationalError) -> None:
        if is_damage(error):
            raise error
        self._state.unwritable = f"the journal cannot be written: {error}. Is the disk full? Nothing is acknowledged until it can"
        self._set_not_ready(self._state.unwritable)

    def _chores(self) -> None:
        self._inlet.keep_alive()
        self._watch_quota()
        accepted_ns = read_accepted(self._config.state_dir)
        if accepted_ns is not None:
            self._clock.accept(accepted_ns)
        self._watch_quarantine()
        if self._state.not_ready and not self._state.unwritable:
            return
        now_ns = self._now_ns()
        try:
            if self._state.unwritable or now_ns - self._journal.last_received_ns > TICK_S * 1e9:
                self._ingest.tick(now_ns)
            self._state.unwritable = ""
            self._ingest.replay(now_ns)
        except sqlite3.OperationalError as error:
            self._cannot_write(error)

    def _expire(self) -> None:
        """Remove what is old, by a clock that is sure: one that was ahead for a while must take nothing that is not old yet."""
        self._report.watch_certificates()
        if not self._clock.is_sure(read_clocks(), is_synchronised):
            return
        now_ns, keep = self._now_ns(), self._config.journal
        try:
            self._quarantine.expire(now_ns)
            self._day_keys.erase(now_ns)
            self._journal.prune(self._fold_worker.stored_pos, now_ns - int(keep.keep_days * NS_PER_DAY), PRUNE_AT_ONCE)
            if now_ns - self._events_forgotten_ns > NS_PER_DAY:
                self._events_forgotten_ns = now_ns
                self._journal.forget_events(now_ns - EVENT_ID_DAYS * NS_PER_DAY)
        except sqlite3.OperationalError as error:
            log.error("old records cannot be removed: %s", error)

    def _watch_quarantine(self) -> None:
        """What gave way because the quarantine is full is lost for good: somebody must hear of it."""
        gone = self._quarantine.crowded_out
        if gone.total() > self._crowded_out:
            self._crowded_out = gone.total()
            publisher, rows = gone.most_common(1)[0]
            what = f"{self._crowded_out} rows gave way in quarantine, which is full: most are of {publisher.lstrip('/')} ({rows})"
            self.notices.say("quarantine_dropped", what, CROWDED_OUT_S)
            log.error("%s", what)

    def _watch_quota(self) -> None:
        """At the quota the oldest records give way that nobody needs any more; what still is too much makes agents wait."""
        quota = self._config.journal.max_bytes
        try:
            if self._journal.size_bytes() >= quota:
                self._journal.prune(self._fold_worker.stored_pos, self._now_ns(), PRUNE_AT_ONCE)
            self._state.journal_bytes = self._journal.size_bytes()
        except sqlite3.OperationalError as error:
            log.error("old records cannot be removed: %s", error)
        self._ingest.pausing, self._state.is_full = self._state.journal_bytes >= quota, self._state.journal_bytes >= FULL_SHARE * quota

    def _now_ns(self) -> int:
        """By the clock that is believed: what is taken in, and status, live by it."""
        return self._clock.now_ns(read_clocks().boot_ns)

    def _notice(self, agent: str, code: str, what: str) -> None:
        """What is wrong at an agent, by what it sends."""
        self.notices.say(code, f"{agent or 'a stranger'}: {what}", NOTICED_S, agent)

    def _hear(self, health: Health, is_retained: bool) -> None:
        """What an agent says of itself."""
        if is_retained or health.state != "online":
            return
        self._watch.hear(health, self._now_ns())
        if health.wall_synced:
            self._clock.hear(health.agent, health.sent_wall_ns, read_clocks().boot_ns)

    def _set_not_ready(self, why: str) -> None:
        if why and why != self._state.not_ready:
            log.error("%s", why)
        self._state.not_ready = why

    def _note_site(self) -> bool:
        """The estate goes into the journal whenever it is not the one that the fold has; False while the disk takes nothing."""
        try:
            if self._fold_worker.fold.site_json() != self._site_json:
                self._journal_entry(Entry(RecordKind.SITE, "", "", 0, self._site_json))
        except sqlite3.OperationalError as error:
            self._cannot_write(error)
            return False
        return True

    def _journal_entry(self, entry: Entry) -> None:
        now_ns = self._journal.next_ns(self._now_ns())
        records = self._journal.commit([(now_ns, entry)], {})
        self._record_queue.put([(record, None) for record in records])

    def _staff_subjects(self, site: RecordedSite) -> tuple[set[int], set[int]]:
        if not self._pseudonyms.has_secret:
            return set(), set()
        staff = {self._pseudonyms.subject(identifier) for person in site.staff for identifier in person.identifiers}
        return staff, {self._pseudonyms.subject(identifier) for identifier in site.assets}

    def status(self) -> Status:
        try:
            return self._report.status()
        except sqlite3.DatabaseError as error:  # whoever asks is not the first to need that page: the gateway ends, and says so
            if is_damage(error):
                self._fail(error)
            raise

    def _mended(self, what: str) -> None:
        """A file was made anew: what that lost, nobody can look up later."""
        log.error("%s", what)
        self.notices.say("records_set_aside", what, about=what)


def open_sink(config: GatewayConfig) -> Sink:
    """The database of a configuration. ConfigError if its set-up is wrong; one that is not there yet is waited for later."""
    sink = config.sink
    if isinstance(sink, SqliteSink):
        return SQLite(sink.path)
    return InfluxDB(
        sink.url, sink.bucket, lambda: _token(sink), sink.org, ca_file=sink.ca_file, timeout_s=sink.timeout_s, batch_lines=sink.batch_lines
    )


def _token(sink: InfluxSink) -> str:
    return (secret(sink.token, sink.token_file) or b"").decode()


def _silence_s(config: GatewayConfig) -> dict[str, float]:
    """How long each thread may be silent; one request to the database takes its time."""
    notice_s, sink = config.status.notice_s, config.sink
    return {"network": notice_s, "fold": notice_s, "sink": notice_s + (2 * sink.timeout_s if isinstance(sink, InfluxSink) else 0.0)}


def _messages(arrived: Sequence[InletMessage]) -> list[Message]:
    return [Message(each.message.topic, each.message.payload, each.message.retained) for each in arrived]


def _state_dir(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(f"state_dir: {path} cannot be made: {error.strerror}") from None
    return path


def _mend_logs(state_dir: Path) -> None:
    """Bits that flipped in what a killed gateway left: SQLite would drop all behind them, and the files be of different moments."""
    for name in DATABASES:
        if said := mend_log(state_dir / name):
            log.error("%s: %s: it was mended, as far as it can be", state_dir / name, said)


def _lock(path: Path) -> IO[bytes]:
    """Held as long as the file is open; ConfigError if another gateway has it."""
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise ConfigError(f"state_dir: another gateway runs on {path.parent}; stop it, or give this one a state_dir of its own") from None
    return file
