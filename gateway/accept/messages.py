"""Raw messages to what they come to: entries for records, receipts, refusals, counts. One position and one time for a batch. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, NamedTuple

from footfall.denials import decode_denial
from footfall.errors import BUGS, ContractError
from footfall.frames import MAX_FRAME_BYTES
from footfall.health import Health, decode_health
from footfall.receipts import Times
from footfall.shown_topics import ShownTopic, shown_topic
from footfall.topics import Topic, parse_topic
from gateway.accept.accept import Acceptor
from gateway.accept.events import id_hash
from gateway.accept.limits import DEAF_AFTER_S, FLOOD
from gateway.accept.outcome import BUG, TIME_PASSED, UNREAD, Echo, Entry, Outcome, RefusedPart, explain_bug
from gateway.accept.placing import forget_places
from gateway.points import KEYS_A_HALF
from gateway.records import RecordKind
from gateway.site.index import Places

STRANGER: Final = ""
"""Whoever `site.toml` does not have."""
REMEMBERED: Final = 50_000
"""Topics and names whose look-ups in the site are remembered: until the estate changes."""
_ANY: Final = ("utf-8", "surrogateescape")
UNREADABLE_VERSION: Final = "frame.version"
MISPLACED: Final = frozenset({"site.store", "site.agent"})


class Message(NamedTuple):
    """One message, from wherever it came. `retained`: the broker kept it from earlier."""

    topic: str
    payload: bytes
    retained: bool = False


class Notice(NamedTuple):
    """What is wrong at an agent, by what it sends: a code of `footfall status`, and its text."""

    agent: str
    code: str
    text: str


@dataclass(slots=True)
class Accepted:
    """What a batch of messages comes to. `position` is that of the last record, or of the log, before it."""

    received_ns: int
    position: str
    entries: list[Entry] = field(default_factory=list)
    refused: list[tuple[str, RefusedPart]] = field(default_factory=list)
    """With the topic. Each has a key that is the same when the batch comes again."""
    receipts: dict[tuple[str, str, str], tuple[int, Echo | None]] = field(default_factory=dict)
    """(store, agent, epoch): up to where, and which message it answers."""
    pauses_s: dict[tuple[str, str], int] = field(default_factory=dict)
    """By store and agent: for how many seconds it is asked to send nothing."""
    refused_rows: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By store, agent and epoch: rows of frames that went to quarantine, but for those that their sender could not read itself."""
    counted: Counter[str] = field(default_factory=Counter)
    """By how much the balance grows."""
    healths: list[tuple[Health, bool]] = field(default_factory=list)
    """What agents report of themselves, and whether the message was retained."""
    heard: set[str] = field(default_factory=set)
    """Agents of which a message came, by their present names."""
    noticed: list[Notice] = field(default_factory=list)
    health_numbers: Counter[str] = field(default_factory=Counter)
    """By agent: its health messages. They have points of their own, though they came at one moment."""
    refused_before: Counter[str] = field(default_factory=Counter)
    """By digest: messages with the same content that were refused in this batch."""

    def key(self, message: Message) -> str:
        """Return what identifies a refused message: the position, its content, and how often the same came before it.

        A crash leaves the position as it was, so the message has the same key when it is delivered again.
        """
        content = message.topic.encode(*_ANY) + b"\0" + message.payload
        digest = hashlib.blake2b(content, digest_size=16).hexdigest()
        self.refused_before[digest] += 1
        return f"message/{self.position}/{digest}/{self.refused_before[digest]}"

    def close(self) -> None:
        """Add a record of the time where there would be none.

        After a loss, the journal's last record shows which receipts were not its own; and refusals are named by its position.
        """
        if (self.receipts or self.refused) and not self.entries:
            self.entries.append(TIME_PASSED)


class Messages:
    """Accepts messages of any topic. What it remembers beside the acceptor's memory lasts as long as the process."""

    def __init__(self, acceptor: Acceptor) -> None:
        self.acceptor: Final = acceptor
        self._not_journaled: Final = {"health": self._health, "denied": self._denied}
        self._keys_used: Final[dict[tuple[str, str], int]] = {}
        self.names_now: Final = lru_cache(REMEMBERED)(self._names_now)
        """(store, agent) to what both are called now."""
        self.shown: Final = lru_cache(REMEMBERED)(self._as_shown)
        """The text of a topic to how it may stand in clear."""
        self._origin: Final = lru_cache(REMEMBERED)(self._look_up_origin)
        """The text of a topic to the topic, and its sender."""

    def use(self, places: Places) -> None:
        """Accept by another estate, from the next message on."""
        self.acceptor.use(places)
        self.names_now.cache_clear()
        self.shown.cache_clear()
        self._origin.cache_clear()
        forget_places()

    def key_used(self, store: str, agent: str) -> int | None:
        """Return with which key of the day an agent made its latest frame, by present names; None if none came."""
        return self._keys_used.get((store, agent))

    def times(self, agent: str, most: int) -> Times | None:
        """Return the dates that the agent is to be sent, at most so many runs."""
        return self.acceptor.times(agent, most)

    def accept(self, messages: Iterable[Message], position: str, received_ns: int) -> Accepted:
        """Return what messages come to that arrived at one time. Never raises for what they contain.

        `position` names where the journal or the log stands: the same messages at the same position are refused under the same keys.
        """
        batch = Accepted(received_ns, position)
        for message in messages:
            self._accept_one(message, batch)
        batch.close()
        return batch

    def _accept_one(self, message: Message, batch: Accepted) -> None:
        try:
            self._accept(message, batch)
        except ContractError as error:
            if error.reason == UNREADABLE_VERSION:
                batch.counted["frames_of_unknown_version_total"] += 1
                return
            self._refuse(message, error, batch)
        except BUGS as error:
            self._refuse(message, ContractError(BUG, explain_bug(error)), batch)

    def _accept(self, message: Message, batch: Accepted) -> None:
        try:
            topic, agent = self._origin(message.topic)
        except ContractError:
            if self._is_too_much(STRANGER, "", message, batch):
                return
            raise
        if self._is_too_much(agent, topic.leaf, message, batch):
            return
        if own := self._not_journaled.get(topic.leaf):
            own(topic, message, batch)
            return
        if message.retained:
            raise ContractError("retained", "frames and events must not be retained: publish with retain=0")
        if len(message.payload) > MAX_FRAME_BYTES:
            raise ContractError("size", f"at most {MAX_FRAME_BYTES} bytes a message, this has {len(message.payload)}")
        if topic.leaf == "frames":
            outcome = self.acceptor.frame(topic, message.payload, batch.received_ns)
        else:
            outcome = self._events(agent, topic, message, batch)
        self.add(outcome, topic, batch, batch.key(message) if outcome.refused else "")
        batch.heard.add(agent)

    def _as_shown(self, text: str) -> ShownTopic:
        return shown_topic(text, self.acceptor.places.knows)

    def _look_up_origin(self, text: str) -> tuple[Topic, str]:
        return (topic := parse_topic(text)), self.sender(topic)

    def sender(self, topic: Topic) -> str:
        """Return an agent by its present name; all strangers are one."""
        places = self.acceptor.places
        return places.agent_now(topic.agent) if places.find(topic.store, topic.agent) else STRANGER

    def _is_too_much(self, agent: str, leaf: str, message: Message, batch: Accepted) -> bool:
        """Return whether the sender ignores receipts that ask it to pause: then the message is counted, and not even read.

        Plain events get no receipts, and nobody sends them again: what is too much of them is kept in quarantine.
        """
        limits = self.acceptor.limits
        beyond_s = limits.spend(agent, "bytes", len(message.payload), batch.received_ns)
        if leaf == "events":
            return False
        if max(beyond_s, limits.spend(agent, "messages", 1, batch.received_ns)) <= DEAF_AFTER_S:
            return False
        batch.counted["in"] += 1
        batch.counted["dropped.flood"] += 1
        batch.noticed.append(Notice(agent, "agent_flooding", "messages come so fast that most are not read"))
        return True

    def _events(self, agent: str, topic: Topic, message: Message, batch: Accepted) -> Outcome:
        limits, received_ns = self.acceptor.limits, batch.received_ns
        if limits.beyond_s(agent, received_ns, "events", "bytes") > 0:
            batch.noticed.append(Notice(agent, "agent_flooding", "plain events come so fast that some are quarantined"))
            raise ContractError(FLOOD, "more plain events than a publisher may send")
        try:
            outcome = self.acceptor.events(topic, message.payload, received_ns)
        except ContractError:
            limits.spend(agent, "events", 1, received_ns)
            raise
        limits.spend(agent, "events", outcome.units_in, received_ns)
        return outcome

    def _refuse(self, message: Message, error: ContractError, batch: Accepted) -> None:
        payload, text = message.payload, self.shown(message.topic).without(str(error))
        if error.reason in MISPLACED:
            batch.noticed.append(self._misplaced(message.topic, text))
        if len(payload) > MAX_FRAME_BYTES:
            text = f"{text}; sha256 {hashlib.sha256(payload).hexdigest()}, the first {MAX_FRAME_BYTES} bytes are kept"
        # A retained message comes again at every connection, any other when the journal could not be written.
        whose = f"{self.shown(message.topic).text}/{hashlib.sha256(message.topic.encode(*_ANY) + payload).hexdigest()}"
        known = f"retained/{message.topic}/{hashlib.sha256(payload).hexdigest()}"
        if message.retained and not self.acceptor.is_new(id_hash("retained", known)):
            return
        key = f"retained/{whose}" if message.retained else batch.key(message)
        batch.refused.append((message.topic, RefusedPart(error.reason, text, payload[:MAX_FRAME_BYTES], error.rows, key)))
        batch.counted["in"] += error.rows
        batch.counted["quarantined"] += error.rows

    def _misplaced(self, topic: str, text: str) -> Notice:
        """Return what status shows of a sender that site.toml does not have there; all strangers are one."""
        agent = parse_topic(topic).agent
        stores = self.acceptor.places.of_agent(self.acceptor.places.agent_now(agent))
        known = f"; site.toml has it in {', '.join(sorted(stores))}" if stores else ""
        return Notice(agent if stores else STRANGER, "agent_misplaced", f"on {self.shown(topic).text}: {text}{known}")

    def add(self, outcome: Outcome, topic: Topic, batch: Accepted, key: str) -> None:
        """Add what a message came to; `key` identifies what of it was refused."""
        for entry in outcome.entries:
            batch.entries.append(entry)
            if entry.frame is not None:
                self._keys_used[self.names_now(entry.store, entry.agent)] = entry.frame.key_id
                if entry.frame.unknown_keys:
                    batch.counted["unknown_body_keys_total"] += entry.frame.unknown_keys
        for code, text in outcome.noticed.items():
            batch.noticed.append(Notice(self.sender(topic), code, text))
        if outcome.pause_s:
            batch.pauses_s[topic.store, topic.agent] = outcome.pause_s
        if outcome.receipt is not None:
            epoch, upto = outcome.receipt
            batch.receipts[topic.store, topic.agent, epoch] = (upto, outcome.echo)
            if rows := sum(refused.rows for refused in outcome.refused if refused.reason != UNREAD):
                batch.refused_rows[topic.store, topic.agent, epoch] += rows
        batch.counted["in"] += outcome.units_in
        if outcome.counted:
            batch.counted.update(outcome.counted)
        for number, refused in enumerate(outcome.refused):
            whose = replace(topic, leaf=refused.leaf) if refused.leaf else topic
            batch.refused.append((str(whose), refused if refused.key else replace(refused, key=f"{key}/{number}")))
            batch.counted["quarantined"] += refused.rows
        if outcome.dropped and outcome.dropped[1]:
            batch.counted[f"dropped.{outcome.dropped[0]}"] += outcome.dropped[1]

    def _denied(self, topic: Topic, message: Message, batch: Accepted) -> None:
        """What the broker denies is no row, and no sign of life: whoever reports it may have a name that nobody should have."""
        denied = ", ".join(map(str, decode_denial(message.payload)))[:300]
        if denied and not message.retained:
            text = f"connects under this name, and the broker does not let it write {denied}"
            batch.noticed.append(Notice(topic.agent, "publish_denied", text))

    def _names_now(self, store: str, agent: str) -> tuple[str, str]:
        places = self.acceptor.places
        return places.store_now(store), places.agent_now(agent)

    def _health(self, topic: Topic, message: Message, batch: Accepted) -> None:
        health = self.health(topic, message)
        batch.healths.append((health, message.retained))
        if is_present(health, message.retained):
            batch.heard.add(health.agent)
        elif not health.is_goodbye:
            return
        if self.acceptor.limits.spend(self.sender(topic), "healths", 1, batch.received_ns) > 0:
            batch.noticed.append(Notice(self.sender(topic), "agent_flooding", "health messages come far too often"))
            return
        store, agent = self.acceptor.places.of(topic.store, topic.agent).called(topic.agent, batch.received_ns)
        digits = (batch.received_ns + batch.health_numbers[agent]) % KEYS_A_HALF
        batch.health_numbers[agent] += 1
        batch.entries.append(Entry(RecordKind.HEALTH, store, agent, 0, message.payload, key_base=digits))

    def health(self, topic: Topic, message: Message) -> Health:
        """Return what an agent reports of itself, under its present name. Raise ContractError for a stranger's, or one it cannot be."""
        health = decode_health(message.payload)
        self.acceptor.places.of(topic.store, topic.agent)
        if (health.store, health.agent) != (topic.store, topic.agent):
            raise ContractError("health.topic", f"the message says {health.store}/{health.agent}, the topic {topic.store}/{topic.agent}")
        agent = self.acceptor.places.agent_now(health.agent)
        return health if agent == health.agent else health.model_copy(update={"agent": agent})


def is_present(health: Health, retained: bool) -> bool:
    """Return whether the message shows that its agent is there now."""
    return not retained and health.state == "online"
