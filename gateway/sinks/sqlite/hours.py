"""Hours of traffic, added up when they are over: a year of a store is read from 8,760 rows, not from half a million minutes.

`traffic_hour` has a row for each store and hour in which it has points, up to the store's `until_ns` in `traffic_rolled`; later hours
still change too often. What writes, changes or deletes a point of an earlier hour, whoever does, leaves its hour in `traffic_stale`:
triggers of the file itself see to that. The sink adds such hours up again in the transaction that wrote. While any is left, because
another program wrote last, readers add up minutes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from typing import Final

import numpy as np

from footfall.units import NS_PER_HOUR
from gateway.points import SCHEMA, Points
from gateway.sinks.cells import Aggregate
from gateway.sinks.stored_text import stored_tag

MEASUREMENT: Final = "traffic"
TABLE: Final = "traffic_hour"
MOST_EARLIER: Final = 2_000
"""Hours added up by one write beyond those that it may have brought: a file of an earlier release catches up, 50 ms of work a write."""
MOST: Final = 1 << 40
"""What one point can add to its hour, up or down: SQLite refuses a sum past 64 bits, and with it the batch of a point that is no count."""
_GAUGES: Final = ("occupancy", "drift", "visits_open", "known_open", "anonymous_open")
"""Are read, never added: an hour has their last and their highest value."""


def _columns() -> dict[tuple[str, str], str]:
    counts = {("sum", name): name for name in SCHEMA[MEASUREMENT].fields if name not in _GAUGES}
    return counts | {(function, name): f"{name}_{function}" for name in _GAUGES for function in ("last", "max")}


_COLUMNS: Final[Mapping[tuple[str, str], str]] = _columns()
_COUNT: Final = "points"
"""How many points the hour has."""


def column_of(each: Aggregate) -> str | None:
    """Return the column of `traffic_hour` that has an aggregate of each hour, None if there is none."""
    if each.where:
        return None
    return _COUNT if each.function == "count" else _COLUMNS.get((each.function, each.column))


# --- the tables ---------------------------------------------------------------------------------------------------------------


def missing(db: sqlite3.Connection) -> str:
    """Return a script that makes tables and triggers, all of them, unless the file has them as this release writes them.

    They hold nothing that the points do not; those of another release are made anew.
    """
    wanted = {name: f"{kind} {name}{rest}" for kind, name, rest in _PARTS}
    there = dict(db.execute(f"SELECT name, sql FROM sqlite_schema WHERE name IN ({', '.join('?' * len(wanted))})", list(wanted)))
    if there == {name: f"CREATE {sql}" for name, sql in wanted.items()}:
        return ""
    drops = "".join(f"DROP {kind} IF EXISTS {name};" for kind, name, _ in reversed(_PARTS))
    return drops + "".join(f"CREATE {sql};" for sql in wanted.values())


def _trigger(event: str, row: str) -> tuple[str, str, str]:
    """A point of an hour that was added up already is written, or taken away."""
    hour = f"{row}.time_ns / {NS_PER_HOUR} * {NS_PER_HOUR}"
    return (
        "TRIGGER",
        f"{TABLE}_{event.lower()}_{row.lower()}",
        f" AFTER {event} ON {MEASUREMENT} WHEN {row}.time_ns < (SELECT until_ns FROM traffic_rolled WHERE store = {row}.store)"
        f" BEGIN INSERT OR IGNORE INTO traffic_stale VALUES ({row}.store, {hour}); END",
    )


def _hour_columns() -> str:
    of_real = {name for name, kind in SCHEMA[MEASUREMENT].fields.items() if kind == "float"}
    return ", ".join(f'"{name}" {"REAL" if column in of_real else "INTEGER"} NOT NULL' for (_, column), name in _COLUMNS.items())


_KEY: Final = "store TEXT NOT NULL, time_ns INTEGER NOT NULL"
_PARTS: Final = (
    ("TABLE", TABLE, f" ({_KEY}, {_COUNT} INTEGER NOT NULL, {_hour_columns()}, PRIMARY KEY (store, time_ns)) WITHOUT ROWID"),
    ("TABLE", "traffic_rolled", " (store TEXT PRIMARY KEY, until_ns INTEGER NOT NULL) WITHOUT ROWID"),
    ("TABLE", "traffic_stale", f" ({_KEY}, PRIMARY KEY (store, time_ns)) WITHOUT ROWID"),
    _trigger("INSERT", "NEW"),
    _trigger("DELETE", "OLD"),
    _trigger("UPDATE", "OLD"),
    _trigger("UPDATE", "NEW"),
)
"""Kind, name and the rest of what makes it."""


# --- adding up ----------------------------------------------------------------------------------------------------------------


def add_up(db: sqlite3.Connection, batch: Iterable[Points]) -> None:
    """Add up the hours that are over since this batch was written, and those that it changed; inside the running transaction."""
    traffic = [points for points in batch if points.measurement == MEASUREMENT]
    room = MOST_EARLIER + sum(map(len, traffic))
    for store, latest_ns in _latest(traffic).items():
        room -= _roll(db, store, latest_ns // NS_PER_HOUR * NS_PER_HOUR - NS_PER_HOUR, room)
    if db.execute("SELECT 1 FROM traffic_stale LIMIT 1").fetchone():
        for statement in _RENEW:
            db.execute(statement)


def _latest(traffic: Iterable[Points]) -> dict[str, int]:
    """The time of each store's latest point."""
    found: dict[str, int] = {}
    for points in traffic:
        stores = points.tags["store"]
        latest = np.full(len(stores.names), -1, np.int64)
        np.maximum.at(latest, stores.codes, points.time_ns)
        for name, time_ns in zip(stores.names, latest.tolist(), strict=True):
            found[stored_tag(name)] = max(time_ns, found.get(stored_tag(name), time_ns))
    return found


def _roll(db: sqlite3.Connection, store: str, to_ns: int, most: int) -> int:
    """Mark the hours of a store that end by `to_ns` and were never added up as stale, `most` of them; return how many."""
    row = db.execute("SELECT until_ns FROM traffic_rolled WHERE store = ?", (store,)).fetchone()
    from_ns = row[0] if row else 0
    if to_ns <= from_ns or not most:
        return 0
    hours = [hour_ns for (hour_ns,) in db.execute(_HOURS, (store, from_ns, to_ns, most))]
    db.executemany("INSERT OR IGNORE INTO traffic_stale VALUES (?, ?)", [(store, hour_ns) for hour_ns in hours])
    until_ns = to_ns if len(hours) < most else hours[-1] + NS_PER_HOUR
    db.execute("INSERT OR REPLACE INTO traffic_rolled VALUES (?, ?)", (store, until_ns))
    return len(hours)


_HOURS: Final = (
    f"SELECT DISTINCT time_ns / {NS_PER_HOUR} * {NS_PER_HOUR} FROM {MEASUREMENT} WHERE store = ? AND time_ns >= ? AND time_ns < ? LIMIT ?"
)


def _renewed() -> str:
    """The statement that adds up the stale hours. Of a gauge, the point at the latest time has the last value."""
    sums = [
        f'sum(max(min(p."{column}", {MOST}), -{MOST})) AS "{name}"' for (function, column), name in _COLUMNS.items() if function == "sum"
    ]
    tops = [f'max(p."{column}") AS "{name}"' for (function, column), name in _COLUMNS.items() if function == "max"]
    added = f"""SELECT s.store, s.time_ns, count(*) AS {_COUNT}, max(p.time_ns) AS latest_ns, {", ".join([*sums, *tops])}
        FROM traffic_stale AS s CROSS JOIN {MEASUREMENT} AS p
        WHERE p.store = s.store AND p.time_ns >= s.time_ns AND p.time_ns < s.time_ns + {NS_PER_HOUR} GROUP BY s.store, s.time_ns"""
    selected = [f'l."{column}"' if function == "last" else f'a."{name}"' for (function, column), name in _COLUMNS.items()]
    names = ", ".join(["store", "time_ns", _COUNT, *(f'"{name}"' for name in _COLUMNS.values())])
    return f"""INSERT INTO {TABLE} ({names}) SELECT a.store, a.time_ns, a.{_COUNT}, {", ".join(selected)}
        FROM ({added}) AS a CROSS JOIN {MEASUREMENT} AS l WHERE l.store = a.store AND l.time_ns = a.latest_ns"""


_RENEW: Final = (
    f"DELETE FROM {TABLE} WHERE (store, time_ns) IN (SELECT store, time_ns FROM traffic_stale)",
    _renewed(),
    "DELETE FROM traffic_stale",
)


# --- reading ------------------------------------------------------------------------------------------------------------------


def have(columns: Collection[str], aggregates: Iterable[Aggregate]) -> bool:
    """Return whether hours with these columns have all the aggregates."""
    return all(column_of(each) in columns for each in aggregates)


def are_up_to_date(db: sqlite3.Connection) -> bool:
    """Return whether no hour waits to be added up again."""
    return db.execute("SELECT 1 FROM traffic_stale LIMIT 1").fetchone() is None


KNOWN: Final = "UPDATE asked_store AS s SET kept_ns = coalesce((SELECT min(until_ns, :to_ns) FROM traffic_rolled WHERE store = s.store), 0)"
"""Up to when the hours of each store asked are kept, of those that end by `to_ns`."""
