"""How much of what an answer counts was observed: open minutes by the answer's own groups. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from footfall.units import NS_PER_MINUTE
from gateway.query.asked import AskedStore
from gateway.query.cells import IndexColumn, MeasureCells
from gateway.query.coverage import TASKS, AgentAt, CoverageMasks, Masks
from gateway.query.grouping import Grouped, grouped
from gateway.query.groups import PLACES, GroupKey
from gateway.query.keys import FIXED, KeyCodes
from gateway.query.measures import CoveredBy
from gateway.query.open_minutes import span_masks
from gateway.query.reduce import GroupValues, Mask, Numbers
from gateway.query.wall import NsColumn
from gateway.sinks.cells import Groups

OBSERVED: Final = "observed: "
"""The begin of the note of how much was observed."""
MOST_NAMED: Final = 5
"""Agents named in a note."""
_TABLE: Final = "coverage"
_OBSERVERS: Final[Mapping[CoveredBy, str]] = {"doors": "door counters", "presence": "receivers"}


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Of each group: open minutes, the share of them that was observed, and by class whether no minute at all was, open or closed.

    `covered` is the share of the class that the answer states.
    """

    open_minutes: GroupValues
    covered: GroupValues
    unobserved: Mapping[CoveredBy, Mask]


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """`cells`: minutes of stores in buckets, by name: `open`, `unknown` whether observed, and by class observed, open or not.

    `by`: the class of which the answer states the share; the minutes `covered` are the open ones that it observed.
    """

    cells: MeasureCells
    by: CoveredBy
    never_heard: tuple[AgentAt, ...] = ()
    """Agents of site.toml that count as observing nothing."""
    by_door: MeasureCells | None = None
    """The same of single doors, in answers by door."""

    def shares(self, codes: KeyCodes, groups: Grouped) -> Shares:
        """Return the shares of groups. A zone or an article has the share of its store."""
        cells = self.by_door if self.by_door is not None and any(key.group in self.by_door.texts for key in groups.keys) else self.cells
        keys = [key for key in groups.keys if key.group in (*PLACES, *FIXED, *cells.texts)]
        own = grouped(codes, keys or [GroupKey("chain")], {_TABLE: cells})
        place = _matched([_code(groups, key) for key in keys], own.codes) if keys else np.zeros(len(groups), np.intp)
        minutes = {name: _added(column, own, place) for name, column in cells.values.items()}
        known = minutes["unknown"] == 0
        opened = minutes["open"]
        covered = GroupValues(minutes["covered"] / np.maximum(opened, 1), known & (opened > 0))
        unobserved: dict[CoveredBy, Mask] = {task: known & (minutes[task] == 0) for task in TASKS}
        return Shares(GroupValues(opened, np.ones(len(groups), np.bool_)), covered, unobserved)


def covered_cells(found: CoverageMasks, stores: Sequence[AskedStore], bucket_ns: int, by: CoveredBy) -> MeasureCells:
    """Return the minutes of the stores' spans in buckets, as Covered has them. Hours in which all of them are 0 have none."""
    return cells_of_masks(found.hours_ns, np.arange(len(stores)), masks_of_stores(found, stores), bucket_ns, by)[0]


def masks_of_stores(found: CoverageMasks, stores: Sequence[AskedStore]) -> dict[str, Masks]:
    """Return masks of the stores' spans by name, each with a row a store; `spans`: the spans themselves."""
    masks_of = {span: span_masks(found.hours_ns, *span) for span in {(store.from_ns, store.to_ns) for store in stores}}
    spans = np.array([masks_of[store.from_ns, store.to_ns] for store in stores], np.int64)
    rows = np.array([found.rows[store.facts.name] for store in stores], np.intp)
    every: dict[str, Masks] = {task: found.of(task)[rows] & spans for task in TASKS}
    every["open"] = found.open[rows] & spans
    every["unknown"] = np.where(found.is_unknown(found.hours_ns), spans, 0)
    return every | {"spans": spans}


def cells_of_masks(
    hours_ns: NsColumn, store: IndexColumn, every: Mapping[str, Masks], bucket_ns: int, by: CoveredBy
) -> tuple[MeasureCells, IndexColumn]:
    """Return masks as cells, and the row of each; `store` is the store's number of each row."""
    every = {name: masks for name, masks in every.items() if name != "spans"}
    row, hour = np.nonzero(np.bitwise_or.reduce(list(every.values())))
    masks = {name: each[row, hour] for name, each in every.items()}
    masks["covered"] = masks["open"] & masks[by]
    minutes = bucket_ns // NS_PER_MINUTE
    first = np.arange(0, 60, minutes)
    bits = (1 << minutes) - 1
    values = {name: np.bitwise_count((mask[:, None] >> first) & bits).astype(np.int64).ravel() for name, mask in masks.items()}
    time_ns = (hours_ns[hour][:, None] + first * NS_PER_MINUTE).ravel()
    rows = np.repeat(row, len(first))
    return MeasureCells(store[rows], time_ns, {}, values), rows


def coverage_notes(shares: Shares, of: Sequence[AskedStore], covered: Covered) -> list[str]:
    """Return how many stores were observed, how much of their open hours, and who was never heard; `shares` are those of each store."""
    return [*_observed_notes(shares, of, covered.by), *_never_heard(covered.never_heard)]


def _never_heard(agents: Sequence[AgentAt]) -> list[str]:
    named = ", ".join(f"{each.agent} of {each.store}" for each in agents[:MOST_NAMED])
    more = f" and {len(agents) - MOST_NAMED:,} more" if len(agents) > MOST_NAMED else ""
    what = f"{OBSERVED}nothing by agents that were never heard: {named}{more}; if site.toml has them for other tasks, write `tasks` there"
    return [what] if agents else []


def _observed_notes(shares: Shares, of: Sequence[AskedStore], by: CoveredBy) -> list[str]:
    opened, covered = shares.open_minutes.numbers, shares.covered
    asked = opened > 0
    if not covered.there.any():
        return [f"it is not known whether all was observed: the database has no coverage of {by} in this span"] if asked.any() else []
    minutes = opened[covered.there].sum()
    share = float((covered.numbers * opened)[covered.there].sum() / minutes)
    seen = int((covered.there & (covered.numbers > 0)).sum())
    notes = [f"{OBSERVED}{seen:,} of {int(asked.sum()):,} stores, {percent(share)} of open hours, by {_OBSERVERS[by]}"]
    if unknown := int((asked & ~covered.there).sum()):
        notes.append(f"of {unknown:,} stores it is not known for all of the span: an earlier release stored no coverage")
    if unstated := sum(not store.facts.states_hours for store in of):
        notes.append(f"opening hours not stated by {unstated:,} of them: every minute of the span counts as open, nights too")
    return notes


def percent(share: float) -> str:
    """Return the share as text, with one place; not all is never shown as all."""
    return f"{min(round(100 * share, 1), 100 if share == 1 else 99.9):.1f} %"


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
