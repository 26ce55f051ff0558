"""Dwells as stays: what several devices of one fan are heard of is one, and who walks through a zone does not stay there. Pure.

The rule is that of `zone_traffic`: dwells of one fan in one zone that overlap, to the millisecond, are one stay if they are of several
devices; it lasts from the first of them to the last, and is open while one is. A stay is no shorter than LEAST_STAY_S.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

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
    seconds, is_open = dwells.numbers("seconds").copy(), dwells.numbers("open").copy()
    kept = np.ones(len(dwells), np.bool_)
    for rows in _of_one_fan(dwells):
        for together in _overlapping(rows, *_spans_ms(dwells, rows)):
            _join(dwells, together, seconds, is_open, kept)
    return PointTable(dwells.measurement, dwells.time_ns, {**dwells.columns, "seconds": seconds, "open": is_open}).where(kept)


def _of_one_fan(dwells: PointTable) -> Iterator[Rows]:
    """Yield the rows of each fan in each zone, if there are several, by their begin."""
    rows = np.flatnonzero(~dwells.equals("fan", "") & ~dwells.numbers("is_staff"))
    store, zone, fan = (dwells.coded(name).codes[rows] for name in ("store", "zone", "fan"))
    order = np.lexsort((dwells.time_ns[rows], fan, zone, store))
    rows, store, zone, fan = rows[order], store[order], zone[order], fan[order]
    differ = (store[1:] != store[:-1]) | (zone[1:] != zone[:-1]) | (fan[1:] != fan[:-1])
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
