"""A store of facts in memory that has touches anyhow, as the ledger does."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from gateway.identity.fact_store import MemoryFactStore
from gateway.identity.facts import Fact, Mention, Standing, ref_name


class TouchStore(MemoryFactStore):
    """It keeps no quiet touches as facts."""

    def __init__(self) -> None:
        super().__init__()
        self._touches = MemoryFactStore()

    def take_touches(self, facts: Sequence[Fact]) -> None:
        self._touches.add([fact for fact in facts if isinstance(fact, Mention)], [])

    def unkept(self, names: Collection[str]) -> Iterable[Fact]:
        found = self._touches.facts_naming(names)
        return [each for each in found if isinstance(each, Mention) and not each.fan and len(each.identifiers) < 2]

    def bearing(self, names: Collection[str]) -> Collection[str]:
        return {*self._touches.bearing(names), *super().bearing(names)}

    def shared_refs(self, refs: Collection[str]) -> Collection[str]:
        several = [ref for ref in refs if len(list(self._touches.facts_naming([ref_name(ref)]))) > 1]
        return {*several, *super().shared_refs(refs)}

    def add(self, facts: Sequence[Fact], standings: Sequence[Standing], quiet: Sequence[Fact] = ()) -> None:
        super().add(facts, standings)
