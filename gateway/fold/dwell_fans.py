"""Whose dwells are: each is its fan's as of its start, and gets another when identity learns more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.fold.dwell_rows import current, emit, previous
from gateway.fold.dwells import Dwells
from gateway.fold.fan_dwells import dwell_before, dwell_of_row, dwell_of_track
from gateway.fold.fan_stays import CountedDwell
from gateway.fold.link_index import Changed
from gateway.fold.state import State
from gateway.fold.store import DwellRow
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.whose import Whose
from gateway.fold.writers import RowWriter, Values, Writer

ALWAYS: Final = (-(1 << 63), (1 << 63) - 1)
"""From and to when, in ns."""


class DwellFans:
    """Rewrites dwells of subjects, those that tracks have and those that only the store has."""

    def __init__(self, state: State, dwells: Dwells, whose: Whose) -> None:
        self._state: Final = state
        self._whose: Final = whose
        self._dwells: Final = dwells
        self._row: Final = RowWriter(state)

    def relink(self, changed: Changed) -> None:
        """Give each dwell of a subject, after its standing changed, the fan as of its start."""

        self._for_each(changed.name, (changed.from_ns, changed.to_ns), self._relink_current, self._relink_previous, self._relink_row)

    def repeat(self, subject: str) -> None:
        """Emit every dwell of the subject once more, as it is now."""

        def write(of_track: Callable[[State, Writer, Any], Values]) -> Callable[[int], None]:
            return lambda slot: self._dwells.write(of_track(self._state, self._row, slot))

        self._for_each(subject, ALWAYS, write(current), write(previous), lambda row: emit(self._row, row._asdict()))

    def _for_each(
        self,
        subject: str,
        begun_ns: tuple[int, int],
        on_current: Callable[[int], None],
        on_previous: Callable[[int], None],
        on_row: Callable[[DwellRow], None],
    ) -> None:
        """Call one of these for each dwell of the subject that began then: of tracks by slot, of what only the store has by row."""
        tracks, state, (from_ns, to_ns) = self._state.tracks, self._state, begun_ns
        self._dwells.save()
        of_tracks: set[tuple[str, int]] = set()
        for slot in tracks.chain(int(subject, 16)):
            store = state.estate.stores.names[tracks.store[slot]]
            if tracks.d_state[slot]:
                of_tracks.add((store, int(tracks.d_key_ns[slot])))
                if from_ns <= tracks.d_start_ns.item(slot) <= to_ns:
                    on_current(slot)
            if tracks.p_zone[slot] != NO_CODE:
                of_tracks.add((store, int(tracks.p_key_ns[slot])))
                if from_ns <= tracks.p_start_ns.item(slot) <= to_ns:
                    on_previous(slot)
        for row in state.ledger.dwells_begun(subject, from_ns, to_ns):
            if (row.store, row.key_ns) not in of_tracks:
                on_row(row)
        self._dwells.save()

    def _relink_current(self, slot: int) -> None:
        t = self._state.tracks
        if self._relink_track(slot, dwell_of_track(self._state, slot), t.d_fan):
            self._dwells.write(current(self._state, self._row, slot))

    def _relink_previous(self, slot: int) -> None:
        t = self._state.tracks
        if self._relink_track(slot, dwell_before(self._state, slot), t.p_fan):
            self._dwells.write(previous(self._state, self._row, slot))

    def _relink_track(self, slot: int, dwell: CountedDwell, fans: npt.NDArray[np.int32]) -> bool:
        """Return whether the dwell's fan is another now; then it is stored in `fans`, and the minutes count it."""
        new = self._state.fan_code(self._whose.fan_of(dwell.subject, int(self._state.estate.zone_store[dwell.zone]), dwell.start_ns))
        fans[slot] = new
        return self._relinked(dwell, new)

    def _relinked(self, dwell: CountedDwell, fan: int) -> bool:
        """Return whether a dwell has another fan now; then the minutes count it as that fan's."""
        if fan != dwell.fan:
            self._dwells.recount(dwell, dwell._replace(fan=fan))
        return fan != dwell.fan

    def _relink_row(self, row: DwellRow) -> None:
        new = self._whose.fan_of(row.subject, self._state.estate.stores.of(row.store), row.start_ns)
        if new == row.fan:
            return
        self._relinked(dwell_of_row(self._state, row), self._state.fan_code(new))
        changed = row._replace(fan=new)
        self._dwells.keep(changed)
        emit(self._row, changed._asdict())
