"""Stores in which a known fan was heard who has no visit there yet: guides wait to hear of an arrival.

Such a store is looked at four times a second instead of once, and its agents are asked to report promptly. So the arrival is known as soon
as its zone is settled. What is stored does not depend on it: rows are in the same order whenever the fold looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from footfall.frames import Kind
from footfall.units import NS_PER_MINUTE, NS_PER_S
from gateway.fold.reorder_buffer import Evidence
from gateway.fold.state import State
from gateway.fold.visit_rows import OPEN
from gateway.fold.watermarks import NEVER_NS, Watermarks
from gateway.identity.facts import is_registered

LOOK_NS: Final = NS_PER_S // 4
"""Received time between two looks."""
AWAITED_NS: Final = 10 * NS_PER_S
"""For so long after the fan entered: the slowest profile settles a zone in five seconds."""
ASKED_AGAIN_NS: Final = 2 * NS_PER_S
"""A store's agents are asked no more often."""
OLD_NS: Final = NS_PER_MINUTE
"""Nobody waits for the arrival of a row that is older when it is received: it is of a backlog."""


class Prompt(NamedTuple):
    """The agents of a store are to report promptly, since a fan entered by a row that was received then."""

    store: str
    received_ns: int


class Awaited:
    """By code of the store, until when its arrivals are awaited, ns of received time."""

    def __init__(self, state: State, watermarks: Watermarks) -> None:
        self._state: Final = state
        self._watermarks: Final = watermarks
        self._until_ns: dict[int, int] = {}
        self._asked_ns: Final[dict[int, int]] = {}
        self._prompts: list[Prompt] = []

    def hear(self, rows: Evidence, received_ns: npt.NDArray[np.int64]) -> None:
        """Take rows about people, each with when it was received."""
        tracks = self._state.tracks
        which = np.flatnonzero((rows.kind == Kind.ENTER) & (tracks.v_state[rows.slot] != OPEN))
        if not len(which):
            return
        subjects = tracks.subject[rows.slot[which]]
        which = which[self._state.links.may_be_linked(subjects) & (received_ns[which] - rows.time_ns[which] <= OLD_NS)]
        columns = (rows.slot[which], rows.time_ns[which], received_ns[which])
        for slot, time_ns, now_ns in zip(*(column.tolist() for column in columns), strict=True):
            store = int(tracks.store[slot])
            if now_ns > self._asked_ns.get(store, NEVER_NS) + ASKED_AGAIN_NS and is_registered(
                self._state.links.fan_of(int(tracks.subject[slot]), time_ns, self._state.estate.stores.names[store])
            ):
                self._until_ns[store], self._asked_ns[store] = now_ns + AWAITED_NS, now_ns
                self._prompts.append(Prompt(self._state.estate.stores.names[store], now_ns))

    def watermarks(self, now_ns: int) -> npt.NDArray[np.int64] | None:
        """Return the watermarks of the stores whose arrivals are awaited, NEVER_NS for all others; None if no arrival is."""
        if not self._until_ns:
            return None
        self._until_ns = {store: until_ns for store, until_ns in self._until_ns.items() if now_ns < until_ns}
        found, stores = np.full_like(self._watermarks.by_store, NEVER_NS), list(self._until_ns)
        found[stores] = self._watermarks.by_store[stores]
        return found if stores else None

    def take(self) -> list[Prompt]:
        """Return the stores whose agents are to report promptly, since the last call."""
        prompts, self._prompts = self._prompts, []
        return prompts

    def dump(self) -> list[list[int]]:
        return [[store, until_ns, self._asked_ns.get(store, NEVER_NS)] for store, until_ns in self._until_ns.items()]

    def load(self, values: Sequence[Sequence[int]]) -> None:
        for store, until_ns, asked_ns in values:
            self._until_ns[store], self._asked_ns[store] = until_ns, asked_ns
