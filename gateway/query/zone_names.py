"""Whether a zone that a question is about exists, looked at where nothing of it was found."""

from __future__ import annotations

from typing import Final

from footfall.errors import ConfigError
from footfall.mistakes import unknown
from gateway.points import SCHEMA
from gateway.query.answer import Answer, Request
from gateway.query.asked import MOST_STORES
from gateway.query.estate import QueryEstate
from gateway.sinks.cells import Aggregate
from gateway.sinks.reader import PointReader

_END_NS: Final = 1 << 62
_A_LONG_TIME_NS: Final = 1 << 58


def has_zone(answer: Answer, zone: str) -> bool:
    """Return whether a row is of the zone, or may be, since rows do not name theirs."""
    return "zone" not in answer.columns or any(row[answer.columns.index("zone")] == zone for row in answer.rows)


def check_zone(reader: PointReader, request: Request, measurement: str, estate: QueryEstate) -> None:
    """Raise ConfigError for a zone that neither site.toml nor the database has, with the nearest that there is.

    The rows of many stores are not read for that: there, a zone is looked for in site.toml alone, and is nowhere else refused.
    """
    wanted = request.zone or ""
    stores = {estate.now_name(name) for name in (request.stores or (*reader.stores(), *estate.stores))}
    found = {zone for store in stores for zone in estate.zones.get(store, ())}
    if wanted in found or (len(stores) > MOST_STORES and not stores <= estate.zones.keys()):
        return
    if len(stores) <= MOST_STORES:
        for table in dict.fromkeys(("zone_traffic", measurement)):
            found |= _stored(reader, table, estate.names_of(stores))
    if wanted not in found:
        raise ConfigError(_unknown(reader.where, wanted, sorted(found)))


def _stored(reader: PointReader, table: str, names: list[str]) -> set[str]:
    rows = (Aggregate("rows", "count", next(iter(SCHEMA[table].fields))),)
    return set(reader.cells(table, rows, 0, _END_NS, _A_LONG_TIME_NS, ("zone",), names).keys["zone"].names)


def _unknown(where: str, zone: str, there: list[str]) -> str:
    more = f" and {len(there) - MOST_STORES:,} more" if len(there) > MOST_STORES else ""
    listed = f"there is {', '.join(there[:MOST_STORES])}{more}" if there else "there is none yet"
    return unknown(f"{where} has no zone {zone[:80]!r} in what was asked for", zone, there, listed)
