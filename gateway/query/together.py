"""Ratios whose parts need different things observed, such as sales and people: both parts of the same hours. Pure.

Tills count while door counters are down. What is divided belongs together if both parts are of hours in which the class that the measure
names in `within` was observed. Hours are whole ones of UTC, so that a ratio is the same whatever it is grouped by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isclose
from typing import Final

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_HOUR
from gateway.query.asked import AskedStore
from gateway.query.cells import MeasureCells
from gateway.query.coverage import TASKS, CoverageMasks
from gateway.query.covered import OBSERVED
from gateway.query.measures import CoveredBy, Measure
from gateway.query.open_minutes import span_masks
from gateway.query.reduce import GroupValues, Mask
from gateway.query.wall import NsColumn
from gateway.site.names import FIRST_NS

MOST_LOST: Final = 6
"""An hour counts as observed of which so many minutes, up to now, were not: one of ten."""


@dataclass(frozen=True, slots=True, eq=False)
class ObservedHours:
    """`seen`: by class, whether each store was observed in each hour from `first_ns` on; `asked`: whether the hour is in its span."""

    first_ns: int
    seen: Mapping[CoveredBy, npt.NDArray[np.bool_]]
    asked: npt.NDArray[np.bool_]

    def are_whole(self, by: CoveredBy) -> Mask:
        """Return for each store whether every hour of its span was observed."""
        whole: Mask = np.logical_and.reduce(self.seen[by] | ~self.asked, axis=1)
        return whole

    def are_mixed(self, by: CoveredBy) -> Mask:
        """Return for each store whether hours of its span were observed, and others not."""
        any_seen: Mask = np.logical_or.reduce(self.seen[by] & self.asked, axis=1)
        return any_seen & ~self.are_whole(by)

    def changes_ns(self, by: CoveredBy) -> NsColumn:
        """Return where observed hours and others meet, of any store that has both in its span."""
        seen = self.seen[by][self.are_mixed(by)]
        changes: NsColumn = np.flatnonzero((seen[:, 1:] != seen[:, :-1]).any(axis=0)) + 1
        return self.first_ns + changes * NS_PER_HOUR

    def are_observed(self, by: CoveredBy, cells: MeasureCells) -> Mask:
        """Return for each cell whether its hours were observed; none reaches over one of `changes_ns`, if its store has both."""
        observed: Mask = self.seen[by][cells.store, (cells.time_ns - self.first_ns) // NS_PER_HOUR]
        return observed


def observed_hours(found: CoverageMasks, stores: Sequence[AskedStore], now_ns: int) -> ObservedHours:
    """Return which hours of the stores count as observed; those of which nothing is known do, and those to come."""
    rows = np.array([found.rows[store.facts.name] for store in stores], np.intp)
    unknown, past = found.is_unknown(found.hours_ns), span_masks(found.hours_ns, FIRST_NS, now_ns)
    seen: dict[CoveredBy, npt.NDArray[np.bool_]] = {
        task: (np.bitwise_count(past & ~found.of(task)[rows]) <= MOST_LOST) | unknown for task in TASKS
    }
    masks_of = {span: span_masks(found.hours_ns, *span) > 0 for span in {(store.from_ns, store.to_ns) for store in stores}}
    return ObservedHours(int(found.hours_ns[0]), seen, np.array([masks_of[store.from_ns, store.to_ns] for store in stores], np.bool_))


def within(table: str, by: CoveredBy) -> str:
    """Return the name of the cells of a table that are of hours in which a class was observed."""
    return f"{table} within {by}"


Parts = Mapping[str, GroupValues]
"""The values of a ratio's parts, by id."""


def within_notes(measures: Iterable[Measure], whole: Mapping[str, Parts], kept: Mapping[str, Parts]) -> list[str]:
    """Return a note of the ratios that leave out hours, with how much these had; `whole` and `kept` are their parts, by measure."""
    lost = [text for measure in measures if (text := _lost(measure, whole[measure.id], kept[measure.id]))]
    if not lost:
        return []
    classes = " and ".join(dict.fromkeys(measure.within for measure in measures))
    return [f"{OBSERVED}{classes} for all but {MOST_LOST} minutes of the hour: ratios are of such hours alone: {', '.join(lost)}"]


def _lost(measure: Measure, whole: Parts, kept: Parts) -> str:
    found = []
    for part in whole:
        every, within_hours = (values[part].numbers[values[part].there].sum() for values in (whole, kept))
        if not isclose(every, within_hours, rel_tol=1e-9):  # sums of money depend on the order of adding, in their last digits
            found.append(f"{every - within_hours:,.10g} of {every:,.10g} `{part}`")
    return f"`{measure.id}` without {' and '.join(found)}" if found else ""
