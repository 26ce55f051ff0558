"""A shard: the fold of a set of stores, whatever else the brand has. Pure but for its store.

It reads the records of its own stores only. What these state about identity it returns as facts; `gateway.identity` makes links of the
facts of all shards, and every shard is given them (`link`). So no shard reads another's rows, and the rows of all shards together are
those of one fold over all stores. The embedded gateway is one shard over all of its stores.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from footfall.frames import Body
from gateway.fold.fold import Arrival, Fold
from gateway.identity.identify import Fact, identify
from gateway.identity.links import Link
from gateway.points import Points
from gateway.records import Record


class Folded(NamedTuple):
    """What records come to."""

    points: list[Points]
    facts: list[Fact]
    """What they state about identity, for the stage that makes links of it."""
    arrivals: list[Arrival]
    """Known fans that came into a store."""


class Shard:
    """`fold` stands on the shard's store, at the position up to which its records were taken."""

    def __init__(self, fold: Fold) -> None:
        self.core: Fold = fold

    @property
    def pos(self) -> int:
        """Return the position of the last record that was folded."""
        return self.core.pos

    def fold(self, records: Iterable[tuple[Record, Body | None]]) -> Folded:
        """Take records of the shard's stores, and those without a store (time, the site), in the order of their positions."""
        points = self.core.apply(records)
        facts, self.core.facts = self.core.facts, []
        arrivals, self.core.arrived = self.core.arrived, []
        return Folded(points, facts, arrivals)

    def link(self, links: Sequence[Link]) -> list[Points]:
        """Take links that identity made of any shard's facts, at any time, once or more often; return the points that they change."""
        self.core.link(links)
        return self.core.state.points.take()

    def fold_alone(self, records: Iterable[tuple[Record, Body | None]]) -> Folded:
        """Fold where there is no other shard: what identity makes of a record is taken before the next record, and no facts are left."""
        return self.fold(self._each_followed_by_its_links(records))

    def _each_followed_by_its_links(self, records: Iterable[tuple[Record, Body | None]]) -> Iterator[tuple[Record, Body | None]]:
        for pair in records:
            yield pair
            if facts := self.core.facts:
                self.core.facts = []
                self.core.link(identify(facts))
