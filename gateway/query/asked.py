"""Which stores a question is about, under which names the database has them, and each one's span and intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from footfall.errors import ConfigError
from footfall.mistakes import did_you_mean
from footfall.moments import to_ns
from footfall.topics import is_name
from footfall.units import NS_PER_HOUR
from gateway.query.answer import Request
from gateway.query.estate import QueryEstate, StoreFacts
from gateway.query.intervals import INTERVALS, Cut, cut, day_start
from gateway.query.spans import day_begin_ns, day_of, end, local, start, time_zone
from gateway.sinks.reader import PointReader

DEFAULT_DAYS: Final = 7
"""Without --from, the last so many days for which there is data."""
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
        return int(self.cut.edges_ns[0])

    @property
    def to_ns(self) -> int:
        """Return the end of its span."""
        return int(self.cut.edges_ns[-1])


def asked_stores(
    reader: PointReader, request: Request, measurement: str, interval: str | None, estate: QueryEstate, now_ns: int
) -> tuple[AskedStore, ...]:
    """Return the stores of a request, each once, under its present name. Raise ConfigError for one that nobody knows."""
    names = _names(reader, request.stores, estate)
    facts = [estate.of(store) for store in names]
    zone = time_zone(request.timezone) if request.timezone else None
    clocks = [zone or each.timezone for each in facts]
    spans = _spans(reader, request, measurement, interval, list(zip(facts, names.values(), clocks, strict=True)), now_ns)
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
    hint = did_you_mean(store, there)
    return f"{where} has no store {store[:80]!r}{hint}; it has {', '.join(there[:MOST_STORES])}{more}"


class Walls(NamedTuple):
    """Where data begin and end, as clocks show it."""

    first: datetime
    last: datetime


_NO_WALLS: Final = Walls(datetime.min, datetime.min)  # noqa: DTZ901 # a wall time has no zone
_Place = tuple[StoreFacts, tuple[str, ...], ZoneInfo]


def _spans(
    reader: PointReader, request: Request, measurement: str, interval: str | None, places: Sequence[_Place], now_ns: int
) -> list[tuple[int, int]]:
    """Each store's span: what was left open is filled so that it ends with the data and has the last days, by every clock alike."""
    by_day = request.day == "store" or (interval is not None and not INTERVALS[interval].step_ns)
    walls = [] if request.from_ and request.to else list(_data_walls(reader, request, measurement, places, by_day, now_ns))
    data = Walls(min(wall.first for wall in walls), max(wall.last for wall in walls)) if walls else _NO_WALLS
    clocks = [(zone, day_start(facts, request.day)) for facts, _, zone in places]
    of_clock = {clock: _span(request, *clock, data, now_ns) for clock in set(clocks)}
    return [of_clock[clock] for clock in clocks]


def _span(request: Request, zone: ZoneInfo, starts: time, data: Walls, now_ns: int) -> tuple[int, int]:
    to_ns = end(request.to, zone, now_ns, starts) if request.to else _moment(data.last, zone)
    if request.from_:
        from_ns = start(request.from_, zone, now_ns, starts)
        return from_ns, max(to_ns, now_ns) if from_ns >= to_ns and not request.to else to_ns
    days = day_begin_ns(day_of(to_ns - 1, zone, starts) - timedelta(days=DEFAULT_DAYS - 1), zone, starts)
    return max(min(_moment(data.first, zone), to_ns - NS_PER_HOUR), days), to_ns


def _moment(wall: datetime, zone: ZoneInfo) -> int:
    return to_ns(wall.replace(tzinfo=zone))


def _data_walls(
    reader: PointReader, request: Request, measurement: str, places: Sequence[_Place], by_day: bool, now_ns: int
) -> Iterable[Walls]:
    """Where each store's data begin and end by its own clock, in whole hours or days."""
    one_by_one = len(places) <= MOST_STORES
    whole = None if one_by_one else _data_span(reader, measurement, (None,))
    for facts, names, zone in places:
        first, last = (_data_span(reader, measurement, names) if one_by_one else whole) or (now_ns - NS_PER_HOUR, now_ns)
        starts = day_start(facts, request.day)
        if by_day:
            days = day_of(first, zone, starts), day_of(last, zone, starts) + timedelta(days=1)
            yield Walls(datetime.combine(days[0], starts), datetime.combine(days[1], starts))
        else:
            hours = [local(time_ns, zone).replace(minute=0, second=0, microsecond=0, tzinfo=None) for time_ns in (first, last)]
            yield Walls(hours[0], hours[1] + timedelta(hours=1))


def _data_span(reader: PointReader, measurement: str, names: Sequence[str | None]) -> tuple[int, int] | None:
    # Where there are no gaps or goods, the answer is for the days for which there is traffic.
    for table in (measurement, "traffic"):
        found = [span for name in names if (span := reader.span(table, name))]
        if found:
            return min(span[0] for span in found), max(span[1] for span in found)
    return None
