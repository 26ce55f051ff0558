"""Intake: messages in, durable records out. What is acknowledged or receipted is in the journal or in quarantine, on disk.

The order within a batch: accept all, keep the refused, commit the journal, then acknowledge, receipt, and hand over to the fold.
A crash in between makes the agent or the broker send again; marks, event ids and quarantine keys recognise it.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from footfall.errors import BUGS, ContractError
from footfall.frames import MAX_FRAME_BYTES, Body
from footfall.health import Health, decode_health
from footfall.logs import ONCE
from footfall.receipts import MAX_RECEIPT_BYTES, MAX_TIME_RUNS, DayKey, Receipt, encode_receipt
from footfall.topics import WIRE_VERSION, Topic, parse_topic, topic_of
from gateway.accept.accept import Acceptor
from gateway.accept.events import id_hash
from gateway.accept.limits import DEAF_AFTER_S, FLOOD
from gateway.accept.outcome import BUG, Echo, Entry, Outcome, explain_bug
from gateway.pipeline.mending import KEPT, kept_entry
from gateway.points import KEYS_A_HALF
from gateway.quarantine.store import Quarantine, QuarantineEntry, Refusal
from gateway.records import Record, RecordKind
from gateway.sinks.influxdb.line_reader import count_raw, read_line
from gateway.state.day_keys import DayKeys
from gateway.state.journal import Journal

log = logging.getLogger("footfall.gateway.intake")

PAUSE_S: Final = 60
NO_ECHO: Final = Echo("", 0)
SINK: Final = "sink/"
"""How topics of what a database refused begin."""
STRANGER: Final = ""
"""Whoever `site.toml` does not have."""
UNREADABLE_VERSION: Final = "frame.version"


class Arrived(NamedTuple):
    """One message, from wherever it came. `retained`: the broker kept it from earlier."""

    topic: str
    payload: bytes
    retained: bool = False


@dataclass(slots=True)
class _IngestBatch:
    received_ns: int
    entries: list[tuple[int, Entry]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    receipts: dict[tuple[str, str, str], tuple[int, Echo | None]] = field(default_factory=dict)
    """(store, agent, epoch): up to where, and which message it answers."""
    counted: Counter[str] = field(default_factory=Counter)
    healths: Counter[str] = field(default_factory=Counter)
    """How many each agent said: they have points of their own, though they came at one moment."""
    pauses: dict[tuple[str, str], int] = field(default_factory=dict)
    """By store and agent: how many seconds it is asked to wait."""
    key: str = ""
    """Names the message at hand in quarantine, if anything of it is refused."""
    refused_before: Counter[str] = field(default_factory=Counter)
    """By digest: how many messages with the same content were refused in this batch."""


class Ingest:
    """Runs in one thread. `healths` and `heard_ns` are what status shows of agents."""

    def __init__(
        self,
        acceptor: Acceptor,
        journal: Journal,
        quarantine: Quarantine,
        day_keys: DayKeys,
        publish: Callable[[str, bytes], None],
        enqueue: Callable[[Sequence[tuple[Record, Body | None]]], None],
    ) -> None:
        self._acceptor: Final = acceptor
        self._journal: Final = journal
        self._quarantine: Final = quarantine
        self._day_keys: Final = day_keys
        self._publish: Final = publish
        self._enqueue: Final = enqueue
        self._keys_used: dict[tuple[str, str], int] = {}
        """By store and agent: the key of the day with which it made its latest frame. It is told the current one until it uses it."""
        self._has_begun = False
        self._latest_ns = 0
        self.pausing = False
        """At the journal's quota: receipts ask agents to wait."""
        self.healths: Final[dict[str, Health]] = {}
        self.heard_ns: Final[dict[str, int]] = {}
        self.on_health: Callable[[Health, bool], None] = lambda health, retained: None
        """Told of every health message, and whether it was retained."""
        self.on_noticed: Callable[[str, str, str], None] = lambda agent, code, what: None
        """Told what is wrong at an agent, by what it sends: a code of `footfall status`, and what there is to say."""
        self.counted: Final[Counter[str]] = Counter(journal.balance())
        """The balance as the journal has it, and what else is counted here."""

    def take(self, arrived: Sequence[Arrived], now_ns: int) -> None:
        """All of a batch, durable on return, and receipted.

        sqlite3.OperationalError (disk full, locked): nothing of it was taken, nothing may be acknowledged, and it is to come again.
        """
        batch = _IngestBatch(self._journal.next_ns(now_ns))
        with self._all_or_nothing(batch.received_ns):
            for message in arrived:
                self._accept(message, batch)
            self._commit(batch)

    def look(self, arrived: Sequence[Arrived], now_ns: int) -> None:
        """How agents are, while nothing can be taken: nothing is journaled, counted or refused."""
        for message in arrived:
            with suppress(ContractError):
                topic = parse_topic(message.topic)
                if topic.leaf == "health":
                    self._hear(topic, message, now_ns)

    def tick(self, now_ns: int) -> None:
        """Journal that time passed."""
        received_ns = self._journal.next_ns(now_ns)
        with self._all_or_nothing(received_ns):
            self._commit(_IngestBatch(received_ns, [(received_ns, Entry(RecordKind.TICK, "", "", 0, b""))]))

    def replay(self, now_ns: int) -> int:
        """Take what people asked to be replayed from quarantine; how many were taken. sqlite3.OperationalError as for `take`."""
        with self._all_or_nothing(now_ns):
            return self._replay(now_ns)

    @contextmanager
    def _all_or_nothing(self, now_ns: int) -> Iterator[None]:
        """A look-up fails like a commit does: what accept has learned since the last commit must not become durable with the next."""
        try:
            if not self._has_begun:
                self._journal.decided.begin(now_ns)
                self._has_begun = True
            self._hear_nothing_after(now_ns)
            yield
        except sqlite3.OperationalError:
            self._journal.forget_uncommitted()
            raise

    def _hear_nothing_after(self, now_ns: int) -> None:
        """The clock was ahead, and was set right: who falls silent now must not seem to be there until the time that it showed."""
        if now_ns < self._latest_ns:
            self.heard_ns.update({agent: now_ns for agent, heard_ns in self.heard_ns.items() if heard_ns > now_ns})
        self._latest_ns = now_ns

    def _replay(self, now_ns: int) -> int:
        received_ns, done = self._journal.next_ns(now_ns), []
        batch = _IngestBatch(received_ns)
        refused: list[tuple[QuarantineEntry, bytes]] = []
        for entry, payload in self._quarantine.take_replays():
            if entry.topic.startswith(SINK):
                refused.append((entry, payload))
                continue
            try:
                outcome = self._replayed(entry.topic, payload, min(entry.received_ns, received_ns))
            except ContractError as error:
                self._quarantine.refused_again(entry.id, error.reason, str(error))
                continue
            except BUGS as error:
                self._quarantine.refused_again(entry.id, BUG, explain_bug(error))
                continue
            if outcome.refused and not outcome.entries:
                self._quarantine.refused_again(entry.id, outcome.refused[0].reason, outcome.refused[0].message)
                continue
            done.append(entry.id)
            if not self._journal.is_new_event(id_hash("quarantine", str(entry.id))):
                continue  # taken before a crash, which only the quarantine does not know
            outcome.entries.insert(0, Entry(RecordKind.NOTE, "", "", entry.id, f"replayed for {entry.actor}".encode()))
            batch.key = f"replayed/{entry.id}"
            self._add(outcome, _topic_of(entry), batch)
        done += self._write_again(refused, batch)
        if done:
            self._commit(batch)
            self._quarantine.replayed(done, received_ns)
        return len(done)

    def _write_again(self, refused: Sequence[tuple[QuarantineEntry, bytes]], batch: _IngestBatch) -> list[int]:
        """Points that the database had refused become one record; their ids in quarantine."""
        lines, done = [], []
        for entry, line in refused:
            try:
                read_line(line)
            except ContractError as error:
                self._quarantine.refused_again(entry.id, error.reason, str(error))
                continue
            done.append(entry.id)
            if self._journal.is_new_event(id_hash("quarantine", str(entry.id))):
                lines.append(line)
        if lines:
            body = b"\n".join(lines)
            batch.entries.append((batch.received_ns, Entry(RecordKind.POINTS, "", "", 0, body)))
            batch.counted["in"] += count_raw(body)
        return done

    def _replayed(self, topic_text: str, payload: bytes, received_ns: int) -> Outcome:
        """As of when it was received first: what says no time happened then, not now."""
        if topic_text.startswith(KEPT):
            entry = kept_entry(topic_text, payload)
            return Outcome([entry], units_in=count_raw(payload) if entry.kind == RecordKind.POINTS else entry.rows)
        topic = parse_topic(topic_text)
        if topic.leaf == "events":
            return self._acceptor.events(topic, payload, received_ns)
        if topic.leaf == "frames":
            return self._acceptor.frame(topic, payload, received_ns, replayed=True)
        raise ContractError("quarantine.topic", f"only frames and events can be replayed, not {topic.leaf}")

    def _accept(self, message: Arrived, batch: _IngestBatch) -> None:
        try:
            topic = parse_topic(message.topic)
            agent = self._sender(topic)
            if self._is_too_much(agent, topic, message, batch):
                return
            if topic.leaf == "health":
                self._health(topic, message, batch)
                return
            if message.retained:
                raise ContractError("retained", "frames and events must not be retained: publish with retain=0")
            if len(message.payload) > MAX_FRAME_BYTES:
                raise ContractError("size", f"at most {MAX_FRAME_BYTES} bytes a message, this has {len(message.payload)}")
            take = self._acceptor.frame if topic.leaf == "frames" else self._events
            outcome = take(topic, message.payload, batch.received_ns)
            if outcome.refused:
                batch.key = self._key(message, batch)
            self._add(outcome, topic, batch)
            self.heard_ns[agent] = batch.received_ns
        except ContractError as error:
            if error.reason == UNREADABLE_VERSION:
                batch.counted["frames_of_unknown_version_total"] += 1
                return
            self._refuse(message, error, batch)
        except BUGS as error:
            self._refuse(message, ContractError(BUG, explain_bug(error)), batch)

    def _sender(self, topic: Topic) -> str:
        """An agent by its present name; strangers are one."""
        places = self._acceptor.places
        return places.agent_now(topic.agent) if places.find(topic.store, topic.agent) else STRANGER

    def _is_too_much(self, agent: str, topic: Topic, message: Arrived, batch: _IngestBatch) -> bool:
        """Whether it is of somebody who does not do what receipts ask: then it is counted, and not even read.

        Plain events get no receipts, and nobody sends them again: what is too much of them is kept in quarantine.
        """
        limits = self._acceptor.limits
        beyond_s = limits.spend(agent, "bytes", len(message.payload), batch.received_ns)
        if topic.leaf == "events":
            return False
        if max(beyond_s, limits.spend(agent, "messages", 1, batch.received_ns)) <= DEAF_AFTER_S:
            return False
        batch.counted["in"] += 1
        batch.counted["dropped.flood"] += 1
        self.on_noticed(agent, "agent_flooding", "messages come so fast that most are not read")
        return True

    def _events(self, topic: Topic, payload: bytes, received_ns: int) -> Outcome:
        agent, limits = self._sender(topic), self._acceptor.limits
        if limits.beyond_s(agent, received_ns, "events", "bytes") > 0:
            self.on_noticed(agent, "agent_flooding", "plain events come so fast that some are quarantined")
            raise ContractError(FLOOD, "more plain events than a publisher may send")
        try:
            outcome = self._acceptor.events(topic, payload, received_ns)
        except ContractError:
            limits.spend(agent, "events", 1, received_ns)
            raise
        limits.spend(agent, "events", outcome.units_in, received_ns)
        return outcome

    def _refuse(self, message: Arrived, error: ContractError, batch: _IngestBatch) -> None:
        payload, text = message.payload, str(error)
        if len(payload) > MAX_FRAME_BYTES:
            text = f"{text}; sha256 {hashlib.sha256(payload).hexdigest()}, the first {MAX_FRAME_BYTES} bytes are kept"
        # A retained message comes again at every connection, any other when the journal could not be written.
        key = f"retained/{message.topic}/{hashlib.sha256(payload).hexdigest()}" if message.retained else self._key(message, batch)
        if message.retained and not self._journal.is_new_event(id_hash("retained", key)):
            return
        batch.refusals.append(Refusal(error.reason, text, message.topic, batch.received_ns, payload[:MAX_FRAME_BYTES], "accept", 1, key))
        batch.counted["in"] += 1
        batch.counted["quarantined"] += 1

    def _key(self, message: Arrived, batch: _IngestBatch) -> str:
        """Return what names a refused message: the journal's position before its batch, its content, and how often that came before.

        A crash before the commit leaves the position as it was, so the message has the same key when it is delivered again.
        """
        digest = hashlib.blake2b(message.topic.encode("utf-8", "surrogateescape") + b"\0" + message.payload, digest_size=16).hexdigest()
        batch.refused_before[digest] += 1
        return f"message/{self._journal.journal_id}/{self._journal.last_pos}/{digest}/{batch.refused_before[digest]}"

    def _add(self, outcome: Outcome, topic: Topic, batch: _IngestBatch) -> None:
        for entry in outcome.entries:
            batch.entries.append((batch.received_ns, entry))
            if entry.frame is not None:
                self._keys_used[self._now(entry.store, entry.agent)] = entry.frame.key_id
                if entry.frame.unknown_keys:
                    batch.counted["unknown_body_keys_total"] += entry.frame.unknown_keys
        for code, what in outcome.noticed.items():
            self.on_noticed(self._sender(topic), code, what)
        if outcome.pause_s:
            batch.pauses[topic.store, topic.agent] = outcome.pause_s
        if outcome.receipt is not None:
            epoch, upto = outcome.receipt
            batch.receipts[topic.store, topic.agent, epoch] = (upto, outcome.echo)
        batch.counted["in"] += outcome.units_in
        for number, refused in enumerate(outcome.refused):
            key = refused.key or f"{batch.key}/{number}"
            batch.refusals.append(
                Refusal(refused.reason, refused.message, str(topic), batch.received_ns, refused.payload, "accept", refused.rows, key)
            )
            batch.counted["quarantined"] += refused.rows
        if outcome.dropped and outcome.dropped[1]:
            batch.counted[f"dropped.{outcome.dropped[0]}"] += outcome.dropped[1]

    def _now(self, store: str, agent: str) -> tuple[str, str]:
        """What both are called now."""
        places = self._acceptor.places
        return places.store_now(store), places.agent_now(agent)

    def _health(self, topic: Topic, message: Arrived, batch: _IngestBatch) -> None:
        if self._hear(topic, message, batch.received_ns):
            if self._acceptor.limits.spend(self._sender(topic), "healths", 1, batch.received_ns) > 0:
                self.on_noticed(self._sender(topic), "agent_flooding", "it says far too often how it is")
                return
            store, agent = self._acceptor.places.of(topic.store, topic.agent).called(topic.agent, batch.received_ns)
            digits = (batch.received_ns + batch.healths[agent]) % KEYS_A_HALF
            batch.healths[agent] += 1
            batch.entries.append((batch.received_ns, Entry(RecordKind.HEALTH, store, agent, 0, message.payload, key_base=digits)))

    def _hear(self, topic: Topic, message: Arrived, now_ns: int) -> bool:
        """What an agent says of itself; whether it says it now and is there."""
        health = decode_health(message.payload)
        self._acceptor.places.of(topic.store, topic.agent)
        if (health.store, health.agent) != (topic.store, topic.agent):
            raise ContractError("health.topic", f"the message says {health.store}/{health.agent}, the topic {topic.store}/{topic.agent}")
        agent = self._acceptor.places.agent_now(health.agent)
        health = health if agent == health.agent else health.model_copy(update={"agent": agent})
        self.healths[agent] = health
        is_there = not message.retained and health.state == "online"
        if is_there:
            self.heard_ns[agent] = now_ns
        self.on_health(health, message.retained)
        return is_there

    def _commit(self, batch: _IngestBatch) -> None:
        if batch.refusals:
            self._quarantine.add(batch.refusals)
            _log_refusals(batch.refusals)
        if (batch.receipts or batch.refusals) and not batch.entries:
            # What the journal has last shows, after a loss, which receipts were not its own; and refusals are named by its position.
            batch.entries.append((batch.received_ns, Entry(RecordKind.TICK, "", "", 0, b"")))
        records = self._journal.commit(batch.entries, batch.counted)
        self.counted.update(batch.counted)
        for (store, agent, epoch), (upto, echo) in batch.receipts.items():
            pause_s = max(PAUSE_S if self.pausing else 0, batch.pauses.get((store, agent), 0))
            receipt = self._receipt(store, agent, epoch, upto, echo or NO_ECHO, batch.received_ns, pause_s)
            self._publish(topic_of(store, agent, "receipts"), receipt)
        if records:
            self._enqueue([(record, entry.frame) for record, (_, entry) in zip(records, batch.entries, strict=True)])

    def _day_key(self, store: str, now_ns: int) -> DayKey | None:
        """What was taken is taken: a key that cannot be drawn now (disk full) comes with a later receipt."""
        try:
            return self._day_keys.current(store, now_ns)
        except sqlite3.OperationalError as error:
            log.error("the key of the day cannot be drawn: %s", error)
            return None

    def _receipt(self, store: str, agent: str, epoch: str, upto: int, echo: Echo, now_ns: int, pause_s: int) -> bytes:
        """With the key of the day until that is used, and as many dates as it has room for."""
        now = self._now(store, agent)
        key = self._day_key(now[0], now_ns)
        if key is not None and self._keys_used.get(now) == key.key_id:
            key = None
        most = MAX_TIME_RUNS
        while True:
            times = self._acceptor.times(now[1], most)
            receipt = Receipt(epoch, upto, now_ns, self._journal.journal_id, (WIRE_VERSION,), key, pause_s or None, *echo, True, times)
            if len(payload := encode_receipt(receipt)) <= MAX_RECEIPT_BYTES:
                return payload
            most //= 2


def _topic_of(held: QuarantineEntry) -> Topic:
    """Whose it was; of a record that the fold could not take nothing is to be receipted or refused."""
    return Topic("", "", "events") if held.topic.startswith(KEPT) else parse_topic(held.topic)


def _log_refusals(refusals: Sequence[Refusal]) -> None:
    """One line a reason and publisher; the log writes each once a minute. What exactly is wrong may quote what nobody should read here."""
    rows: Counter[tuple[str, str]] = Counter()
    for refusal in refusals:
        rows[refusal.reason, refusal.topic.rpartition("/")[0]] += refusal.rows
    for (reason, publisher), n in rows.items():
        log.warning("%d rows of %.100r went to quarantine: %s", n, publisher, reason, extra={ONCE: (reason, publisher)})
