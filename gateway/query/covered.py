"""How much of what an answer counts was observed: open minutes by the answer's own groups. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from footfall.units import NS_PER_MINUTE
from gateway.query.asked import AskedStore
from gateway.query.cells import IndexColumn, MeasureCells
from gateway.query.coverage import CoverageMasks
from gateway.query.grouping import Grouped, grouped
from gateway.query.groups import PLACES, GroupKey
from gateway.query.keys import FIXED, KeyCodes
from gateway.query.measures import CoveredBy
from gateway.query.open_minutes import span_masks
from gateway.query.reduce import GroupValues, Mask, Numbers
from gateway.sinks.cells import Groups

TASKS: Final[tuple[CoveredBy, ...]] = ("doors", "presence")
OBSERVED: Final = "observed: "
"""The begin of the note of how much was observed."""
_TABLE: Final = "coverage"


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Of each group: open minutes, the share of them that was observed by each class, and by class whether none of them was.

    `covered` is the share of the class that the answer states.
    """

    open_minutes: GroupValues
    covered: GroupValues
    by_class: Mapping[CoveredBy, GroupValues]
    unobserved: Mapping[CoveredBy, Mask]


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """`cells`: minutes of stores in buckets: `open`, those of them observed by `doors` and `presence`, and those `known` to be or not.

    `by`: the class of which the answer states the share.
    """

    cells: MeasureCells
    by: CoveredBy

    def shares(self, codes: KeyCodes, groups: Grouped) -> Shares:
        """Return the shares of groups. A zone, a door or an article has the share of its store."""
        keys = [key for key in groups.keys if key.group in (*PLACES, *FIXED)]
        own = grouped(codes, keys or [GroupKey("chain")], {_TABLE: self.cells})
        place = _matched([_code(groups, key) for key in keys], own.codes) if keys else np.zeros(len(groups), np.intp)
        minutes = {name: _added(column, own, place) for name, column in self.cells.values.items()}
        known = minutes["unknown"] == 0
        opened = minutes["open"]
        shares = {task: GroupValues(minutes[task] / np.maximum(opened, 1), known & (opened > 0)) for task in TASKS}
        unobserved = {task: known & (minutes[task] == 0) for task in TASKS}
        return Shares(GroupValues(opened, np.ones(len(groups), np.bool_)), shares[self.by], shares, unobserved)


def covered_cells(found: CoverageMasks, stores: Sequence[AskedStore], bucket_ns: int) -> MeasureCells:
    """Return the minutes of the stores' spans that were open, observed, or are not known to be, in buckets.

    Hours in which nothing was open have none, unless it is not known what was observed in them.
    """
    masks_of = {span: span_masks(found.hours_ns, *span) for span in {(store.from_ns, store.to_ns) for store in stores}}
    spans = np.array([masks_of[store.from_ns, store.to_ns] for store in stores], np.int64)
    rows = np.array([found.rows[store.facts.name] for store in stores], np.intp)
    opened = found.open[rows] & spans
    unknown = np.where(found.is_unknown(found.hours_ns), spans, 0)
    store, hour = np.nonzero(opened | unknown)
    masks = {"open": opened[store, hour], "unknown": unknown[store, hour]}
    masks |= {
        task: masks["open"] & observed[rows][store, hour] for task, observed in (("doors", found.doors), ("presence", found.presence))
    }
    minutes = bucket_ns // NS_PER_MINUTE
    first = np.arange(0, 60, minutes)
    bits = (1 << minutes) - 1
    values = {name: np.bitwise_count((mask[:, None] >> first) & bits).astype(np.int64).ravel() for name, mask in masks.items()}
    time_ns = (found.hours_ns[hour][:, None] + first * NS_PER_MINUTE).ravel()
    return MeasureCells(np.repeat(store, len(first)), time_ns, {}, values)


def coverage_notes(shares: Shares, of: Sequence[AskedStore], by: CoveredBy) -> list[str]:
    """Return how many stores were observed, and how much of their open hours; `shares` are those of each store."""
    opened, covered = shares.open_minutes.numbers, shares.covered
    asked = opened > 0
    if not covered.there.any():
        return [f"it is not known whether all was observed: the database has no coverage of {by} in this span"] if asked.any() else []
    minutes = opened[covered.there].sum()
    share = float((covered.numbers * opened)[covered.there].sum() / minutes)
    seen = int((covered.there & (covered.numbers > 0)).sum())
    notes = [f"{OBSERVED}{seen:,} of {int(asked.sum()):,} stores, {percent(share)} of open hours"]
    if unknown := int((asked & ~covered.there).sum()):
        notes.append(f"of {unknown:,} stores it is not known for all of the span: an earlier release stored no coverage")
    if unstated := sum(not store.facts.states_hours for store in of):
        notes.append(f"opening hours not stated by {unstated:,} of them: every minute counts as open")
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
