"""A shard: accept and fold of a set of stores, whatever else the brand has. Pure but for its store.

It reads the messages of its own stores only. What their records state about identity it returns as facts; `gateway.identity` makes
links of the facts of all shards, and every shard is given them (`link`). So no shard reads another's rows, and the rows of all shards
together are those of one fold over all stores.

The embedded gateway is one shard over all of its stores: its workers drive the two halves, with the journal between them and as the
memory of accept (`messages` by the ingest stage's thread, `fold_alone` by the fold's). Behind a log, `take` does both in one step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from footfall.frames import Body
from gateway.accept.checkpointed_memory import CheckpointedMemory
from gateway.accept.messages import Accepted, Message, Messages
from gateway.accept.outcome import Entry
from gateway.fold.arrivals import Arrival
from gateway.fold.fold import Fold
from gateway.fold.store import FoldStore
from gateway.identity.identify import Fact, identify
from gateway.identity.links import Link
from gateway.points import Points
from gateway.records import Record

Records = Iterable[tuple[Record, Body | None]]
"""With the decoded body of a frame, if it is at hand."""
MEMORY: Final = "accept"
"""The part of a checkpoint that has what accept remembers."""


class Folded(NamedTuple):
    """What records come to."""

    points: list[Points]
    facts: list[Fact]
    """What they state about identity, for the stage that makes links of it."""
    arrivals: list[Arrival]
    """Known fans that came into a store."""


class Shard:
    """`fold` stands on the shard's store. `memory` is what accept remembers, None where a journal is that."""

    def __init__(self, messages: Messages, fold: Fold, memory: CheckpointedMemory | None = None) -> None:
        self.messages: Final = messages
        self.core = fold
        self._memory: Final = memory

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
        return Folded(points, facts, self.core.arrivals.take())

    def link(self, links: Sequence[Link]) -> list[Points]:
        """Take links that identity made of any shard's facts, at any time, once or more often; return the points that they change."""
        self.core.link(links)
        return self.core.state.points.take()

    def fold_alone(self, records: Records) -> Folded:
        """Fold where there is no other shard: what identity makes of a record is taken before the next record, and no facts are left."""
        return self.fold(self._each_followed_by_its_links(records))

    def _each_followed_by_its_links(self, records: Records) -> Iterator[tuple[Record, Body | None]]:
        for pair in records:
            yield pair
            if facts := self.core.facts:
                self.core.facts = []
                self.core.link(identify(facts))

    def checkpoint(self, more: Mapping[str, bytes]) -> None:
        """Make all that was taken, and `more` beside it, durable in the shard's store, in one transaction.

        Whatever was returned until then must be durable before: it is not returned again.
        """
        self.core.checkpoint({**more, MEMORY: self._memory.dump()} if self._memory else more)

    def resume(self, stored: Mapping[str, bytes]) -> None:
        """Go on from the parts of a checkpoint, here or elsewhere. Raise ConfigError or Unusable if another release made them."""
        if "fold" in stored:
            self.core.load(stored)
        if self._memory and MEMORY in stored:
            self._memory.load(stored[MEMORY])

    def restart(self, store: FoldStore, stored: Mapping[str, bytes]) -> None:
        """Begin again at the last checkpoint of a store, after folding failed."""
        self.core = self.core.fresh(store)
        self.resume(stored)
