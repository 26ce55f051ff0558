"""Points of minutes: at the end of a batch, every cell of traffic and of zones that changed is emitted, with its occupancy settled."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final

from gateway.fold.minute_counts import STAFF_ENTRIES, stated_at_doors, traffic_row, zone_row
from gateway.fold.settling import settle
from gateway.fold.state import State
from gateway.fold.store_counters import StoreCounters
from gateway.fold.watermarks import Watermarks

NO_MINUTE: Final = 1 << 62


class MinutePoints:
    """Settles the occupancy of days in which people were counted, and emits the cells that changed."""

    def __init__(self, state: State, watermarks: Watermarks, counters: StoreCounters) -> None:
        self._state: Final = state
        self._watermarks: Final = watermarks
        self._counters: Final = counters
        self._to_settle: dict[tuple[int, int], int] = {}
        """(store, day) -> the first minute whose occupancy may be wrong."""
        self._closing: set[tuple[int, int]] = set()
        """(store, minute): it will have a row once it is over, since people were counted before it."""
        self._next = NO_MINUTE
        """The earliest of these minutes."""

    def unsettle(self, store: int, minute: int) -> None:
        """Settle occupancy anew from this minute to the end of its day, at the end of the batch."""
        key = (store, self._state.estate.day(store, minute))
        self._to_settle[key] = min(minute, self._to_settle.get(key, minute))

    def count(self, store: int, minute: int) -> None:
        """Do the same, since people were counted in this minute: the settling minute that follows will have a row."""
        self.unsettle(store, minute)
        self._wait_for(store, self._settling_from(store, minute))

    def unsettled(self) -> list[tuple[int, int]]:
        """Return (store, minute) of the days that wait to be settled, by their first minute."""
        return [(store, minute) for (store, _), minute in self._to_settle.items()]

    def settle_again(self, store: int, minute: int, counted: Iterable[int]) -> None:
        """Settle the day of a minute anew from there; `counted` are its minutes in which people were counted.

        The settling minute that follows one will have a row, if it has none: hours may have changed.
        """
        self.unsettle(store, minute)
        for each in counted:
            settling = self._settling_from(store, each)
            if not self._state.traffic.minutes(store, settling, settling):
                self._wait_for(store, settling)

    def settle_days(self, store: int, minutes: Iterable[int]) -> None:
        """Settle the days of some minutes wholly, and those after them: days began, and were settled, at other times before."""
        days, traffic = self._state.estate.day_span, self._state.traffic
        spans = {days(store, minute * 60)[1:] for minute in minutes}
        for begin_s, end_s in sorted(spans | {days(store, end_s)[1:] for _, end_s in spans}):
            of_day = traffic.minutes(store, begin_s // 60, end_s // 60 - 1)
            self.settle_again(store, begin_s // 60, [each for each in of_day if any(stated_at_doors(traffic.get(store, each)))])

    def _settling_from(self, store: int, minute: int) -> int:
        settling = self._state.estate.settling_minutes(store, minute)
        return settling[bisect_left(settling, minute)]

    def _wait_for(self, store: int, minute: int) -> None:
        self._closing.add((store, minute))
        self._next = min(self._next, minute)

    def emit(self, now_s: int) -> None:
        """Emit the cells that changed since the last call; the counters of stores follow them."""
        self._counters.begin_days(now_s)
        self._close(now_s // 60)
        self._settle()
        self._emit_traffic()
        state, estate = self._state, self._state.estate
        for zone, minute, before in state.zones.take_changed():
            state.outcome_days.mark(int(estate.zone_store[zone]), minute)
            of_cell = partial(zone_row, estate.stores.names[estate.zone_store[zone]], estate.zone_name[zone], minute)
            state.emit(of_cell(state.zones.get(zone, minute)), of_cell(before) if any(before) else None)
        self._counters.close_batch()

    def _close(self, until: int) -> None:
        """Make the cells of settling minutes that are over: they are before `until`. Hours that changed meanwhile put one off."""
        while self._next < until:
            over = sorted(key for key in self._closing if key[1] < until)
            self._closing.difference_update(over)
            self._next = min((minute for _, minute in self._closing), default=NO_MINUTE)
            for store, minute in over:
                if (settling := self._settling_from(store, minute)) == minute:
                    self._state.traffic.touch(store, minute)
                else:
                    self._wait_for(store, settling)

    def _settle(self) -> None:
        state = self._state
        for store, minute in [*state.traffic.take_new(), *state.traffic.changed_in(STAFF_ENTRIES)]:
            self.unsettle(store, minute)
        state.zones.take_new()
        for (store, _), minute in self._to_settle.items():
            settle(state.traffic, store, minute, state.estate)
        self._to_settle = {}

    def _emit_traffic(self) -> None:
        state, names = self._state, self._state.estate.stores.names
        for change in state.traffic.take_changed():
            if is_unsure(state, self._watermarks, change.owner):
                state.traffic.put_off(change)
                continue
            cell = state.traffic.get(change.owner, change.minute)
            of_cell = partial(traffic_row, names[change.owner], change.minute)
            state.emit(of_cell(cell), of_cell(change.before) if any(change.before) else None)
            self._counters.add(change, cell)
            state.outcome_days.mark(change.owner, change.minute)

    def dump(self) -> dict[str, Any]:
        """Return the state by name; `load` takes it back."""
        return {"to_settle": [[*key, minute] for key, minute in self._to_settle.items()], "closing": sorted(self._closing)}

    def load(self, values: Mapping[str, Any]) -> None:
        """Go on from what `dump` returned; a release that settled nobody at the close left no `closing`."""
        self._to_settle = {(store, day): minute for store, day, minute in values["to_settle"]}
        self._closing = {(store, minute) for store, minute in values.get("closing", ())}
        self._next = min((minute for _, minute in self._closing), default=NO_MINUTE)


def is_unsure(state: State, watermarks: Watermarks, store: int) -> bool:
    """Return whether an agent that is not back yet may know of a later time up to which history is not ours."""
    until_ns = state.history.until_ns
    return bool(until_ns) and state.estate.stores.names[store] in until_ns and watermarks.is_asking(store)
