"""Dwells as stays: what several devices of one fan are heard of is one, and who walks through a zone does not stay there. Pure.

The rule is that of `zone_traffic`: dwells of one fan in one zone that overlap, to the millisecond, are one stay if they are of several
devices; it lasts from the first of them to the last, and is open while one is. A stay is no shorter than LEAST_STAY_S. A fan is in one
place: a dwell that lies within one of another device in another zone is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_MS
from gateway.sinks.table import PointTable

LEAST_STAY_S: Final = 10.0
"""Who is in a zone for less walks through it, as `zone_traffic` counts passes."""
STAY_COLUMNS: Final = ("store", "zone", "subject", "fan", "seconds", "open", "is_staff")
"""What must have been read of `dwell`."""
_STILL_MS: Final = 1 << 62
Rows = npt.NDArray[np.intp]


def stays_of(dwells: PointTable) -> PointTable:
    """Return the rows of stays: the first dwell of each, with the length of the whole. Passes are left out."""
    together = joined_dwells(dwells)
    return together.where(together.numbers("open") | (together.numbers("seconds") >= LEAST_STAY_S))


def joined_dwells(dwells: PointTable) -> PointTable:
    """Return the rows of stays and passes: the first dwell of each, with the length of the whole."""
    dwells = dwells.where(_in_one_place(dwells))
    seconds, is_open = dwells.numbers("seconds").copy(), dwells.numbers("open").copy()
    kept = np.ones(len(dwells), np.bool_)
    for rows in _of_one_fan(dwells, ("store", "zone", "fan")):
        for together in _overlapping(rows, *_spans_ms(dwells, rows)):
            _join(dwells, together, seconds, is_open, kept)
    return PointTable(dwells.measurement, dwells.time_ns, {**dwells.columns, "seconds": seconds, "open": is_open}).where(kept)


def _in_one_place(dwells: PointTable) -> npt.NDArray[np.bool_]:
    """Return which dwells do not lie, over, within a longer one of another device of the fan in another zone of the store."""
    kept = np.ones(len(dwells), np.bool_)
    devices, zones = dwells.coded("subject").codes, dwells.coded("zone").codes
    for rows in _of_one_fan(dwells, ("store", "fan")):
        if len(np.unique(devices[rows])) < 2 or len(np.unique(zones[rows])) < 2:
            continue
        start_ms, end_ms = _spans_ms(dwells, rows)
        reached: dict[tuple[int, int], tuple[int, int]] = {}
        """By device and zone the latest end so far, and the earliest begin of those that end then, less than 0."""
        for begin, end, row in sorted(zip(start_ms, end_ms, rows.tolist(), strict=True), key=lambda each: (each[0], -each[1])):
            of, span = (devices.item(row), zones.item(row)), (end, -begin)
            others = (other for (device, zone), other in reached.items() if device != of[0] and zone != of[1])
            kept[row] = end == _STILL_MS or not any(other > span for other in others)
            reached[of] = max(reached.get(of, span), span)
    return kept


def _of_one_fan(dwells: PointTable, keys: Sequence[str]) -> Iterator[Rows]:
    """Yield the rows of each fan with the same keys, if there are several, by their begin."""
    rows = np.flatnonzero(~dwells.equals("fan", "") & ~dwells.numbers("is_staff"))
    codes = [dwells.coded(name).codes[rows] for name in keys]
    by: list[npt.NDArray[Any]] = [dwells.time_ns[rows], *reversed(codes)]
    order = np.lexsort(by)
    rows, codes = rows[order], [column[order] for column in codes]
    differ = np.any([column[1:] != column[:-1] for column in codes], axis=0)
    for begin, end in pairwise([0, *(np.flatnonzero(differ) + 1).tolist(), len(rows)]):
        if end - begin > 1:
            yield rows[begin:end]


def _spans_ms(dwells: PointTable, rows: Rows) -> tuple[list[int], list[int]]:
    start_ms = dwells.time_ns[rows] // NS_PER_MS
    end_ms = start_ms + np.rint(dwells.numbers("seconds")[rows] * 1000).astype(np.int64)
    return start_ms.tolist(), np.where(dwells.numbers("open")[rows], _STILL_MS, end_ms).tolist()


def _overlapping(rows: Rows, start_ms: list[int], end_ms: list[int]) -> Iterator[Rows]:
    """Yield rows that overlap each other, or others that do."""
    begin, until_ms = 0, end_ms[0]
    for place in range(1, len(rows)):
        if start_ms[place] > until_ms:
            yield rows[begin:place]
            begin, until_ms = place, end_ms[place]
        until_ms = max(until_ms, end_ms[place])
    yield rows[begin:]


def _join(
    dwells: PointTable, together: Rows, seconds: npt.NDArray[np.float64], is_open: npt.NDArray[np.bool_], kept: npt.NDArray[np.bool_]
) -> None:
    """Give the first dwell what all of them are together, unless they are of one device."""
    if len(set(dwells.coded("subject").codes[together].tolist())) < 2:
        return
    start_ms, end_ms = _spans_ms(dwells, together)
    first = together[0]
    kept[together[1:]] = False
    is_open[first] = max(end_ms) == _STILL_MS
    seconds[first] = 0.0 if is_open[first] else (max(end_ms) - start_ms[0]) / 1000
