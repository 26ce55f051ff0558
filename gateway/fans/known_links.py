"""The links that are known of some identifiers, as an import compares its own with them. Pure but for the store that it asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from gateway.identity.facts import FOR_EVER_NS, Fact, Identifier, Link, Revoke, Same, Standing, fact_name, fan_name


class Facts(Protocol):
    """What a `FactStore` answers."""

    def facts_naming(self, names: Collection[str]) -> Iterable[Fact]: ...

    def statements_naming(self, names: Collection[str]) -> Iterable[Fact]:
        """Return the same without what touches state."""

    def standings(self, names: Collection[str]) -> Mapping[str, Standing]: ...


class LinkKey(NamedTuple):
    """What makes two statements the same link: the later one replaces the earlier."""

    subject: str
    source: str
    fan: str
    from_ns: int
    store: str = ""


class Known(NamedTuple):
    """The latest statement of a link, and who took it back, if somebody did."""

    link: Link
    taken_back: Revoke | None

    @property
    def is_open(self) -> bool:
        """Return whether it holds without an end."""
        return self.taken_back is None and self.link.to_ns == FOR_EVER_NS


def key_of(link: Link) -> LinkKey:
    """Return which link a statement is of."""
    return LinkKey(link.identifier.subject, link.source, link.fan, link.from_ns, link.store)


class KnownLinks:
    """What a store knows of the links of some subjects."""

    def __init__(self, store: Facts, subjects: Collection[str]) -> None:
        facts = list(store.statements_naming(subjects))
        links = [fact for fact in facts if isinstance(fact, Link)]
        self._same: Final = {fact.identifiers for fact in facts if isinstance(fact, Same)}
        backs = store.statements_naming({fact_name(link.id) for link in links}) if links else ()
        self._by_key: Final = latest_of(links, (fact for fact in backs if isinstance(fact, Revoke)))
        self._by_subject: Final[defaultdict[str, list[Known]]] = defaultdict(list)
        for key, known in self._by_key.items():
            self._by_subject[key.subject].append(known)

    def of(self, key: LinkKey) -> Known | None:
        """Return the latest statement of a link."""
        return self._by_key.get(key)

    def is_spelled(self, identifiers: Sequence[Identifier]) -> bool:
        """Return whether somebody stated that these are spellings of one identifier."""
        return tuple(identifiers) in self._same

    def of_subject(self, subject: str) -> Sequence[Known]:
        """Return the latest statement of each link of a subject."""
        return self._by_subject.get(subject, ())


def _order(link: Link) -> tuple[int, bool, str]:
    """What was learned last counts, then what states an end, then the larger id."""
    return link.learned_ns, link.to_ns < FOR_EVER_NS, link.id


def latest_of(links: Iterable[Link], backs: Iterable[Revoke]) -> dict[LinkKey, Known]:
    """Return the latest statement of each link."""
    taken_back = {back.of: back for back in backs}
    found: dict[LinkKey, Known] = {}
    for link in links:
        key = key_of(link)
        other = found.get(key)
        if other is None or _order(other.link) < _order(link):
            found[key] = Known(link, taken_back.get(link.id))
    return found


def persons_of(store: Facts, fans: Collection[str]) -> dict[str, str]:
    """Return who each fan id is now, after merges and splits."""
    standings = store.standings({fan_name(fan) for fan in fans})
    found = ((fan, standings.get(fan_name(fan))) for fan in fans)
    return {fan: (standing.spans[-1].fan or fan) if standing and standing.spans else fan for fan, standing in found}
