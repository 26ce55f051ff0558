"""Reads what a plan needs: cells that the database adds up, or rows where it cannot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from gateway.points import SCHEMA
from gateway.query.asked import MOST_STORES, AskedStore
from gateway.query.cells import DERIVED_COLUMNS, MeasureCells, aggregates_of, cells_of_rows, gathered, with_text
from gateway.query.estate import QueryEstate
from gateway.query.intervals import bucket_ns
from gateway.query.measures import Measure
from gateway.query.plan import Plan
from gateway.query.together import ObservedHours, within
from gateway.sinks.cells import CellTable
from gateway.sinks.reader import OnPage, PointReader
from gateway.sinks.table import Builder, PointTable

if TYPE_CHECKING:
    from gateway.site import Site

ALL_ZONES: Final = "*"
_READ_FOR_DERIVED: Final = ("fan", "items")


def read_estate(reader: PointReader, site: Site | None) -> QueryEstate:
    """Return the stores that a site.toml and the database describe; of a store that both describe what site.toml has."""
    stored = QueryEstate.from_table(reader.rows("store"))
    return stored if site is None else QueryEstate.from_site(site).over(stored)


def read_cells(reader: PointReader, plan: Plan, stores: Sequence[AskedStore], on_page: OnPage) -> dict[str, MeasureCells]:
    """Return the cells of each table of the plan, with what they add to its measures."""
    number_of = {name: i for i, store in enumerate(stores) for name in store.names}
    return {table: gathered(list(_tables(reader, plan, stores, table, on_page)), number_of) for table in plan.tables}


def read_within(
    reader: PointReader, plan: Plan, stores: Sequence[AskedStore], cells: Mapping[str, MeasureCells], hours: ObservedHours, on_page: OnPage
) -> dict[str, MeasureCells]:
    """Return the cells, by the names of `within`, of the hours in which what a ratio needs was observed.

    They are those that were read already, of stores that were observed all the time; of others each hour is read.
    """
    number_of, found = {name: i for i, store in enumerate(stores) for name in store.names}, {}
    for (table, by), base in plan.within.items():
        mixed = [store for store, is_mixed in zip(stores, hours.are_mixed(by).tolist(), strict=True) if is_mixed]
        parts = cells[table].where(hours.are_whole(by)[cells[table].store])
        size_ns, keys = bucket_ns(plan.edges_ns(stores)), ("store", *plan.texts(table))
        for from_ns, to_ns, names in spans_of(mixed):
            read = reader.cells(table, aggregates_of(base), from_ns, to_ns, size_ns, keys, names, on_page)
            hourly = gathered([read], number_of)
            parts += hourly.where(hours.are_observed(by, hourly))
        found[within(table, by)] = parts
    return found


def _tables(reader: PointReader, plan: Plan, stores: Sequence[AskedStore], table: str, on_page: OnPage) -> Iterable[CellTable]:
    base, texts = plan.base(table), plan.texts(table)
    zones = {"zone": plan.request.zone} if plan.request.zone and "zone" in SCHEMA[table].tags else {}
    everybody = not plan.request.stores
    for from_ns, to_ns, names in spans_of(stores):
        asked = None if everybody and len(names) == sum(len(store.names) for store in stores) else names
        if not plan.needs_rows(table):
            edges, tags = plan.edges_ns(stores), ("store", *texts)
            within = [from_ns, *edges[(edges > from_ns) & (edges < to_ns)].tolist()]
            aggregates, size_ns = aggregates_of(base), bucket_ns(edges)
            yield reader.cells(table, aggregates, from_ns, to_ns, size_ns, tags, asked, on_page, edges_ns=within, **zones)
            continue
        has_zones = not plan.counted.whole or "zone" in texts or bool(zones)
        if has_zones:
            for rows in _rows(reader, table, base, texts, asked, from_ns, to_ns, on_page, zones):
                yield cells_of_rows(rows, base, texts)
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
    derived = _READ_FOR_DERIVED if table in DERIVED_COLUMNS else ()
    wanted = {"store", *texts, *derived, *(measure.column for measure in base), *(name for measure in base for name, _ in measure.where)}
    columns = [name for name in (*schema.tags, *schema.fields) if name in wanted]
    one_by_one = names if names is not None and len(names) <= MOST_STORES else [None]
    if not one_by_one:
        yield Builder(table, columns).table()
    for name in one_by_one:
        yield reader.rows(table, name, from_ns, to_ns, columns, void=False, on_page=on_page, **tags)
