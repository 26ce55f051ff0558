"""What identity learned rewrites rows: touches, dwells and visits of every name whose standing is another now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.fold.dwell_fans import DwellFans
from gateway.fold.dwells import Dwells
from gateway.fold.link_index import Changed
from gateway.fold.state import State
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.touches import Touches
from gateway.fold.visits import Visits
from gateway.identity.facts import Standing

FEW: Final = 8
"""So many names are looked for one by one."""


class Linking:
    """Points that change wait in the state's buffer."""

    def __init__(self, state: State, touches: Touches, dwells: Dwells, dwell_fans: DwellFans, visits: Visits) -> None:
        self._state: Final = state
        self._touches: Final = touches
        self._dwells: Final = dwells
        self._dwell_fans: Final = dwell_fans
        self._visits: Final = visits

    def link(self, standings: Sequence[Standing]) -> None:
        """Take standings, in any order, once or more often."""
        self._rewrite(self._state.links.add(standings))

    def close_batch(self) -> None:
        """Give anew to its fans what is lent, where visits that changed end it."""
        if changes := self._visits.whose.take_changed():
            self._rewrite(changes)
            self._visits.whose.forget_changed()

    def _rewrite(self, changes: Sequence[Changed]) -> None:
        """First touches, since visits have what their fans touched."""
        if len(changes) > FEW:
            changes = self._of_rows(changes)
        for changed in changes:
            self._touches.relink(changed)
        self.rewrite_presence([changed for changed in changes if changed.is_subject])

    def rewrite_presence(self, changes: Sequence[Changed]) -> None:
        """Cut dwells and visits of subjects anew, and give each its fan."""
        for changed in changes:
            self._dwell_fans.relink(changed)
        self._visits.relink(changes)

    def _of_rows(self, changes: Sequence[Changed]) -> Sequence[Changed]:
        """Return those of names that any row bears: of an import hardly one does."""
        self._visits.save()
        self._dwells.save()
        found, first = self._state.ledger.names_with_rows([each.name for each in changes]), self._state.tracks.first
        return [each for each in changes if each.name in found or (each.is_subject and first.get(int(each.name, 16)) != NO_CODE)]
