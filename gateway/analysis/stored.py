"""What is stored, row by row, and the stores themselves, as DataFrames. Pure but for the reader that is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from footfall.errors import ConfigError
from footfall.mistakes import unknown
from footfall.units import NS_PER_MS
from gateway.analysis.frames import TIME_UNIT, utc_column
from gateway.points import SCHEMA, Coded, Column
from gateway.query.asked import MOST_STORES, AskedStore
from gateway.query.estate import QueryEstate, StoreFacts
from gateway.query.reading import spans_of
from gateway.query.spans import local
from gateway.query.wall import NsColumn, wall_ns
from gateway.sinks.reader import PointReader, columns_of
from gateway.sinks.table import Builder, PointTable
from gateway.site.names import FIRST_NS, LAST_NS


class _OwnTime(NamedTuple):
    column: str
    unit_ns: int


_OWN_TIMES: Final = {"started_ms": _OwnTime("started", NS_PER_MS), "from_ns": _OwnTime("from", 1), "to_ns": _OwnTime("to", 1)}
"""Fields that are moments: the columns that they become."""
_LEFT_OUT: Final = frozenset({"void", "merged_into"})
_OF_NUMPY: Final = {"i": "Int64", "b": "boolean", "f": "float64"}


def check_measurement(name: str) -> None:
    """Raise ConfigError, with the list, for what is no measurement."""
    if name not in SCHEMA:
        raise ConfigError(unknown(f"there is no measurement {name[:80]!r}", name, SCHEMA, f"there is {', '.join(SCHEMA)}"))


def rows_frame(reader: PointReader, measurement: str, stores: Sequence[AskedStore]) -> pd.DataFrame:
    """Return the rows of a measurement within the spans of stores, in the order of their time, without voided ones.

    A store has its present name. `time` is rounded down to the millisecond, for the digits below are none of a time. Times are as
    `frame_of` has them: in the time zone of the stores, or by each store's own clock, with `<column>_utc` beside.
    """
    none = Builder(measurement, columns_of(SCHEMA[measurement])).table()
    tables = [_frame(table, stores) for table in _tables(reader, measurement, stores)] or [_frame(none, stores)]
    frame = pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0]
    frame = frame.sort_values("time_utc" if "time_utc" in frame else "time", kind="stable", ignore_index=True)
    return frame.astype({name: "category" for name in frame if name in SCHEMA[measurement].tags})


def _tables(reader: PointReader, measurement: str, stores: Sequence[AskedStore]) -> Iterator[PointTable]:
    """Rows of these stores; where they are many, all are read by one statement."""
    for from_ns, to_ns, names in spans_of(stores):
        if len(names) <= MOST_STORES:
            yield from (reader.rows(measurement, name, from_ns, to_ns) for name in names)
        else:
            table = reader.rows(measurement, None, from_ns, to_ns)
            store = table.coded("store")
            yield table.where(np.isin(store.codes, [code for code, name in enumerate(store.names) if name in names]))


def _frame(table: PointTable, stores: Sequence[AskedStore]) -> pd.DataFrame:
    store_of = {name: store for store in stores for name in store.names}
    names = table.values("store")
    zones = np.array([store_of[name].zone.key for name in names], object)
    by_key = {store.zone.key: store.zone for store in stores}
    found: dict[str, Any] = _moments("time", table.time_ns // NS_PER_MS * NS_PER_MS, zones, by_key)
    for name, column in table.columns.items():
        if name in _OWN_TIMES:
            own = _OWN_TIMES[name]
            found |= _moments(own.column, table.numbers(name) * own.unit_ns, zones, by_key)
        elif name not in _LEFT_OUT:
            found[name] = _plain(column)
    return pd.DataFrame(found | {"store": pd.array([store_of[name].facts.name for name in names], dtype="string")})


def _plain(column: Column) -> Any:
    if isinstance(column, Coded):
        return pd.array(column.texts(), dtype="string")
    return pd.array(column, dtype=_OF_NUMPY[column.dtype.kind])


def _moments(name: str, times_ns: NsColumn, zones: npt.NDArray[Any], by_key: Mapping[str, ZoneInfo]) -> dict[str, pd.Series]:
    exact = utc_column(times_ns)
    if len(by_key) == 1:
        return {name: exact.dt.tz_convert(next(iter(by_key.values())))}
    walls = np.zeros(len(times_ns), np.int64)
    for key, zone in by_key.items():
        here = zones == key
        walls[here] = wall_ns(zone, times_ns[here])
    return {name: pd.Series(pd.to_datetime(walls).as_unit(TIME_UNIT)), f"{name}_utc": exact}


def stores_frame(estate: QueryEstate, names: Sequence[str]) -> pd.DataFrame:
    """Return a row for each store: what it is now. `valid_from` and `valid_to` are local times, missing where it has no such end."""
    known = [estate.of(name) for name in sorted({estate.now_name(name) for name in (*names, *estate.stores)})]
    return pd.DataFrame(
        {
            "store": pd.array([each.name for each in known], dtype="string"),
            "title": pd.array([each.versions[-1].title for each in known], dtype="string"),
            "path": pd.array([each.versions[-1].path for each in known], dtype="string"),
            "ownership": pd.Categorical([each.versions[-1].ownership for each in known]),
            "timezone": pd.Categorical([each.timezone.key for each in known]),
            "day_start": pd.array([f"{each.day_start:%H:%M}" for each in known], dtype="string"),
            "states_hours": pd.array([each.states_hours for each in known], dtype="boolean"),
            "valid_from": _ends([_wall(each, each.valid.begin_ns) for each in known]),
            "valid_to": _ends([_wall(each, each.valid.end_ns) for each in known]),
        }
    )


def _ends(walls: Sequence[Any]) -> pd.Series:
    return pd.Series(pd.to_datetime(list(walls))).astype(f"datetime64[{TIME_UNIT}]")


def _wall(facts: StoreFacts, time_ns: int) -> Any:
    return None if time_ns in (FIRST_NS, LAST_NS) else local(time_ns, facts.timezone).replace(tzinfo=None)
