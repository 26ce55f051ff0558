"""Reads what a plan needs: cells that the database adds up, or rows where it cannot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from gateway.points import SCHEMA
from gateway.query.asked import MOST_STORES, AskedStore
from gateway.query.cells import READ_FOR_DERIVED, MeasureCells, aggregates_of, cells_of_rows, gathered, with_name, with_text
from gateway.query.estate import QueryEstate
from gateway.query.intervals import bucket_ns
from gateway.query.measures import Measure
from gateway.query.plan import Plan
from gateway.query.several_campaigns import KEY as CAMPAIGN
from gateway.query.several_campaigns import with_all_campaigns
from gateway.query.together import ObservedHours, within
from gateway.query.wall import NsColumn
from gateway.sinks.cells import CellTable
from gateway.sinks.reader import OnPage, PointReader
from gateway.sinks.table import PointTable

if TYPE_CHECKING:
    from gateway.site import Site

ALL_ZONES: Final = "*"
_NONE: Final[NsColumn] = np.zeros(0, np.int64)


def read_estate(reader: PointReader, site: Site | None) -> QueryEstate:
    """Return the stores that a site.toml and the database describe; of a store that both describe what site.toml has."""
    stored = QueryEstate.from_table(reader.rows("store"))
    return stored if site is None else QueryEstate.from_site(site).over(stored)


def read_cells(
    reader: PointReader, plan: Plan, stores: Sequence[AskedStore], on_page: OnPage, hours: ObservedHours | None = None
) -> dict[str, MeasureCells]:
    """Return the cells of each table of the plan, with what they add to its measures.

    With `hours` also, by the names of `within`, those of the hours in which what a ratio needs was observed.
    """
    number_of = {name: i for i, store in enumerate(stores) for name in store.names}
    cells = {table: gathered(list(_tables(reader, plan, stores, table, on_page, hours)), number_of) for table in plan.tables}
    if hours is None:
        return cells
    parts = {}
    for (table, by), base in plan.within.items():
        parts[within(table, by)] = cells[table].where(hours.are_observed(by, cells[table])).only([measure.id for measure in base])
    return cells | parts


def _tables(
    reader: PointReader, plan: Plan, stores: Sequence[AskedStore], table: str, on_page: OnPage, hours: ObservedHours | None
) -> Iterable[CellTable]:
    tags_of_rows = plan.tags(table)
    every = sum(len(store.names) for store in stores)
    for part, changes_ns in [(stores, _NONE)] if plan.needs_rows(table) else _apart(plan, table, stores, hours):
        # Without an index, NumPy would load its masked arrays to look whether this is one.
        every_ns = np.concatenate([plan.edges_ns(stores), changes_ns])
        edges_ns = np.unique(every_ns, return_index=True)[0] if len(changes_ns) else plan.edges_ns(stores)
        for from_ns, to_ns, names in spans_of(part):
            asked = None if not plan.request.stores and len(names) == every else names
            if plan.needs_rows(table):
                yield from _of_rows(reader, plan, table, asked, from_ns, to_ns, on_page, tags_of_rows)
                continue
            edges, tags = [from_ns, *edges_ns[(edges_ns > from_ns) & (edges_ns < to_ns)].tolist()], ("store", *plan.texts(table))
            aggregates, size_ns = aggregates_of(plan.base(table)), bucket_ns(edges_ns)
            found = reader.cells(table, aggregates, from_ns, to_ns, size_ns, tags, asked, on_page, edges_ns=edges, **tags_of_rows)
            yield found if plan.valued is None else with_name(found, "value", plan.valued.column)


def _apart(
    plan: Plan, table: str, stores: Sequence[AskedStore], hours: ObservedHours | None
) -> Iterator[tuple[Sequence[AskedStore], NsColumn]]:
    """Stores that are read alike, and where their cells end besides: of one that was observed in some hours only, where these change."""
    mixed, changes_ns = np.zeros(len(stores), np.bool_), _NONE
    for name, by in plan.within:
        if hours is not None and name == table:
            mixed |= hours.are_mixed(by)
            changes_ns = np.concatenate([changes_ns, hours.changes_ns(by)])
    for is_mixed, edges_ns in ((False, _NONE), (True, changes_ns)):
        part = [store for store, each in zip(stores, mixed.tolist(), strict=True) if each == is_mixed]
        if part:
            yield part, edges_ns


def _of_rows(
    reader: PointReader,
    plan: Plan,
    table: str,
    asked: Sequence[str] | None,
    from_ns: int,
    to_ns: int,
    on_page: OnPage,
    zones: dict[str, str],
) -> Iterable[CellTable]:
    base, texts = plan.base(table), plan.texts(table)
    has_zones = not plan.counted.whole or "zone" in texts or bool(zones)
    if has_zones:
        for rows in _rows(reader, table, base, texts, asked, from_ns, to_ns, on_page, zones):
            yield cells_of_rows(with_all_campaigns(rows), base, texts)
    if plan.counted.whole and ("zone" in texts or not zones):
        for rows in _rows(reader, plan.counted.whole, base, (), asked, from_ns, to_ns, on_page, {}):
            whole = cells_of_rows(rows, base, ())
            yield with_text(whole, "zone", ALL_ZONES) if "zone" in texts else whole


def spans_of(stores: Sequence[AskedStore]) -> list[tuple[int, int, list[str]]]:
    """Return each span that stores have, with the names of those that have it."""
    found: dict[tuple[int, int], list[str]] = {}
    for store in stores:
        found.setdefault((store.from_ns, store.to_ns), []).extend(store.names)
    return [(from_ns, to_ns, names) for (from_ns, to_ns), names in found.items()]


def _rows(
    reader: PointReader,
    table: str,
    base: Sequence[Measure],
    texts: Sequence[str],
    names: Sequence[str] | None,
    from_ns: int,
    to_ns: int,
    on_page: OnPage,
    tags: dict[str, str],
) -> Iterable[PointTable]:
    """The rows of the stores; where they are many those of all, which is one statement instead of thousands."""
    schema = SCHEMA[table]
    derived = READ_FOR_DERIVED.get(table, ())
    wanted = {"store", *texts, *derived, *(measure.column for measure in base), *(name for measure in base for name, _ in measure.where)}
    if CAMPAIGN in texts:
        wanted.add("campaigns")
    columns = [name for name in (*schema.tags, *schema.fields) if name in wanted]
    one_by_one = names if names is not None and len(names) <= MOST_STORES else [None]
    if not one_by_one:  # no store has data: no row, but the columns that the reader gives
        yield reader.rows(table, None, from_ns, from_ns, columns, void=False, on_page=on_page, **tags)
    for name in one_by_one:
        yield reader.rows(table, name, from_ns, to_ns, columns, void=False, on_page=on_page, **tags)
