"""How long the store behind the fold keeps what is over."""

from __future__ import annotations

from typing import Any, Final

from footfall.units import NS_PER_S
from gateway.fold.state import State
from gateway.fold.store import KEEP_DAYS
from gateway.fold.watermarks import Watermarks

SECONDS_A_DAY: Final = 86_400
SURE_DAYS: Final = 7
_NO_DAYS: Final = (-1, -1)


class Retention:
    """Once a day, forgets what ended KEEP_DAYS before the least time that stores are now at: one may be playing old recordings.

    Days must have followed each other for a week: a clock that is a year ahead for a while would make everything old.
    """

    def __init__(self, state: State, watermarks: Watermarks) -> None:
        self._state: Final = state
        self._watermarks: Final = watermarks
        self._days = _NO_DAYS
        """The first and the last of the days that followed each other until now, by the records' time."""

    def forget(self, now_s: int) -> None:
        """Delete what is too old from the store, if a new day has begun by `now_s`, the second of the latest record."""
        day, (first, last) = now_s // SECONDS_A_DAY, self._days
        if day == last:
            return
        self._days = (first if last < day <= last + 2 else day, day)
        self._state.keys.forget(self._state.counts)
        oldest_ns = self._watermarks.oldest_active_ns((now_s - SECONDS_A_DAY) * NS_PER_S)
        if oldest_ns is not None and day - self._days[0] >= SURE_DAYS:
            before_s = oldest_ns // NS_PER_S - KEEP_DAYS * SECONDS_A_DAY
            self._state.ledger.prune(before_s * NS_PER_S)
            self._state.outcome_days.forget(before_s)

    def dump(self) -> tuple[int, int]:
        """Return the state; `load` takes it back."""
        return self._days

    def load(self, values: Any) -> None:
        """Go on from what `dump` returned; None of a release that had no retention."""
        self._days = tuple(values) if values else _NO_DAYS
