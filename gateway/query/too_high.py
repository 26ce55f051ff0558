"""Ratios that are too high, since tills count while door counters are down. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from gateway.query.covered import OBSERVED, Shares
from gateway.query.measures import Measure
from gateway.query.minute_pairs import LEAST_COVERED
from gateway.query.reduce import GroupValues, Mask


def too_high_notes(measures: Iterable[Measure], there: Mapping[str, Measure], base: Mapping[str, GroupValues], shares: Shares) -> list[str]:
    """Return a note of the ratios whose upper part always counts, and the lower part only where it is observed, if much of it was not.

    `base` and `shares` are those of stores.
    """
    found = {measure.id: stores for measure in measures if (stores := _uneven(measure, there, base, shares)).any()}
    if not found:
        return []
    stores, classes = np.logical_or.reduce(list(found.values())), {there[there[name].denominator].covered_by for name in found}
    return [
        f"{OBSERVED}{' and '.join(sorted(classes))} in under {100 * LEAST_COVERED:.0f} % of open minutes in {int(stores.sum()):,} of"
        f" {len(stores):,} stores; sales count in all minutes, so too high: {', '.join(found)}"
    ]


def _uneven(measure: Measure, there: Mapping[str, Measure], base: Mapping[str, GroupValues], shares: Shares) -> Mask:
    """The stores that add more to the upper part of a ratio than to its lower part; none where there is nothing to divide by."""
    nobody = np.zeros(len(shares.open_minutes.numbers), np.bool_)
    if measure.kind != "ratio" or there[measure.numerator].covered_by or not there[measure.denominator].covered_by:
        return nobody
    upper, lower = base[measure.numerator], base[measure.denominator]
    share = shares.by_class[there[measure.denominator].covered_by]
    few: Mask = share.there & (share.numbers < LEAST_COVERED) & upper.there & (upper.numbers != 0)
    return few if lower.numbers[lower.there].any() else nobody
