"""What the ledger has of a day of a store: what is to be folded once more is compared with it.

A visit or a dwell that was cut where its subject passed on is of the day of its own key, with all its parts, also those of later days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, TypeVar

from footfall.units import NS_PER_MINUTE
from gateway.fold.minute_counts import stated_at_doors
from gateway.fold.open_tracks import OpenTracks
from gateway.fold.store import DwellRow, VisitRow
from gateway.rebuild.differences import Before
from gateway.state.ledger_reader import LedgerReader

_Row = TypeVar("_Row", VisitRow, DwellRow)
_KEPT: Final = 1000
"""Of so many subjects the rows are kept: a tag that passes on often was cut often on a day."""


def before_of(ledger: LedgerReader, store: str, from_ns: int, to_ns: int) -> Before:
    """Return what the ledger has of a day of a store, from its begin to its end."""
    estate = ledger.fold["state"]["estate"]
    owner = estate["stores"].index(store) if store in estate["stores"] else -1
    cells = ledger.cells_between("traffic", owner, from_ns // NS_PER_MINUTE, (to_ns - 1) // NS_PER_MINUTE)
    return Before(
        list(_with_all_parts(ledger.visits_between(store, from_ns, to_ns), ledger.visits_of)),
        list(_with_all_parts(ledger.dwells_between(store, from_ns, to_ns), ledger.dwells_of)),
        [name for of, name in estate["zones"] if of == store],
        {minute: stated for minute, cell in cells if any(stated := stated_at_doors(cell))},
        OpenTracks(ledger.part, ledger.fold).live_in(store, to_ns),
    )


def _with_all_parts(rows: Iterable[_Row], rows_of: Callable[[str], Sequence[_Row]]) -> Iterator[_Row]:
    """Yield whole rows, and all parts of those whose own key is among them: one of the parts has it."""
    kept = lru_cache(_KEPT)(rows_of)
    for row in rows:
        if not row.part_of_ns:
            yield row
        elif row.key_ns == row.part_of_ns:
            whole = row.store, row.agent, row.part_of_ns
            yield from (each for each in kept(row.subject) if (each.store, each.agent, each.part_of_ns) == whole)
