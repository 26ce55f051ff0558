"""What a store has in a span, read over all subjects: for a day that is folded once more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgpack

from footfall.units import NS_PER_DAY
from gateway.fold.store import CountRow, DwellRow, VisitRow
from gateway.state.sealed_rows import CellRow, SealedRows

_EARLIER_NS: Final = 7 * NS_PER_DAY
"""A visit may begin before its key, by late evidence; never by so much."""


class SpanTables(SealedRows):
    """Keys are from `from_ns` to before `to_ns`."""

    def visits_between(self, store: str, from_ns: int, to_ns: int) -> list[VisitRow]:
        """Return a store's visits with such keys, by the index of their starts."""
        where = "WHERE store=? AND start_ns>=? AND start_ns<? AND key_ns>=? AND key_ns<?"
        return self._rows(VisitRow, where, (store, from_ns - _EARLIER_NS, to_ns + NS_PER_DAY, from_ns, to_ns))

    def visits_of_fans(self, store: str, from_ns: int, to_ns: int) -> list[VisitRow]:
        """Return a store's visits of fans that begin in the span."""
        return self._rows(VisitRow, "WHERE store=? AND start_ns>=? AND start_ns<? AND fan<>''", (store, from_ns, to_ns))

    def delete_visits(self, rows: Iterable[VisitRow]) -> None:
        """Forget the visits that have the keys of these."""
        keys = ((row.subject, row.store, row.key_ns, row.agent) for row in rows)
        self._db.executemany("DELETE FROM visits WHERE subject=? AND store=? AND key_ns=? AND agent=?", keys)

    def dwells_between(self, store: str, from_ns: int, to_ns: int) -> list[DwellRow]:
        """Return a store's dwells with such keys. It reads all dwells: not for the fold."""
        return self._rows(DwellRow, "WHERE store=? AND key_ns>=? AND key_ns<?", (store, from_ns, to_ns))

    def delete_dwells(self, rows: Iterable[DwellRow]) -> None:
        """Forget the dwells that have the keys of these."""
        keys = ((row.subject, row.store, row.key_ns, row.agent, row.zone) for row in rows)
        self._db.executemany("DELETE FROM dwells WHERE subject=? AND store=? AND key_ns=? AND agent=? AND zone=?", keys)

    def counts_between(self, store: str, from_ns: int, to_ns: int) -> list[CountRow]:
        """Return a store's counts of doors with such keys. It reads all counts."""
        return self._rows(CountRow, "WHERE store=? AND key_ns>=? AND key_ns<?", (store, from_ns, to_ns))

    def cells_between(self, table: str, owner: int, first: int, last: int) -> list[tuple[int, Sequence[float]]]:
        """Return the cells of minutes from `first` to `last`, both included."""
        rows = self._rows(CellRow, "WHERE kind=? AND owner=? AND minute BETWEEN ? AND ?", (table, owner, first, last))
        return [(row.minute, msgpack.unpackb(row.cell)) for row in rows]
