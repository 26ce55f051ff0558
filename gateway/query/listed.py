"""Questions that list rows one by one: visits, touches, gaps. Pure: tables in, an Answer out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from footfall.baskets import as_documented
from gateway.query.answer import Answer
from gateway.query.spans import iso
from gateway.sinks.table import PointTable


def visits(table: PointTable, zone: ZoneInfo) -> Answer:
    """Return the visits, as they stand now, in the order they began; nobody knows yet how long one will last that is open."""
    started = [iso(ms * 10**6, zone, "seconds") for ms in table.values("started_ms")]
    seconds = [None if is_open else lasted for is_open, lasted in zip(table.values("open"), table.values("seconds"), strict=True)]
    columns = ("subject", "fan", "known", "is_staff", "open", "seconds", "zones", "touches", "transactions", "amount", "entries", "agent")
    listed = _listed(table, columns, {"started": started}, seconds=seconds)
    order = np.argsort(table.numbers("started_ms"), kind="stable")
    return Answer(listed.columns, [listed.rows[i] for i in order])


def touches(table: PointTable, zone: ZoneInfo) -> Answer:
    """Return the touches, in the order of their time."""
    columns = (
        "what", "zone", "fan", "subject", "ref", "amount", "staff_id", "department", "channel", "campaign", "items", "stage", "agent",
        "squad", "campaigns", "code", "shared_by",
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


def _listed(table: PointTable, columns: Sequence[str], times: dict[str, list[str]], **instead: list[Any]) -> Answer:
    """`instead` of what the table has in columns of these names."""
    values = [table.values("store"), *times.values(), *(instead.get(name) or table.values(name) for name in columns)]
    return Answer(("store", *times, *columns), list(zip(*values, strict=True)))
