"""Stores in which rows wait for agents that have not reported for a minute."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from footfall.units import NS_PER_S
from gateway.fold.item_events import ItemEvents
from gateway.fold.reorder_buffer import ReorderBuffer
from gateway.fold.state import State
from gateway.fold.watermarks import Held, Watermarks


class HeldBack:
    """Writes `state.held_back`."""

    def __init__(self, state: State, watermarks: Watermarks, reorder_buffer: ReorderBuffer, item_events: ItemEvents) -> None:
        self._state: Final = state
        self._watermarks: Final = watermarks
        self._reorder_buffer: Final = reorder_buffer
        self._item_events: Final = item_events

    def look(self, now_ns: int) -> None:
        """Write which stores are held back now, and have rows that wait."""
        held = list(self._watermarks.held_back(now_ns))
        waiting = self._waiting() if held else frozenset()
        self._state.held_back = tuple(self._text(each) for each in held if each.store in waiting)

    def _waiting(self) -> frozenset[int]:
        """Return the stores of the rows that wait; those about goods have their store in place of a slot."""
        people = self._state.tracks.store[self._reorder_buffer.slots()]
        return frozenset(people.tolist()) | frozenset(self._item_events.waiting.slots().tolist())

    def _text(self, held: Held) -> str:
        agents = self._state.estate.agents.names
        further, awaited = (", ".join(sorted(agents[code] for code in codes)) for codes in (held.further, held.awaited))
        until = datetime.fromtimestamp(held.until_ns // NS_PER_S, UTC)
        return f"{self._state.estate.stores.names[held.store]}: {further} for {awaited}, which reported up to {until:%Y-%m-%d %H:%M:%S} UTC"
