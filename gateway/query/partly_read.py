"""Stored rows of which something could not be read, since others wrote them: a note names how many, and the first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from gateway.query.asked import AskedStore
from gateway.query.cells import PARTLY_READ, MeasureCells
from gateway.query.spans import iso


def baskets_partly_read(cells: Mapping[str, MeasureCells], stores: Sequence[AskedStore]) -> list[str]:
    """Return a note of touches whose `items` are no list of articles with numbers; their pieces count as far as they could be read."""
    for table in cells.values():
        if PARTLY_READ in table.values and (rows := np.flatnonzero(table.values[PARTLY_READ])).size:
            first, store = int(rows[0]), stores[int(table.store[rows[0]])]
            at = f"{iso(int(table.time_ns[first]), store.zone, 'seconds')} in {store.facts.name}"
            return [
                f"`items` of {rows.size:,} touches could be read in part or not at all, the first of {at}: other pieces are not counted"
            ]
    return []


def stores_partly_read(stores: Iterable[AskedStore]) -> list[str]:
    """Return a note of fields of the table of stores that mean nothing."""
    found = list(_fields(stores))
    more = f" and {len(found) - 1:,} more" if len(found) > 1 else ""
    return (
        [f"the table of stores has what means nothing, and counts as not stated: {found[0]}{more}; --site names what holds"]
        if found
        else []
    )


def _fields(stores: Iterable[AskedStore]) -> Iterator[str]:
    for store in stores:
        yield from (f"{name} of {store.facts.name}" for name in store.facts.unread)
