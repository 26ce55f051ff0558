"""Dwells that are over, on their way to the store, and what the minutes count of a dwell that is put in the place of another."""

from __future__ import annotations

from typing import Final

from gateway.fold.dwell_rows import emit
from gateway.fold.fan_dwells import FanDwells
from gateway.fold.fan_stays import CountedDwell
from gateway.fold.state import State
from gateway.fold.store import DwellRow
from gateway.fold.writers import RowWriter, Values


class KeptDwells:
    """Writes them to the store, all at once; `save` before the store is read."""

    def __init__(self, state: State) -> None:
        self._state: Final = state
        self._row: Final = RowWriter(state)
        self.fans: Final = FanDwells(state)
        self._unsaved: dict[tuple[str, str, int, str, str], DwellRow] = {}

    def write(self, row: Values) -> None:
        """Emit a dwell, and keep it if it is closed; open ones the tracks know, and the state is stored with them."""
        emit(self._row, row)
        if not row["open"]:
            self.keep(DwellRow(**row))

    def keep(self, row: DwellRow) -> None:
        """Keep a dwell for the store."""
        self._unsaved[row.subject, row.store, row.key_ns, row.agent, row.zone] = row
        self.fans.hear(row.subject)

    def recount(self, before: CountedDwell | None, after: CountedDwell) -> None:
        """Let the minutes count a dwell as it is after a change; `before` is None of one that begins."""
        self.save()
        self.fans.recount(before, after)

    def take_out(self, row: DwellRow, counted: CountedDwell) -> None:
        """Forget a dwell, and what it counts; its point stays."""
        self.save()
        self.fans.forget(counted)
        self._state.ledger.delete_dwells([row])

    def emit_void(self, row: DwellRow) -> None:
        """Emit that a dwell is no more."""
        emit(self._row, row._asdict(), void=True)

    def save(self) -> None:
        """Write what is kept to the store."""
        if self._unsaved:
            self._state.ledger.save_dwells(self._unsaved.values())
            self._unsaved = {}
