"""From stored rows to answers. Pure: tables and edges in, an Answer out.

What is stored are numerators, denominators, sums and counts; ratios and means are made here, over whatever span is asked for, so
that an hour and a year are computed alike. Counts and sums add up over intervals. Occupancy, drift and who is present are gauges, one
reading a minute: they are never added, and the column's name has which reading it is (`_last`, `_max`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from footfall.baskets import as_documented
from gateway.query.figures import HISTOGRAM, HISTOGRAM_S
from gateway.query.spans import iso
from gateway.sinks.table import PointTable

ALL_ZONES: Final = "*"


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows under `columns`; None where there is no value, such as a share of nothing. `totals`: a row a store, its whole span."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    totals: list[tuple[Any, ...]] = field(default_factory=list)


Edges = npt.NDArray[np.int64]
NumberColumn = npt.NDArray[Any]


def traffic(store: str, table: PointTable, visits: PointTable, edges: Edges, zone: ZoneInfo) -> Answer:
    """Return one store's rows of `traffic` and of `visit` per interval. The totals row is computed like any interval, over all of them."""
    parts = list(zip(_parts(table, edges), _parts(_counted(visits), edges), strict=True))
    rows = [(store, iso(int(edge), zone), *_traffic_row(*part)) for edge, part in zip(edges, parts, strict=False)]
    whole = _traffic_row(_within(table, edges), _within(_counted(visits), edges))
    return Answer(("store", "time", *_TRAFFIC), rows, [(store, None, *whole)])


_TRAFFIC: Final = (
    "in", "out", "occupancy_last", "occupancy_max", "drift_last", "visits_started", "visits_closed", "dwell_sum_s", "mean_dwell_s",
    "transactions", "transactions_known", "returns", "revenue", "touches", "conversion", "visits", "visits_known",
    "anonymous_visits", "anonymous_transactions",
)  # fmt: skip


def _traffic_row(table: PointTable, visits: PointTable) -> tuple[Any, ...]:
    found: dict[str, Any] = {name: _sum(table, name) for name in _TRAFFIC if name in table.columns}
    found["occupancy_last"], found["occupancy_max"] = _last(table, "occupancy"), _max(table, "occupancy")
    found["drift_last"] = _last(table, "drift")
    found["mean_dwell_s"] = ratio(found["dwell_sum_s"], found["visits_closed"])
    found["conversion"] = ratio(found["transactions"], found["in"])
    found["visits"], found["visits_known"] = len(visits), int(visits.numbers("known").sum())
    found["anonymous_visits"] = _rest(found["visits_known"], found["visits"])
    found["anonymous_transactions"] = _rest(found["transactions_known"], found["transactions"])
    return tuple(found[name] for name in _TRAFFIC)


def zones(store: str, table: PointTable, edges: Edges, zone: ZoneInfo) -> Answer:
    """Return one store's `zone_traffic`, a row per interval and zone."""
    columns = ("entries", "exits", "present_max", "known_present_max", "dwells", "dwell_sum_s", "mean_dwell_s")
    answer = _by(store, table, "zone", edges, zone, columns, _zone_row)
    gauges = {answer.columns.index(name) for name in columns if name.endswith("_max")}
    # The most in any one zone is not the most in the store.
    totals = [tuple(None if i in gauges else value for i, value in enumerate(row)) for row in answer.totals]
    return Answer(answer.columns, answer.rows, totals)


def _zone_row(table: PointTable) -> tuple[Any, ...]:
    dwells, dwell_sum_s = _sum(table, "dwells"), _sum(table, "dwell_sum_s")
    gauges = _max(table, "present"), _max(table, "known_present")
    return _sum(table, "entries"), _sum(table, "exits"), *gauges, dwells, dwell_sum_s, ratio(dwell_sum_s, dwells)


def doors(store: str, table: PointTable, edges: Edges, zone: ZoneInfo) -> Answer:
    """Return one store's `door`, a row per interval and door."""
    return _by(store, table, "door", edges, zone, ("in", "out", "net"), _door_row)


def _door_row(table: PointTable) -> tuple[Any, ...]:
    entered, left = _sum(table, "in"), _sum(table, "out")
    return entered, left, entered - left


def dwell(store: str, dwells: PointTable, visits: PointTable) -> Answer:
    """Return how long one store's dwells and visits lasted: a row per zone, `*` for the whole store. Open ones and staff are left out."""
    ended = dwells.where(~dwells.numbers("open") & ~dwells.numbers("is_staff"))
    whole = visits.where(~visits.numbers("open") & ~visits.numbers("is_staff"))
    rows = [(store, name, *_distribution(part.numbers("seconds"))) for name, part in _groups(ended, "zone")]
    if len(whole):
        rows.append((store, ALL_ZONES, *_distribution(whole.numbers("seconds"))))
    return Answer(("store", "zone", "count", "mean_s", "median_s", "p90_s", *HISTOGRAM), rows)


def _distribution(seconds: NumberColumn) -> tuple[Any, ...]:
    counts, _ = np.histogram(seconds, (*HISTOGRAM_S, np.inf))
    median, p90 = np.quantile(seconds, (0.5, 0.9))
    return len(seconds), float(seconds.mean()), float(median), float(p90), *counts.tolist()


def visits(table: PointTable, zone: ZoneInfo) -> Answer:
    """Return the visits, as they stand now, in the order they began; nobody knows yet how long one will last that is open."""
    started = [iso(ms * 10**6, zone, "seconds") for ms in table.values("started_ms")]
    seconds = [None if is_open else lasted for is_open, lasted in zip(table.values("open"), table.values("seconds"), strict=True)]
    columns = ("subject", "fan", "known", "is_staff", "open", "seconds", "zones", "touches", "transactions", "amount", "agent")
    listed = _listed(table, columns, {"started": started}, seconds=seconds)
    order = np.argsort(table.numbers("started_ms"), kind="stable")
    return Answer(listed.columns, [listed.rows[i] for i in order])


def touches(table: PointTable, zone: ZoneInfo) -> Answer:
    """Return the touches, in the order of their time."""
    columns = (
        "what", "zone", "fan", "subject", "ref", "amount", "staff_id", "department", "channel", "campaign", "items", "stage", "agent"
    )  # fmt: skip
    times = {"at": [iso(ns, zone, "seconds") for ns in table.time_ns.tolist()]}
    return _listed(table, columns, times, items=[as_documented(text) for text in table.values("items")])


def gaps(table: PointTable, zone: ZoneInfo) -> Answer:
    """Return the times for which events of an agent are missing, and how many."""
    begin, end = table.values("from_ns"), table.values("to_ns")
    times = {"at": [iso(ns, zone, "seconds") for ns in begin], "until": [iso(ns, zone, "seconds") for ns in end]}
    listed = _listed(table, ("agent", "rows", "reason"), times)
    return Answer(
        (*listed.columns, "seconds"),
        [(*row, (to - at) / 1e9) for row, at, to in zip(listed.rows, begin, end, strict=True)],
    )


def items(store: str, table: PointTable, key: str, edges: Edges, zone: ZoneInfo) -> Answer:
    """Return what happened to goods, per interval and `key` (sku or zone)."""
    return _by(store, table, key, edges, zone, (*ITEM_KINDS, "mean_tried_s", "mean_stay_s"), _items_row)


ITEM_KINDS: Final = ("arrived", "moved", "tried", "left")


def _items_row(table: PointTable) -> tuple[Any, ...]:
    kinds = {kind: table.where(table.equals("kind", kind)) for kind in ITEM_KINDS}
    seconds = [ratio(_sum(kinds[kind], "seconds"), len(kinds[kind])) for kind in ("tried", "left")]
    return *map(len, kinds.values()), *seconds


def ratio(numerator: float, denominator: float) -> float | None:
    """Return the quotient, None if there is nothing to divide by: a share of nothing is no zero."""
    return numerator / denominator if denominator else None


def joined(answers: Sequence[Answer]) -> Answer:
    """Return the answers of several stores to one question, one below the other."""
    rows = [row for answer in answers for row in answer.rows]
    return Answer(answers[0].columns, rows, [row for answer in answers for row in answer.totals])


def _rest(part: int, whole: int) -> float | None:
    return (whole - part) / whole if whole else None


def _counted(visits: PointTable) -> PointTable:
    """Staff come to work: no visitors."""
    return visits.where(~visits.numbers("is_staff"))


def _by(
    store: str,
    table: PointTable,
    key: str,
    edges: Edges,
    zone: ZoneInfo,
    columns: Sequence[str],
    row: Callable[[PointTable], tuple[Any, ...]],
) -> Answer:
    rows = [
        (store, iso(int(edge), zone), name, *row(part))
        for edge, interval in zip(edges, _parts(table, edges), strict=False)
        for name, part in _groups(interval, key)
    ]
    return Answer(("store", "time", key, *columns), rows, [(store, None, None, *row(_within(table, edges)))])


def _listed(table: PointTable, columns: Sequence[str], times: dict[str, list[str]], **instead: list[Any]) -> Answer:
    """`instead` of what the table has in columns of these names."""
    values = [table.values("store"), *times.values(), *(instead.get(name) or table.values(name) for name in columns)]
    return Answer(("store", *times, *columns), list(zip(*values, strict=True)))


def _parts(table: PointTable, edges: Edges) -> Iterable[PointTable]:
    """The table cut at the edges; its rows are in the order of time."""
    at = np.searchsorted(table.time_ns, edges)
    return [table.where(slice(begin, end)) for begin, end in pairwise(at.tolist())]


def _within(table: PointTable, edges: Edges) -> PointTable:
    return next(iter(_parts(table, edges[[0, -1]])))


def _groups(table: PointTable, key: str) -> Iterable[tuple[str, PointTable]]:
    column = table.coded(key)
    present = sorted((column.names[code], code) for code in np.unique(column.codes).tolist())
    return [(name, table.where(column.codes == code)) for name, code in present]


def _sum(table: PointTable, name: str) -> Any:
    return table.numbers(name).sum().item()


def _last(table: PointTable, name: str) -> Any:
    return table.numbers(name)[-1].item() if len(table) else None


def _max(table: PointTable, name: str) -> Any:
    return table.numbers(name).max().item() if len(table) else None
