"""How much of what an answer counts was observed: open minutes by the answer's own groups. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from gateway.query.cells import Cells, IndexColumn
from gateway.query.grouping import Grouped, grouped
from gateway.query.groups import PLACES, GroupKey
from gateway.query.keys import FIXED, KeyCodes
from gateway.query.measures import CoveredBy
from gateway.query.reduce import Mask, Numbers, Values
from gateway.sinks.cells import Groups

TASKS: Final[tuple[CoveredBy, ...]] = ("doors", "presence")
_TABLE: Final = "coverage"


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Of each group: open minutes, the share of them that was observed, and by class whether none of them was."""

    open_minutes: Values
    covered: Values
    unobserved: Mapping[str, Mask]


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """`cells`: minutes of stores in buckets: `open`, those of them observed by `doors` and `presence`, and those `known` to be or not.

    `by`: the class of which the answer states the share.
    """

    cells: Cells
    by: CoveredBy

    def shares(self, codes: KeyCodes, groups: Grouped) -> Shares:
        """Return the shares of groups. A zone, a door or an article has the share of its store."""
        keys = [key for key in groups.keys if key.group in (*PLACES, *FIXED)]
        own = grouped(codes, keys or [GroupKey("chain")], {_TABLE: self.cells})
        place = _matched([_code(groups, key) for key in keys], own.codes) if keys else np.zeros(len(groups), np.intp)
        minutes = {name: _added(column, own, place) for name, column in self.cells.values.items()}
        known = minutes["unknown"] == 0
        opened, observed = minutes["open"], minutes[self.by]
        covered = Values(observed / np.maximum(opened, 1), known & (opened > 0))
        return Shares(Values(opened, np.ones(len(groups), np.bool_)), covered, {task: known & (minutes[task] == 0) for task in TASKS})


def _code(groups: Grouped, key: GroupKey) -> IndexColumn:
    return groups.codes[groups.keys.index(key)]


def _added(numbers: Numbers, own: Grouped, place: IndexColumn) -> Numbers:
    found = np.zeros(len(own) + 1, np.int64)
    np.add.at(found, own.of_cell[_TABLE], numbers)
    return found[place]


def _matched(wanted: Sequence[IndexColumn], there: Sequence[IndexColumn]) -> IndexColumn:
    """The place of each wanted row among those that are there; after the last, where there is none."""
    rows = Groups([np.concatenate([own, asked]) for own, asked in zip(there, wanted, strict=True)])
    count = len(there[0])
    place = np.full(len(rows), count, np.intp)
    place[rows.of_row[:count]] = np.arange(count)
    return place[rows.of_row[count:]]
