"""An answer as of an earlier time: what it was then, without what became known later."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from zoneinfo import ZoneInfo

from footfall.errors import ConfigError
from gateway.query.answer import Answer
from gateway.query.as_of_reader import REVISED, AsOfReader
from gateway.query.estate import UTC, QueryEstate
from gateway.query.measures import Measure
from gateway.query.plan import Plan
from gateway.query.reduce import base_of
from gateway.query.spans import end, iso, time_zone
from gateway.sinks.reader import PointReader


def as_of(reader: PointReader, plan: Plan, estate: QueryEstate, now_ns: int, ask: Callable[..., Answer]) -> Answer:
    """Return the answer that `ask` gave at the time that the request names; a date is meant whole, up to its end.

    Without an offset the time is of the request's time zone, else of the stores' own; of UTC where they have several. Measures of what has
    no earlier versions are left out.
    """
    request = plan.request
    zone = time_zone(request.timezone) if request.timezone else _zone_of(request.stores or reader.stores(), estate)
    as_of_ns = min(end(request.as_of or "", zone, now_ns), now_ns)
    kept = tuple(measure.id for measure in plan.measures if not _unrevised(measure, plan))
    then = AsOfReader(reader, as_of_ns)
    answer = ask(then, replace(request, as_of=None, measures=kept), now_ns=as_of_ns)
    note = f"as of {iso(as_of_ns, zone)}: what became known later is left out, unless it came within an hour of its own time"
    return replace(answer, notes=(note, *_unread(then.unread, zone), *answer.notes))


def _unread(times_ns: list[int], zone: ZoneInfo) -> list[str]:
    first = iso(min(times_ns), zone) if times_ns else ""
    return [f"revisions of {len(times_ns):,} rows mean nothing, the first of {first}: these rows are as they are now"] if times_ns else []


def _zone_of(stores: Iterable[str], estate: QueryEstate) -> ZoneInfo:
    zones = {estate.of(store).timezone for store in stores}
    return zones.pop() if len(zones) == 1 else UTC


def check_as_of(plan: Plan) -> None:
    """Raise ConfigError if measures are asked for of which the database keeps no earlier versions."""
    wrong = [measure for measure in plan.measures if _unrevised(measure, plan)]
    if wrong and plan.request.measures:
        able = ", ".join(measure.id for measure in plan.there.values() if not _unrevised(measure, plan))
        names, tables = ", ".join(measure.id for measure in wrong), ", ".join(_unrevised(wrong[0], plan))
        raise ConfigError(f"as_of: {names}: counted from {tables}, of which the database keeps no earlier versions; it is for {able}")


def _unrevised(measure: Measure, plan: Plan) -> list[str]:
    """The tables without revisions that a measure is made of."""
    return sorted({part.table for part in base_of((measure,), plan.there)} - set(REVISED))
