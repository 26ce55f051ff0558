"""Whose dwells are: each is its fan's as of its start, is cut where its subject passes on, and gets another when identity learns more."""

from __future__ import annotations

from typing import Final

from gateway.fold.dwell_parts import CURRENT, PREVIOUS
from gateway.fold.dwell_rows import emit
from gateway.fold.dwells import Dwells
from gateway.fold.link_index import Changed
from gateway.fold.state import State
from gateway.fold.writers import RowWriter

ALWAYS: Final = (-(1 << 63), (1 << 63) - 1)
"""From and to when, in ns."""


class DwellFans:
    """Rewrites dwells of subjects, those that tracks have and those that only the store has."""

    def __init__(self, state: State, dwells: Dwells) -> None:
        self._state: Final = state
        self._dwells: Final = dwells
        self._row: Final = RowWriter(state)

    def relink(self, changed: Changed) -> None:
        """Cut each dwell of a subject anew after its standing changed, and give each part the fan as of its start."""
        self._dwells.parts.cut_again(changed)

    def repeat(self, subject: str) -> None:
        """Emit every dwell of the subject once more, as it is now."""
        self._dwells.save()
        tracks, of_tracks = self._state.tracks, set[tuple[str, int]]()
        for slot in tracks.chain(int(subject, 16)):
            for of in (CURRENT, PREVIOUS):
                if getattr(tracks, of.there)[slot] != of.none:
                    row = of.row(self._state, self._row, slot)
                    of_tracks.add((row["store"], row["key_ns"]))
                    self._dwells.kept.write(row)
        for stored in self._state.ledger.dwells_touching(subject, *ALWAYS):
            if (stored.store, stored.key_ns) not in of_tracks:
                emit(self._row, stored._asdict())
        self._dwells.save()
