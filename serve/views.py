"""Views of the board: what one page shows of it, as a message of its live stream.

view = read_view({"path": "acme/north", "search": "mall", "sort": "-in", "offset": "50"})
Views(board).message(view, now_ns)
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from footfall.errors import ConfigError
from footfall.units import NS_PER_S
from footfall.whole_numbers import whole_number
from serve.board import Board, BoardRow, Node, Path
from serve.opening import Opening

ROWS: Final = 50
"""Stores of one view."""
ORDER_NS: Final = 5 * NS_PER_S
"""Stores keep their order for so long: 7,000 are not sorted every second, and rows do not jump under the pointer."""
MAX_SEARCH: Final = 200
_LAST_OFFSET: Final = 10**9 - 1
SHOWN: Final = (
    "in", "out", "occupancy", "visits_started", "visits_open", "known_open", "visits_closed", "transactions", "transactions_known",
    "revenue", "returns", "touches",
)  # fmt: skip
"""Numbers of `today` by which stores can be sorted."""
_STATES: Final = {"stale": 0, "never": 1, "live": 2}


def _number(name: str) -> Callable[[BoardRow], float | None]:
    return lambda row: row.today().get(name)


SORTS: Final[Mapping[str, Callable[[BoardRow], Any]]] = {
    "title": lambda row: row.order,
    "path": lambda row: (row.path, row.order),
    "state": lambda row: (_STATES[row.state], row.as_of_ns or 0),
    "as_of": lambda row: row.as_of_ns,
    **{name: _number(name) for name in SHOWN},
}
"""What stores are sorted by; None is always last."""
KEYS: Final = ("path", "search", "sort", "offset")


@dataclass(frozen=True, slots=True)
class View:
    """What a page shows: the stores below a path that a search finds, in an order, from one of them on."""

    path: Path = ()
    search: str = ""
    sort: str = "title"
    is_descending: bool = False
    offset: int = 0


def read_view(given: Mapping[str, str]) -> View:
    """Return the view that the query string of a request asks for. Raise ConfigError, which names what is wrong with it."""
    if unknown := sorted(given.keys() - set(KEYS)):
        raise ConfigError(f"{unknown[0][:80]}: means nothing here; a view takes {', '.join(KEYS)}")
    sort = given.get("sort", "title")
    name = sort.removeprefix("-")
    if name not in SORTS:
        near = difflib.get_close_matches(name, SORTS, 1)
        raise ConfigError(f"sort: {name[:80]!r} is none of {', '.join(SORTS)}{f'; did you mean {near[0]}?' if near else ''}")
    if (offset := whole_number(given.get("offset", "0"), 0, _LAST_OFFSET)) is None:
        raise ConfigError(f"offset: {given['offset'][:80]!r} is no number of stores, such as 0 or {ROWS}")
    path = tuple(part for part in given.get("path", "").split("/") if part)
    return View(path, given.get("search", "")[:MAX_SEARCH].strip().lower(), name, sort.startswith("-"), offset)


class Views:
    """Spells out views of a board. What pages share is worked out once."""

    def __init__(self, board: Board, opening: Opening | None = None) -> None:
        self._board: Final = board
        self._opening: Final = opening or Opening()
        self._orders: dict[View, tuple[int, list[str]]] = {}
        """By view without its offset: until when its order holds, ns, and the names of its stores."""
        self._listings = 0

    def message(self, view: View, now_ns: int) -> str:
        """Return a view as JSON: `kind` board, without the time."""
        names = self._order(view, now_ns)
        offset = min(view.offset, max(0, (len(names) - 1) // ROWS * ROWS))
        rows = [self._board.rows[name] for name in names[offset : offset + ROWS]]
        node = self._board.node(view.path) or Node(view.path)
        stores = [_row(row) | {"is_closed": self._opening.is_closed(row.store.name, now_ns)} for row in rows]
        shown = {
            "kind": "board", "path": view.path, "sums": _sums(node),
            "nodes": [_node(each) for each in _below(node)],
            "stores": stores, "matching": len(names), "offset": offset,
        }  # fmt: skip
        return json.dumps(shown, separators=(",", ":"), ensure_ascii=False)

    def arrival(self, view: View, arrival: Mapping[str, Any]) -> str | None:
        """Return an arrival as JSON, with title and time zone of its store; None if its store is not below the view's path."""
        row = self._board.rows.get(arrival["store"])
        if row is None or row.path[: len(view.path)] != view.path:
            return None
        return json.dumps({**arrival, **self._board.named(arrival["store"])}, separators=(",", ":"), ensure_ascii=False)

    def _order(self, view: View, now_ns: int) -> list[str]:
        key = replace(view, offset=0)
        if self._listings != self._board.listings:
            self._listings, self._orders = self._board.listings, {}
        until_ns, names = self._orders.get(key, (0, []))
        if not until_ns - ORDER_NS <= now_ns < until_ns:
            names = self._sorted(view)
            self._orders = {each: found for each, found in self._orders.items() if now_ns < found[0] <= now_ns + ORDER_NS}
            self._orders[key] = (now_ns + ORDER_NS, names)
        return names

    def _sorted(self, view: View) -> list[str]:
        depth, by = len(view.path), SORTS[view.sort]
        found = [row for row in self._board.rows.values() if view.search in row.text and row.path[:depth] == view.path]
        keys = {row.store.name: by(row) for row in sorted(found, key=SORTS["title"])}
        unknown = [name for name, key in keys.items() if key is None]
        known = [name for name, key in keys.items() if key is not None]
        return sorted(known, key=keys.__getitem__, reverse=view.is_descending) + unknown


def _sums(node: Node) -> Mapping[str, float]:
    return {name: round(value, 2) for name, value in node.sums.items()}


def _below(node: Node) -> list[Node]:
    """Return the nodes below, at the first level where the stores part: a level that all share shows nothing new."""
    while len(node.children) == 1:
        (only,) = node.children.values()
        if only.sums["stores"] != node.sums["stores"]:
            return [only]
        node = only
    return [node.children[name] for name in sorted(node.children)]


def _node(node: Node) -> Mapping[str, Any]:
    return {"path": node.path, "sums": _sums(node)}


def _row(row: BoardRow) -> dict[str, Any]:
    message = row.message
    return {
        "name": row.store.name, "title": row.title, "path": row.store.path, "timezone": row.store.timezone, "state": row.state,
        "as_of_ns": row.as_of_ns, "day": message.get("day"), "today": row.today(), "time_ns": message.get("time_ns", 0),
        "minute": message.get("fields", {}), "zones": row.zones(),
    }  # fmt: skip
