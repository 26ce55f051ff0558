"""Coverage out of a database: which cells are read, and when the database has none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from footfall.units import NS_PER_DAY, NS_PER_HOUR
from gateway.query.coverage import (
    NO_SPAN,
    TASKS,
    AgentAt,
    CoverageMasks,
    CoverageTask,
    by_each_name,
    coverage,
    heard,
    silent_agents,
    stations,
    tasks_of,
)
from gateway.query.estate import QueryEstate
from gateway.query.open_minutes import hours_of
from gateway.sinks.cells import Aggregate, CellTable
from gateway.sinks.reader import OnPage, PointReader, reads_of
from gateway.sinks.table import joined
from gateway.site.names import LAST_NS, Span

_EVER: Final = tuple(Aggregate(task, "max", task) for task in TASKS)
_PLAIN_EVENTS: Final = {"touch": "amount", "door": "in"}
"""Measurements of which agents without frames have rows, each with a field that all rows have."""
_BY: Final = ("store", "agent")
_LOOKED_AT: Final = 3
_NEAR_NS: Final = 35 * NS_PER_DAY
_A_LONG_TIME_NS: Final = 400 * NS_PER_DAY
_END_NS: Final = 1 << 62
"""The year 2116: databases read nothing later."""


def read_coverage(
    reader: PointReader, estate: QueryEstate, stores: Sequence[str], from_ns: int, to_ns: int, now_ns: int, on_page: OnPage
) -> CoverageMasks:
    """Return the coverage of stores, by their present names, in the hours that the span touches. After `now_ns` nothing is open."""
    hours_ns = hours_of(from_ns, to_ns)
    begin, end = int(hours_ns[0]), int(hours_ns[-1]) + NS_PER_HOUR
    there = stations(estate, stores, _masks(reader, estate.names_of(stores), begin, end, on_page), hours_ns)
    unknown = NO_SPAN if _was_observed(reader, estate.names_of(stores), begin) else unknown_span(reader)
    # What an earlier release heard is not known.
    silent = [] if unknown.begin_ns <= begin and end <= unknown.end_ns else silent_agents(estate, stores, there)
    ever, never = _tasks_of_silent(reader, estate, silent, (begin, end), on_page), {}
    if silent:
        never = _never_heard(reader, estate, [each for each in silent if each not in ever], on_page)
    found = coverage(estate, stores, there, ever | never, now_ns, unknown)
    return replace(found, never_heard=tuple(never))


def _tasks_of_silent(
    reader: PointReader, estate: QueryEstate, silent: Sequence[AgentAt], span: tuple[int, int], on_page: OnPage
) -> dict[AgentAt, frozenset[CoverageTask]]:
    """Return the tasks of agents that are silent in a span: those they had around it; where they are silent there too, ever."""
    found: dict[AgentAt, frozenset[CoverageTask]] = {}
    near, ever = (max(span[0] - _NEAR_NS, 0), span[1] + _NEAR_NS), (0, _END_NS)
    for from_ns, to_ns in (near, ever):
        names = estate.names_of(dict.fromkeys(each.store for each in silent if each not in found))
        if names:
            found = tasks_of(estate, reader.cells("coverage", _EVER, from_ns, to_ns, _A_LONG_TIME_NS, _BY, names, on_page)) | found
    return found


def _never_heard(
    reader: PointReader, estate: QueryEstate, agents: Sequence[AgentAt], on_page: OnPage
) -> dict[AgentAt, frozenset[CoverageTask]]:
    """Return the tasks for which site.toml has agents that nobody ever heard.

    One that sends plain events is none: it is a till, or a counter of which nobody knows when it was at work.
    """
    found = {each: tasks for each in agents if (tasks := _stated_tasks(estate, each))}
    for table, column in _PLAIN_EVENTS.items() if found else ():
        names = estate.names_of([each.store for each in found])
        cells = reader.cells(table, (Aggregate("rows", "count", column),), 0, _END_NS, _A_LONG_TIME_NS, _BY, names, on_page)
        for each in heard(estate, cells).agents:
            found = {agent: tasks for agent, tasks in found.items() if agent not in by_each_name(estate, each)}
    return found


def _stated_tasks(estate: QueryEstate, agent: AgentAt) -> frozenset[CoverageTask]:
    stated = next((each.tasks for each in estate.of(agent.store).agents if each.name == agent.agent), None)
    return frozenset(task for task in TASKS if stated and task in stated)


def _masks(reader: PointReader, names: Sequence[str], from_ns: int, to_ns: int, on_page: OnPage) -> CellTable:
    """The rows, which are masks of hours already: a database would only sort them once more."""
    # None at all still has columns.
    spans = [(name, from_ns, to_ns) for name in reads_of(names)] or [(None, from_ns, from_ns)]
    table = joined([reader.rows("coverage", *span, (*_BY, *TASKS), on_page=on_page) for span in spans])
    return CellTable(table.time_ns, {tag: table.coded(tag) for tag in _BY}, {task: table.numbers(task) for task in TASKS})


def _was_observed(reader: PointReader, names: Sequence[str], begin_ns: int) -> bool:
    """Whether the first rows of some store show that there was coverage before these hours: those of all stores take longer to find."""
    spans = (reader.span("coverage", name) for name in names[:_LOOKED_AT])
    return any(span is not None and span[0] <= begin_ns for span in spans)


def unknown_span(reader: PointReader) -> Span:
    """Return when the database has traffic and no coverage, in whole hours.

    An earlier release wrote it. What that did not observe is not known, and is not "not observed". Before its first row nobody observed.
    """
    traffic, observed = reader.span("traffic"), reader.span("coverage")
    if traffic is None:
        return NO_SPAN
    begin, end = traffic[0], LAST_NS if observed is None else observed[0]
    return Span(*(time_ns // NS_PER_HOUR * NS_PER_HOUR for time_ns in (begin, end))) if begin < end else NO_SPAN
