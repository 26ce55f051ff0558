"""Intake: messages in, durable records out. What is acknowledged or receipted is in the journal or in quarantine, on disk.

The order within a batch: accept all, keep the refused, commit the journal, then receipt, hand over to the fold, and acknowledge.
A crash in between makes the agent or the broker send again; marks, event ids and quarantine keys recognise it.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from footfall.beacons import OwnBeacon
from footfall.errors import BUGS, ContractError
from footfall.frames import Body
from footfall.health import Health
from footfall.logs import ONCE
from footfall.receipts import MAX_RECEIPT_BYTES, MAX_TIME_RUNS, DayKey, Receipt, encode_receipt
from footfall.topics import WIRE_VERSION, Topic, parse_topic, topic_of
from gateway.accept.events import id_hash
from gateway.accept.messages import Accepted, Message, Messages, is_present
from gateway.accept.outcome import BUG, TIME_PASSED, UNREAD, Echo, Entry, Outcome, explain_bug
from gateway.pipeline.mending import KEPT, kept_entry
from gateway.points.line_reader import count_raw, read_line
from gateway.records import Record, RecordKind
from gateway.site import Site
from gateway.site.index import Places
from gateway.state.day_keys import DayKeys
from gateway.state.journal import Journal
from gateway.state.quarantine.decoding import is_event
from gateway.state.quarantine.entries import QuarantineEntry, Refusal
from gateway.state.quarantine.store import Quarantine

log = logging.getLogger("footfall.gateway.ingest")

PAUSE_S: Final = 60
NO_ECHO: Final = Echo("", 0)
PROMPT_S: Final = 8
"""For so long agents that are asked report promptly: a zone settles in five seconds at most, and they are asked within two."""
SINK: Final = "sink/"
"""How topics of what a database refused begin."""


class Ingest:
    """Runs in one thread. `healths` and `heard_ns` are what status shows of agents."""

    def __init__(
        self,
        messages: Messages,
        journal: Journal,
        quarantine: Quarantine,
        day_keys: DayKeys,
        publish: Callable[[str, bytes], None],
        enqueue: Callable[[Sequence[tuple[Record, Body | None]]], None],
    ) -> None:
        self._messages: Final = messages
        self._journal: Final = journal
        self._quarantine: Final = quarantine
        self._day_keys: Final = day_keys
        self._publish: Final = publish
        self._enqueue: Final = enqueue
        self._has_begun = False
        self._receipted: Final[dict[str, dict[tuple[str, str], tuple[str, int]]]] = {}
        """By store, and by the names in an agent's topic: epoch and mark of its last receipt."""
        self._latest_ns = 0
        self.seal_key: bytes | None = None
        """The public key to which agents seal identifiers."""
        self.pausing = False
        """At the journal's quota: receipts ask agents to wait."""
        self.beacons: tuple[OwnBeacon, ...] = ()
        """The brand's own, of `site.toml`: receipts bring them to the agents, which alone hear UUIDs."""
        self.healths: Final[dict[str, Health]] = {}
        self.heard_ns: Final[dict[str, int]] = {}
        self.on_health: Callable[[Health, bool], None] = lambda health, retained: None
        """Called with every health message, and whether it was retained."""
        self.on_noticed: Callable[[str, str, str], None] = lambda agent, code, what: None
        """Called with an agent, a code of `footfall status` and a text where its messages show that something is wrong."""
        self.counted: Final[Counter[str]] = Counter(journal.balance())
        """The balance as the journal has it, and what else is counted here."""

    def use(self, site: Site) -> None:
        """Accept by another estate from now on; it is journaled before."""
        self._messages.use(Places(site))
        self._day_keys.use(site)

    def take(self, arrived: Sequence[Message], now_ns: int) -> None:
        """Take a batch: all of it is durable on return, and receipted.

        sqlite3.OperationalError (disk full, locked): nothing of it was taken, nothing may be acknowledged, and it is to come again.
        """
        received_ns = self._journal.next_ns(now_ns)
        with self._all_or_nothing(received_ns):
            with self._journal.looking_up():
                batch = self._messages.accept(arrived, self._position(), received_ns)
            self._note(batch)
            self._commit(batch)

    def _position(self) -> str:
        """Return where the journal stands, by a name that no other journal's position has."""
        return f"{self._journal.journal_id}/{self._journal.last_pos}"

    def look(self, arrived: Sequence[Message], now_ns: int) -> None:
        """Note how agents are, while nothing can be taken: nothing is journaled, counted or refused."""
        for message in arrived:
            with suppress(ContractError):
                topic = parse_topic(message.topic)
                if topic.leaf == "health":
                    health = self._messages.health(topic, message)
                    heard = {health.agent} if is_present(health, message.retained) else set()
                    self._note(Accepted(now_ns, "", healths=[(health, message.retained)], heard=heard))

    def tick(self, now_ns: int) -> None:
        """Journal that time passed."""
        received_ns = self._journal.next_ns(now_ns)
        with self._all_or_nothing(received_ns):
            self._commit(Accepted(received_ns, "", [TIME_PASSED]))

    def prompt(self, store: str, now_ns: int) -> None:
        """Ask the agents of a store that were heard since the start to report promptly for PROMPT_S, also that they heard nobody."""
        pause_s = PAUSE_S if self.pausing else 0
        for (topic_store, agent), (epoch, upto) in list(self._receipted.get(store, {}).items()):
            refused = self._journal.decided.refused_rows(topic_store, agent, epoch)
            receipt = self._receipt(topic_store, agent, epoch, upto, NO_ECHO, now_ns, pause_s, refused, PROMPT_S)
            self._publish(topic_of(topic_store, agent, "receipts"), receipt)

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
        batch = Accepted(received_ns, self._position())
        refused: list[tuple[QuarantineEntry, bytes]] = []
        for entry, payload in self._quarantine.take_replays():
            if entry.topic.startswith(SINK):
                refused.append((entry, payload))
                continue
            outcome = self._accepted_again(entry, payload, received_ns)
            if outcome is None:
                continue
            done.append(entry.id)
            if not self._journal.is_new_event(id_hash("quarantine", str(entry.id))):
                continue  # taken before a crash, which only the quarantine does not know
            outcome.entries.insert(0, Entry(RecordKind.NOTE, "", "", entry.id, f"replayed for {entry.actor}".encode()))
            self._messages.add(outcome, _topic_of(entry), batch, f"replayed/{entry.id}")
        done += self._write_again(refused, batch)
        if done:
            self._note(batch)
            self._commit(batch)
            self._quarantine.replayed(done, received_ns)
        return len(done)

    def _accepted_again(self, entry: QuarantineEntry, payload: bytes, received_ns: int) -> Outcome | None:
        """Return what accept makes of it now; None if it is refused again, which the quarantine then notes."""
        try:
            outcome = self._replayed(entry, payload, min(entry.received_ns, received_ns))
        except ContractError as error:
            self._hold_again(entry, error.reason, str(error))
            return None
        except BUGS as error:
            self._hold_again(entry, BUG, explain_bug(error))
            return None
        if outcome.refused and not outcome.entries:
            self._hold_again(entry, outcome.refused[0].reason, outcome.refused[0].message)
            return None
        return outcome

    def _hold_again(self, entry: QuarantineEntry, reason: str, message: str) -> None:
        self._quarantine.refused_again(entry.id, reason, self._messages.shown(entry.topic).without(message))

    def _write_again(self, refused: Sequence[tuple[QuarantineEntry, bytes]], batch: Accepted) -> list[int]:
        """Points that the database had refused become one record; their ids in quarantine."""
        lines, done = [], []
        for entry, line in refused:
            try:
                read_line(line)
            except ContractError as error:
                self._hold_again(entry, error.reason, str(error))
                continue
            done.append(entry.id)
            if self._journal.is_new_event(id_hash("quarantine", str(entry.id))):
                lines.append(line)
        if lines:
            body = b"\n".join(lines)
            batch.entries.append(Entry(RecordKind.POINTS, "", "", 0, body))
            batch.counted["in"] += count_raw(body)
        return done

    def _replayed(self, held: QuarantineEntry, payload: bytes, received_ns: int) -> Outcome:
        """As of when it was received first: an event without a time happened then, not now."""
        if held.topic.startswith(KEPT):
            entry = kept_entry(held.topic, payload)
            return Outcome([entry], units_in=count_raw(payload) if entry.kind == RecordKind.POINTS else entry.rows)
        if held.reason == UNREAD:
            raise ContractError(UNREAD, held.message)
        topic = parse_topic(held.topic)
        if is_event(held.topic, payload):
            return self._messages.acceptor.events(topic, payload, received_ns, replayed=True)
        if topic.leaf == "frames":
            return self._messages.acceptor.frame(topic, payload, received_ns, replayed=True)
        raise ContractError("quarantine.topic", f"only frames and events can be replayed, not {topic.leaf}")

    def _note(self, batch: Accepted) -> None:
        """Publish inside this process what the batch shows of agents."""
        for notice in batch.noticed:
            self.on_noticed(*notice)
        for health, retained in batch.healths:
            self.healths[health.agent] = health
            self.on_health(health, retained)
        self.heard_ns.update(dict.fromkeys(batch.heard, batch.received_ns))

    def _commit(self, batch: Accepted) -> None:
        if batch.refused:
            shown = self._messages.shown
            refusals = [
                Refusal(part.reason, part.message, topic, batch.received_ns, part.payload, "accept", part.rows, part.key, shown(topic).text)
                for topic, part in batch.refused
            ]
            self._quarantine.add(refusals)
            _log_refusals(refusals)
        for whose, rows in batch.refused_rows.items():
            self._journal.decided.refuse(*whose, rows)
        records = self._journal.commit([(batch.received_ns, entry) for entry in batch.entries], batch.counted)
        self.counted.update(batch.counted)
        for (store, agent, epoch), (upto, echo) in batch.receipts.items():
            pause_s = max(PAUSE_S if self.pausing else 0, batch.pauses_s.get((store, agent), 0))
            refused = self._journal.decided.refused_rows(store, agent, epoch)
            receipt = self._receipt(store, agent, epoch, upto, echo or NO_ECHO, batch.received_ns, pause_s, refused)
            self._publish(topic_of(store, agent, "receipts"), receipt)
        if records:
            self._enqueue([(record, entry.frame) for record, entry in zip(records, batch.entries, strict=True)])

    def _day_key(self, store: str, now_ns: int) -> DayKey | None:
        """What was taken is taken: a key that cannot be drawn now (disk full) comes with a later receipt."""
        try:
            return self._day_keys.current(store, now_ns)
        except sqlite3.OperationalError as error:
            log.error("the key of the day cannot be drawn: %s", error)
            return None

    def _receipt(
        self, store: str, agent: str, epoch: str, upto: int, echo: Echo, now_ns: int, pause_s: int, refused: int, prompt_s: int = 0
    ) -> bytes:
        """With the key of the day until that is used, and as many dates as it has room for."""
        now = self._messages.names_now(store, agent)
        self._receipted.setdefault(now[0], {})[store, agent] = epoch, upto
        key = self._day_key(now[0], now_ns)
        if key is not None and self._messages.key_used(*now) == key.key_id:
            key = None
        most = MAX_TIME_RUNS
        while True:
            times = self._messages.times(now[1], most)
            receipt = Receipt(
                epoch, upto, now_ns, self._journal.journal_id, (WIRE_VERSION,), key, pause_s or None, *echo, True, times, self.beacons,
                self.seal_key, refused, prompt_s,
            )  # fmt: skip
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
        rows[refusal.reason, (refusal.shown or refusal.topic).rpartition("/")[0]] += refusal.rows
    for (reason, publisher), n in rows.items():
        log.warning("%d rows of %.100r went to quarantine: %s", n, publisher, reason, extra={ONCE: (reason, publisher)})
