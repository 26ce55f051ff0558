"""A reader above another: what it does not change is as the reader below returns it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.sinks.cells import Aggregate, CellTable
from gateway.sinks.reader import OnPage, PointReader, quiet
from gateway.sinks.table import PointTable


class ReaderAbove:
    """A PointReader of what `below` reads. Whoever opened that closes it."""

    def __init__(self, below: PointReader) -> None:
        self.where: str = below.where
        self._below: Final = below

    def stores(self) -> list[str]:
        """Return the stores of the reader below."""
        return self._below.stores()

    def span(self, measurement: str, store: str | None = None) -> tuple[int, int] | None:
        """Return the span of the reader below."""
        return self._below.span(measurement, store)

    def rows(
        self,
        measurement: str,
        store: str | None = None,
        from_ns: int | None = None,
        to_ns: int | None = None,
        columns: Sequence[str] | None = None,
        *,
        void: bool = False,
        on_page: OnPage = quiet,
        **tags: str,
    ) -> PointTable:
        """Return the points of the reader below."""
        return self._below.rows(measurement, store, from_ns, to_ns, columns, void=void, on_page=on_page, **tags)

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
        """Return the cells of the reader below."""
        return self._below.cells(measurement, aggregates, from_ns, to_ns, bucket_ns, by, stores, on_page, edges_ns=edges_ns, **tags)

    def interrupt(self) -> None:
        """Interrupt the reader below."""
        self._below.interrupt()

    def close(self) -> None:
        """Leave the reader below to whoever opened it."""
