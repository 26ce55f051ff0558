"""Questions that list rows: each store's rows in the order of their time, by its own clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from footfall.errors import ConfigError
from gateway.points import SCHEMA
from gateway.query.answer import Answer, Request
from gateway.query.asked import MOST_STORES, AskedStore
from gateway.query.brand_rows import concealed
from gateway.query.cells import numbers_of
from gateway.query.reading import spans_of
from gateway.sinks.cells import Aggregate
from gateway.sinks.reader import OnPage, PointReader
from gateway.sinks.table import PointTable

List = Callable[[PointTable, ZoneInfo], Answer]
"""The rows of one store as an answer; its first column is the store."""
FANS: Final = ("shared_by",)
"""Columns that name fans whom other stores alone may know."""
_SINCE_EVER: Final = frozenset({"gaps", "stock"})
"""A gap that began before the span may reach into it; an item that arrived before may be there still."""
_UTC: Final = ZoneInfo("UTC")
_A_LONG_TIME_NS: Final = 1 << 62
_MOST_NAMED: Final = 5
"""Stores named in a note."""


def listing(reader: PointReader, request: Request, measurement: str, listed: List, stores: Sequence[AskedStore], on_page: OnPage) -> Answer:
    """Return the rows of all stores, one store's below another's, under their present names."""
    answers, notes, is_empty = [], dict[str, list[str]](), True
    for number, table in by_store(reader, request, measurement, stores, on_page):
        name, answer = stores[number].facts.name, listed(concealed(table, FANS, request.is_shown), stores[number].zone)
        answers.append((name, answer))
        is_empty = is_empty and not len(table)
        for note in answer.notes:
            notes.setdefault(note, []).append(name)
    rows = [(name, *row[1:]) for name, answer in answers for row in answer.rows]
    found = tuple(_noted(note, names) for note, names in notes.items())
    columns = answers[0][1].columns if answers else listed(reader.rows(measurement, None, 0, 0), _UTC).columns  # no store has data
    return Answer(columns, rows, notes=found, question=request.question, is_empty=is_empty)


def _noted(note: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED])}{more}: {note}"


def check_listed(reader: PointReader, request: Request, measurement: str, stores: Sequence[AskedStore], most: int) -> None:
    """Raise ConfigError if more rows would be read than `most`: they are counted before, where they lie."""
    counted = (Aggregate("rows", "count", next(iter(SCHEMA[measurement].fields))),)
    found = 0
    for from_ns, to_ns, names in spans_of(stores):
        begin_ns = 0 if request.question in _SINCE_EVER else from_ns
        cells = reader.cells(measurement, counted, begin_ns, to_ns, _A_LONG_TIME_NS, ("store",), names)
        found += int(cells.values["rows"].sum())
    if found > most:
        raise ConfigError(f"{found:,} rows of {measurement} would be read, at most {most:,} are: ask for fewer stores or a shorter span")


def by_store(
    reader: PointReader,
    request: Request,
    measurement: str,
    stores: Sequence[AskedStore],
    on_page: OnPage,
    columns: Sequence[str] | None = None,
    **tags: str,
) -> Iterator[tuple[int, PointTable]]:
    """Each store's number and rows, with all columns or those named; where stores are many, all are read by one statement."""
    number_of = {name: i for i, store in enumerate(stores) for name in store.names}
    tags |= {"zone": request.zone} if request.zone and "zone" in SCHEMA[measurement].tags else {}
    for from_ns, to_ns, names in spans_of(stores):
        for name in names if len(names) <= MOST_STORES else [None]:
            table = reader.rows(
                measurement, name, 0 if request.question in _SINCE_EVER else from_ns, to_ns, columns, void=False, on_page=on_page, **tags
            )
            if measurement == "gap":
                table = table.where(table.numbers("to_ns") > from_ns)
            if request.fan and "fan" in table.columns:
                table = table.where(table.equals("fan", request.fan))
            found = numbers_of(table.coded("store"), number_of)
            own = [number_of[name]] if name else sorted({number_of[each] for each in names})
            order = np.argsort(found, kind="stable")
            edges = np.searchsorted(found[order], [[number, number + 1] for number in own])
            yield from ((number, table.where(order[begin:end])) for number, (begin, end) in zip(own, edges.tolist(), strict=True))
