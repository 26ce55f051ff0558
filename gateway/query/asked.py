"""Which stores a question is about, under which names the database has them, and each one's span and intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from footfall.errors import ConfigError
from footfall.mistakes import unknown
from footfall.moments import to_ns
from footfall.topics import is_name
from footfall.units import NS_PER_HOUR
from gateway.query.answer import Request
from gateway.query.estate import QueryEstate, StoreFacts
from gateway.query.intervals import INTERVALS, Cut, Interval, cut, day_start
from gateway.query.spans import day_begin_ns, day_of, end, local, start, time_zone
from gateway.sinks.reader import PointReader

DEFAULT_COUNTS: Final[Mapping[str, int]] = {"1d": 7, "1w": 8, "month": 12, "quarter": 8, "year": 5}
"""Without --from, the last so many intervals for which there is data; as many days where the interval is shorter than a day, or none."""
MOST_STORES: Final = 20
"""Stores named in one message, and stores whose spans are read one by one."""


@dataclass(frozen=True, slots=True)
class AskedStore:
    """One store's part of a question. `names`: those under which the database has it. `zone`: whose clock cuts its intervals."""

    facts: StoreFacts
    names: tuple[str, ...]
    zone: ZoneInfo
    cut: Cut

    @property
    def from_ns(self) -> int:
        """Return the begin of its span."""
        return self.cut.from_ns

    @property
    def to_ns(self) -> int:
        """Return the end of its span."""
        return self.cut.to_ns


def asked_stores(
    reader: PointReader,
    request: Request,
    measurement: str,
    interval: str | None,
    estate: QueryEstate,
    now_ns: int,
    *,
    is_list: bool = False,
) -> tuple[AskedStore, ...]:
    """Return the stores of a request, each once, under its present name. Raise ConfigError for one that nobody knows.

    `is_list`: rows are listed one by one, until the last hour of data; what is counted as a whole or by days has a default span of days.
    """
    names = _names(reader, request.stores, estate)
    facts = [estate.of(store) for store in names]
    zone = time_zone(request.timezone) if request.timezone else None
    clocks = [zone or each.timezone for each in facts]
    spans = _spans(reader, request, measurement, interval, list(zip(facts, names.values(), clocks, strict=True)), now_ns, is_list)
    return tuple(
        AskedStore(each, found, clock, cut(each, *span, interval, request.day, clock))
        for each, found, clock, span in zip(facts, names.values(), clocks, spans, strict=True)
    )


def _names(reader: PointReader, asked: Sequence[str], estate: QueryEstate) -> dict[str, tuple[str, ...]]:
    """The present name of each store, and its names in the database."""
    there = reader.stores()
    if not there:
        raise ConfigError(f"{reader.where} holds no store yet: has the gateway written to it?")
    found: dict[str, list[str]] = {store: [] for store in sorted({estate.now_name(name) for name in (*there, *estate.stores)})}
    for name in there:
        found[estate.now_name(name)].append(name)
    for store in asked:
        if not is_name(store) or estate.now_name(store) not in found:
            raise ConfigError(_unknown(reader.where, store, list(found)))
    wanted = dict.fromkeys(map(estate.now_name, asked)) if asked else found
    return {store: tuple(found[store]) for store in wanted}


def _unknown(where: str, store: str, there: Sequence[str]) -> str:
    more = f" and {len(there) - MOST_STORES:,} more" if len(there) > MOST_STORES else ""
    return unknown(f"{where} has no store {store[:80]!r}", store, there, f"it has {', '.join(there[:MOST_STORES])}{more}")


class DataWalls(NamedTuple):
    """Where data begin and end, as clocks show it: in whole hours and in days.

    The last day is a store's own, by its `day_start`: what is sold after midnight belongs to the evening before.
    """

    first: datetime
    last: datetime
    first_day: date
    last_day: date


_Place = tuple[StoreFacts, tuple[str, ...], ZoneInfo]


def default_interval(interval: str | None) -> str:
    """Return in which intervals the default span is counted: in those of a day or longer that are asked for, else in days."""
    return interval if interval is not None and interval in DEFAULT_COUNTS else "1d"


def _spans(
    reader: PointReader, request: Request, measurement: str, interval: str | None, places: Sequence[_Place], now_ns: int, is_list: bool
) -> list[tuple[int, int]]:
    """Each store's span: what was left open is filled so that it ends with the data, or the day that they end in, by every clock alike."""
    data = None if request.from_ and request.to else _data_walls(reader, request, measurement, places, now_ns)
    clocks = [(zone, day_start(facts, request.day)) for facts, _, zone in places]
    by_day = not is_list and _is_by_day(request, interval)
    of_clock = {clock: _span(request, interval, *clock, data, now_ns, by_day) for clock in set(clocks)}
    return [of_clock[clock] for clock in clocks]


def _is_by_day(request: Request, interval: str | None) -> bool:
    """Whether the default span is of whole days: a comparison pairs days, whatever its intervals are."""
    return interval is None or interval in DEFAULT_COUNTS or request.day == "store" or request.compare is not None


def _span(
    request: Request, interval: str | None, zone: ZoneInfo, starts: time, data: DataWalls | None, now_ns: int, by_day: bool
) -> tuple[int, int]:
    from_ns = start(request.from_, zone, now_ns, starts) if request.from_ else None
    if data is None:
        return from_ns or 0, end(request.to or "", zone, now_ns, starts)
    begin_ns, data_end_ns = _in_days(data, zone, starts) if by_day else (_moment(data.first, zone), _moment(data.last, zone))
    to_ns = end(request.to, zone, now_ns, starts) if request.to else data_end_ns
    if from_ns is not None:
        return from_ns, max(to_ns, now_ns) if from_ns >= to_ns else to_ns
    last_day = day_of(to_ns - 1, zone, starts) if request.to else data.last_day
    latest_ns = day_begin_ns(last_day, zone, starts) if by_day else to_ns - NS_PER_HOUR
    default_ns = day_begin_ns(_first_day(last_day, interval), zone, starts)
    return max(min(begin_ns, latest_ns), default_ns), to_ns


def _in_days(data: DataWalls, zone: ZoneInfo, starts: time) -> tuple[int, int]:
    return day_begin_ns(data.first_day, zone, starts), day_begin_ns(data.last_day + timedelta(days=1), zone, starts)


def _first_day(last_day: date, interval: str | None) -> date:
    """The first day of the default span that ends with this day: it begins with an interval."""
    name = default_interval(interval)
    each: Interval = INTERVALS[name]
    first = each.first_day(last_day)
    for _ in range(DEFAULT_COUNTS[name] - 1):
        first = each.first_day(first - timedelta(days=1))
    return first


def _moment(wall: datetime, zone: ZoneInfo) -> int:
    return to_ns(wall.replace(tzinfo=zone))


def _data_walls(reader: PointReader, request: Request, measurement: str, places: Sequence[_Place], now_ns: int) -> DataWalls:
    """Where data begin and end by the clocks of the stores: the earliest and the latest of them."""
    found = list(_walls_of_stores(reader, request, measurement, places, now_ns))
    return DataWalls(
        min(walls.first for walls in found), max(walls.last for walls in found),
        min(walls.first_day for walls in found), max(walls.last_day for walls in found),
    )  # fmt: skip


def _walls_of_stores(
    reader: PointReader, request: Request, measurement: str, places: Sequence[_Place], now_ns: int
) -> Iterable[DataWalls]:  # fmt: skip
    one_by_one = len(places) <= MOST_STORES
    whole = None if one_by_one else _data_span(reader, measurement, (None,))
    if not one_by_one:  # then stores of the same clock have the same walls
        places = list(
            {(zone, day_start(facts, request.day), facts.day_start): (facts, names, zone) for facts, names, zone in places}.values()
        )
    for facts, names, zone in places:
        first, last = (_data_span(reader, measurement, names) if one_by_one else whole) or (now_ns - NS_PER_HOUR, now_ns)
        hours = [local(time_ns, zone).replace(minute=0, second=0, microsecond=0, tzinfo=None) for time_ns in (first, last)]
        first_day, last_day = day_of(first, zone, day_start(facts, request.day)), day_of(last, zone, facts.day_start)
        yield DataWalls(hours[0], hours[1] + timedelta(hours=1), first_day, max(first_day, last_day))


def _data_span(reader: PointReader, measurement: str, names: Sequence[str | None]) -> tuple[int, int] | None:
    # Where there are no goods, the answer is for the days for which there is traffic. A gap that is over lies between other data.
    for tables in (("gap", "coverage", "traffic"),) if measurement == "gap" else ((measurement,), ("traffic",)):
        found = [span for table in tables for name in names if (span := reader.span(table, name))]
        if found:
            return min(span[0] for span in found), max(span[1] for span in found)
    return None
