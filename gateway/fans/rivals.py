"""Who else has an identifier at the same time: by what is known, and by the lines before in the same file. Pure but for its store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from gateway.fans.known_links import Facts, KnownLinks, LinkKey, key_of, persons_of
from gateway.identity.facts import FOR_EVER_NS, Identifier
from gateway.identity.types import IdentifierTypes


class Contradiction(NamedTuple):
    """A line whose identifier another person has at the same time, and who states that."""

    line: int
    id_type: str
    subject: str
    fan: str
    other_fan: str
    other_source: str
    other_line: int
    """Of the same file; 0 if it was known before."""
    other_key: LinkKey | None
    """Of what was known before: a snapshot may end it."""


class Statement(NamedTuple):
    """That an identifier is a fan's, as a line states it."""

    fan: str
    source: str
    from_ns: int
    to_ns: int
    line: int
    store: str = ""
    """Of something lent, the store that handed it over; "" where it may be any."""

    def overlaps(self, from_ns: int, to_ns: int) -> bool:
        """Return whether it holds at some time of a span."""
        return self.from_ns < to_ns and from_ns < self.to_ns


class Rivals:
    """Remembers what the lines of one file state of each identifier."""

    def __init__(self, store: Facts, types: IdentifierTypes) -> None:
        self._store: Final = store
        self._types: Final = types
        self._by_subject: Final[dict[int, Statement | list[Statement]]] = {}
        """Most identifiers have one: a list for each would double the memory of a large file."""
        self._new: list[Contradiction] = []
        self._found: Final[list[Contradiction]] = []
        """Those between different persons."""

    def before(self, identifier: Identifier) -> Sequence[Statement]:
        """Return what lines before state of an identifier."""
        found = self._by_subject.get(int(identifier.subject, 16))
        return () if found is None else found if isinstance(found, list) else (found,)

    def hear(self, identifier: Identifier, stated: Statement, known: KnownLinks) -> None:
        """Take what a line states, and note whom it contradicts. Of what is lent, the later handover ends the earlier: that is none."""
        line, id_type, subject = stated.line, *identifier
        is_lent = self._types.of(id_type).klass == "lent"

        def contradicts(fan: str, from_ns: int, to_ns: int, store: str) -> bool:
            is_of_another = store != stated.store and bool(store and stated.store)
            is_handover = is_lent and (from_ns != stated.from_ns or is_of_another)
            return fan != stated.fan and not is_handover and stated.overlaps(from_ns, to_ns)

        for other in known.of_subject(subject):
            link = other.link
            if other.taken_back is None and contradicts(link.fan, link.from_ns, link.to_ns, link.store):
                self._new.append(Contradiction(line, id_type, subject, stated.fan, link.fan, link.source, 0, key_of(link)))
        others = self.before(identifier)
        for one in others:
            if contradicts(one.fan, one.from_ns, one.to_ns, one.store):
                self._new.append(Contradiction(line, id_type, subject, stated.fan, one.fan, one.source, one.line, None))
        self._by_subject[int(subject, 16)] = [*others, stated] if others else stated

    def settle(self) -> None:
        """Leave out what is no contradiction, since both fans are one person."""
        if self._new:
            persons = persons_of(self._store, {fan for each in self._new for fan in (each.fan, each.other_fan)})
            self._found.extend(each for each in self._new if persons[each.fan] != persons[each.other_fan])
            self._new = []

    def contradictions(self) -> list[Contradiction]:
        """Return what was found, the same for a file that was imported before: a known link that a line states, too, counts once."""
        return [each for each in self._found if each.other_key is None or not self._is_stated(each, each.other_key)]

    def _is_stated(self, each: Contradiction, key: LinkKey) -> bool:
        stated = self.before(Identifier(each.id_type, each.subject))
        return any((one.fan, one.source) == (key.fan, key.source) and one.from_ns in (key.from_ns, -FOR_EVER_NS) for one in stated)
