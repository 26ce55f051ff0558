"""Reading what the gateway stored, out of SQLite or InfluxDB, with the same answers from both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from footfall.errors import ConfigError
from footfall.topics import is_name
from footfall.wording import with_article
from gateway.points import SCHEMA, Measurement
from gateway.sinks.cells import Aggregate, CellTable
from gateway.sinks.table import PointTable

PAGE_ROWS: Final = 10_000
"""Rows held as Python objects at a time; what was read before is packed into arrays."""

SHOWN_BY: Final = ("item", "occupancy", "traffic")
"""What a store has that anything was heard in: one with goods, or with presence sensors, only has no traffic."""

OnPage = Callable[[int], None]
"""Called with the number of rows read so far, after each page."""


def quiet(rows: int) -> None:
    """Take a number of rows that nobody watches."""


class PointReader(Protocol):
    """One thread uses a reader. It never writes.

    ConfigError: what was asked for cannot be read, and why (file, address, token, bucket). SinkUnavailable: try again.
    """

    where: str
    """The file or address, for messages."""

    def stores(self) -> list[str]:
        """Return the stores that have any of SHOWN_BY, sorted."""

    def span(self, measurement: str, store: str | None = None) -> tuple[int, int] | None:
        """Return the times of the first and the last point, ns; None if there is none."""

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
        """Return the points with from_ns <= time < to_ns, in the order of their time, with all columns or those named.

        Voided points (`void` is true: taken back or merged into another) are left out unless asked for. `tags` must be equal; an
        absent tag reads as "".
        """

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
        """Return the points with from_ns <= time < to_ns, summed up by bucket and the tags `by`, as `cells_of` defines it.

        Buckets are whole numbers of `bucket_ns` since 1970 in UTC. Where the database can, a cell reaches from one of `edges_ns` to the
        next instead; these are whole buckets, and the first is where the span begins. `stores`: those alone; `tags` must be equal.
        The database adds up, so that this costs little beside reading the rows. Voided points are in no cell.
        """

    def interrupt(self) -> None:
        """Make what is being read raise SinkUnavailable soon, if anything is. Any thread may call it."""

    def close(self) -> None:
        """Let go of the file or the connections."""


def validated(
    measurement: str, columns: Sequence[str] | None, store: str | None, tags: dict[str, str]
) -> tuple[Sequence[str], dict[str, str]]:
    """Return the columns to read and the tags to match, all checked against the schema; ConfigError for a value that cannot be a name."""
    schema = SCHEMA[measurement]
    matched = ({} if store is None else {"store": store}) | tags
    for tag, value in matched.items():
        if tag not in schema.tags:
            raise ConfigError(f"{measurement} has no {tag}: its tags are {', '.join(schema.tags)}")
        _check_name(tag, value)
    return (columns_of(schema) if columns is None else columns), matched


def validated_stores(stores: Sequence[str] | None) -> list[str] | None:
    """Return each store once; ConfigError for a value that cannot be a name."""
    for store in stores or ():
        _check_name("store", store)
    return None if stores is None else list(dict.fromkeys(stores))


def _check_name(tag: str, value: str) -> None:
    if not is_name(value):
        raise ConfigError(f"{value[:80]!r} cannot name {with_article(tag)}: names are 1 to 64 of a-z, 0-9, dot, dash and underscore")


def columns_of(schema: Measurement) -> tuple[str, ...]:
    return (*schema.tags, *schema.fields)


ONE_BY_ONE: Final = 20
"""Stores whose rows are read one store after the other."""


def reads_of(stores: Sequence[str]) -> Sequence[str | None]:
    """Return the stores to ask `rows` for, one after the other; of many None, which is all rows in one statement instead of thousands."""
    return stores if len(stores) <= ONE_BY_ONE else [None]
