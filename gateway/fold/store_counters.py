"""Counters of stores as of now: the latest minute of each, and the sums of its day so far.

The sums are kept in step with the points of `traffic` as they are emitted: each version of a minute adds what it differs by from the
version before. So they equal the sums of the stored rows, and late rows correct them. They belong to the state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_MINUTE, NS_PER_S
from gateway.fold.minute_counts import DRIFT, OCCUPANCY, TRAFFIC_COLUMN, CellChange, traffic_fields
from gateway.fold.state import State
from gateway.fold.watermarks import NEVER_NS, Watermarks
from gateway.fold.zone_crowds import ZoneCrowds
from gateway.points import SCHEMA

SUMMED: Final = ("in", "out", "visits_started", "visits_closed", "transactions", "transactions_known", "revenue", "returns", "touches")
"""Fields of `traffic` whose minutes add up to a day."""
OPEN: Final = ("visits_open", "known_open")
"""Fields that hold for one minute: that of a moment is the last whole minute before."""
_COLUMNS: Final = [TRAFFIC_COLUMN[name] for name in SUMMED]
_KINDS: Final = SCHEMA["traffic"].fields
_NOTHING: Final = (0.0,) * len(SUMMED)
_NO_MINUTE: Final = -1


class LatestCounters(NamedTuple):
    """What is known of a store now. Times are ns since 1970."""

    store: str
    time_ns: int
    """Of the latest minute that has a row; 0 where none has."""
    fields: Mapping[str, float]
    """That row, by the names of `traffic`; empty where there is none."""
    day: str
    """The store's day, as an ISO date."""
    since_ns: int
    """From when `today` counts: the day's begin, or later where another gateway made what was before."""
    as_of_ns: int | None
    """Up to when all is known, by what agents reported; None before an agent was heard."""
    today: Mapping[str, float]
    """Sums since the day's begin, by name (SUMMED); `occupancy`, `drift`, and the fields of OPEN, as of now."""
    zones: Mapping[str, Mapping[str, int]] = {}
    """Zones in which somebody with a device is now, with how many as decided and how many probably."""


class _StoreDay:
    """A store's day so far."""

    __slots__ = ("begin_s", "day", "end_s", "latest", "sums")

    def __init__(self, day: int = 1, begin_s: int = 0, end_s: int = 0, latest: int = _NO_MINUTE, sums: Iterable[float] = _NOTHING) -> None:
        self.day, self.begin_s, self.end_s = day, begin_s, end_s
        self.latest = latest
        """The latest minute that was emitted, of any day."""
        self.sums = list(sums)
        """In the order of SUMMED."""


class StoreCounters:
    """By store code. `begin_days`, `add` for each cell, `close_batch`; `take` returns what changed since."""

    def __init__(self, state: State, watermarks: Watermarks) -> None:
        self._state: Final = state
        self._watermarks: Final = watermarks
        self._crowds: Final = ZoneCrowds(state)
        self._days: list[_StoreDay] = []
        self._as_of_ns: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        """The watermarks, and the times of plain events, as of the last batch: rows are in order up to then."""
        self._event_ns: dict[int, int] = {}
        """When the latest plain event came; of a store without frames that is all that is known."""
        self._changed: dict[int, None] = {}
        self._next_s = 0
        """The earliest end of a day, s since 1970; 0: days have to be looked at."""
        self._now_s = 0

    def begin_days(self, now_s: int) -> None:
        """Begin the days of stores that a time belongs to: their sums start at what is there of them, mostly nothing."""
        if self._now_s <= now_s < self._next_s:
            self._now_s = now_s
            return
        self._now_s = now_s
        for store in self._state.estate.expected:
            while len(self._days) <= store:
                self._days.append(_StoreDay())
            self._begin_day(store, now_s)
        self._next_s = min((day.end_s for day in self._days if day.end_s), default=0)

    def _begin_day(self, store: int, now_s: int) -> None:
        mine = self._days[store]
        day, begin_s, end_s = self._state.estate.day_span(store, now_s)
        if (begin_s, end_s) != (mine.begin_s, mine.end_s):
            mine.day, mine.begin_s, mine.end_s = day, begin_s, end_s
            self.count_again(store)

    def look_again(self) -> None:
        """Look at every store's day at the end of the batch: the estate changed."""
        self._next_s = 0

    def count_again(self, store: int) -> None:
        """Add up a store's day anew from its minutes."""
        if store >= len(self._days):
            return
        mine, cells = self._days[store], self._state.traffic
        mine.sums = list(_NOTHING)
        for minute in cells.minutes(store, self._since_ns(store) // NS_PER_MINUTE, mine.end_s // 60 - 1):
            if self._counts(store, minute):
                self._add(mine, cells.emitted(store, minute), 1)
        self._changed[store] = None

    def add(self, change: CellChange, cell: Sequence[float]) -> None:
        """Take the new version of a minute that is emitted."""
        store, minute, before = change
        mine = self._days[store]
        if self._counts(store, minute):
            self._add(mine, before, -1)
            self._add(mine, cell, 1)
        mine.latest = max(mine.latest, minute)
        self._changed[store] = None

    @staticmethod
    def _add(mine: _StoreDay, cell: Sequence[float], sign: int) -> None:
        for place, column in enumerate(_COLUMNS):
            mine.sums[place] += sign * cell[column]

    def _counts(self, store: int, minute: int) -> bool:
        return self._since_ns(store) <= minute * NS_PER_MINUTE < self._days[store].end_s * NS_PER_S

    def _since_ns(self, store: int) -> int:
        """The history of another gateway ends with the minute that holds its last moment."""
        until_ns = self._state.history.of(self._state.estate.stores.names[store])
        return max(self._days[store].begin_s * NS_PER_S, (until_ns // NS_PER_MINUTE + 1) * NS_PER_MINUTE)

    def hear_event(self, store: int, received_ns: int) -> None:
        """Take the time at which a plain event of the store came."""
        self._event_ns[store] = received_ns

    def close_batch(self) -> None:
        """Take up to when all is known now: every row up to the watermarks has been emitted."""
        as_of_ns = self._watermarks.by_store.copy()
        for store, event_ns in self._event_ns.items():
            if as_of_ns[store] == NEVER_NS:
                as_of_ns[store] = event_ns
        before_ns = np.full(len(as_of_ns), NEVER_NS)
        before_ns[: len(self._as_of_ns)] = self._as_of_ns
        self._changed.update(dict.fromkeys(np.flatnonzero(as_of_ns // NS_PER_MINUTE != before_ns // NS_PER_MINUTE).tolist()))
        self._as_of_ns = as_of_ns

    def take(self) -> list[LatestCounters]:
        """Return the counters of the stores that changed since the last call, or whose data is complete for another minute."""
        self._changed.update(dict.fromkeys(self._crowds.look()))
        changed, self._changed = self._changed, {}
        return [self._of(store) for store in changed if self._is_known(store)]

    def _is_known(self, store: int) -> bool:
        if store >= len(self._days) or store >= len(self._as_of_ns):
            return False
        return self._days[store].latest != _NO_MINUTE or self._as_of_ns.item(store) != NEVER_NS

    def _of(self, store: int) -> LatestCounters:
        mine, as_of_ns, cells = self._days[store], self._as_of_ns.item(store), self._state.traffic
        has_row = mine.latest != _NO_MINUTE
        row = cells.emitted(store, mine.latest) if has_row else ()
        is_today = has_row and mine.begin_s <= mine.latest * 60 < mine.end_s
        today = dict(zip(SUMMED, mine.sums, strict=True)) | {
            "occupancy": row[OCCUPANCY] if is_today else 0, "drift": row[DRIFT] if is_today else 0,
        }  # fmt: skip
        now = None if as_of_ns == NEVER_NS else cells.emitted(store, as_of_ns // NS_PER_MINUTE - 1)
        today |= {name: now[TRAFFIC_COLUMN[name]] if now else 0 for name in OPEN}
        return LatestCounters(
            store=self._state.estate.stores.names[store],
            time_ns=mine.latest * NS_PER_MINUTE if has_row else 0,
            fields=traffic_fields(row) if has_row else {},
            day=date.fromordinal(mine.day).isoformat(),
            since_ns=self._since_ns(store),
            as_of_ns=None if as_of_ns == NEVER_NS else as_of_ns,
            today={name: int(value) if _KINDS[name] == "int" else round(value, 6) for name, value in today.items()},
            zones={zone: crowd._asdict() for zone, crowd in self._crowds.of(store).items()},
        )

    def as_of_ns(self, store: int) -> int:
        """Return up to when all is known of a store, ns; NEVER_NS before anything was heard."""
        return self._as_of_ns.item(store) if store < len(self._as_of_ns) else NEVER_NS

    def dump(self) -> dict[str, Any]:
        """Return the state; `load` takes it back."""
        return {
            "days": [[day.day, day.begin_s, day.end_s, day.latest, day.sums] for day in self._days],
            "events": list(self._event_ns.items()),
            "as_of_ns": self._as_of_ns.tolist(),
        }

    def load(self, values: Mapping[str, Any] | None, now_s: int) -> None:
        """Go on from what `dump` returned, with every store changed; None of a release that had no counters: they are added up anew."""
        if values is None:
            self.begin_days(now_s)
            for store, mine in enumerate(self._days):
                latest = self._state.traffic.latest_emitted(store)
                mine.latest = _NO_MINUTE if latest is None else latest
            self.close_batch()
        else:
            self._days = [_StoreDay(*day) for day in values["days"]]
            self._event_ns = dict(values["events"])
            self._as_of_ns = np.array(values["as_of_ns"], np.int64)
        self._changed = dict.fromkeys(range(len(self._days)))
