"""The identity stage of a gateway, which is the one shard of its brand: on the ledger, beside the fold."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from footfall.pseudonyms import provisional_key
from gateway.identity.fact_store import NamedFacts
from gateway.identity.facts import Fact, Standing
from gateway.identity.identity import Identity
from gateway.identity.types import IdentifierTypes
from gateway.shard import IdentityOf, Shard
from gateway.site.recorded import RecordedIdentifierType
from gateway.state.ledger import Ledger

log = logging.getLogger("footfall.gateway.fold")


class LedgerIdentity:
    """The stage on a ledger."""

    def __init__(self, store: NamedFacts, types: IdentifierTypes, key: bytes) -> None:
        self._store: Final = store
        self._identity: Final = Identity(store, types, key)

    def take(self, facts: Sequence[Fact]) -> list[Standing]:
        """Take facts, once or more often; return what they change."""
        return self._identity.take(facts)

    @property
    def read_again(self) -> int:
        """Return how many identifiers the last `take` looked at which the one before had looked at, too."""
        return self._identity.read_again

    def again(self) -> Iterator[Sequence[Standing]]:
        """Yield, in parts, what changes because types of identifiers are others now."""
        for names in self._store.names_of_facts():
            yield self._identity.again(names)


def identity_on(store: NamedFacts, brand_secret: bytes | None) -> IdentityOf:
    """Return what makes the stage on a store, for what a brand states of types of identifiers."""
    key = provisional_key(brand_secret)

    def identity(types: Sequence[RecordedIdentifierType]) -> LedgerIdentity:
        return LedgerIdentity(store, IdentifierTypes(types), key)

    return identity


def learn_of_earlier_release(shard: Shard, ledger: Ledger, beat: Callable[[], None]) -> None:
    """Take what links and touches state that an earlier release stored; once, since the next checkpoint holds what it comes to."""
    if shard.core.knows_standings:
        return
    log.info("who is who is worked out anew from what an earlier release stored, once; it may take some minutes")
    for facts in ledger.facts_of_earlier_releases():
        beat()
        shard.learn(facts)
    shard.core.knows_standings = True
