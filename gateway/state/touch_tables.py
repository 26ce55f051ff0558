"""The ledger's touches, found by every name that says whose they are, and what corrections name."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from footfall.compact_json import decoded
from footfall.units import NS_PER_MS
from gateway.fold.store import CountRow, TouchNameRow, TouchRow
from gateway.fold.touch_names import names_of
from gateway.identity.facts import FOR_EVER_NS
from gateway.identity.facts_json import MENTION
from gateway.state.sealed_rows import AT_ONCE, COLUMNS, SealedRows, insert, marks, parts, sealed

_NAMED_TOUCH: Final = (
    f"{', '.join('t.' + column for column in COLUMNS['touches'].split(', '))}, t.crc FROM touch_names n"
    " JOIN touches t ON t.store = n.store AND t.agent = n.agent AND t.row = n.row WHERE n.name IN ({marks})"
)
_OF_NAMES: Final = f"SELECT {_NAMED_TOUCH} AND n.time_ns BETWEEN ? AND ?"
_BY_NAME: Final = f"SELECT n.name, {_NAMED_TOUCH}"
_SLASHES: Final = 3
OF_TOUCHES: Final = (("touches", "subject"), ("touch_names", "name"))
OF_ROWS: Final = (("visits", "subject"), ("dwells", "subject"), *OF_TOUCHES)
"""Tables and their columns that have names."""


TOUCHES_AT_ONCE: Final = 1_000
"""So many touches wait in memory to be written."""


class TouchTables(SealedRows):
    """Touches are written in one go, before they are next read."""

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        super().__init__(path, db)
        self._touches: list[TouchRow] = []
        self._names: list[TouchNameRow] = []
        self._waiting: dict[str, int] = {}
        """By name, how many of these rows have it."""

    def save_touches(self, rows: Iterable[TouchRow], names: Iterable[TouchNameRow] = ()) -> None:
        """Keep touches, and further names of theirs, to be written."""
        self._touches += rows
        for each in names:
            self._names.append(each)
            self._waiting[each.name] = self._waiting.get(each.name, 0) + 1
        if len(self._touches) >= TOUCHES_AT_ONCE:
            self._write_touches()

    def _write_touches(self) -> None:
        """Write what waits row by row: a statement of many would first keep the pages of all indexes that it changes as they were."""
        if self._touches:
            self._db.executemany(insert(TouchRow), sealed(self._touches))
            self._touches = []
        if self._names:
            self._db.executemany(insert(TouchNameRow), sealed(self._names))
            self._names, self._waiting = [], {}

    def _forget_touches(self) -> None:
        self._touches, self._names, self._waiting = [], [], {}

    def names_shared(self, names: Collection[str]) -> set[str]:
        """Return those of these further names that several touches bear, and maybe others that are not written yet."""
        waiting = self._waiting.keys() & names
        found = {name for name in waiting if self._waiting[name] > 1}
        for asked, least in ((waiting, 1), (set(names) - waiting, 2)):
            for some in parts(asked, AT_ONCE):
                sql = f"SELECT name FROM touch_names WHERE name IN ({marks(some)}) GROUP BY name HAVING count(*) >= {least}"
                found.update(name for (name,) in self._read(sql, tuple(some)))
        return found

    def touches_of(self, name: str, from_ns: int = -FOR_EVER_NS, to_ns: int = FOR_EVER_NS) -> list[TouchRow]:
        """Return the touches of a subject, "ref:<ref>" or "fan:<id>" in a span, by store, agent and row."""
        return sorted(self._touches_bearing([name], from_ns, to_ns), key=lambda row: (row.store, row.agent, row.row))

    def touches_by_name(self, names: Collection[str]) -> dict[str, list[TouchRow]]:
        """Return the touches that bear "ref:<ref>" or "fan:<id>" now, by store, agent and row; a name without any is left out."""
        self._write_touches()
        found: dict[str, list[TouchRow]] = {}
        for some in parts(names, AT_ONCE):
            rows = self._read(_BY_NAME.format(marks=marks(some)), tuple(some))
            for (name, *_), touch in zip(rows, self._checked(TouchRow, [row[1:] for row in rows]), strict=True):
                if name in names_of(decoded(touch.body)):  # a touch is found by what it named before it was amended, too
                    found.setdefault(name, []).append(touch)
        return {name: sorted(rows, key=lambda row: (row.store, row.agent, row.row)) for name, rows in found.items()}

    def _touches_bearing(self, names: Collection[str], from_ns: int = -FOR_EVER_NS, to_ns: int = FOR_EVER_NS) -> set[TouchRow]:
        """Return the touches of any of these names in a span."""
        self._write_touches()
        found: set[TouchRow] = set()
        for some in parts(names, AT_ONCE):
            found.update(self._checked(TouchRow, self._read(_OF_NAMES.format(marks=marks(some)), (*some, from_ns, to_ns))))
            if subjects := [name for name in some if ":" not in name]:
                where = f"WHERE subject IN ({marks(subjects)}) AND time_ns BETWEEN ? AND ?"
                found.update(self._rows(TouchRow, where, (*subjects, from_ns, to_ns)))
        return found

    def _touches_of_ids(self, ids: Collection[str]) -> set[TouchRow]:
        """Return the touches of any of these ids; one that its publisher did not name has store/agent/time_ns/number as MENTION.

        If an earlier release took it, it has store/agent/row/key_ns.
        """
        self._write_touches()
        found: set[TouchRow] = set()
        for some in parts(ids, AT_ONCE):
            found.update(self._rows(TouchRow, f"WHERE id IN ({marks(some)})", tuple(some)))
        for place in (each.split("/") for each in ids if each.count("/") == _SLASHES):
            found.update(self._rows(TouchRow, "WHERE store=? AND agent=? AND row=? AND key_ns=? AND id IS NULL", tuple(place)))
            of_time = self._rows(TouchRow, "WHERE store=? AND agent=? AND time_ns=? AND id IS NULL", tuple(place[:-1]))
            found.update(row for row in of_time if decoded(row.body).get(MENTION) == "/".join(place))
        return found

    def names_with_rows(self, names: Collection[str], tables: Iterable[tuple[str, str]] = OF_ROWS) -> set[str]:
        """Return those of these names that a visit, a dwell or a touch bears."""
        self._write_touches()
        bears = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {column} = column1)" for table, column in tables)
        found: set[str] = set()
        for some in parts(names, AT_ONCE):
            asked = f"VALUES {','.join(['(?)'] * len(some))}"
            found.update(name for (name,) in self._read(f"SELECT column1 FROM ({asked}) WHERE {bears}", tuple(some)))
        return found

    def touches_of_fan(self, fan: str, store: str, from_ns: int, to_ns: int) -> list[TouchRow]:
        """Return those in the span, both ends included, that are not voided."""
        self._write_touches()
        where = "WHERE fan=? AND fan<>'' AND store=? AND time_ns BETWEEN ? AND ? AND void=0 ORDER BY time_ns, agent, row"
        return self._rows(TouchRow, where, (fan, store, from_ns, to_ns))

    def touches_between(self, store: str, from_ns: int, to_ns: int) -> list[TouchRow]:
        """Return a store's touches in the span, without its end, that are not voided."""
        self._write_touches()
        where = "WHERE store=? AND time_ns>=? AND time_ns<? AND void=0 ORDER BY time_ns, agent, row"
        return self._rows(TouchRow, where, (store, from_ns, to_ns))

    def touches_since(self, fan: str, from_ns: int) -> list[TouchRow]:
        """Return a fan's touches in all stores from a time on that are not voided, by time."""
        self._write_touches()
        where = "WHERE fan=? AND fan<>'' AND time_ns>=? AND void=0 ORDER BY time_ns, store, agent, row"
        return self._rows(TouchRow, where, (fan, from_ns))

    def touch_by_id(self, event_id: str) -> TouchRow | None:
        self._write_touches()
        return next(iter(self._rows(TouchRow, "WHERE id=? ORDER BY store, agent, row LIMIT 1", (event_id,))), None)

    def count_by_id(self, event_id: str) -> CountRow | None:
        return next(iter(self._rows(CountRow, "WHERE id=?", (event_id,))), None)

    def touch_by_key(self, store: str, agent: str, key_ns: int) -> TouchRow | None:
        self._write_touches()
        begin_ns = key_ns // NS_PER_MS * NS_PER_MS  # a key is in the millisecond of its touch, and touches are found by their time
        where = "WHERE store=? AND time_ns>=? AND time_ns<? AND agent=? AND key_ns=? ORDER BY row LIMIT 1"
        return next(iter(self._rows(TouchRow, where, (store, begin_ns, begin_ns + NS_PER_MS, agent, key_ns))), None)

    def _prune_touches(self, before_ns: int) -> None:
        self._write_touches()
        self._db.execute("DELETE FROM touches WHERE time_ns < ?", (before_ns,))
        self._db.execute("DELETE FROM touch_names WHERE time_ns < ?", (before_ns,))
