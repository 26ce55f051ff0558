"""Coverage out of a database: which cells are read, and since when the database has any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from footfall.units import NS_PER_DAY, NS_PER_HOUR
from gateway.query.coverage import TASKS, Coverage, coverage, silent_agents, tasks_of
from gateway.query.estate import QueryEstate
from gateway.query.open_minutes import hours_of
from gateway.sinks.cells import Aggregate
from gateway.sinks.reader import OnPage, PointReader
from gateway.site.names import FIRST_NS, LAST_NS

_MASKS: Final = tuple(Aggregate(task, "sum", task) for task in TASKS)
"""An agent has one row an hour, so that their sum is the mask itself."""
_EVER: Final = tuple(Aggregate(task, "max", task) for task in TASKS)
_BY: Final = ("store", "agent")
_A_LONG_TIME_NS: Final = 400 * NS_PER_DAY
_END_NS: Final = 1 << 62
"""The year 2116: databases read nothing later."""


def read_coverage(
    reader: PointReader, estate: QueryEstate, stores: Sequence[str], from_ns: int, to_ns: int, now_ns: int, on_page: OnPage
) -> Coverage:
    """Return the coverage of stores, by their present names, in the hours that the span touches. After `now_ns` nothing is open."""
    hours_ns = hours_of(from_ns, to_ns)
    begin, end = int(hours_ns[0]), int(hours_ns[-1]) + NS_PER_HOUR
    cells = reader.cells("coverage", _MASKS, begin, end, NS_PER_HOUR, _BY, estate.names_of(stores), on_page)
    silent = silent_agents(estate, stores, cells, hours_ns)
    tasks = {}
    if silent:
        names = estate.names_of([each.store for each in silent])
        tasks = tasks_of(estate, reader.cells("coverage", _EVER, 0, _END_NS, _A_LONG_TIME_NS, _BY, names, on_page))
    return coverage(estate, stores, cells, hours_ns, tasks, now_ns, known_from_ns(reader))


def known_from_ns(reader: PointReader) -> int:
    """Return since when the database has coverage, ns; always, if it has no traffic of before.

    An earlier release wrote traffic and no coverage. What it did not observe is not known, and is not "not observed".
    """
    traffic, observed = reader.span("traffic"), reader.span("coverage")
    if observed is None:
        return FIRST_NS if traffic is None else LAST_NS
    first = observed[0] // NS_PER_HOUR * NS_PER_HOUR
    return FIRST_NS if traffic is None or traffic[0] >= first else first
