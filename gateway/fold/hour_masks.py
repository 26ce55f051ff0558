"""Masks of the minutes of hours: what was observed and what was not, by owner and hour. The latest are in memory, others in the store.

Minutes and hours count from 1970, UTC. Bits are only ever set, so the order in which minutes become known does not matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from typing import Any, Final

from gateway.fold.store import FoldStore

MINUTES: Final = 60
TABLE: Final = "coverage"
"""Of cells in the store; an hour stands there under its first minute."""
KEEP_HOURS: Final = 1
"""How many hours before an owner's latest stay in memory."""

HourFields = list[int]
"""By MaskColumn, bit i is minute i of the hour; then the fields of its point."""


class MaskColumn(IntEnum):
    """The masks of an hour."""

    ALIVE = 0
    """The agent was at work during the whole minute."""
    NO_DOORS = 1
    """It reported that doors were not counted in some part of the minute."""
    NO_PRESENCE = 2
    """It reported that nobody could be heard in some part of the minute."""


NOT_WRITTEN: Final = -2
"""In the place of a field of an hour's point that was not emitted yet."""
FIELDS: Final = 3
"""So many fields the point of an hour has; an hour's row has them behind its masks, as they were emitted last."""


class HourMasks:
    """`owner` is a number of the caller's; an hour that nothing is known of has masks of 0."""

    def __init__(self, store: FoldStore) -> None:
        self._store: Final = store
        self._masks: defaultdict[int, dict[int, HourFields]] = defaultdict(dict)
        self._floor: dict[int, int] = {}
        """By owner: hours below it may be in the store."""

    def set(self, owner: int, first: int, end: int, columns: Iterable[MaskColumn]) -> list[int]:
        """Set the minutes from `first` to before `end`. Return the hours that this changed."""
        return [hour for hour, bits in _bits(first, end) if self._set(owner, hour, bits, columns)]

    def _set(self, owner: int, hour: int, bits: int, columns: Iterable[MaskColumn]) -> bool:
        masks = self._masks[owner].get(hour) or self._load(owner, hour)
        before = masks.copy()
        for column in columns:
            masks[column] |= bits
        return masks != before

    def get(self, owner: int, hour: int) -> HourFields:
        """Return the masks of an hour, by MaskColumn."""
        return self._masks[owner].get(hour) or self._load(owner, hour)

    def hours(self, owner: int, first: int, last: int) -> list[int]:
        """Return the hours from `first` to `last`, both included, of which something is known."""
        here = {hour for hour in self._masks[owner] if first <= hour <= last}
        if first < self._floor.get(owner, first):
            here |= {minute // MINUTES for minute in self._store.cell_minutes(TABLE, owner, first * MINUTES, last * MINUTES)}
        return sorted(here)

    def _load(self, owner: int, hour: int) -> HourFields:
        kept = self._store.load_cell(TABLE, owner, hour * MINUTES) if hour < self._floor.get(owner, hour) else None
        masks = self._masks[owner][hour] = [int(mask) for mask in kept] if kept else [0] * len(MaskColumn) + [NOT_WRITTEN] * FIELDS
        return masks

    def write(self, owner: int, hour: int, fields: Sequence[int]) -> list[int] | None:
        """Keep the fields with which the point of an hour is emitted. Return those that it was emitted with before; None: it was not."""
        masks = self.get(owner, hour)
        before = masks[len(MaskColumn) :]
        masks[len(MaskColumn) :] = fields
        return None if before[0] == NOT_WRITTEN else before

    def retire(self) -> None:
        """Move hours that are over for long to the store."""
        saved = []
        for owner, by_hour in self._masks.items():
            floor = max(by_hour, default=0) - KEEP_HOURS
            old = [hour for hour in by_hour if hour < floor] if len(by_hour) > KEEP_HOURS else []
            saved += [(owner, hour * MINUTES, by_hour.pop(hour)) for hour in old]
            if old:
                self._floor[owner] = max(floor, self._floor.get(owner, floor))
        self._store.save_cells(TABLE, saved)

    def dump(self) -> list[Any]:
        """Return what is in memory; `load` takes it back."""
        return [[[owner, list(by_hour.items())] for owner, by_hour in self._masks.items()], list(self._floor.items())]

    def load(self, values: list[Any]) -> None:
        """Go on from what `dump` returned."""
        masks, floor = values
        self._masks = defaultdict(dict, {owner: {hour: list(each) for hour, each in by_hour} for owner, by_hour in masks})
        self._floor = dict(floor)


def _bits(first: int, end: int) -> Iterator[tuple[int, int]]:
    """The hours of a span of minutes, each with the bits of its minutes in it."""
    for hour in range(first // MINUTES, (end - 1) // MINUTES + 1):
        low, high = max(first - hour * MINUTES, 0), min(end - hour * MINUTES, MINUTES)
        yield hour, (1 << high) - (1 << low)
