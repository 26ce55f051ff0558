"""Whom an import takes identifiers from, whom touches name with them: a CRM stands above touches. Pure but for its store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from gateway.fans.known_links import Facts, KnownLinks, persons_of
from gateway.fans.rivals import Statement
from gateway.identity.claims import STRENGTHS, strength_of
from gateway.identity.facts import Identifier, is_registered


class Taking(NamedTuple):
    """A line whose identifier names another fan now, at the same time, by what touches state alone."""

    line: int
    id_type: str
    fan: str
    other_fan: str


class Takings:
    """Compares what lines state with whom their identifiers name by now."""

    def __init__(self, store: Facts) -> None:
        self._store: Final = store
        self.found: Final[list[Taking]] = []

    def hear(self, stated: Sequence[tuple[Identifier, Statement]], known: KnownLinks) -> None:
        """Take what new lines state, and note whom each takes its identifier from."""
        strong = [each for each in stated if strength_of(each[1].source) > STRENGTHS["touch"]]
        named = self._store.standings({identifier.subject for identifier, _ in strong})
        found = [
            (identifier, said, span.fan)
            for identifier, said in strong
            if identifier.subject in named
            for span in named[identifier.subject].spans
            if is_registered(span.fan) and said.overlaps(span.from_ns, span.to_ns)
        ]
        linked = {identifier.subject: _linked(known, identifier.subject) for identifier, _, _ in found}
        fans = {fan for _, said, other in found for fan in (said.fan, other)}.union(*linked.values())
        persons = persons_of(self._store, fans) if found else {}
        for identifier, said, other in dict.fromkeys(found):
            others = {persons[fan] for fan in linked[identifier.subject]} | {persons[said.fan]}
            if persons[other] not in others:
                self.found.append(Taking(said.line, identifier.type, said.fan, other))


def _linked(known: KnownLinks, subject: str) -> set[str]:
    """Return the fans to whom links give an identifier: those contradict each other, and nobody takes it from them."""
    return {each.link.fan for each in known.of_subject(subject) if each.taken_back is None}


def fans_of(takings: Iterable[Taking]) -> list[str]:
    """Return whom something is taken from, in order."""
    return sorted({each.other_fan for each in takings})
