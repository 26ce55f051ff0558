"""The board: every store of the estate with its latest counters, and the sums of each path, kept up message by message.

    board = Board()
    board.use(site.stores, now_ns)
    board.take(message, now_ns)        # counters of the live feed
    board.sweep(now_ns)                # what time alone changes
    board.node(("acme", "north"))      # sums of a path; () is the chain

It reads no clock. Nothing that is old counts as now: counters whose data was complete more than STALE_NS ago are stale, and those of
another day add nothing to today.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from footfall.topics import are_names
from footfall.units import NS_PER_MINUTE, NS_PER_S
from gateway.site import Store

STALE_NS: Final = 3 * NS_PER_MINUTE
MAX_STORES: Final = 20_000
NOW: Final = frozenset({"occupancy", "drift", "visits_open", "known_open"})
"""Numbers of `today` that hold for a moment; the others are sums."""
Freshness = Literal["live", "stale", "never"]
"""never: up to when its data is complete is not known, since no agent was heard."""
Path = tuple[str, ...]


@dataclass(slots=True)
class BoardRow:
    """A store."""

    store: Store
    path: Path
    text: str
    """What a search looks in, in lower case."""
    order: tuple[str | int, ...]
    """By which titles are sorted: "Mall 9" before "Mall 10"."""
    message: Mapping[str, Any] = field(default_factory=dict)
    """Its latest counters; empty if none came."""
    state: Freshness = "never"
    is_today: bool = False
    """Whether the sums of the message are those of the day that it is now in the store."""
    day_end_ns: int = 0
    """When the day of the message ends."""
    counted: Mapping[str, float] = field(default_factory=dict)
    """What it adds to each node above it."""

    @property
    def title(self) -> str:
        return self.store.title or self.store.name

    @property
    def as_of_ns(self) -> int | None:
        return self.message.get("as_of_ns")

    def today(self) -> Mapping[str, float]:
        """Return what is known of today: sums, and what holds now if the store is live."""
        sums = self.message.get("today", {}) if self.is_today else {}
        return {name: value for name, value in sums.items() if self.state == "live" or name not in NOW}

    def zones(self) -> Mapping[str, Any]:
        """Return how many are in each zone now, decided and probably; nothing of a store that is not live."""
        return self.message.get("zones", {}) if self.state == "live" else {}


@dataclass(slots=True)
class Node:
    """A path with everything below it."""

    path: Path
    sums: dict[str, float] = field(default_factory=dict)
    """`stores`, how many are in each State, and the sums of their `today`."""
    children: dict[str, Node] = field(default_factory=dict)


class Board:
    """Has the stores that are in force by the site, heard or not: who left it keeps retained counters at the broker for ever.

    Before `use` it has those of which counters came.
    """

    def __init__(self) -> None:
        self.rows: dict[str, BoardRow] = {}
        """By name of the store."""
        self.listings = 0
        """How often stores were listed: while it stays, the same stores are on the board."""
        self._root = Node(())
        self._has_site = False
        self._stores: tuple[Store, ...] = ()
        """All of the site."""
        self._bounded: list[Store] = []
        """Those that begin or end with a day."""
        self._minute = 0
        """When these were looked at."""
        self._elsewhere: dict[str, Mapping[str, Any]] = {}
        """The latest counters of stores that the site does not list (yet), by name."""

    def use(self, stores: Iterable[Store], now_ns: int) -> None:
        """Put the stores of a site in force, with the counters that came before."""
        known = self._elsewhere | {name: row.message for name, row in self.rows.items() if row.message}
        self.rows, self._root, self._elsewhere, self._has_site = {}, Node(()), {}, True
        self.listings += 1  # also where none is left
        self._stores = tuple(stores)
        self._bounded = [store for store in self._stores if store.valid_from or store.valid_to]
        for store in self._stores:
            if _is_in_force(store, now_ns):
                self._add(store, now_ns)
        for message in known.values():
            self.take(message, now_ns)

    def take(self, message: Mapping[str, Any], now_ns: int) -> bool:
        """Take the counters of a store. Return False, and take nothing, if they are no counters of docs/wire.md."""
        if not _are_counters(message):
            return False
        name = message["store"]
        if name not in self.rows and not self._has_site and len(self.rows) < MAX_STORES:
            self._add(Store(name=name), now_ns)
        row = self.rows.get(name)
        if row is None:
            if name in self._elsewhere or len(self._elsewhere) < MAX_STORES:
                self._elsewhere[name] = message
            return True
        if message["day"] != row.message.get("day"):
            row.day_end_ns = _day_end_ns(row.store, message["day"])
        row.message = message
        self._count(row, now_ns)
        return True

    def sweep(self, now_ns: int) -> None:
        """Take the time: stores become stale, days end, and with them stores begin and end."""
        if now_ns // NS_PER_MINUTE != self._minute:
            self._minute = now_ns // NS_PER_MINUTE
            if any(_is_in_force(store, now_ns) != (store.name in self.rows) for store in self._bounded):
                self.use(self._stores, now_ns)
        for row in self.rows.values():
            if (row.state, row.is_today) != _standing(row, now_ns):
                self._count(row, now_ns)

    def named(self, store: str) -> dict[str, str]:
        """Return what people call a store, and its time zone; its name and UTC if it is none of the board's."""
        row = self.rows.get(store)
        return {"title": row.title, "timezone": row.store.timezone} if row else {"title": store, "timezone": "UTC"}

    def node(self, path: Path) -> Node | None:
        """Return the node of a path; None if no store is below it."""
        found: Node | None = self._root
        for name in path:
            found = found.children.get(name) if found else None
        return found

    def _add(self, store: Store, now_ns: int) -> None:
        self.listings += 1
        path = tuple(part for part in store.path.split("/") if part)
        text, order = f"{store.title or ''}\n{store.name}\n{store.path}".lower(), _natural(store.title or store.name)
        self.rows[store.name] = row = BoardRow(store, path, text, order)
        self._count(row, now_ns)

    def _count(self, row: BoardRow, now_ns: int) -> None:
        row.state, row.is_today = _standing(row, now_ns)
        before, row.counted = row.counted, {"stores": 1, row.state: 1, **row.today()}
        changes = {name: row.counted.get(name, 0) - before.get(name, 0) for name in {*before, *row.counted}}
        for node in self._above(row.path):
            for name, change in changes.items():
                if change:
                    node.sums[name] = round(node.sums.get(name, 0) + change, 6)

    def _above(self, path: Path) -> Iterator[Node]:
        node = self._root
        yield node
        for depth, name in enumerate(path, 1):
            node = node.children.setdefault(name, Node(path[:depth]))
            yield node


def _natural(title: str) -> tuple[str | int, ...]:
    """Texts and numbers take turns, so that any two can be compared."""
    return tuple(int(part) if place % 2 else part for place, part in enumerate(re.split(r"([0-9]{1,18})", title.casefold())))


def _standing(row: BoardRow, now_ns: int) -> tuple[Freshness, bool]:
    as_of_ns = row.as_of_ns
    state: Freshness = "never" if as_of_ns is None else "live" if now_ns - as_of_ns <= STALE_NS else "stale"
    return state, now_ns < row.day_end_ns


def _is_in_force(store: Store, now_ns: int) -> bool:
    today = datetime.fromtimestamp(now_ns // NS_PER_S, store.zone).date()
    return (store.valid_from or date.min) <= today <= (store.valid_to or date.max)


def _day_end_ns(store: Store, day: str) -> int:
    """Return when a store's day ends, ns: the next one begins at its day_start, local time."""
    follows = datetime.combine(date.fromisoformat(day) + timedelta(days=1), store.day_start, store.zone)
    return int(follows.timestamp()) * NS_PER_S


def _are_counters(message: Mapping[str, Any]) -> bool:
    today, as_of_ns, day = message.get("today"), message.get("as_of_ns"), message.get("day")
    if not are_names((message.get("store"),)) or not isinstance(message.get("fields"), dict) or not isinstance(today, dict):
        return False
    if not (as_of_ns is None or isinstance(as_of_ns, int)) or not isinstance(message.get("time_ns"), int):
        return False
    if not all(map(_is_crowd, _values(message.get("zones", {})))):
        return False
    return isinstance(day, str) and _is_date(day) and all(map(_is_number, [*today.values(), *message["fields"].values()]))


def _values(of: object) -> Iterable[object]:
    """Return the values of a map; of anything else itself, which is none."""
    return of.values() if isinstance(of, dict) else (of,)


def _is_crowd(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(name), int) for name in ("decided", "probable"))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text) < date.max
    except ValueError:
        return False
