"""Skis that stores rent out, each with a tag: lent at the entrance, handed back at the checkout, which the till states as a return."""

from __future__ import annotations

from typing import Final, NamedTuple

from simulators.chain.chain import STAFF_OF_A_STORE, Chain, ChainStore
from simulators.chain.people import Party

RENTED: Final = 0.06
"""Of the parties of guests."""
TAGS: Final = 40
"""Of each store: a tag is lent again only days later."""
HANDBACK: Final = "handback"


class Rented(NamedTuple):
    """A tag that is lent from one time to another; `staff` (a number) takes it back."""

    lent_ms: int
    back_ms: int
    tag: str
    staff: int


class Renting:
    """One store's, party by party, in order, with random numbers of its own: nothing else depends on it."""

    def __init__(self, chain: Chain, store: ChainStore) -> None:
        self._store: Final = store
        self._random: Final = chain.random("renting", store.name)
        self._count = 0

    def of_party(self, party: Party) -> Rented | None:
        """Return what a party rents, if anything."""
        if party.staff >= 0 or self._random.random() >= RENTED:
            return None
        self._count += 1
        first, last = party.stays[0], party.stays[-1]
        back_ms = last.from_ms + (last.to_ms - last.from_ms) * 7 // 8
        tag = f"tag.ski:{self._store.name}-{self._count % TAGS}"
        return Rented((first.from_ms + first.to_ms) // 2, back_ms, tag, self._random.randrange(STAFF_OF_A_STORE))
