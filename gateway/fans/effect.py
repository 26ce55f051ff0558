"""What facts would change, before anybody states them: fans, rows and money. Pure but for what it reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

from gateway.fans.whose_then import WhoseThen
from gateway.fold.store import DwellRow, TouchRow, VisitRow, is_visit
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
    """Those that get another fan, or that are cut otherwise, since their subject passes on at another time."""
    added: int = 0
    """Of the visits, those that are only afterwards."""
    voided: int = 0
    """Of the visits, those that are no more."""
    dwells: int = 0
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
    visits_of = lru_cache(_KEPT)(rows.visits_of)
    was, will_be = (WhoseThen(visits_of, _looked_up(each, names, standing_of), timeout_ns) for each in (before, after))
    touches: dict[tuple[str, str, int], TouchRow] = {}
    for name in names:
        effect.fans |= _fans(before.get(name)) ^ _fans(after.get(name))
        if _SEPARATOR not in name:
            _visits(effect, _Cut.of(was, name), _Cut.of(will_be, name))
            effect.dwells += _dwells(effect, rows.dwells_of(name), was, will_be)
        touches.update(((row.store, row.agent, row.row), row) for row in rows.touches_of(name) if not row.void)
    _touches(effect, touches.values(), was, will_be)
    return effect


def _means(standing: Standing | None) -> object:
    if standing is None or not (standing.spans or standing.in_stores):
        return None
    return standing._replace(number=0, label="")


def _fans(standing: Standing | None) -> set[str]:
    return standing.fans() if standing else set()


class _Cut(NamedTuple):
    """The visits of a subject, and whose they are, each by store, agent and key."""

    rows: dict[tuple[str, str, int], VisitRow]
    fans: dict[tuple[str, str, int], str]

    @classmethod
    def of(cls, whose: WhoseThen, subject: str) -> _Cut:
        """Return them as standings have them."""
        rows = {(row.store, row.agent, row.key_ns): row for row in filter(is_visit, whose.parts_of(subject))}
        return cls(rows, {key: whose.of_visit(row) for key, row in rows.items()})

    def fan_at(self, one: VisitRow) -> str:
        """Return whose the visit is that goes on when another begins."""
        at = (key for key, row in self.rows.items() if row.store == one.store and row.start_ns <= one.start_ns <= row.last_ns)
        return self.fans.get(max(at, key=lambda key: self.rows[key].start_ns, default=("", "", 0)), "")


def _visits(effect: Effect, was: _Cut, will_be: _Cut) -> None:
    """Count each visit that is another's, begins or ends at another time, or that there is only before, or only afterwards."""
    for key, row in will_be.rows.items():
        old, fan = was.rows.get(key), will_be.fans[key]
        if old is None:
            effect.visits, effect.added = effect.visits + 1, effect.added + 1
            effect.move_if_other(was.fan_at(row), fan)
        elif (was.fans[key], old.start_ns, old.last_ns) != (fan, row.start_ns, row.last_ns):
            effect.visits += 1
            effect.move_if_other(was.fans[key], fan)
    for key, row in was.rows.items():
        if key not in will_be.rows:
            effect.visits, effect.voided = effect.visits + 1, effect.voided + 1
            effect.move_if_other(was.fans[key], will_be.fan_at(row))


def _dwells(effect: Effect, rows: Iterable[DwellRow], was: WhoseThen, will_be: WhoseThen) -> int:
    moved = ((was.of_dwell(row), will_be.of_dwell(row)) for row in rows)
    return sum(effect.move_if_other(old, new) for old, new in moved)


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
