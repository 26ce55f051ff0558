"""What would be named if somebody decided at the desk whose the identifiers are that several fans have. Pure but for its store.

It is tried by the rules of identity themselves, and not estimated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from gateway.fans.anonymity_rows import Among, Remedy, Rows
from gateway.identity.fact_store import FactStore
from gateway.identity.facts import Fact, Identifier, Link, Mention, is_registered
from gateway.identity.naming import whom
from gateway.identity.review import preview
from gateway.identity.types import IdentifierTypes

DESK: Final = "desk.tried"
MOST_TRIED: Final = 1_000
"""So many identifiers are tried, those first for which the most rows wait."""
Named = Mapping[tuple[Remedy, Among], int]


def named_by_deciding(rows: Rows, store: FactStore, types: IdentifierTypes, key: bytes, learned_ns: int) -> Named:
    """Return how many rows that wait for a decision would name somebody; each identifier goes to the fan whom most facts state."""
    waiting, subjects = {row: count for row, count in rows.items() if row.waits_for}, Counter[str]()
    for row, count in waiting.items():
        for each in row.waits_for:
            subjects[each.subject] += count
    tried = [subject for subject, _ in sorted(subjects.items(), key=lambda each: (-each[1], each[0]))[:MOST_TRIED]]
    facts = [link for subject in tried if (link := _link(subject, store.facts_naming([subject]), learned_ns))]
    after = {change.name: change.after for change in preview(store, types, key, facts).changes} if facts else {}
    found = Counter[tuple[Remedy, Among]]()
    for row, count in waiting.items():
        if any(is_registered(whom(after.get(each.subject), each.from_ns) or "") for each in row.waits_for):
            found.update({(remedy, row.among): count for remedy in row.about & {Remedy.RESOLVE, Remedy.DECIDE}})
    return found


def _link(subject: str, facts: Iterable[Fact], learned_ns: int) -> Link | None:
    """Return what the desk would state; None if no fact states whose the identifier may be."""
    stated = [fact for fact in facts if isinstance(fact, Link | Mention) and fact.fan]
    fans = Counter(fact.fan for fact in stated)
    if not fans:
        return None
    identifier = next(each for fact in stated for each in _identifiers(fact) if each.subject == subject)
    fan = min(fans, key=lambda each: (-fans[each], each))
    return Link(id=f"tried:{subject}", learned_ns=learned_ns, source=DESK, identifier=identifier, fan=fan)


def _identifiers(fact: Link | Mention) -> Sequence[Identifier]:
    return (fact.identifier,) if isinstance(fact, Link) else fact.identifiers
