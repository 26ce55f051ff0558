"""From cells with their group's number to a value of each measure for each group. Pure.

Integers stay integers; numerators and denominators are added first and divided last. A gauge is read (last, max), never added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.points import SCHEMA
from gateway.query.cells import IndexColumn
from gateway.query.measures import DERIVED, SMALL_BASE, Measure

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class GroupValues:
    """A number for each group, where there is one."""

    numbers: Numbers
    there: Mask

    def where(self, kept: Mask) -> GroupValues:
        """Return the values without those of the other groups."""
        return GroupValues(self.numbers, self.there & kept)

    def listed(self) -> list[Any]:
        """Return them as plain numbers, None where there is none."""
        found: list[Any] = self.numbers.tolist()
        for i in np.flatnonzero(~self.there).tolist():
            found[i] = None
        return found


def added(measure: Measure, numbers: Numbers, group: IndexColumn, groups: int) -> GroupValues:
    """Return what the cells of each group have together; the cells are in the order of time."""
    return _KINDS[measure.kind](measure, numbers, group, groups)


def _sum(measure: Measure, numbers: Numbers, group: IndexColumn, groups: int) -> GroupValues:
    found = np.zeros(groups, numbers.dtype)
    np.add.at(found, group, numbers)
    size = np.zeros(groups)
    np.add.at(size, group, np.abs(numbers))
    return GroupValues(_without_noise(measure, found, size), np.ones(groups, np.bool_))


def _without_noise(measure: Measure, found: Numbers, size: Numbers) -> Numbers:
    """Return sums of whole hundredths without what doubles add to them: .1 + .2 is .3; the mean of several stores has no whole ones.

    `size`: how much was added, or taken off, whatever its sign.
    """
    if measure.decimals is None or found.dtype.kind != "f":
        return found
    whole = np.round(found, measure.decimals)
    return np.where(np.abs(found - whole) <= _NOISE * size, whole, found) + 0.0


def _last(measure: Measure, numbers: Numbers, group: IndexColumn, groups: int) -> GroupValues:
    found, read = np.full(groups, np.nan), ~np.isnan(numbers)
    found[group[read]] = numbers[read]  # of several for one place the last stays
    return _gauge(measure, found)


def _max(measure: Measure, numbers: Numbers, group: IndexColumn, groups: int) -> GroupValues:
    found = np.full(groups, np.nan)
    np.fmax.at(found, group, numbers)
    return _gauge(measure, found)


def _gauge(measure: Measure, found: Numbers) -> GroupValues:
    there = ~np.isnan(found)
    whole = SCHEMA[measure.table].fields[measure.column] == "int"
    return GroupValues(np.where(there, found, 0).astype(np.int64) if whole else found, there)


def _quantile(measure: Measure, numbers: Numbers, group: IndexColumn, groups: int) -> GroupValues:
    found, read = np.full(groups, np.nan), np.flatnonzero(~np.isnan(numbers))
    order = read[np.argsort(group[read], kind="stable")]
    present, first = np.unique(group[order], return_index=True)
    for number, part in zip(present.tolist(), np.split(numbers[order], first[1:]), strict=False):
        found[number] = np.quantile(part, measure.quantile)
    return GroupValues(found, ~np.isnan(found))


def _distinct(measure: Measure, numbers: Numbers, group: IndexColumn, groups: int) -> GroupValues:
    read = ~np.isnan(numbers)
    pairs = np.unique(np.stack([group[read].astype(np.float64), numbers[read]]), axis=1)
    return GroupValues(np.bincount(pairs[0].astype(np.intp), minlength=groups), np.ones(groups, np.bool_))


_NOISE: Final = 1e-11
"""Of a sum: millions of doubles are not further off."""
_KINDS: Final[Mapping[str, Callable[[Measure, Numbers, IndexColumn, int], GroupValues]]] = {
    "sum": _sum, "count": _sum, "between": _sum, "last": _last, "max": _max, "quantile": _quantile,
    "distinct": _distinct,
}  # fmt: skip


def closure(measures: Iterable[Measure], there: Mapping[str, Measure]) -> dict[str, Measure]:
    """Return the measures that these are made of, and those of which nothing else is made, by id: parts first."""
    found: dict[str, Measure] = {}
    for measure in measures:
        found |= closure((there[part] for part in measure.parts), there)
        found[measure.id] = measure
    return found


def base_of(measures: Iterable[Measure], there: Mapping[str, Measure]) -> list[Measure]:
    """Return the measures that cells have to hold, for these to be made."""
    return [measure for measure in closure(measures, there).values() if measure.kind not in DERIVED]


def derived(measures: Sequence[Measure], there: Mapping[str, Measure], base: Mapping[str, GroupValues]) -> dict[str, GroupValues]:
    """Return the values of the measures by id, given those that they are made of."""
    found = dict(base)
    for measure in closure(measures, there).values():
        if measure.kind in DERIVED:
            found[measure.id] = _derived(measure, found[measure.numerator], found[measure.denominator])
    return {measure.id: found[measure.id] for measure in measures}


def _derived(measure: Measure, numerator: GroupValues, denominator: GroupValues) -> GroupValues:
    there, size = numerator.there & denominator.there, np.abs(numerator.numbers) + np.abs(denominator.numbers)
    if measure.kind == "total":
        return GroupValues(_without_noise(measure, numerator.numbers + denominator.numbers, size), there)
    if measure.kind == "difference":
        return GroupValues(_without_noise(measure, numerator.numbers - denominator.numbers, size), there)
    there = there & (denominator.numbers != 0)
    divisor = np.where(there, denominator.numbers, 1)
    part = numerator.numbers if measure.kind == "ratio" else denominator.numbers - numerator.numbers
    return GroupValues(part / divisor, there)


def small_base(measure: Measure, there: Mapping[str, Measure], base: Mapping[str, GroupValues]) -> int:
    """Return how many groups have a value of a ratio, but little to divide by."""
    if measure.kind not in ("ratio", "rest"):
        return 0
    parts = derived([there[measure.denominator]], there, base)[measure.denominator]
    return int((parts.there & (parts.numbers > 0) & (parts.numbers < SMALL_BASE)).sum())
