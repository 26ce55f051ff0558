"""What an import of links adds to the facts that are known: each stated link is new, replaces or closes another, or changes nothing. Pure.

plan = ImportPlan(store, identify, Stamp(learned_ns, actor, reason))
facts = plan.take(links)            # to be journaled, some at a time
facts += plan.close(known, at_ns)   # a snapshot: what it no longer names ends
plan.counts, plan.contradictions()
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from footfall.units import NS_PER_S
from gateway.accept.facts import SECOND
from gateway.fans.known_links import Facts, Known, KnownLinks, LinkKey, key_of
from gateway.fans.link_lines import DEFAULT_SOURCE, StatedLink
from gateway.fans.rivals import Contradiction, Rivals, Statement
from gateway.fans.sheet import Unread
from gateway.fans.takings import Taking, Takings
from gateway.identity.facts import FOR_EVER_NS, Fact, Identifier, Link, Revoke, Same
from gateway.identity.types import IdentifierTypes

Identify = Callable[[str], Sequence[Identifier]]
"""Returns what `type:value` names; nothing if the value is no identifier."""
ID_BYTES: Final = 12


class Outcome(StrEnum):
    """What a stated link is to the facts that are known."""

    NEW = "new"
    REPLACED = "replaced"
    CLOSED = "closed"
    UNCHANGED = "unchanged"
    REPEATED = "repeated in the file"
    TAKEN_BACK = "taken back"
    """Somebody took it back before: an import does not bring it again."""
    BLOCKED = "blocked"
    """Its value is no identifier, such as `null`."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """When an import's facts were learned, by whom, and why."""

    learned_ns: int
    actor: str
    reason: str


class _Waiting(NamedTuple):
    """A link without a `from` whose identifier another fan had: it begins when a snapshot ends those links, if it does."""

    identifier: Identifier
    key: LinkKey
    to_ns: int
    others: Sequence[LinkKey]
    store: str = ""


@dataclass(slots=True)
class ImportPlan:
    """Compares links with what `store` knows, some at a time, and with those before in the same file."""

    store: Facts
    identify: Identify
    stamp: Stamp
    is_snapshot: bool = False
    types: IdentifierTypes = field(default_factory=IdentifierTypes)
    counts: Counter[Outcome] = field(default_factory=Counter)
    blocked: Counter[str] = field(default_factory=Counter)
    """By type, lines whose value is no identifier."""
    fans: set[str] = field(default_factory=set)
    id_types: set[str] = field(default_factory=set)
    """Types of the identifiers that were stated."""
    sources: set[str] = field(default_factory=set)
    ended_total: int = 0
    """Links that a snapshot no longer names."""
    unread: list[Unread] = field(default_factory=list)
    """Lines that state a link of another line with another end."""
    taken_back: list[tuple[int, Revoke]] = field(default_factory=list)
    """Lines whose link somebody took back, and how."""
    _ids_total: int = 0
    _spelled: set[str] = field(default_factory=set)
    _rivals: Rivals = field(init=False)
    _takings: Takings = field(init=False)
    _waiting: list[_Waiting] = field(default_factory=list)
    _named: set[LinkKey] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._rivals = Rivals(self.store, self.types)
        self._takings = Takings(self.store)

    def take(self, links: Sequence[StatedLink]) -> list[Fact]:
        """Return the facts that links add."""
        named = [(each, self._identified(each)) for each in links]
        known = KnownLinks(self.store, {identifiers[0].subject for _, identifiers in named if identifiers})
        facts: list[Fact] = []
        new: list[tuple[Identifier, Statement]] = []
        for each, identifiers in named:
            if identifiers and not self._is_repeated(each, identifiers[0]):
                outcome, made = self._compare(each, identifiers, known)
                self.counts[outcome] += 1
                self.fans.add(each.fan)
                said = Statement(each.fan, each.source, each.from_ns, each.to_ns, each.line, each.store)
                self._rivals.hear(identifiers[0], said, known)
                if outcome in (Outcome.NEW, Outcome.REPLACED):
                    new.append((identifiers[0], said))
                facts += made
        self._rivals.settle()
        self._takings.hear(new, known)
        return facts

    def _identified(self, each: StatedLink) -> Sequence[Identifier]:
        identifiers = self.identify(each.identifier)
        self.sources.add(each.source)
        self.id_types.add(each.identifier.partition(":")[0])
        if not identifiers:
            self.counts[Outcome.BLOCKED] += 1
            self.blocked[each.identifier.partition(":")[0]] += 1
        return identifiers

    def _compare(self, each: StatedLink, identifiers: Sequence[Identifier], known: KnownLinks) -> tuple[Outcome, list[Fact]]:
        key = LinkKey(identifiers[0].subject, each.source, each.fan, each.from_ns, each.store)
        before = known.of(key)
        if before is None and self.is_snapshot and each.from_ns == -FOR_EVER_NS:
            before = self._begun_by_snapshot(key, known)
        if before is not None:
            key = key_of(before.link)
        if self.is_snapshot:
            self._named.add(key)
        if before is not None and before.link.to_ns == each.to_ns:
            if before.taken_back is None:
                return Outcome.UNCHANGED, []
            self.taken_back.append((each.line, before.taken_back))
            return Outcome.TAKEN_BACK, []
        made = [self._link(identifiers[0], key, each.to_ns, each.store), *self._spelling(identifiers, known)]
        if before is None:
            others = self._open_of_others(key, known) if self.is_snapshot else ()
            if others:
                self._waiting.append(_Waiting(identifiers[0], key, each.to_ns, others, each.store))
            return Outcome.NEW, made[1:] if others else made
        return Outcome.CLOSED if each.to_ns < before.link.to_ns else Outcome.REPLACED, made

    def _begun_by_snapshot(self, key: LinkKey, known: KnownLinks) -> Known | None:
        """Return the open link that a row without a `from` states once more, with the `from` that an earlier snapshot gave it."""
        same = (each for each in known.of_subject(key.subject) if (each.link.source, each.link.fan) == (key.source, key.fan))
        return next((each for each in same if each.is_open), None)

    def _open_of_others(self, key: LinkKey, known: KnownLinks) -> list[LinkKey]:
        """Return the open links of other fans to the identifier of a link that states no `from`."""
        if key.from_ns > -FOR_EVER_NS:
            return []
        same = (each for each in known.of_subject(key.subject) if each.link.source == key.source and each.link.fan != key.fan)
        return [key_of(each.link) for each in same if each.is_open]

    def _link(self, identifier: Identifier, key: LinkKey, to_ns: int, store: str) -> Link:
        stated = (key.source, *identifier, key.fan, key.from_ns, to_ns, self.stamp.learned_ns, store)
        return self._made(self._next_id(*stated), identifier, key, to_ns, store)

    def _next_id(self, *stated: object) -> str:
        """Return an id of 24 digits that is greater than the ones before: a million of them lie together in the ledger's index."""
        self._ids_total += 1
        return f"import-{self.stamp.learned_ns // NS_PER_S % (1 << 32):08x}{self._ids_total % (1 << 24):06x}{digest(*stated)[:10]}"

    def _spelling(self, identifiers: Sequence[Identifier], known: KnownLinks) -> list[Fact]:
        """Return that an identifier's spellings are one, if it has several and nobody stated that yet."""
        subject = identifiers[0].subject
        if len(identifiers) < 2 or subject in self._spelled or known.is_spelled(identifiers):
            return []
        self._spelled.add(subject)
        return [spelling(f"import-{digest(*identifiers)}", identifiers, self.stamp, DEFAULT_SOURCE)]

    def _made(self, fact_id: str, identifier: Identifier, key: LinkKey, to_ns: int, store: str) -> Link:
        stamp = self.stamp
        return Link(
            id=fact_id, learned_ns=stamp.learned_ns, from_ns=key.from_ns, to_ns=to_ns, source=key.source, actor=stamp.actor,
            reason=stamp.reason, identifier=identifier, fan=key.fan, store=store,
        )  # fmt: skip

    def _is_repeated(self, each: StatedLink, identifier: Identifier) -> bool:
        """Return whether a line before states the same link, however it is written; with another end it is refused."""
        for one in self._rivals.before(identifier):
            if (one.fan, one.source, one.from_ns, one.store) == (each.fan, each.source, each.from_ns, each.store):
                if one.to_ns == each.to_ns:
                    self.counts[Outcome.REPEATED] += 1
                else:
                    why = f"the same identifier, fan, source and from as in line {one.line}, with another to: state one"
                    self.unread.append(Unread(each.line, each.line, why))
                return True
        return False

    def contradictions(self) -> list[Contradiction]:
        """Return the lines whose identifier somebody else has, too, after all that the import does."""
        return [each for each in self._rivals.contradictions() if each.other_key is None or not self._is_ended(each.other_key)]

    def takings(self) -> list[Taking]:
        """Return the lines whose identifier touches name another fan with, who has it no longer."""
        return self._takings.found

    def _is_ended(self, key: LinkKey) -> bool:
        return self.is_snapshot and key.source in self.sources and key not in self._named

    # Snapshots

    def close(self, known: Mapping[LinkKey, Known], at_ns: int) -> list[Fact]:
        """Return the facts that end what a snapshot of a time no longer names, of links of its own sources, and those that follow it.

        What began before ends then; what would begin later is taken back. `known`: the links of these sources.
        """
        left_out = [each for key, each in known.items() if self._is_left_out(key, each, at_ns)]
        self.counts[Outcome.CLOSED] += len(left_out)
        self.ended_total = len(left_out)
        return [*(self._end(each, at_ns) for each in left_out), *(self._begun(each, at_ns) for each in self._waiting)]

    def _begun(self, waiting: _Waiting, at_ns: int) -> Link:
        is_handed_over = any(self._is_ended(other) for other in waiting.others)
        key = waiting.key._replace(from_ns=at_ns) if is_handed_over else waiting.key
        return self._link(waiting.identifier, key, waiting.to_ns, waiting.store)

    def _is_left_out(self, key: LinkKey, known: Known, at_ns: int) -> bool:
        return self._is_ended(key) and known.taken_back is None and known.link.to_ns > at_ns

    def _end(self, known: Known, at_ns: int) -> Fact:
        link, stamp = known.link, self.stamp
        fact_id = self._next_id(link.id, at_ns, stamp.learned_ns)
        if link.from_ns < at_ns:
            return self._made(fact_id, link.identifier, key_of(link), at_ns, link.store)
        return Revoke(
            id=fact_id, learned_ns=stamp.learned_ns, source=link.source, actor=stamp.actor, reason=stamp.reason, of=link.id
        )  # fmt: skip


def spelling(fact_id: str, identifiers: Sequence[Identifier], stamp: Stamp, source: str) -> Same:
    """Return that identifiers are spellings of one, beside the fact of an id, as accept does."""
    return Same(
        id=f"{fact_id}{SECOND}", learned_ns=stamp.learned_ns, source=source, actor=stamp.actor, reason=stamp.reason,
        identifiers=tuple(identifiers),
    )  # fmt: skip


def digest(*parts: object) -> str:
    """Return 24 hex digits that stand for values."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=ID_BYTES).hexdigest()
