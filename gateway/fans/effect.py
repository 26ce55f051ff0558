"""What facts would change, before anybody states them: fans, rows and money. Pure but for what it reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from gateway.fold.store import DwellRow, TouchRow, VisitRow
from gateway.identity.facts import Standing
from gateway.identity.naming import StandingOf, name_of_touch, whom

_SIGNS: Final = {"transaction": 1, "return": -1}
"""Touches that move money."""
_SEPARATOR: Final = ":"


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
    dwells: int = 0
    touches: int = 0
    money: float = 0.0
    """The amounts of the sales that pass to somebody else, less those of returns."""
    moved: dict[Moved, int] = field(default_factory=dict)
    """Rows by from whom to whom."""

    @property
    def rows(self) -> int:
        """How many rows of visits, dwells and touches get another fan."""
        return self.visits + self.dwells + self.touches

    def move(self, old: str, new: str) -> None:
        """Count a row."""
        self.fans |= {old, new} - {""}
        self.moved[Moved(old, new)] = self.moved.get(Moved(old, new), 0) + 1


def effect_of(rows: Rows, before: Mapping[str, Standing], after: Mapping[str, Standing], standing_of: StandingOf) -> Effect:
    """Return what standings that change would change. `standing_of` has those of all other names.

    `before` and `after` are by name; of a name that is new, or is none any more, one of them has nothing.
    """
    effect = Effect()
    names = sorted({name for name in {*before, *after} if _means(before.get(name)) != _means(after.get(name))})
    effect.names = len(names)
    touches: dict[tuple[str, str, int], TouchRow] = {}
    for name in names:
        old, new = before.get(name), after.get(name)
        effect.fans |= _fans(old) ^ _fans(new)
        if _SEPARATOR not in name:
            effect.visits += _moved(effect, rows.visits_of(name), old, new)
            effect.dwells += _moved(effect, rows.dwells_of(name), old, new)
        touches.update(((row.store, row.agent, row.row), row) for row in rows.touches_of(name) if not row.void)
    _touches(effect, touches.values(), _looked_up(before, names, standing_of), _looked_up(after, names, standing_of))
    return effect


def _means(standing: Standing | None) -> object:
    return (standing.spans, standing.rank, standing.only_by_ref) if standing and standing.spans else ()


def _fans(standing: Standing | None) -> set[str]:
    return {span.fan for span in standing.spans if span.fan} if standing else set()


def _moved(effect: Effect, rows: Iterable[VisitRow | DwellRow], old: Standing | None, new: Standing | None) -> int:
    count = 0
    for row in rows:
        was, will_be = whom(old, row.start_ns) or "", whom(new, row.start_ns) or ""
        if was != will_be:
            effect.move(was, will_be)
            count += 1
    return count


def _looked_up(standings: Mapping[str, Standing], names: Collection[str], standing_of: StandingOf) -> Callable[[str], Standing | None]:
    changing = set(names)
    return lambda name: standings.get(name) if name in changing else standing_of(name)


def _touches(effect: Effect, rows: Iterable[TouchRow], before: StandingOf, after: StandingOf) -> None:
    for row in rows:
        was, will_be = named(before, row), named(after, row)
        if was != will_be:
            values = json.loads(row.body)
            effect.move(was, will_be)
            effect.touches += 1
            effect.money += _SIGNS.get(values["what"], 0) * float(values["amount"])
    effect.money = round(effect.money, 6)


def named(standing_of: StandingOf, row: TouchRow) -> str:
    """Return whom a touch names by standings; "" for nobody."""
    values = json.loads(row.body)
    return name_of_touch(standing_of, values["subjects"], values["fan"], values["ref"], row.time_ns)
