"""From stored rows to answers. Pure: tables and edges in, an Answer out.

What is stored are numerators, denominators, sums and counts; ratios and means are made here, over whatever span is asked for, so
that an hour and a year are computed alike. Counts and sums add up over intervals. Occupancy, drift and who is present are gauges, one
reading a minute: they are never added, and the column's name has which reading it is (`_last`, `_max`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from footfall.baskets import as_documented
from gateway.query.spans import iso
from gateway.sinks.table import PointTable

Unit = Literal["", "people", "s", "share", "time", "money", "name"]


@dataclass(frozen=True, slots=True)
class Figure:
    """The meaning of a column. `wide` ones are left out of a table on the terminal; CSV and JSON have them all."""

    unit: Unit
    meaning: str
    wide: bool = False


FIGURES: Final = {
    "store": Figure("name", "the store"),
    "time": Figure("time", "when the interval begins, local time with its offset"),
    "zone": Figure("name", "the zone"),
    "door": Figure("name", "the door"),
    "agent": Figure("name", "the agent that the event came from", wide=True),
    "in": Figure("people", "people who came in"),
    "out": Figure("people", "people who went out"),
    "net": Figure("people", "in - out"),
    "occupancy_last": Figure("people", "people inside, at the interval's last minute in which something happened"),
    "occupancy_max": Figure("people", "most people inside, in any such minute", wide=True),
    "drift_last": Figure("people", "people counted out but never in since the store's day began, at that last minute", wide=True),
    "visits_started": Figure("", "visits of subjects (tags, phones, cards) that began", wide=True),
    "visits_closed": Figure("", "visits that ended"),
    "dwell_sum_s": Figure("s", "seconds of all visits (or dwells) that ended", wide=True),
    "mean_dwell_s": Figure("s", "dwell_sum_s / visits_closed; of a zone dwell_sum_s / dwells"),
    "transactions": Figure("", "sales"),
    "transactions_known": Figure("", "sales to a known fan", wide=True),
    "returns": Figure("", "goods brought back", wide=True),
    "revenue": Figure("money", "sum of the sales, less what was given back for returns", wide=True),
    "touches": Figure("", "interactions of any kind", wide=True),
    "conversion": Figure("share", "transactions / in"),
    "visits": Figure("", "visits that began and still stand: not void, not staff", wide=True),
    "visits_known": Figure("", "those of a known fan", wide=True),
    "anonymous_visits": Figure("share", "1 - visits_known / visits"),
    "anonymous_transactions": Figure("share", "1 - transactions_known / transactions"),
    "entries": Figure("", "times that a subject came into the zone"),
    "exits": Figure("", "times that a subject left the zone"),
    "present_max": Figure("people", "most subjects present in any minute"),
    "known_present_max": Figure("people", "most known fans present in any minute", wide=True),
    "dwells": Figure("", "stays in the zone that ended", wide=True),
    "count": Figure("", "stays (in the row `*`: visits of the whole store) that ended, staff left out"),
    "mean_s": Figure("s", "their mean length"),
    "median_s": Figure("s", "half of them were shorter"),
    "p90_s": Figure("s", "nine of ten were shorter"),
    "started": Figure("time", "when the visit began"),
    "at": Figure("time", "when it happened"),
    "until": Figure("time", "when it was over"),
    "seconds": Figure("s", "how long it lasted"),
    "subject": Figure("name", "the pseudonym of what the person carried"),
    "fan": Figure("name", "the fan, empty if not known"),
    "known": Figure("", "whether the fan is known", wide=True),
    "is_staff": Figure("", "whether this is one of the staff: in no number of traffic"),
    "open": Figure("", "whether the visit is not over yet: its length is not known"),
    "zones": Figure("", "zones visited"),
    "amount": Figure("money", "money of its sales"),
    "what": Figure("name", "scan, try_on, transaction, …"),
    "channel": Figure("name", "the channel of the sale", wide=True),
    "ref": Figure("name", "the publisher's own number, such as the receipt's"),
    "staff_id": Figure("name", "who served"),
    "department": Figure("name", "their department", wide=True),
    "campaign": Figure("name", "the campaign it belongs to", wide=True),
    "items": Figure("name", "what was bought or tried", wide=True),
    "stage": Figure("name", "the stage on the fan's way", wide=True),
    "sku": Figure("name", "the article, empty if the tag does not say"),
    "arrived": Figure("", "items first read in the store; of a zone: first read there"),
    "moved": Figure("", "times that an item came from another zone; of a zone: into it"),
    "tried": Figure("", "times that an item was in a fitting room for long enough"),
    "left": Figure("", "items not read any more; of a zone: last read there"),
    "mean_tried_s": Figure("s", "mean time of these in the fitting room"),
    "mean_stay_s": Figure("s", "mean time that those which left had been in the store", wide=True),
    "rows": Figure("", "events lost, exactly; 0 if not known"),
    "reason": Figure("name", "why they are missing"),
}  # fmt: skip
"""Every column that any answer has, but the histogram's `n_…`."""

HISTOGRAM_S: Final = (0, 10, 30, 60, 120, 300, 600, 1200, 2400, 3600)
"""Lower bounds of the classes of dwell, seconds; the last is open."""
HISTOGRAM: Final = (
    *(f"n_{low}_{high}s" for low, high in pairwise(HISTOGRAM_S)),
    f"n_{HISTOGRAM_S[-1]}s_up",
)
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
    """One store's rows of `traffic` and of `visit` per interval. The totals row is computed like any interval, over all of them."""
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
    """One store's `zone_traffic`, a row per interval and zone."""
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
    """One store's `door`, a row per interval and door."""
    return _by(store, table, "door", edges, zone, ("in", "out", "net"), _door_row)


def _door_row(table: PointTable) -> tuple[Any, ...]:
    entered, left = _sum(table, "in"), _sum(table, "out")
    return entered, left, entered - left


def dwell(store: str, dwells: PointTable, visits: PointTable) -> Answer:
    """How long one store's dwells and visits lasted: a row per zone, and `*` for the whole store. Open ones and staff are left out."""
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
    """The visits, as they stand now, in the order they began; nobody knows yet how long one will last that is open."""
    started = [iso(ms * 10**6, zone, "seconds") for ms in table.values("started_ms")]
    seconds = [None if is_open else lasted for is_open, lasted in zip(table.values("open"), table.values("seconds"), strict=True)]
    columns = ("subject", "fan", "known", "is_staff", "open", "seconds", "zones", "touches", "transactions", "amount", "agent")
    listed = _listed(table, columns, {"started": started}, seconds=seconds)
    order = np.argsort(table.numbers("started_ms"), kind="stable")
    return Answer(listed.columns, [listed.rows[i] for i in order])


def touches(table: PointTable, zone: ZoneInfo) -> Answer:
    """The touches, in the order of their time."""
    columns = (
        "what", "zone", "fan", "subject", "ref", "amount", "staff_id", "department", "channel", "campaign", "items", "stage", "agent"
    )  # fmt: skip
    times = {"at": [iso(ns, zone, "seconds") for ns in table.time_ns.tolist()]}
    return _listed(table, columns, times, items=[as_documented(text) for text in table.values("items")])


def gaps(table: PointTable, zone: ZoneInfo) -> Answer:
    """The times for which events of an agent are missing, and how many."""
    begin, end = table.values("from_ns"), table.values("to_ns")
    times = {"at": [iso(ns, zone, "seconds") for ns in begin], "until": [iso(ns, zone, "seconds") for ns in end]}
    listed = _listed(table, ("agent", "rows", "reason"), times)
    return Answer(
        (*listed.columns, "seconds"),
        [(*row, (to - at) / 1e9) for row, at, to in zip(listed.rows, begin, end, strict=True)],
    )


def items(store: str, table: PointTable, key: str, edges: Edges, zone: ZoneInfo) -> Answer:
    """What happened to goods, per interval and `key` (sku or zone)."""
    return _by(store, table, key, edges, zone, (*ITEM_KINDS, "mean_tried_s", "mean_stay_s"), _items_row)


ITEM_KINDS: Final = ("arrived", "moved", "tried", "left")


def _items_row(table: PointTable) -> tuple[Any, ...]:
    kinds = {kind: table.where(table.equals("kind", kind)) for kind in ITEM_KINDS}
    seconds = [ratio(_sum(kinds[kind], "seconds"), len(kinds[kind])) for kind in ("tried", "left")]
    return *map(len, kinds.values()), *seconds


def ratio(numerator: float, denominator: float) -> float | None:
    """None if there is nothing to divide by: a share of nothing is no zero."""
    return numerator / denominator if denominator else None


def joined(answers: Sequence[Answer]) -> Answer:
    """The answers of several stores to one question, one below the other."""
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
