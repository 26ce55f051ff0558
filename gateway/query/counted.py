"""Questions that count: one store's measures per interval, and per zone, door or article. Pure: tables in, an Answer out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gateway.query.answer import Answer
from gateway.query.measures import Measure, measures_of
from gateway.query.reckon import parts_by, row_of
from gateway.query.spans import iso
from gateway.sinks.table import PointTable

ALL_ZONES: Final = "*"

Edges = npt.NDArray[np.int64]
Tables = Mapping[str, PointTable]


def counted(measures: Sequence[Measure], store: str, tables: Tables, edges: Edges, zone: ZoneInfo, key: str | None = None) -> Answer:
    """Return a row per interval, or per interval and `key` where there are rows; and the totals, reckoned alike over all of them."""
    there = measures_of(measures[0].question)
    rows = [
        (store, iso(int(edge), zone), *name, *row_of(measures, there, part))
        for edge, interval in zip(edges, _parts(tables, edges), strict=False)
        for name, part in _split(interval, key)
    ]
    (whole,) = _parts(tables, edges[[0, -1]])
    totals = row_of([measure for measure in measures if key is None or measure.places == "sum"], there, whole)
    found = iter(totals)
    values = [next(found) if key is None or measure.places == "sum" else None for measure in measures]
    keys = () if key is None else (key,)
    return Answer(("store", "time", *keys, *(measure.id for measure in measures)), rows, [(store, None, *[None] * len(keys), *values)])


def dwell(measures: Sequence[Measure], store: str, dwells: PointTable, visits: PointTable) -> Answer:
    """Return how long one store's dwells and visits lasted: a row per zone, `*` for the whole store. Open ones and staff are left out."""
    there = measures_of("dwell")
    every = [(name, row_of(measures, there, {"dwell": part})) for name, part in parts_by(dwells, "zone")]
    every.append((ALL_ZONES, row_of(measures, there, {"dwell": visits})))
    count = [measure.id for measure in measures].index("count")
    return Answer(("store", "zone", *(measure.id for measure in measures)), [(store, name, *row) for name, row in every if row[count]])


def joined(answers: Sequence[Answer]) -> Answer:
    """Return the answers of several stores to one question, one below the other."""
    rows = [row for answer in answers for row in answer.rows]
    return Answer(answers[0].columns, rows, [row for answer in answers for row in answer.totals])


def _split(tables: Tables, key: str | None) -> Iterable[tuple[tuple[Any, ...], Tables]]:
    if key is None:
        return [((), tables)]
    ((name, table),) = tables.items()
    return [((value,), {name: part}) for value, part in parts_by(table, key)]


def _parts(tables: Tables, edges: Edges) -> list[Tables]:
    """The tables cut at the edges; their rows are in the order of time."""
    at = {name: np.searchsorted(table.time_ns, edges).tolist() for name, table in tables.items()}
    cuts = {name: list(pairwise(found)) for name, found in at.items()}
    return [{name: table.where(slice(*cuts[name][i])) for name, table in tables.items()} for i in range(len(edges) - 1)]
