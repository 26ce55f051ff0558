"""The questions that `footfall query` answers: which rows each reads, and which measure it makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from footfall.errors import ConfigError
from footfall.units import NS_PER_DAY, NS_PER_HOUR
from gateway.points import SCHEMA
from gateway.query import counted, listed
from gateway.query.answer import Answer, Request, StoreSpan
from gateway.query.measures import chosen, did_you_mean
from gateway.query.reckon import with_derived
from gateway.query.spans import INTERVALS, edges, end, iso, local, midnight, start
from gateway.sinks.reader import OnPage, PointReader
from gateway.sinks.table import PointTable

DEFAULT_DAYS: Final = 7
"""Without --from, the last so many days for which there is data."""
MOST_STORES: Final = 20
"""Stores named in one message."""


@dataclass(slots=True)
class StoreQuery:
    """One store's part of a question."""

    reader: PointReader
    store: str
    zone: ZoneInfo
    span: tuple[int, int]
    edges: npt.NDArray[np.int64]
    request: Request
    on_page: OnPage
    rows: dict[str, int] = field(default_factory=dict)
    """Rows read of each measurement."""

    def read(self, measurement: str) -> PointTable:
        """Return the store's points in the span, of the zone and the fan that were asked for."""
        zone = self.request.zone if "zone" in SCHEMA[measurement].tags else None
        rows = self.reader.rows if zone is None else partial(self.reader.rows, zone=zone)
        table = rows(measurement, self.store, *self.span, on_page=self.on_page)
        if self.request.fan and "fan" in table.columns:
            table = table.where(table.equals("fan", self.request.fan))
        self.rows[measurement] = len(table)
        return with_derived(table)

    def counted(self, key: str | None, *measurements: str) -> Answer:
        """Return the measures per interval, and per `key`."""
        tables = {name: self.read(name) for name in measurements}
        measures = chosen(self.request.question, self.request.measures)
        return counted.counted(measures, self.store, tables, self.edges, self.zone, key)


@dataclass(frozen=True, slots=True)
class Question:
    """`takes`: the options of Request that mean something here."""

    measurement: str
    meaning: str
    answer: Callable[[StoreQuery], Answer]
    takes: frozenset[str] = frozenset()
    interval: str | None = None
    may_be_empty: bool = False


def _dwell(asked: StoreQuery) -> Answer:
    return counted.dwell(chosen("dwell", ()), asked.store, asked.read("dwell"), asked.read("visit"))


def _items(asked: StoreQuery) -> Answer:
    return asked.counted((asked.request.by or ITEMS_BY)[0], "item")


ITEMS_BY: Final = ("sku", "zone")
QUESTIONS: Final[Mapping[str, Question]] = {
    "traffic": Question("traffic", "who came in and out, conversion, mean dwell, anonymity, per interval",
                        lambda a: a.counted(None, "traffic", "visit"),
                        frozenset({"interval"}), "1h"),
    "zones": Question("zone_traffic", "entries, most present and mean dwell of each zone", lambda a: a.counted("zone", "zone_traffic"),
                      frozenset({"interval", "zone"})),
    "doors": Question("door", "in and out of each door, per interval", lambda a: a.counted("door", "door"), frozenset({"interval"}), "1h"),
    "dwell": Question("dwell", "how long people stay: mean, median, 90 %, histogram, of each zone and the store", _dwell,
                      frozenset({"zone"})),
    "visits": Question("visit", "the visits one by one", lambda a: listed.visits(a.read("visit"), a.zone), frozenset({"fan"})),
    "touches": Question("touch", "sales, scans and other interactions one by one", lambda a: listed.touches(a.read("touch"), a.zone),
                        frozenset({"zone", "fan"})),
    "items": Question("item", "what goods arrived, moved, were tried and left, of each article or zone", _items,
                      frozenset({"interval", "zone", "by"})),
    "gaps": Question("gap", "when events of an agent are missing, and how many", lambda a: listed.gaps(a.read("gap"), a.zone),
                     may_be_empty=True),
}  # fmt: skip


def question_of(name: str) -> Question:
    """Return the question of this name. Raise ConfigError, with the list, if there is none."""
    if name not in QUESTIONS:
        raise ConfigError(f"there is no question {name[:80]!r}{did_you_mean(name, QUESTIONS)}; there is {', '.join(QUESTIONS)}")
    return QUESTIONS[name]


def ask(reader: PointReader, request: Request, zones: Mapping[str, ZoneInfo], now_ns: int, on_page: OnPage) -> Answer:
    """Return the answer for the stores of `zones`, each with its time zone.

    Stores are read one after the other, so memory is that of the largest. ConfigError, with the span for which there is data, if
    none of them has any in the span asked for.
    """
    check(request)
    question = question_of(request.question)
    interval_ns = _interval_ns(request, question)
    asked = []
    for store, zone in zones.items():
        span = _span(reader, question.measurement, store, zone, request, interval_ns, now_ns)
        asked.append(StoreQuery(reader, store, zone, span, edges(*span, interval_ns, zone), request, on_page))
    answers = [question.answer(one) for one in asked]
    if not question.may_be_empty and not any(one.rows[question.measurement] for one in asked):
        raise ConfigError(_nothing(question, asked))
    spans = tuple(StoreSpan(one.store, one.zone, *one.span) for one in asked)
    return replace(counted.joined(answers), question=request.question, asked=spans)


def check(request: Request) -> None:
    """Raise ConfigError where a request means nothing, whatever the database holds."""
    question = question_of(request.question)
    _interval_ns(request, question)
    chosen(request.question, request.measures)


def _interval_ns(request: Request, question: Question) -> int | None:
    interval = request.interval or question.interval
    if interval is not None and interval not in INTERVALS:
        raise ConfigError(f"interval {interval[:80]!r}{did_you_mean(interval, INTERVALS)}: one of {', '.join(INTERVALS)}")
    return None if interval is None else INTERVALS[interval]


def _span(
    reader: PointReader, measurement: str, store: str, zone: ZoneInfo, request: Request, interval_ns: int | None, now_ns: int
) -> tuple[int, int]:
    """The span asked for; what was left open is filled so that it ends with the data and has the last days, in whole hours or days."""
    # Where there are no gaps or goods, the answer is for the days for which there is traffic.
    ends = None if request.from_ and request.to else reader.span(measurement, store) or reader.span("traffic", store)
    first, last = ends or (now_ns - NS_PER_HOUR, now_ns)
    to_ns = end(request.to, zone, now_ns) if request.to else _after(last, interval_ns, zone)
    if request.from_:
        from_ns = start(request.from_, zone, now_ns)
        return from_ns, (max(to_ns, now_ns) if from_ns >= to_ns and not request.to else to_ns)
    days = midnight((local(to_ns - 1, zone) - timedelta(days=DEFAULT_DAYS - 1)).date(), zone)
    return max(_before(first, interval_ns, zone), days), to_ns


def _before(time_ns: int, interval_ns: int | None, zone: ZoneInfo) -> int:
    by_day = (interval_ns or 0) >= NS_PER_DAY
    return midnight(local(time_ns, zone).date(), zone) if by_day else time_ns // NS_PER_HOUR * NS_PER_HOUR


def _after(time_ns: int, interval_ns: int | None, zone: ZoneInfo) -> int:
    by_day = (interval_ns or 0) >= NS_PER_DAY
    return midnight(local(time_ns, zone).date() + timedelta(days=1), zone) if by_day else time_ns // NS_PER_HOUR * NS_PER_HOUR + NS_PER_HOUR


def _nothing(question: Question, asked: Sequence[StoreQuery]) -> str:
    request = asked[0].request
    which = "".join(f" of {word} {value}" for word, value in (("zone", request.zone), ("fan", request.fan)) if value)
    said = [f"{asked[0].reader.where} has no {question.measurement}{which} for what was asked:"]
    for one in asked[:MOST_STORES]:
        there = one.reader.span(question.measurement, one.store)
        has = "nothing at all" if there is None else f"{iso(there[0], one.zone)} to {iso(there[1], one.zone)}"
        said.append(f"  store {one.store}: asked {iso(one.span[0], one.zone)} to {iso(one.span[1], one.zone)}, there is {has}")
    return "\n".join(said)
