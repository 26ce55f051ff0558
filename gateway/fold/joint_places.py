"""Every level of a subject whose zone is decided by all of them together, by zone and agent: as many as hear it.

Other subjects have a few places in the columns (`heard_zones.py`): there the loudest decide alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from gateway.fold.heard_zones import Heard


class JointPlaces:
    """By slot. Of an agent and a zone the latest level is known until its EXIT."""

    def __init__(self) -> None:
        self._by_slot: Final[dict[int, dict[tuple[int, int], Heard]]] = {}

    def of(self, slot: int) -> list[Heard]:
        """Return what is known of a slot, in no order."""
        return list(self._by_slot.get(slot, {}).values())

    def find(self, slot: int, zone: int, agent: int) -> Heard | None:
        """Return what one agent hears in one zone."""
        return self._by_slot.get(slot, {}).get((zone, agent))

    def put(self, slot: int, heard: Heard) -> None:
        """Remember a level in the place of its zone and agent."""
        self._by_slot.setdefault(slot, {})[heard.zone, heard.agent] = heard

    def free(self, slot: int, zone: int, agent: int) -> None:
        """Forget what one agent heard in one zone."""
        self._by_slot.get(slot, {}).pop((zone, agent), None)

    def forget(self, slots: Iterable[int]) -> None:
        """Forget all of some slots."""
        for slot in slots:
            self._by_slot.pop(slot, None)

    def change(self, changed: Callable[[int, Heard], Heard | None]) -> None:
        """Put another level in the place of each, by slot; None forgets it."""
        for slot, places in list(self._by_slot.items()):
            found = {key: after for key, heard in places.items() if (after := changed(slot, heard)) is not None}
            if found:
                self._by_slot[slot] = found
            else:
                del self._by_slot[slot]

    def dump(self) -> list[list[int]]:
        return [[slot, *heard] for slot, places in self._by_slot.items() for heard in places.values()]

    def load(self, values: Iterable[list[int]]) -> None:
        """Go on from what `dump` returned."""
        self._by_slot.clear()
        for slot, *heard in values:
            self.put(slot, Heard(*heard))
