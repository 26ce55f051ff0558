"""What facts did to fans, for those who keep their ids: merged, split, a new id, consent withdrawn or granted. Pure.

changes_of(facts, before, after) -> [FanChange(what="merged", fan="B", old="B", new="A", facts=("merge-…",))]

It is worked out from standings alone: who each fan id was before the facts, and who it is after them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple

from gateway.identity.fact_store import NamedFacts
from gateway.identity.facts import (
    ANONYMOUS,
    Consent,
    Distinct,
    Fact,
    Mention,
    Merge,
    Revoke,
    Split,
    Standing,
    claims_name,
    fan_name,
    is_registered,
    names_of,
)

_FAN: Final = "fan:"
_OF_FANS: Final = (Merge, Split, Distinct, Consent, Revoke)


class What(StrEnum):
    """What became of a fan id."""

    MERGED = "merged"
    SPLIT = "split"
    ID_CHANGED = "id_changed"
    WITHDRAWN = "withdrawn"
    GRANTED = "granted"


class FanChange(NamedTuple):
    """A fan id that means somebody else now. `old` and `new` are standing ids.

    Only `new` of `withdrawn` and `old` of `granted` are "": the others name who the id is, also while consent is withdrawn.
    """

    what: What
    fan: str
    """The id that changed: the brand's own, or a provisional one."""
    old: str
    new: str
    facts: tuple[str, ...]
    """Ids of the facts that did it."""


def changes_of(facts: Sequence[Fact], before: Mapping[str, Standing], after: Iterable[Standing]) -> list[FanChange]:
    """Return what facts changed, by the standings of names before them, and those that changed.

    `before` has the standings of the names of `after`, as far as they had one.
    """
    now = {standing.name: standing for standing in after}
    if not before and not any(name.startswith(_FAN) for name in now):  # of an import nothing changed that was anything
        return []
    together = {**before, **now}
    was_of, is_of = _person(before), _person(together)
    meant_now = {span.fan for standing in together.values() for span in standing.spans}
    stating = _Stating(facts)
    found: dict[FanChange, None] = {}
    for name, standing in now.items():
        if name.startswith(_FAN):
            fan = name.removeprefix(_FAN)
            for change in _of_fan(fan, before.get(name), standing, was_of, is_of):
                found[change._replace(facts=stating.ids({fan, change.old, change.new}))] = None
        else:
            for old, new in _other_now(before.get(name), standing, meant_now):
                found.setdefault(FanChange(What.ID_CHANGED, old, old, new, stating.ids({new}, name)))
    return list(found)


_PersonOf = Callable[[str], str]


def _person(standings: Mapping[str, Standing]) -> _PersonOf:
    """Return by fan id the person that it is, by its last span; the id itself where nothing is known."""

    def person(fan: str) -> str:
        standing = standings.get(fan_name(fan))
        registered = [span.fan for span in standing.spans if span.fan] if standing else []
        return registered[-1] if registered else fan

    return person


def _of_fan(fan: str, before: Standing | None, after: Standing, was_of: _PersonOf, is_of: _PersonOf) -> Iterator[FanChange]:
    old, new = was_of(fan), is_of(fan)
    if old != new:
        was_together, is_together = was_of(new) == old, is_of(old) == new
        if was_together and is_together:
            yield FanChange(What.ID_CHANGED, old, old, new, ())  # once, whichever of its ids shows it
        if not is_together:
            yield FanChange(What.SPLIT, fan, old, new, ())
        if not was_together:
            yield FanChange(What.MERGED, fan, old, new, ())
    if _is_withdrawn(after) and not _is_withdrawn(before):
        yield FanChange(What.WITHDRAWN, fan, old, "", ())
    if _is_withdrawn(before) and not _is_withdrawn(after):
        yield FanChange(What.GRANTED, fan, "", new, ())


def _is_withdrawn(standing: Standing | None) -> bool:
    """Return whether consent is withdrawn after the last that is known."""
    return bool(standing and standing.spans and standing.spans[-1].fan == "")


def _other_now(before: Standing | None, after: Standing, meant_now: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield provisional ids that an identifier meant, with the fan that it means instead: a registered one, or another provisional one.

    A provisional fan has the id of the smallest fact, so it has another one once a smaller one comes late, or joins it to others. One that
    others still have, since only a part left it, is no change of id.
    """
    for old in before.spans if before else ():
        if old.fan.startswith(ANONYMOUS):
            meant = [new.fan for new in after.spans if new.from_ns < old.to_ns and old.from_ns < new.to_ns]
            if meant and (is_registered(meant[-1]) or (meant[-1] not in ("", old.fan) and old.fan not in meant_now)):
                yield old.fan, meant[-1]


class _Stating:
    """Says which of some facts are about fans; they are looked through once, and only if somebody asks."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self._facts: Final = facts

    @cached_property
    def _backs(self) -> Sequence[Fact]:
        return [fact for fact in self._facts if isinstance(fact, Split | Revoke)]

    @cached_property
    def _by_name(self) -> Mapping[str, Sequence[Fact]]:
        found = defaultdict[str, list[Fact]](list)
        for fact in self._facts:
            for name in names_of(fact):
                found[name].append(fact)
        return found

    @cached_property
    def _whole(self) -> tuple[str, ...]:
        stated = [fact for fact in self._facts if not isinstance(fact, Mention)]
        return tuple(sorted(fact.id for fact in stated or self._facts))

    def ids(self, fans: set[str], name: str = "") -> tuple[str, ...]:
        """Return the ids of the facts about fans, or a name: of those about fans as such if there are any; of all if none is."""
        names = [*(of(fan) for fan in fans if fan for of in (fan_name, claims_name)), *([name] if name else [])]
        about = [*self._backs, *(fact for each in names for fact in self._by_name.get(each, ()) if not isinstance(fact, Split | Revoke))]
        of_fans = [fact for fact in about if isinstance(fact, _OF_FANS)]
        return tuple(sorted({fact.id for fact in of_fans or about})) or self._whole


class ObservedStore:
    """A `FactStore` above another that notes what becomes of fans; facts and standings go to the other as they are."""

    def __init__(self, below: NamedFacts) -> None:
        self._below: Final = below
        self._noted: list[FanChange] = []
        self._asked: set[str] = set()
        self._found: dict[str, Standing] = {}
        """The standings that were asked for since the last facts: those before the next."""

    def facts_naming(self, names: Collection[str]) -> Iterable[Fact]:
        """Return every fact of any of these names."""
        return self._below.facts_naming(names)

    def unkept(self, names: Collection[str]) -> Iterable[Fact]:
        """Return those of these names that are not kept as facts."""
        return self._below.unkept(names)

    def bearing(self, names: Collection[str]) -> Collection[str]:
        """Return those of these names that anything may be of."""
        return self._below.bearing(names)

    def shared_refs(self, refs: Collection[str]) -> Collection[str]:
        """Return those of these references that several touches may bear."""
        return self._below.shared_refs(refs)

    def standings(self, names: Collection[str]) -> Mapping[str, Standing]:
        """Return the standings of those of these names that have one."""
        found = self._below.standings(names)
        self._asked.update(names)
        self._found.update(found)
        return found

    def add(self, facts: Sequence[Fact], standings: Sequence[Standing], quiet: Sequence[Fact] = ()) -> None:
        """Keep facts and standings, and note what they change."""
        if unasked := {standing.name for standing in standings if standing.number > 1} - self._asked:  # a first one had none
            self._found.update(self._below.standings(unasked))
        if standings:
            self._noted += changes_of([*facts, *quiet], self._found, standings)
        self._asked, self._found = set(), {}
        self._below.add(facts, standings, quiet)

    def names_of_facts(self) -> Iterable[Sequence[str]]:
        """Return, in parts, every name of a subject or of a fan that facts bear."""
        return self._below.names_of_facts()

    def take_changes(self) -> list[FanChange]:
        """Return what was noted since the last call."""
        noted, self._noted = self._noted, []
        return noted
