"""Who a fan id is: the person that it means now, the other ids of that person, and the identifiers. Pure but for what it reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from gateway.identity.facts import FOR_EVER_NS, Span, Standing, fan_name

_FAN: Final = "fan:"


class Names(Protocol):
    """What a ledger knows of names."""

    def names_of_fan(self, fan: str) -> list[str]: ...
    def standings(self, names: Collection[str]) -> Mapping[str, Standing]: ...


class Owned(NamedTuple):
    """An identifier for a time in which it is a person's."""

    subject: str
    from_ns: int
    to_ns: int
    label: str
    store: str = ""
    """The one store in which it is: of something lent, where others have one of the same name."""
    lent_ns: int | None = None
    """Since when it is lent, if nobody stated the end: then it is the person's for a visit."""


class Person(NamedTuple):
    """A person: the standing id, all ids, and the identifiers."""

    fan: str
    ids: Sequence[str]
    identifiers: Sequence[Owned]
    withdrawn_ns: int | None = None
    """Since when consent to be identified is withdrawn; None while it is not."""
    subjects: Sequence[str] = ()
    """Everything that is or was one of the identifiers, of which there may be rows."""


def person_of(names: Names, asked: str) -> Person:
    """Return who an id is now; an id that nobody knows is a person with that id alone.

    Also ids that a person had once answer: a merged one, and a provisional one of before the person was registered.
    """
    standings = names.standings([*names.names_of_fan(asked), fan_name(asked)])
    if (fan := _now(standings, asked)) != asked:
        standings = names.standings([*names.names_of_fan(fan), fan_name(fan), fan_name(asked)])
    return of_standings(fan, standings.values(), asked)


def of_standings(fan: str, standings: Iterable[Standing], asked: str = "") -> Person:
    """Return a person by the standings of all names that may be theirs."""
    ids, owned, subjects = {fan}, [], []
    withdrawn_ns = None
    for standing in standings:
        if standing.name in (fan_name(fan), fan_name(asked)) and standing.spans and not standing.spans[-1].fan:
            withdrawn_ns = standing.spans[-1].from_ns
        mine = [span for span in standing.spans if span.fan == fan]
        if standing.name.startswith(_FAN):
            ids |= {standing.name.removeprefix(_FAN)} if mine else set()
        elif ":" not in standing.name:
            subjects.append(standing.name)
            if standing.is_lent:
                owned += _lent(standing, fan)
            else:
                owned += [Owned(standing.name, span.from_ns, span.to_ns, standing.label) for span in mine]
    if asked and asked != fan:
        ids.add(asked)
    return Person(fan, sorted(ids, key=lambda each: (each != fan, each)), sorted(owned), withdrawn_ns, sorted(subjects))


def _lent(standing: Standing, fan: str) -> list[Owned]:
    """Return when something lent is a fan's, and in which store where that is not all of them."""
    found: dict[Span, Owned] = {}
    for here, store in zip(standing.everywhere(), ("", *(each.store for each in standing.in_stores)), strict=True):
        for span in here.spans:
            if span.fan == fan and span not in found:
                found[span] = Owned(standing.name, span.from_ns, span.to_ns, here.label, store, here.lent_since(span))
    return list(found.values())


def _now(standings: Mapping[str, Standing], asked: str) -> str:
    """Return whom an id means now, by its own standing and those of the names that are or were this fan's."""
    own = standings.get(fan_name(asked))
    if own is not None and (named := [span.fan for span in own.spans if span.fan]):
        return named[-1]
    if any(span.fan == asked for each in standings.values() for span in each.spans) or any(
        asked in each.fans() for each in standings.values() if each.in_stores
    ):
        return asked
    became = {each.spans[-1].fan for each in standings.values() if each.spans and each.spans[-1].fan}
    return became.pop() if len(became) == 1 else asked


def as_object(owned: Owned, id_type: str, moment: Any) -> dict[str, Any]:
    """Return an identifier as JSON has it; an open end is null. `moment` writes a time."""
    return {
        "type": id_type,
        "subject": owned.subject,
        "from": None if owned.from_ns <= -FOR_EVER_NS else moment(owned.from_ns),
        "to": None if owned.to_ns >= FOR_EVER_NS else moment(owned.to_ns),
        "label": owned.label,
        "store": owned.store or None,
    }
