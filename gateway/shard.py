"""A shard: accept and fold of a set of stores, whatever else the brand has. Pure but for its store.

It reads the messages of its own stores only. What their records state about identity it returns as facts; `gateway.identity` makes
standings of the facts of all shards, and every shard is given them (`link`). So no shard reads another's rows, and the rows of all shards
together are those of one fold over all stores.

The embedded gateway is one shard over all of its stores: its workers drive the two halves, with the journal between them and as the
memory of accept (`messages` by the ingest stage's thread, `fold_alone` by the fold's). Behind a log, `take` does both in one step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from footfall.frames import Body
from footfall.units import NS_PER_S
from gateway.accept.checkpointed_memory import CheckpointedMemory
from gateway.accept.messages import Accepted, Message, Messages
from gateway.accept.outcome import Entry
from gateway.fold.arrivals import Arrival
from gateway.fold.awaited import Prompt
from gateway.fold.fold import Fold
from gateway.fold.store import FoldStore
from gateway.identity.fact_store import Given
from gateway.identity.facts import Fact, Standing
from gateway.points import Points
from gateway.records import Record, RecordKind
from gateway.site.recorded import RecordedIdentifierType

Records = Iterable[tuple[Record, Body | None]]
"""With the decoded body of a frame, if it is at hand."""
FACTS_AT_ONCE: Final = 1_000
SHARE_AT_ONCE: Final = 0.5
"""While more records are at hand, facts about a cluster wait until they are such a share of it."""
MEMORY: Final = "accept"
"""The part of a checkpoint that has what accept remembers."""
GIVEN: Final = "given"
"""The part that has up to which place standings were taken."""


class Folded(NamedTuple):
    """What records come to."""

    points: list[Points]
    facts: list[Fact]
    """What they state about identity, for the stage that makes standings of it."""
    arrivals: list[Arrival]
    """Known fans that came into a store."""
    prompts: list[Prompt]
    """Stores whose agents are to report promptly."""


class IdentityStage(Protocol):
    """The stage for the whole brand, on a store of its own."""

    def take(self, facts: Sequence[Fact]) -> list[Standing]:
        """Take facts, once or more often; return what they change."""

    @property
    def read_again(self) -> int:
        """How many identifiers the last `take` looked at which the one before had looked at, too: those of one large cluster."""

    def again(self) -> Iterable[Sequence[Standing]]:
        """Return, in parts, what changes where the facts that are known come to something else, with other types of identifiers."""


IdentityOf = Callable[[Sequence[RecordedIdentifierType]], IdentityStage]
"""Returns the stage with what a brand states of types of identifiers."""


class Shard:
    """`fold` stands on the shard's store. `memory` is what accept remembers, None where a journal is that."""

    def __init__(
        self, messages: Messages, fold: Fold, memory: CheckpointedMemory | None = None, identity: IdentityOf | None = None
    ) -> None:
        """`identity`: where there is no other shard, on the store of the fold, whose checkpoints hold what it keeps."""
        self.messages: Final = messages
        self.core = fold
        self._memory: Final = memory
        self._identity_of: Final = identity
        self._identity: tuple[Sequence[RecordedIdentifierType], IdentityStage] | None = None
        self.given_place = 0
        """Up to where this shard has what identity gave: it asks for what is behind, at its start and whenever nothing came for long."""

    def take(self, messages: Iterable[Message], position: str, received_ns: int, given: Sequence[Entry] = ()) -> tuple[Accepted, Folded]:
        """Accept and fold messages of the shard's stores that the log has at a position, received at one time.

        `given` goes before them: what the log has for every shard, such as a site or a tick, so that a silent store closes its visits.
        Return receipts, refusals and counts, and what the records come to. A later position must not have an earlier time.
        """
        accepted = self.messages.accept(messages, position, received_ns)
        entries = [*given, *accepted.entries]
        return accepted, self.fold((each.record(pos, received_ns), each.frame) for pos, each in enumerate(entries, self.core.pos + 1))

    def fold(self, records: Records) -> Folded:
        """Fold records of the shard's stores, and those of no store, in the order of their positions."""
        points = self.core.apply(records)
        facts, self.core.facts = self.core.facts, []
        return Folded(points, facts, self.core.arrivals.take(), self.core.awaited.take())

    def link(self, standings: Sequence[Standing]) -> list[Points]:
        """Take standings that identity made of any shard's facts, in any order, once or more often; return the points that they change."""
        self.core.link(standings)
        return self.core.state.points.take()

    def take_given(self, given: Sequence[Given]) -> list[Points]:
        """Take what identity gave behind `given_place`, in order; return the points that it changes. What is known already is left out.

        A stage or a shard that ends before standings arrived loses none: they are durable with their facts, and asked for again.
        """
        new = [each for each in given if each.place > self.given_place]
        self.given_place = max([self.given_place, *(each.place for each in new)])
        return self.link([each.standing for each in new])

    def fold_alone(self, records: Records) -> Folded:
        """Fold where there is no other shard: what identity makes of the records of a second is taken behind them; no facts are left."""
        return self.fold(self._followed_by_their_standings(records))

    def _followed_by_their_standings(self, records: Records) -> Iterator[tuple[Record, Body | None]]:
        """Facts are taken many at a time: one by one they would cost several times as much."""
        second = 0
        for pair in records:
            before, second = second, pair[0].received_ns // NS_PER_S
            if second != before and self.core.facts and not self._are_awaited():
                self._learn_stated()
            yield pair
            is_many = len(self.core.facts) >= FACTS_AT_ONCE and not self._are_awaited()
            if is_many or (pair[0].kind == RecordKind.SITE and self._identity):
                self._learn_stated()
        self._learn_stated()

    def _are_awaited(self) -> bool:
        """Return whether more facts are to come first: for few of them all of a large cluster would be read again."""
        read_again = self._identity[1].read_again if self._identity else 0
        return max(len(self.core.facts), FACTS_AT_ONCE) < SHARE_AT_ONCE * read_again

    def _learn_stated(self) -> None:
        facts, self.core.facts = self.core.facts, []
        self.learn(facts)

    def learn(self, facts: Sequence[Fact]) -> None:
        """Take facts where there is no other shard. Points that they change come with those of the records that follow."""
        if self._identity_of is None:
            return
        types = self.core.identifier_types
        if self._identity is None or self._identity[0] != types:
            stage = self._identity_of(types)
            again = self._identity is not None
            self._identity = types, stage
            if again:
                for standings in stage.again():
                    self.core.link(standings)
        if facts:
            self.core.link(self._identity[1].take(facts))

    def checkpoint(self, more: Mapping[str, bytes]) -> None:
        """Make all that was taken, and `more` beside it, durable in the shard's store, in one transaction.

        Whatever was returned until then must be durable before: it is not returned again.
        """
        given = {GIVEN: str(self.given_place).encode()} if self.given_place else {}
        self.core.checkpoint({**more, **given, MEMORY: self._memory.dump()} if self._memory else {**more, **given})

    def resume(self, stored: Mapping[str, bytes]) -> None:
        """Go on from the parts of a checkpoint, here or elsewhere. Raise ConfigError or Unusable if another release made them."""
        if "fold" in stored:
            self.core.load(stored)
        if self._memory and MEMORY in stored:
            self._memory.load(stored[MEMORY])
        self.given_place = int(stored.get(GIVEN, b"0"))

    def restart(self, store: FoldStore, stored: Mapping[str, bytes]) -> None:
        """Begin again at the last checkpoint of a store, after folding failed."""
        self.core = self.core.fresh(store)
        self.resume(stored)
