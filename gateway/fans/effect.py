"""What facts would change, before anybody states them: fans, rows and money. Pure but for what it reads."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

from gateway.fans.person_visits import NamedVisitKey, PersonVisit, PersonVisits
from gateway.fans.whose_then import WhoseThen
from gateway.fold.store import DwellRow, TouchRow, VisitRow
from gateway.identity.facts import Standing
from gateway.identity.naming import StandingOf, name_of_touch

_SIGNS: Final = {"transaction": 1, "return": -1}
"""Touches that move money."""
_SEPARATOR: Final = ":"
_KEPT: Final = 1000


class Rows(Protocol):
    """The rows of a ledger by a name of somebody: a subject, or of touches also `ref:` and `fan:`."""

    def visits_of(self, subject: str) -> list[VisitRow]: ...
    def dwells_of(self, subject: str) -> list[DwellRow]: ...
    def touches_of(self, name: str) -> list[TouchRow]: ...
    def names_of_fan(self, fan: str) -> list[str]: ...


class Moved(NamedTuple):
    """What passes from one fan to another; "" is nobody."""

    old: str
    new: str


@dataclass(slots=True)
class Effect:
    """What would change."""

    fans: set[str] = field(default_factory=set)
    """Every fan that gains or loses something."""
    names: int = 0
    """Identifiers, references and fan ids that mean somebody else, at some time."""
    visits: int = 0
    """Those that get another fan, or that begin or end at another time: cut otherwise, or one with others of the same fan."""
    added: int = 0
    """Of the visits, those that are only afterwards."""
    voided: int = 0
    """Of the visits, those that are no more."""
    dwells: int = 0
    """The same of dwells."""
    touches: int = 0
    money: float = 0.0
    """The amounts of the sales that pass to somebody else, less those of returns."""
    moved: dict[Moved, int] = field(default_factory=dict)
    """Rows by from whom to whom."""

    @property
    def rows(self) -> int:
        """How many rows of visits, dwells and touches get another fan, or another begin or end."""
        return self.visits + self.dwells + self.touches

    def move_if_other(self, old: str, new: str) -> bool:
        """Count a row that passes from one fan to another; return whether it does."""
        if old != new:
            self.fans |= {old, new} - {""}
            self.moved[Moved(old, new)] = self.moved.get(Moved(old, new), 0) + 1
        return old != new


def effect_of(
    rows: Rows, before: Mapping[str, Standing], after: Mapping[str, Standing], standing_of: StandingOf, timeout_ns: Mapping[str, int]
) -> Effect:
    """Return what standings that change would change. `standing_of` has those of all other names; `timeout_ns` as `WhoseThen` has it.

    `before` and `after` are by name; of a name that is new, or is none any more, one of them has nothing.
    """
    effect = Effect()
    names = sorted({name for name in {*before, *after} if _means(before.get(name)) != _means(after.get(name))})
    effect.names = len(names)
    visits_of, names_of = lru_cache(_KEPT)(rows.visits_of), _names_of(rows, names, before, after)
    was, will_be = (WhoseThen(visits_of, _looked_up(each, names, standing_of), timeout_ns) for each in (before, after))
    visits = _Visits(*(PersonVisits(each, names_of, rows.touches_of, _names_touch(each), timeout_ns) for each in (was, will_be)))
    touches: dict[tuple[str, str, int], TouchRow] = {}
    for name in names:
        effect.fans |= _fans(before.get(name)) ^ _fans(after.get(name))
        if _SEPARATOR not in name:
            visits.move(effect, name)
            dwells = rows.dwells_of(name)
            effect.dwells += _changed(effect, _Cut.of_dwells(was, name, dwells), _Cut.of_dwells(will_be, name, dwells))
        touches.update(((row.store, row.agent, row.row), row) for row in rows.touches_of(name) if not row.void)
    visits.count(effect)
    _touches(effect, touches.values(), was, will_be)
    return effect


def _names_of(
    rows: Rows, names: Iterable[str], before: Mapping[str, Standing], after: Mapping[str, Standing]
) -> Callable[[str], Collection[str]]:
    """Return what gives every name that means a fan, or meant it at some time, by what is known now or afterwards."""
    changing: defaultdict[str, set[str]] = defaultdict(set)
    for name in names:
        for fan in _fans(before.get(name)) | _fans(after.get(name)):
            changing[fan].add(name)
    return lambda fan: changing[fan].union(rows.names_of_fan(fan))


def _names_touch(whose: WhoseThen) -> Callable[[TouchRow], str]:
    return lambda row: named(whose.at(row), row)


class _Visits:
    """Counts visits, by what they were and what they will be: a visit may have segments of several subjects of a fan."""

    def __init__(self, was: PersonVisits, will_be: PersonVisits) -> None:
        self._was: Final = was
        self._will_be: Final = will_be
        self._fans: Final[set[str]] = set()
        self._gone: Final[set[NamedVisitKey]] = set()
        self._come: Final[set[NamedVisitKey]] = set()

    def move(self, effect: Effect, subject: str) -> None:
        """Count from whom to whom the segments of a subject pass."""
        was, will_be = (_Cut.of_segments(each.segments_of(subject)) for each in (self._was, self._will_be))
        _changed(effect, was, will_be)
        self._fans.update(fan for each in (was, will_be) for fan in each.fans.values() if fan)
        self._compare(self._was.of_nobody(subject), self._will_be.of_nobody(subject))

    def count(self, effect: Effect) -> None:
        """Count the visits that change, those that are only afterwards, and those that are no more."""
        for fan in sorted(self._fans):
            self._compare(self._was.of_fan(fan), self._will_be.of_fan(fan))
        effect.visits = len(self._gone | self._come)
        effect.added, effect.voided = len(self._come - self._gone), len(self._gone - self._come)

    def _compare(self, was: Mapping[NamedVisitKey, PersonVisit], will_be: Mapping[NamedVisitKey, PersonVisit]) -> None:
        self._gone.update(key for key, visit in was.items() if will_be.get(key) != visit)
        self._come.update(key for key, visit in will_be.items() if was.get(key) != visit)


def _means(standing: Standing | None) -> object:
    if standing is None or not (standing.spans or standing.in_stores):
        return None
    return standing._replace(number=0, label="")


def _fans(standing: Standing | None) -> set[str]:
    return standing.fans() if standing else set()


_Row = VisitRow | DwellRow
_Key = tuple[str, str, str, int]
"""Store, zone of a dwell, agent and key_ns."""


class _Cut(NamedTuple):
    """The visits, or the dwells, of a subject as standings cut them, and whose they are."""

    rows: dict[_Key, _Row]
    fans: dict[_Key, str]

    @classmethod
    def of_segments(cls, segments: Iterable[tuple[VisitRow, str]]) -> _Cut:
        rows: dict[_Key, _Row] = {}
        fans: dict[_Key, str] = {}
        for row, fan in segments:
            key = row.store, "", row.agent, row.key_ns
            rows[key], fans[key] = row, fan
        return cls(rows, fans)

    @classmethod
    def of_dwells(cls, whose: WhoseThen, subject: str, dwells: Iterable[DwellRow]) -> _Cut:
        rows = {(row.store, row.zone, row.agent, row.key_ns): row for row in whose.dwells_of(subject, dwells)}
        return cls({**rows}, {key: row.fan for key, row in rows.items()})

    def fan_at(self, place: _Key, time_ns: int) -> str:
        """Return whose the visit is that goes on in a store at a time, or the dwell in a zone of it."""
        at = [(row.start_ns, key) for key, row in self.rows.items() if key[:2] == place[:2] and row.start_ns <= time_ns <= row.last_ns]
        return self.fans[max(at)[1]] if at else ""


def _changed(effect: Effect, was: _Cut, will_be: _Cut) -> int:
    """Return how many rows are another's, begin or end at another time, or are there only before, or only afterwards."""
    changed, new, gone = 0, will_be.rows.keys() - was.rows.keys(), was.rows.keys() - will_be.rows.keys()
    for key, row in will_be.rows.items():
        old = was.rows.get(key)
        if old is None:
            effect.move_if_other(was.fan_at(key, row.start_ns), will_be.fans[key])
        elif (was.fans[key], old.start_ns, old.last_ns) != (will_be.fans[key], row.start_ns, row.last_ns):
            changed += 1
            effect.move_if_other(was.fans[key], will_be.fans[key])
    for key in gone:
        effect.move_if_other(was.fans[key], will_be.fan_at(key, was.rows[key].start_ns))
    return changed + len(new) + len(gone)


def _looked_up(standings: Mapping[str, Standing], names: Collection[str], standing_of: StandingOf) -> Callable[[str], Standing | None]:
    changing = set(names)
    return lambda name: standings.get(name) if name in changing else standing_of(name)


def _touches(effect: Effect, rows: Iterable[TouchRow], was: WhoseThen, will_be: WhoseThen) -> None:
    for row in rows:
        if effect.move_if_other(named(was.at(row), row), named(will_be.at(row), row)):
            values = json.loads(row.body)
            effect.touches += 1
            effect.money += _SIGNS.get(values["what"], 0) * float(values["amount"])
    effect.money = round(effect.money, 6)


def named(standing_of: StandingOf, row: TouchRow) -> str:
    """Return whom a touch names by standings; "" for nobody."""
    values = json.loads(row.body)
    return name_of_touch(standing_of, values["subjects"], values["fan"], values["ref"], row.time_ns)
