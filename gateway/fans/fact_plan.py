"""What a file of facts adds to those that are known: each is new, replaces or closes a link, or is known already. Pure but for its store.

A fact is known by its id throughout the brand. With other content its line is refused: to change a fact, take it back, or state a new one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.fans.fact_lines import StatedFacts
from gateway.fans.import_plan import Outcome
from gateway.fans.known_links import Facts, KnownLinks, key_of
from gateway.fans.rivals import Contradiction, Rivals, Statement
from gateway.fans.sheet import Unread
from gateway.fans.takings import Taking, Takings
from gateway.identity.facts import Consent, Distinct, Fact, Identifier, Link, Merge, Ownership, Revoke, RevokeLink, fact_name
from gateway.identity.index import identifiers_of
from gateway.identity.types import IdentifierTypes


@dataclass(slots=True)
class FactPlan:
    """Compares facts with what `store` knows, some at a time, and with those before in the same file."""

    store: Facts
    types: IdentifierTypes = field(default_factory=IdentifierTypes)
    counts: Counter[Outcome] = field(default_factory=Counter)
    fans: set[str] = field(default_factory=set)
    id_types: set[str] = field(default_factory=set)
    unread: list[Unread] = field(default_factory=list)
    """Lines whose id another fact has."""
    blocked: Counter[str] = field(default_factory=Counter)
    """None: a fact whose identifier is none is refused."""
    taken_back: list[tuple[int, Revoke]] = field(default_factory=list)
    """None: a fact has an id, and with the same one it is not stated again."""
    _lines: dict[str, tuple[int, Fact]] = field(default_factory=dict)
    _rivals: Rivals = field(init=False)
    _takings: Takings = field(init=False)

    def __post_init__(self) -> None:
        self._rivals = Rivals(self.store, self.types)
        self._takings = Takings(self.store)

    def take(self, stated: Sequence[StatedFacts]) -> list[Fact]:
        """Return the facts that lines add."""
        known_facts = {fact.id: fact for fact in self.store.statements_naming({fact_name(each.facts[0].id) for each in stated})}
        links = [each.facts[0] for each in stated if isinstance(each.facts[0], Link)]
        known_links = KnownLinks(self.store, {link.identifier.subject for link in links})
        added: list[Fact] = []
        new: list[tuple[Identifier, Statement]] = []
        for each in stated:
            fact = each.facts[0]
            self.id_types |= {name for name, _ in identifiers_of(fact)}
            outcome = self._outcome(each.line, fact, known_facts, known_links)
            if outcome is not None:
                self.fans |= _fans(fact)
                self.counts[outcome] += 1
            if outcome in (Outcome.NEW, Outcome.REPLACED, Outcome.CLOSED):
                added += each.facts
            if outcome is not None and isinstance(fact, Link):
                said = Statement(fact.fan, fact.source, fact.from_ns, fact.to_ns, each.line, fact.store)
                self._rivals.hear(fact.identifier, said, known_links)
                if outcome in (Outcome.NEW, Outcome.REPLACED):
                    new.append((fact.identifier, said))
        self._rivals.settle()
        self._takings.hear(new, known_links)
        return added

    def contradictions(self) -> list[Contradiction]:
        """Return the lines whose identifier somebody else has, too."""
        return self._rivals.contradictions()

    def takings(self) -> list[Taking]:
        """Return the lines whose identifier touches name another fan with, who has it no longer."""
        return self._takings.found

    def _outcome(self, line: int, fact: Fact, known: Mapping[str, Fact], links: KnownLinks) -> Outcome | None:
        """Return what a fact is to those that are known; None if its id is another's."""
        first, before = self._lines.setdefault(fact.id, (line, fact))
        where = f"line {first}" if first != line else "what is known"
        other = before if first != line else known.get(fact.id)
        if other is not None:
            if _content(other) == _content(fact):
                return Outcome.REPEATED if first != line else Outcome.UNCHANGED
            self.unread.append(
                Unread(line, line, f"its id is that of another fact in {where}: give it an id of its own, or revoke that one")
            )
            return None
        earlier = links.of(key_of(fact)) if isinstance(fact, Link) else None
        if earlier is None or not isinstance(fact, Link):
            return Outcome.NEW
        return Outcome.CLOSED if fact.to_ns < earlier.link.to_ns else Outcome.REPLACED


def _content(fact: Fact) -> Fact:
    """Return a fact without what depends on who imports it when, where it states no such thing."""
    if isinstance(fact, Consent | Ownership):
        return replace(fact, actor="", from_ns=0)
    return replace(fact, actor="", to_ns=0) if isinstance(fact, RevokeLink) else replace(fact, actor="")


def _fans(fact: Fact) -> set[str]:
    if isinstance(fact, Merge | Distinct):
        return set(fact.fans)
    return {fact.fan} if isinstance(fact, Link | RevokeLink | Consent | Ownership) else set()
