"""Who brings whom, reckoned from people: of each touch it is looked back who came by whose share before it.

The truth has by whose share somebody came, whatever the till states of it. What the brand can know is less: a share of whom it does not
know brings nobody by its code.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from simulators.chain.truth import Touch, Truth
from simulators.numbers.fans import Told, by_time, groups_of

_DEEPEST: Final = 9


class _Way(NamedTuple):
    """How somebody stands to shares at a time: `depth` 0 came by none."""

    sharer: str
    root: str
    depth: int


def told(truth: Truth) -> Iterator[Told]:
    """Yield the shares, and the touches of those who came by them, by time."""
    touches = by_time(truth)
    people = _People(touches)
    for touch in touches:
        if touch.what == "share":
            way = people.way(touch.fan, touch.time_ms)
            counts = {"shares": 1, f"sharers={touch.fan}": int(bool(touch.fan))}
            yield Told(touch, counts, _groups(touch, way._replace(sharer=touch.fan, depth=0)))
        elif touch.fan and (way := people.way(touch.fan, touch.time_ms + 1)).depth:
            if (comes := people.brings(touch)) or touch.what in ("transaction", "return"):
                yield Told(touch, _bought(touch, comes), _groups(touch, way))
        elif not touch.fan and (sharer := people.sharer(touch)):
            way = people.way(sharer, touch.time_ms)
            yield Told(touch, {"unnamed": 1}, _groups(touch, _Way(sharer, way.root, way.depth + 1)))


class _People:
    """Each answer looks at what was before a time alone; what was found once is kept."""

    def __init__(self, touches: Iterable[Touch]) -> None:
        self._shared: Final[defaultdict[str, list[int]]] = defaultdict(list)
        """By person, when they shared and were known."""
        self._bought: Final[defaultdict[str, list[int]]] = defaultdict(list)
        self._came: Final[defaultdict[str, list[Touch]]] = defaultdict(list)
        """By person, the touches that somebody's share led to."""
        self._brings: Final[dict[Touch, bool]] = {}
        for touch in touches:
            if touch.fan and touch.what == "share":
                self._shared[touch.fan].append(touch.time_ms)
            elif touch.fan and touch.came_by:
                self._came[touch.fan].append(touch)
            if touch.fan and touch.what == "transaction":
                self._bought[touch.fan].append(touch.time_ms)

    def sharer(self, touch: Touch) -> str:
        """Return who is known to have shared what a touch came by: by name at once, by a code once they shared it as somebody known."""
        is_known = touch.shared_by or bisect_right(self._shared[touch.came_by], touch.time_ms)
        return touch.came_by if is_known else ""

    def brings(self, touch: Touch) -> bool:
        """Return whether a touch is that by which its fan came: the first that can be, before anything was bought."""
        if touch not in self._brings:
            self._brings[touch] = self._is_first(touch)
        return self._brings[touch]

    def _is_first(self, touch: Touch) -> bool:
        fan, at_ms, sharer = touch.fan, touch.time_ms, self.sharer(touch)
        if not (fan and sharer) or bisect_left(self._bought[fan], at_ms) or self._first(fan, at_ms):
            return False
        return fan not in self._above(sharer, at_ms)

    def _first(self, fan: str, before_ms: int) -> Touch | None:
        """Return the touch by which a fan came before a time."""
        return next((each for each in self._came[fan] if each.time_ms < before_ms and self.brings(each)), None)

    def _above(self, fan: str, before_ms: int) -> set[str]:
        """Return a fan, who brought that one before a time, who brought those, and so on."""
        found = {fan}
        while (came := self._first(fan, before_ms)) is not None:
            fan = came.came_by
            found.add(fan)
        return found

    def way(self, fan: str, before_ms: int) -> _Way:
        """Return how a fan came before a time, as it was when that was: who is brought later has brought others all the same."""
        came = self._first(fan, before_ms)
        if came is None:
            return _Way("", fan, 0)
        above = self.way(came.came_by, came.time_ms)
        return _Way(came.came_by, above.root, above.depth + 1)


def _groups(touch: Touch, way: _Way) -> Mapping[str, str]:
    return groups_of(touch) | {"sharer": way.sharer, "root": way.root, "depth": str(min(way.depth, _DEEPEST))}


def _bought(touch: Touch, comes: bool) -> Mapping[str, int]:
    is_sale, cents = touch.what == "transaction", round(touch.amount * 100)
    given_back = cents if touch.what == "return" else 0
    return {"brought": int(comes), "orders": int(is_sale), "sold": cents * is_sale, "given_back": given_back,
            "revenue": cents * is_sale - given_back, "items_sold": sum(n for _, n in touch.items) * is_sale}  # fmt: skip
