"""Ten weeks of a chain, as fast as accept and fold take them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from operator import attrgetter
from typing import Final, Generic, TypeVar

from footfall.topics import Topic
from footfall.units import NS_PER_MS
from gateway.accept.messages import Message
from gateway.sinks.sink import Sink
from simulators.chain.boxes import LATENCY_NS, BoxSender
from simulators.chain.chain import MS_PER_HOUR, MS_PER_MINUTE, Chain, ChainStore
from simulators.chain.gateway import InProcessGateway, Refused
from simulators.chain.heard import Event, Hearing, Row
from simulators.chain.identity import Identity
from simulators.chain.plan import STEP_MIN
from simulators.chain.truth import Truth

STEP_MS: Final = STEP_MIN * MS_PER_MINUTE
AFTER_MS: Final = 2 * MS_PER_HOUR
"""Time goes on so long after the last store's last day, minute by minute: then no visit is open, also where the last box is dead."""
_TIME: Final = attrgetter("time_ms")
_Timed = TypeVar("_Timed", bound=Row | Event)

OnShare = Callable[[float], None]


def _quiet(share: float) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """What was made, and how much went through the gateway."""

    chain: Chain
    truth: Truth
    messages: int
    rows: int
    points: int


def simulate_chain(chain: Chain, sinks: Sequence[Sink], on_share: OnShare = _quiet) -> Simulated:
    """Send all that the chain's agents hear through accept and fold into `sinks`; return the truth.

    `on_share` is called with the share that is done. Raise Refused if the gateway does not take what agents sent.
    """
    identity = Identity(chain)
    truth = Truth(owners=list(identity.owners()))
    gateway = InProcessGateway(chain.site(), identity.pseudonyms, sinks)
    stores = [_StoreSender(chain, store, identity, truth) for store in chain.stores]
    from_ms = min(store.from_ms for store in chain.stores) // STEP_MS * STEP_MS
    to_ms = max(store.to_ms for store in chain.stores)
    gateway.start(from_ms * NS_PER_MS, identity.links(), truth.owners)
    for now_ms in (*range(from_ms, to_ms, STEP_MS), *range(to_ms, to_ms + AFTER_MS, MS_PER_MINUTE)):
        messages = sorted((message for store in stores for message in store.messages(now_ms)), key=_frames_last)
        receipts = gateway.take(messages, now_ms * NS_PER_MS + LATENCY_NS)
        for store in stores:
            store.check(receipts)
        if (now_ms - from_ms) % (24 * MS_PER_HOUR) == 0:
            gateway.checkpoint()
            on_share((now_ms - from_ms) / (to_ms - from_ms))
    gateway.close()
    on_share(1.0)
    return Simulated(chain, truth, gateway.frames, gateway.rows, gateway.points)


def _frames_last(message: Message) -> bool:
    """Sort key: the fold takes frames that follow each other at once, as it does those of a busy gateway."""
    return message.topic.endswith("/frames")


class _StoreSender:
    """The boxes and the till of one store, with what they heard and have not sent yet."""

    def __init__(self, chain: Chain, store: ChainStore, identity: Identity, truth: Truth) -> None:
        self._store: Final = store
        self._hearing: Final = Hearing(chain, store, identity, truth)
        self._boxes: Final = [BoxSender(store, box, [zone.name for zone in chain.zones]) for box in store.boxes]
        self._rows: Final = {box.letter: _Queue[Row]() for box in store.boxes}
        self._events: Final = _Queue[Event]()
        self._days: Final = count(store.life.opens_day)
        self._heard_to_ms = store.from_ms
        self._topic: Final = str(Topic(store.name, store.till, "events"))

    def messages(self, now_ms: int) -> list[Message]:
        """Return what they send at a step."""
        while self._heard_to_ms < min(now_ms, self._store.to_ms):
            self._hear(next(self._days))
        found = [message for sender in self._boxes for message in sender.messages(now_ms, self._rows[sender.box.letter].before(now_ms))]
        if events := self._events.before(now_ms):
            found.append(Message(self._topic, f"[{','.join(event.json for event in events)}]".encode()))
        return found

    def check(self, receipts: dict[tuple[str, str, str], int]) -> None:
        """Raise Refused if a receipt is behind what its box has sent."""
        for sender in self._boxes:
            epoch, sent = sender.sent
            if (upto := receipts.get((self._store.name, sender.box.agent, epoch), sent)) != sent:
                raise Refused(f"{sender.box.agent} sent {sent} frames of {epoch}, {upto} are receipted")

    def _hear(self, day: int) -> None:
        heard = self._hearing.day(day)
        for letter, rows in heard.rows.items():
            self._rows[letter].add(rows)
        self._events.add(heard.events)
        self._heard_to_ms = self._store.at_ms(day + 1)


class _Queue(Generic[_Timed]):
    """What was heard and is to be sent, in the order of its time."""

    def __init__(self) -> None:
        self._waiting: list[_Timed] = []
        self._at = 0

    def add(self, more: Sequence[_Timed]) -> None:
        self._waiting, self._at = sorted([*self._waiting[self._at :], *more], key=_TIME), 0

    def before(self, now_ms: int) -> list[_Timed]:
        """Return what was before a time, once."""
        began, self._at = self._at, bisect_left(self._waiting, now_ms, lo=self._at, key=_TIME)
        return self._waiting[began : self._at]
