"""The product's answer, as cells: the one module here that knows `gateway.query`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from gateway.query.answer import Answer, Request
from gateway.query.estate import QueryEstate
from gateway.query.questions import ask
from gateway.sinks.reader import PointReader
from simulators.chain.chain import DAY_START
from simulators.numbers.answers import Cells, Key, Replied, Values, ranked
from simulators.numbers.clock import LABELS, MIDNIGHT
from simulators.numbers.comparison import columns
from simulators.numbers.reckon import Reckoning, columns_of
from simulators.numbers.table import Asked

COLUMN_OF: Final = {"staff": "staff_id"}
"""Groups whose column has another name."""
NO_COLUMN: Final = "no such column"
WALL_TIME: Final = len("2026-10-25T02:00")


def request_of(asked: Asked) -> Request:
    """Return the request, as the command line would make it."""
    return Request(
        question=asked.question, measures=asked.measures, stores=asked.stores, from_=asked.first.isoformat(), to=asked.last.isoformat(),
        interval=asked.interval, by=asked.by, day=asked.day, zone=asked.zone, top=asked.top, compare=asked.compare, align=asked.align,
        as_of=asked.as_of or None, rule=asked.rule or None,
    )  # fmt: skip


def answered(reader: PointReader, asked: Asked, now_ns: int) -> Answer:
    """Ask one database, which knows its stores by itself."""
    return ask(reader, request_of(asked), QueryEstate.from_table(reader.rows("store")), now_ns)


def replied(answer: Answer, asked: Asked, reckoning: Reckoning) -> Replied:
    """Return an answer as cells, for the measures that were asked for."""
    groups = {group.partition(":")[0] for group in asked.by} | ({"time"} if asked.interval else set())
    measures = columns(asked) if asked.compare else columns_of(asked)
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    totals = [dict(zip(answer.columns, row, strict=True)) for row in answer.totals]
    cells = {_key(row, groups, asked, reckoning): _values(row, measures) for row in rows}
    if len(cells) < len(rows):
        raise ValueError(f"{asked.id}: {len(rows)} rows have {len(cells)} keys")
    return Replied(ranked(cells) if asked.top else cells, _totals(cells, totals, measures, asked))


def _key(row: Mapping[str, Any], groups: set[str], asked: Asked, reckoning: Reckoning) -> Key:
    found = {group: str(row[COLUMN_OF.get(group, group)]) for group in groups}
    if "time" in found:
        found["time"] = _label(found, asked, reckoning)
    return tuple(sorted(found.items()))


def _label(found: Mapping[str, str], asked: Asked, reckoning: Reckoning) -> str:
    """Return the label of a row's time. Where the row is about one store, its time is that store's own moment, with an offset."""
    text, store = found["time"], found.get("store") or (asked.stores[0] if len(asked.stores) == 1 else "")
    if len(text) <= WALL_TIME or not store or asked.interval is None:
        return text
    moment = datetime.fromisoformat(text).astimezone(reckoning.stores[store].zone)
    return LABELS[asked.interval](moment, DAY_START if asked.day == "store" else MIDNIGHT)


def _totals(cells: Cells, rows: Sequence[Mapping[str, Any]], measures: Sequence[str], asked: Asked) -> Cells:
    """Return the totals. A store that has one row, and an answer that has one, need none: it is the row."""
    found: dict[Key, Values] = {_total_key(row): _values(row, measures) for row in rows}
    if len(cells) == 1:
        found.setdefault((), next(iter(cells.values())))
    if not asked.has_totals_of_stores:
        return found
    stores = Counter(dict(key)["store"] for key in cells)
    for key, values in cells.items():
        if stores[store := dict(key)["store"]] == 1:
            found.setdefault((("store", store),), values)
    return {(): next(iter(found.values())), **found} if len(found) == len(stores) == 1 else found


def _total_key(row: Mapping[str, Any]) -> Key:
    store = row.get("store")
    return () if store is None or store == "all stores" else (("store", store),)


def _values(row: Mapping[str, Any], measures: Sequence[str]) -> dict[str, Any]:
    return {measure: row.get(measure, NO_COLUMN) for measure in measures}
