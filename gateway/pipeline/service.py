"""The gateway as a process: opens its files, connections and workers, and closes them in the end."""

from __future__ import annotations

import fcntl
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Final

from footfall.beacons import BeaconRule
from footfall.config import secret
from footfall.errors import ConfigError
from footfall.private_files import private_folder
from footfall.sqlite import is_damage
from footfall.sqlite_log import mend_log
from gateway.accept.accept import Acceptor
from gateway.accept.events import Pseudonymiser
from gateway.accept.messages import Messages
from gateway.accept.own_clock import OwnClock
from gateway.config import GatewayConfig, load_site
from gateway.fans.changes import ObservedStore, What
from gateway.fold.arrivals import Arrival
from gateway.fold.awaited import Prompt
from gateway.fold.fold import Fold
from gateway.http.metrics import MetricRegistry
from gateway.http.server import StatusServer
from gateway.http.status import Status
from gateway.identity.types import IdentifierTypes
from gateway.mqtt.inlet import Inlet
from gateway.mqtt.kept_broker import KeptBroker
from gateway.pipeline.agent_watch import AgentWatch
from gateway.pipeline.beats import Beats
from gateway.pipeline.changed_settings import ChangedSettings
from gateway.pipeline.condition import Condition
from gateway.pipeline.estate import Estate
from gateway.pipeline.fan_changes import FanChanges
from gateway.pipeline.fold_worker import FoldWorker
from gateway.pipeline.identity_stage import identity_on
from gateway.pipeline.ingest import Ingest
from gateway.pipeline.ingest_worker import NOTICED_S, IngestWorker, NewSite
from gateway.pipeline.live_feed import CountersSource, LiveFeed
from gateway.pipeline.notices import Notices
from gateway.pipeline.outbox import Outbox
from gateway.pipeline.pipeline import Pipeline
from gateway.pipeline.record_queue import RecordQueue
from gateway.pipeline.report import Report
from gateway.pipeline.restart import open_fold, site_of
from gateway.pipeline.sink_worker import SinkWorker
from gateway.pipeline.upkeep import Upkeep
from gateway.shard import Shard
from gateway.site import Site
from gateway.site.beacons import own_beacons
from gateway.site.index import Places
from gateway.site.recorded import RecordedSite, SubjectOf, record_site
from gateway.state import files
from gateway.state.accepted_clock import read_clocks
from gateway.state.backup import DATABASES
from gateway.state.journal import Journal
from gateway.state.pseudonymised import hide_identifiers
from gateway.state.sent_arrivals import NAME as SENT_ARRIVALS
from gateway.state.sent_arrivals import SentArrivals

log = logging.getLogger("footfall.gateway")
PROVE_S: Final = 30.0
"""A clock that was set while the gateway runs must stay so for at least this long."""


class Gateway:
    """`run` until `stop`, then `close`, which lets go of everything."""

    def __init__(self, config: GatewayConfig) -> None:
        """Open everything. ConfigError if the configuration or a file cannot be used, or another gateway runs on `state_dir`."""
        self._config: Final = config
        site, state_dir = load_site(config.site), _state_dir(config.state_dir)
        self._lock: Final = _lock(state_dir / "lock")
        _mend_logs(state_dir)
        self._pseudonyms: Final = self._pseudonymiser(site)
        self.notices: Final = Notices()
        self._settings: Final = ChangedSettings(config, self.notices)
        self._embedded: KeptBroker | None = None
        if config.broker.embedded:
            self._embedded = KeptBroker(config.broker.port, state_dir, self._wrong_version)
        self._beats: Final = Beats(_silence_s(config))
        self._open_files(site, state_dir)
        self._make_stages(site)
        self._make_pages()

    def _open_files(self, site: Site, state_dir: Path) -> None:
        config, profiles = self._config, self._config.profiles.registry()
        self._pseudonyms.consent = profiles.consent
        self._journal = files.open_journal(state_dir, self._mended)
        self._quarantine = files.open_quarantine(config, self._mended)
        self._day_keys = files.open_keys(state_dir, site, self._mended)
        hide_identifiers(state_dir, self._subject_of)
        self._ledger, self._fold = open_fold(
            state_dir / files.LEDGER, self._journal,
            lambda ledger: Fold(
                profiles, ledger, RecordedSite.staff_and_assets, config.stay_points, level_points=config.evidence.levels
            ), self._mended,
        )  # fmt: skip
        self._fold_journal = Journal(state_dir / files.JOURNAL)

    def _make_stages(self, site: Site) -> None:
        """What the three stages and the queues between them are made of."""
        config, notice_s = self._config, self._config.status.notice_s
        self._sink = config.sink.sink(partial(self._beats.beat, "sink"))
        self._inlet = Inlet(config.broker, partial(self._beats.beat, "ingest"))
        self._records, self._outbox = RecordQueue(), Outbox(config.outbox.max_bytes)
        self._records.head = self._journal.last_pos
        sent = SentArrivals(config.state_dir / SENT_ARRIVALS, self._journal.journal_id, self._journal.last_pos)
        self._live_feed = LiveFeed(sent.take)
        self._watch, self._state = AgentWatch(notice_s), Condition(started_boot_ns=read_clocks().boot_ns)
        self._estate = Estate(site, config.profiles.registry())
        self._clock = OwnClock(read_clocks(), len(self._estate.agents), max(notice_s, PROVE_S))
        watched = ObservedStore(self._ledger)
        changes = FanChanges(config.fan_changes_path, watched, self._live_feed.queue)
        shard = Shard(
            Messages(Acceptor(Places(site), self._journal, self._pseudonyms)), self._fold,
            identity=identity_on(watched, secret(config.brand_secret, config.brand_secret_file)),
        )  # fmt: skip
        self._ingest = Ingest(
            shard.messages, self._journal, self._quarantine, self._day_keys, self._inlet.frames.publish, self._records.put
        )
        self._ingest.beacons = self._pseudonyms.beacons.own
        self._ingest.seal_key = self._pseudonyms.seal_key
        self._fold_worker = FoldWorker(
            shard, self._ledger, self._fold_journal, self._outbox, partial(_on_folded, self._live_feed, changes),
            partial(self._beats.beat, "fold"),
            self._quarantine.add, self.notices, notice_s, self._estate.receivers.hear_all,
        )  # fmt: skip
        self._sink_worker = SinkWorker(self._sink, self._quarantine, partial(self._beats.beat, "sink"))
        self._site, body = site, record_site(site, self._subject_of)
        self._new_sites = deque([] if site_of(self._journal, self._fold) == body else [NewSite(body)])
        ingest_worker = IngestWorker(
            ingest=self._ingest, journal=self._journal, records=self._records, clock=self._clock, condition=self._state,
            upkeep=self._upkeep(), watch=self._watch, watch_certificates=lambda: self._report.watch_certificates(),
            notices=self.notices, state_dir=config.state_dir, new_sites=self._new_sites,
            live_feed=self._live_feed, beat=partial(self._beats.beat, "ingest"),
        )  # fmt: skip
        self._pipeline = Pipeline(ingest_worker, self._fold_worker, self._sink_worker, self._beats)

    def _upkeep(self) -> Upkeep:
        return Upkeep(
            limits=self._config.journal, journal=self._journal, quarantine=self._quarantine, day_keys=self._day_keys,
            notices=self.notices, condition=self._state, needed_after=lambda: self._fold_worker.stored_pos,
        )  # fmt: skip

    def _make_pages(self) -> None:
        self._report = Report(
            config=self._config, estate=self._estate, condition=self._state, journal_id=self._journal.journal_id, ingest=self._ingest,
            fold_worker=self._fold_worker, record_queue=self._records, outbox=self._outbox, sink_worker=self._sink_worker,
            quarantine=self._quarantine, inlet=self._inlet, clock=self._clock, watch=self._watch, notices=self.notices,
            beats=self._beats, live_feed=self._live_feed,
        )  # fmt: skip
        self.registry = MetricRegistry()
        self._report.register(self.registry)
        self.http = StatusServer(self._config.http, self, self.registry, self._config.page_url)

    def run(self) -> None:
        """Take messages to the database until `stop`, or until a stage ends by an error, which is then raised here."""
        self._pipeline.run(self._inlet)

    def stop(self) -> None:
        """Ask `run` to end: nothing more is taken in, what is in goes to the database if that is there."""
        self._pipeline.stop()

    def reload(self, read: Callable[[], GatewayConfig]) -> None:
        """Read site.toml again, and put it in force between two messages. One with mistakes is refused: that of before stays.

        `read` returns gateway.toml as it is now: what changed in it needs a restart, and is named until then.
        """
        self._settings.look(read)
        try:
            site = load_site(self._config.site)
            pseudonyms = self._pseudonymiser(site)
        except ConfigError as error:
            log.error("the reload is refused, and the estate stays as it was: %s", error)
            self.notices.post("reload_refused", f"the estate is as it was before: {error}", about="site")
            return
        self.notices.withdraw("reload_refused", "site")
        if site == self._site:
            log.info("%s is as it was: nothing to reload", self._config.site)
            return
        self._site = site
        body = record_site(site, pseudonyms.hex_subject if pseudonyms.has_secret else None)
        self._new_sites.append(NewSite(body, partial(self._use, site, pseudonyms)))

    def _use(self, site: Site, pseudonyms: Pseudonymiser) -> None:
        """Go on with an estate that is journaled. Called by the ingest stage's thread."""
        self._ingest.use(site)
        self._pseudonyms.beacons, self._pseudonyms.types = pseudonyms.beacons, pseudonyms.types
        self._ingest.beacons = pseudonyms.beacons.own
        self._estate.use(site)
        self._clock.expect(len(self._estate.agents))
        log.info("%s is in force: %d stores", self._config.site, len(site.stores))

    def close(self) -> None:
        self.http.close()
        self._inlet.close()
        for each in (self._sink, self._ledger, self._fold_journal, self._journal, self._quarantine, self._day_keys):
            each.close()
        if self._embedded is not None:
            self._embedded.close()
        self._lock.close()

    def status(self) -> Status:
        """Return what `/status` shows. Called from the threads of the HTTP server."""
        try:
            return self._report.status()
        except sqlite3.DatabaseError as error:
            if is_damage(error):  # the first to need a damaged page may be a request: the gateway ends all the same
                self._pipeline.fail(error)
            raise

    def _pseudonymiser(self, site: Site) -> Pseudonymiser:
        """Return one that knows the beacons and the types of identifiers of an estate."""
        config = self._config
        pseudonyms = Pseudonymiser(secret(config.brand_secret, config.brand_secret_file), secret(None, config.brand_secret_before_file))
        pseudonyms.beacons, pseudonyms.types = BeaconRule(own_beacons(site)), IdentifierTypes(site.identifier_types)
        return pseudonyms

    @property
    def _subject_of(self) -> SubjectOf:
        return self._pseudonyms.hex_subject if self._pseudonyms.has_secret else None

    def _wrong_version(self, what: str) -> None:
        """A client of the embedded broker met the port of another version of MQTT: it is told nothing, and tries again and again."""
        log.warning("%s", what)
        self.notices.post("mqtt_version", what, NOTICED_S, what)

    def _mended(self, what: str) -> None:
        """A file was made anew: what that lost, nobody can look up later."""
        log.error("%s", what)
        self.notices.post("records_set_aside", what, about=what)


def _on_folded(
    feed: LiveFeed, changes: FanChanges, arrivals: Sequence[Arrival], prompts: Sequence[Prompt], counters: CountersSource
) -> None:
    """Pass on what a turn of the fold came to; what becomes of fans is durable before any checkpoint."""
    changed = changes.flush()
    feed.publish(arrivals, counters)
    feed.prompt(prompts)
    if withdrawn := {fan for each in changed if each.what is What.WITHDRAWN for fan in (each.fan, each.old)}:
        feed.forget(withdrawn)


def _silence_s(config: GatewayConfig) -> dict[str, float]:
    """How long each thread may be silent; one request to the database takes its time."""
    notice_s = config.status.notice_s
    return {"ingest": notice_s, "fold": notice_s, "sink": notice_s + config.sink.busy_s}


def _state_dir(path: Path) -> Path:
    try:
        private_folder(path)
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
