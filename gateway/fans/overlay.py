"""What would be if further facts were known: a store that reads another one and keeps what is added to itself. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from gateway.fans.known_links import Facts
from gateway.identity.fact_store import MemoryFactStore
from gateway.identity.facts import Fact, Standing, names_of


class OverlayStore:
    """A `FactStore` above another, which stays as it is."""

    def __init__(self, below: Facts) -> None:
        self._below: Final = below
        self._added: Final = MemoryFactStore()

    def facts_naming(self, names: Collection[str]) -> Iterable[Fact]:
        """Return every fact of any of these names, each once."""
        return list(dict.fromkeys([*self._below.facts_naming(names), *self._added.facts_naming(names)]))

    def statements_naming(self, names: Collection[str]) -> Iterable[Fact]:
        """Return the same without what touches state."""
        return list(dict.fromkeys([*self._below.statements_naming(names), *self._added.statements_naming(names)]))

    def unkept(self, names: Collection[str]) -> Iterable[Fact]:
        """Return nothing: what is below gives all of its facts, and here every fact is kept."""
        return ()

    def bearing(self, names: Collection[str]) -> Collection[str]:
        """Return those of these names that a fact or a standing has."""
        return {name for fact in self.facts_naming(names) for name in names_of(fact)} | self.standings(names).keys()

    def shared_refs(self, refs: Collection[str]) -> Collection[str]:
        """Return all: few are asked for."""
        return refs

    def standings(self, names: Collection[str]) -> Mapping[str, Standing]:
        """Return the standings of those of these names that have one."""
        return {**self._below.standings(names), **self._added.standings(names)}

    def add(self, facts: Sequence[Fact], standings: Sequence[Standing], quiet: Sequence[Fact] = ()) -> None:
        """Keep facts and standings here."""
        self._added.add(facts, standings, quiet)
