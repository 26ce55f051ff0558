"""The questions that `footfall query` answers: which rows each reads, and which measure it makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from footfall.errors import ConfigError
from footfall.units import NS_PER_DAY, NS_PER_HOUR
from gateway.points import SCHEMA
from gateway.query import measures
from gateway.query.measures import Answer
from gateway.query.spans import edges, end, iso, local, midnight, start
from gateway.sinks.reader import OnPage, PointReader
from gateway.sinks.table import PointTable

DEFAULT_DAYS: Final = 7
"""Without --from, the last so many days for which there is data."""
MOST_STORES: Final = 20
"""Stores named in one message."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What to look at. `from_` and `to` are as people write them; see spans.start and spans.end."""

    from_: str | None = None
    to: str | None = None
    interval_ns: int | None = None
    zone: str | None = None
    fan: str | None = None
    by: str | None = None


@dataclass(slots=True)
class StoreQuery:
    """One store's part of a question."""

    reader: PointReader
    store: str
    zone: ZoneInfo
    span: tuple[int, int]
    edges: npt.NDArray[np.int64]
    filters: Filters
    on_page: OnPage
    rows: dict[str, int] = field(default_factory=dict)
    """Rows read of each measurement."""

    def read(self, measurement: str) -> PointTable:
        """Return the store's points in the span, of the zone and the fan that were asked for."""
        zone = self.filters.zone if "zone" in SCHEMA[measurement].tags else None
        rows = self.reader.rows if zone is None else partial(self.reader.rows, zone=zone)
        table = rows(measurement, self.store, *self.span, on_page=self.on_page)
        if self.filters.fan and "fan" in table.columns:
            table = table.where(table.equals("fan", self.filters.fan))
        self.rows[measurement] = len(table)
        return table


@dataclass(frozen=True, slots=True)
class Question:
    """`takes`: the options of Filters that mean something here."""

    measurement: str
    meaning: str
    answer: Callable[[StoreQuery], Answer]
    takes: frozenset[str] = frozenset()
    interval: str | None = None
    may_be_empty: bool = False


def _traffic(asked: StoreQuery) -> Answer:
    return measures.traffic(asked.store, asked.read("traffic"), asked.read("visit"), asked.edges, asked.zone)


def _zones(asked: StoreQuery) -> Answer:
    return measures.zones(asked.store, asked.read("zone_traffic"), asked.edges, asked.zone)


def _doors(asked: StoreQuery) -> Answer:
    return measures.doors(asked.store, asked.read("door"), asked.edges, asked.zone)


def _dwell(asked: StoreQuery) -> Answer:
    return measures.dwell(asked.store, asked.read("dwell"), asked.read("visit"))


def _items(asked: StoreQuery) -> Answer:
    return measures.items(asked.store, asked.read("item"), asked.filters.by or ITEMS_BY[0], asked.edges, asked.zone)


ITEMS_BY: Final = ("sku", "zone")
QUESTIONS: Final[Mapping[str, Question]] = {
    "traffic": Question("traffic", "who came in and out, conversion, mean dwell, anonymity, per interval", _traffic,
                        frozenset({"interval"}), "1h"),
    "zones": Question("zone_traffic", "entries, most present and mean dwell of each zone", _zones, frozenset({"interval", "zone"})),
    "doors": Question("door", "in and out of each door, per interval", _doors, frozenset({"interval"}), "1h"),
    "dwell": Question("dwell", "how long people stay: mean, median, 90 %, histogram, of each zone and the store", _dwell,
                      frozenset({"zone"})),
    "visits": Question("visit", "the visits one by one", lambda a: measures.visits(a.read("visit"), a.zone), frozenset({"fan"})),
    "touches": Question("touch", "sales, scans and other interactions one by one", lambda a: measures.touches(a.read("touch"), a.zone),
                        frozenset({"zone", "fan"})),
    "items": Question("item", "what goods arrived, moved, were tried and left, of each article or zone", _items,
                      frozenset({"interval", "zone", "by"})),
    "gaps": Question("gap", "when events of an agent are missing, and how many", lambda a: measures.gaps(a.read("gap"), a.zone),
                     may_be_empty=True),
}  # fmt: skip


def ask(
    reader: PointReader, question: Question, zones: Mapping[str, ZoneInfo], filters: Filters, now_ns: int, on_page: OnPage
) -> tuple[Answer, dict[str, tuple[int, int]]]:
    """Return the answer for the stores of `zones`, each with its time zone, and each store's span in ns.

    Stores are read one after the other, so memory is that of the largest. ConfigError, with the span for which there is data, if
    none of them has any in the span asked for.
    """
    asked = []
    for store, zone in zones.items():
        span = _span(reader, question.measurement, store, zone, filters, now_ns)
        asked.append(StoreQuery(reader, store, zone, span, edges(*span, filters.interval_ns, zone), filters, on_page))
    answers = [question.answer(one) for one in asked]
    if not question.may_be_empty and not any(one.rows[question.measurement] for one in asked):
        raise ConfigError(_nothing(question, asked))
    return measures.joined(answers), {one.store: one.span for one in asked}


def _span(reader: PointReader, measurement: str, store: str, zone: ZoneInfo, filters: Filters, now_ns: int) -> tuple[int, int]:
    """The span asked for; what was left open is filled so that it ends with the data and has the last days, in whole hours or days."""
    # Where there are no gaps or goods, the answer is for the days for which there is traffic.
    ends = None if filters.from_ and filters.to else reader.span(measurement, store) or reader.span("traffic", store)
    first, last = ends or (now_ns - NS_PER_HOUR, now_ns)
    to_ns = end(filters.to, zone, now_ns) if filters.to else _after(last, filters, zone)
    if filters.from_:
        from_ns = start(filters.from_, zone, now_ns)
        return from_ns, (max(to_ns, now_ns) if from_ns >= to_ns and not filters.to else to_ns)
    days = midnight((local(to_ns - 1, zone) - timedelta(days=DEFAULT_DAYS - 1)).date(), zone)
    return max(_before(first, filters, zone), days), to_ns


def _before(time_ns: int, filters: Filters, zone: ZoneInfo) -> int:
    by_day = (filters.interval_ns or 0) >= NS_PER_DAY
    return midnight(local(time_ns, zone).date(), zone) if by_day else time_ns // NS_PER_HOUR * NS_PER_HOUR


def _after(time_ns: int, filters: Filters, zone: ZoneInfo) -> int:
    by_day = (filters.interval_ns or 0) >= NS_PER_DAY
    return midnight(local(time_ns, zone).date() + timedelta(days=1), zone) if by_day else time_ns // NS_PER_HOUR * NS_PER_HOUR + NS_PER_HOUR


def _nothing(question: Question, asked: Sequence[StoreQuery]) -> str:
    filters = asked[0].filters
    which = "".join(f" of {word} {value}" for word, value in (("zone", filters.zone), ("fan", filters.fan)) if value)
    said = [f"{asked[0].reader.where} has no {question.measurement}{which} for what was asked:"]
    for one in asked[:MOST_STORES]:
        there = one.reader.span(question.measurement, one.store)
        has = "nothing at all" if there is None else f"{iso(there[0], one.zone)} to {iso(there[1], one.zone)}"
        said.append(f"  store {one.store}: asked {iso(one.span[0], one.zone)} to {iso(one.span[1], one.zone)}, there is {has}")
    return "\n".join(said)
