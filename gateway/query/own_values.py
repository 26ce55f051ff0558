"""A reader whose outcomes name nobody of other stores: whose a fan is may be one of the staff of any, or another store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from gateway.points import Coded
from gateway.query.reader_above import ReaderAbove
from gateway.sinks.cells import Aggregate, CellTable
from gateway.sinks.reader import OnPage, PointReader, quiet

OUTCOME: Final = "outcome"
VALUE: Final = "value"
_DID: Final = [Aggregate(name, "sum", name) for name in ("identified", "orders", "given_back", "visits_equal", "orders_equal")]
"""What a value has that had to do with visits or sales of the store itself, and not only with whose a fan is."""
IsOwn = Callable[[str], bool]


class OwnValuesReader(ReaderAbove):
    """A PointReader in whose cells of `outcome` values of other stores are "", the value of nobody, so that sums stay what they are.

    Nobody asks for the points of `outcome`, which are always added up.
    """

    def __init__(self, reader: PointReader, is_own: Mapping[str, IsOwn]) -> None:
        """`is_own`: by the kind of value, the tag `by`, whether a value is of the stores that are asked about; other kinds are no names.

        A value that did something in a store is named there all the same: its touches there have it, too.
        """
        super().__init__(reader)
        self._is_own: Final = is_own

    def cells(
        self,
        measurement: str,
        aggregates: Sequence[Aggregate],
        from_ns: int,
        to_ns: int,
        bucket_ns: int,
        by: Sequence[str] = ("store",),
        /,
        stores: Sequence[str] | None = None,
        on_page: OnPage = quiet,
        *,
        edges_ns: Sequence[int] = (),
        **tags: str,
    ) -> CellTable:
        """Return the cells as the reader below does; several of one bucket may be of nobody."""
        found = self._below.cells(measurement, aggregates, from_ns, to_ns, bucket_ns, by, stores, on_page, edges_ns=edges_ns, **tags)
        is_own = self._is_own.get(tags.get("by", "")) if measurement == OUTCOME and VALUE in by else None
        if is_own is None:
            return found
        did = self._below.cells(
            OUTCOME, _DID, from_ns, to_ns, bucket_ns, ("store", VALUE), stores, on_page, edges_ns=edges_ns, **tags
        )  # fmt: skip
        return _concealed(found, is_own, _acting(did))


def _acting(did: CellTable) -> frozenset[tuple[str, str]]:
    """Return the store and the value of each cell in which anything was done."""
    any_done = np.any([each != 0 for each in did.values.values()], axis=0)
    stores, values = did.keys["store"], did.keys[VALUE]
    return frozenset(
        (stores.names[store], values.names[value])
        for store, value in zip(stores.codes[any_done].tolist(), values.codes[any_done].tolist(), strict=True)
    )


def _concealed(found: CellTable, is_own: IsOwn, acting: frozenset[tuple[str, str]]) -> CellTable:
    stores, values = found.keys["store"], found.keys[VALUE]
    own = [not name or is_own(name) for name in values.names]
    shown = [
        values.names[value] if own[value] or (stores.names[store], values.names[value]) in acting else ""
        for store, value in zip(stores.codes.tolist(), values.codes.tolist(), strict=True)
    ]
    return replace(found, keys={**found.keys, VALUE: Coded.of(shown)})
