"""Referral: who shared, whom that brought, how deep it went, and what they bought. Pure.

Somebody comes by a share with the first touch that has its `code`, or whose `shared_by` names who shared: once, and only who had bought
nothing before, in whatever store. Nobody is brought by themselves, nor by whom they brought, at whatever remove.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from gateway.points import Coded, Column
from gateway.query.brand_rows import BrandRule, numbered
from gateway.sinks.table import PointTable

SHARE, SALE, RETURN = "share", "transaction", "return"
MOST_DEPTH: Final = 9
"""Whom a longer way brought counts as brought by one of so many steps."""


class FanTouch(NamedTuple):
    """A touch that may share, bring or buy; `row`: where it stands in its table. Those of one moment begin with what shares."""

    time_ns: int
    is_later: bool
    store: str
    agent: str
    what: str
    fan: str
    code: str
    shared_by: str
    row: int


class Referred(NamedTuple):
    """What a touch is: somebody shares (`fan` is then the sharer), is brought by it (`brings`), or was brought earlier and buys.

    `root`: who shared first of all that led to it. `depth`: by how many steps its fan came, 0 of who shares. `is_unnamed`: nobody knows
    who came.
    """

    row: int
    sharer: str
    root: str
    depth: int
    brings: bool = False
    is_unnamed: bool = False


def referred_of(table: PointTable) -> PointTable:
    """Return the touches that a referral is made of, with `sharer`, `root` and `depth` of each.

    `brings`: its fan came by it. `brought`: its fan had come by a share, and buys or gives back. `unnamed`: somebody came by it whom nobody
    knows. `fan_number`, `sharer_number`: numbers for fans.
    """
    found = sorted(_Brought().of(_touches(table)))
    touches = table.where(np.array([each.row for each in found], np.intp))
    sharer, fan = Coded.of([each.sharer for each in found]), touches.coded("fan")
    is_share, comes = touches.equals("what", SHARE), np.array([each.depth > 0 for each in found], np.bool_)
    unnamed = np.array([each.is_unnamed for each in found], np.bool_)
    columns: dict[str, Column] = {
        "sharer": sharer,
        "root": Coded.of([each.root for each in found]),
        "depth": Coded.of([str(each.depth) for each in found]),
        "brings": np.array([each.brings for each in found], np.bool_),
        "brought": comes & ~unnamed & ~is_share & (touches.equals("what", SALE) | touches.equals("what", RETURN)),
        "unnamed": unnamed,
        "fan_number": numbered(fan.names or ("",))[fan.codes],
        "sharer_number": numbered(sharer.names or ("",))[sharer.codes],
    }
    return replace(touches, columns={**touches.columns, **columns})


def _touches(table: PointTable) -> list[FanTouch]:
    """Return in the order of time the touches that may matter."""
    matters = table.equals("what", SHARE) | table.equals("what", SALE) | table.equals("what", RETURN)
    matters |= ~table.equals("code", "") | ~table.equals("shared_by", "")
    kept = table.where(matters)
    columns = (kept.values(name) for name in ("store", "agent", "what", "fan", "code", "shared_by"))
    rows = zip(kept.time_ns.tolist(), *columns, np.flatnonzero(matters).tolist(), strict=True)
    return sorted(
        FanTouch(time_ns, what != SHARE, store, agent, what, fan, code, shared_by, row)
        for time_ns, store, agent, what, fan, code, shared_by, row in rows
    )


class _Brought:
    """Who brought whom so far."""

    def __init__(self) -> None:
        self._fan_of_code: dict[str, str] = {}
        self._came: dict[str, tuple[str, str, int]] = {}
        """By fan: who brought them, who shared first of all, and in how many steps."""
        self._above: dict[str, str] = {}
        """By fan who was brought: somebody above them, mostly the topmost."""
        self._bought: set[str] = set()

    def of(self, touches: list[FanTouch]) -> Iterator[Referred]:
        """Yield what each touch is, if it is any of it."""
        for touch in touches:
            if touch.what == SHARE:
                yield from self._shares(touch)
                continue
            sharer = touch.shared_by or self._fan_of_code.get(touch.code, "")
            brings = self._brings(touch.fan, sharer)
            if brings:
                self._bring(touch.fan, sharer)
            if touch.fan in self._came and (brings or touch.what in (SALE, RETURN)):
                yield Referred(touch.row, *self._came[touch.fan], brings)
            elif sharer and not touch.fan:
                yield Referred(touch.row, sharer, *self._way(sharer), is_unnamed=True)
            if touch.fan and touch.what == SALE:
                self._bought.add(touch.fan)

    def _shares(self, touch: FanTouch) -> Iterator[Referred]:
        if touch.fan and touch.code:
            self._fan_of_code[touch.code] = touch.fan
        yield Referred(touch.row, touch.fan, self._way(touch.fan)[0], 0)

    def _brings(self, fan: str, sharer: str) -> bool:
        is_new = bool(fan and sharer) and fan not in self._bought and fan not in self._came
        return is_new and self._topmost(sharer) != fan

    def _bring(self, fan: str, sharer: str) -> None:
        self._came[fan] = (sharer, *self._way(sharer))
        self._above[fan] = sharer

    def _way(self, sharer: str) -> tuple[str, int]:
        """Return who shared first of all that leads to whom a fan brings, and in how many steps they come."""
        _, root, depth = self._came.get(sharer, ("", sharer, 0))
        return root, min(depth + 1, MOST_DEPTH)

    def _topmost(self, fan: str) -> str:
        """Return who is above a fan and was brought by nobody: who comes new can be above others, but only as the topmost."""
        way = [fan]
        while way[-1] in self._above:
            way.append(self._above[way[-1]])
        for each in way[:-1]:
            self._above[each] = way[-1]
        return way[-1]


REFERRAL: Final = BrandRule(
    referred_of, "share, nor anybody whom one brought", ("store", "agent", "what", "fan", "code", "shared_by"), fans=("sharer", "root")
)
