"""How much of what was asked for was observed: open minutes, and those in which doors and presence were observed wholly. Pure.

The table `coverage` has what each agent observed in an hour. A store is observed in a minute when every agent that is stationed there and
has the task observed it: an agent that is down may have missed somebody. Not observed is not zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_HOUR, NS_PER_MINUTE
from gateway.query.estate import QueryEstate, Stationed
from gateway.query.open_minutes import WHOLE_HOUR, open_masks, span_masks
from gateway.query.wall import NsColumn
from gateway.sinks.cells import CellTable
from gateway.site.names import ALWAYS, FIRST_NS, LAST_NS, Span

CoverageTask = Literal["doors", "presence"]
TASKS: Final[tuple[CoverageTask, ...]] = ("doors", "presence")

Masks = npt.NDArray[np.int64]
"""(stores, hours): bit i is minute i of that UTC hour."""
Minutes = npt.NDArray[np.int64]
"""(stores, intervals)."""

NO_SPAN: Final = Span(FIRST_NS, FIRST_NS)
_NO_ROW: Final = -2
_NO_TASK: Final = -1


class AgentAt(NamedTuple):
    """An agent in a store, by the store's present name."""

    store: str
    agent: str


class AgentMasks(NamedTuple):
    """Of agents in stores what they observed of doors by hour, when they were there, and whether they count at doors at all."""

    names: Sequence[AgentAt] = ()
    masks: Masks = np.zeros((0, 0), np.int64)
    needed: Masks = np.zeros((0, 0), np.int64)
    has_task: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)


NO_AGENTS: Final = AgentMasks()


class Observed(NamedTuple):
    """Minutes of stores in intervals: open, and open and observed."""

    open: Minutes
    doors: Minutes
    presence: Minutes


@dataclass(frozen=True, slots=True, eq=False)
class CoverageMasks:
    """Masks of stores in UTC hours. `doors` and `presence` are observed minutes, whether the store is open or not.

    `unknown`: when the database has data and no coverage, since an earlier release wrote them. Before its first data nothing was observed.
    """

    hours_ns: NsColumn
    rows: Mapping[str, int]
    """The row of each store in the masks."""
    open: Masks
    doors: Masks
    presence: Masks
    unknown: Span = NO_SPAN
    never_heard: tuple[AgentAt, ...] = ()
    """Agents that are missed, though nobody knows them but site.toml."""
    by_agent: AgentMasks = NO_AGENTS
    """Of which `doors` is made."""

    def observed(self, stores: Sequence[str], edges_ns: NsColumn) -> Observed:
        """Return the minutes of stores between the edges, which lie in `hours_ns`."""
        rows = np.array([self.rows[store] for store in stores], np.intp)
        opened = self.open[rows]
        parts = (opened, opened & self.doors[rows], opened & self.presence[rows])
        return Observed(*(minutes_between(part, self.hours_ns, edges_ns) for part in parts))

    def of(self, task: CoverageTask) -> Masks:
        """Return the minutes that a task observed."""
        return self.doors if task == "doors" else self.presence

    @property
    def is_known_of_all(self) -> bool:
        """Return whether the database has coverage of all these hours."""
        return not self.is_unknown(self.hours_ns).any()

    def is_unknown(self, time_ns: NsColumn) -> npt.NDArray[np.bool_]:
        """Return for each time whether the database has data and no coverage of it."""
        return (time_ns >= self.unknown.begin_ns) & (time_ns < self.unknown.end_ns)


def minutes_between(masks: Masks, hours_ns: NsColumn, edges_ns: NsColumn) -> Minutes:
    """Return how many bits are set between neighbouring edges. Edges are whole minutes and lie in the hours or at their end."""
    before = np.zeros((len(masks), len(hours_ns) + 1), np.int64)
    np.cumsum(np.bitwise_count(masks), axis=1, out=before[:, 1:])
    since_ns = edges_ns - (hours_ns[0] if len(hours_ns) else 0)
    hour, minute = since_ns // NS_PER_HOUR, since_ns % NS_PER_HOUR // NS_PER_MINUTE
    at = before[:, hour]
    for i in np.flatnonzero(minute).tolist():
        at[:, i] += np.bitwise_count(masks[:, hour[i]] & ((1 << int(minute[i])) - 1))
    found: Minutes = np.diff(at, axis=1)
    return found


class HeardAgents(NamedTuple):
    """The agents that have cells, and the number of each cell's agent."""

    agents: list[AgentAt]
    of_cell: npt.NDArray[np.intp]


def heard(estate: QueryEstate, cells: CellTable) -> HeardAgents:
    """Return the agents of cells by hour, store and agent."""
    stores, agents = cells.keys["store"], cells.keys["agent"]
    combined, of_cell = np.unique(stores.codes.astype(np.int64) * max(len(agents.names), 1) + agents.codes, return_inverse=True)
    present = [estate.now_name(name) for name in stores.names]
    codes = zip(*(part.tolist() for part in np.divmod(combined, max(len(agents.names), 1))), strict=True)
    return HeardAgents([AgentAt(present[store], agents.names[agent]) for store, agent in codes], of_cell)


class Stations(NamedTuple):
    """Cells by hour, store and agent, who these agents are, and who is when in which store: spans, and minutes as (agents, hours).

    Agents of one store are together.
    """

    cells: CellTable
    hours_ns: NsColumn
    heard: HeardAgents
    spans: Mapping[AgentAt, Sequence[Span]]
    needed: Masks


def stations(estate: QueryEstate, stores: Sequence[str], cells: CellTable, hours_ns: NsColumn) -> Stations:
    """Return the agents that cells by hour, store and agent, or the estate, have in stores."""
    there = heard(estate, cells)
    spans = _stationed(estate, stores, there)
    always = np.array([ALWAYS in each for each in spans.values()], np.bool_)
    needed = np.zeros((len(spans), len(hours_ns)), np.int64)
    needed[always] = WHOLE_HOUR
    of_agent = list(spans.values())
    for i in np.flatnonzero(~always).tolist():
        for span in of_agent[i]:
            needed[i] |= span_masks(hours_ns, *span)
    return Stations(cells, hours_ns, there, spans, needed)


def coverage(
    estate: QueryEstate,
    stores: Sequence[str],
    there: Stations,
    silent: Mapping[AgentAt, frozenset[CoverageTask]],
    now_ns: int = LAST_NS,
    unknown: Span = NO_SPAN,
) -> CoverageMasks:
    """Return what was observed of stores, by their present names, in consecutive UTC hours.

    The cells of `there` have the masks of `coverage`; `silent` has the tasks of agents without any in these hours, see `silent_agents`.
    Minutes after `now_ns` count as not open.
    """
    hours_ns, rows = there.hours_ns, {store: row for row, store in enumerate(stores)}
    shape = len(stores), len(hours_ns)
    opened = np.array([open_masks(estate.of(store), hours_ns) for store in stores], np.int64).reshape(shape)
    opened &= span_masks(hours_ns, FIRST_NS, now_ns)
    by_store = np.array([rows[each.store] for each in there.spans], np.intp)
    placed = _placed(there)
    found, by_agent = [], NO_AGENTS
    for task in TASKS:
        masks = _masks_by_agent(placed, there.cells.values[task], there.needed.shape)
        has_task = (masks > _NO_TASK).any(axis=1) | np.array([task in silent.get(each, ()) for each in there.spans], np.bool_)
        found.append(by_all(masks, there.needed, has_task, by_store, shape))
        by_agent = AgentMasks(list(there.spans), masks, there.needed, has_task) if task == "doors" else by_agent
    return CoverageMasks(hours_ns, rows, opened, found[0], found[1], unknown, by_agent=by_agent)


def silent_agents(estate: QueryEstate, stores: Sequence[str], there: Stations) -> list[AgentAt]:
    """Return the agents that are stationed in the stores in these hours for some task, and have no cell."""
    every = [(store, agent) for store in stores for agent in estate.of(store).agents]
    known = {*there.heard.agents, *(AgentAt(store, agent.name) for store, agent in every if agent.has_no_task)}
    agents = list(there.spans)
    needed = [agents[i] for i in np.flatnonzero(there.needed.any(axis=1)).tolist()]
    return [each for each in needed if each not in known]


def tasks_of(estate: QueryEstate, cells: CellTable) -> dict[AgentAt, frozenset[CoverageTask]]:
    """Return the tasks that agents ever had, by each of their names: those of which any cell under any of its names has a mask."""
    there = heard(estate, cells)
    having = {task: set(there.of_cell[cells.values[task] > _NO_TASK].tolist()) for task in TASKS}
    found: dict[AgentAt, frozenset[CoverageTask]] = {}
    for i, each in enumerate(there.agents):
        for name in by_each_name(estate, each):
            found[name] = found.get(name, frozenset()) | {task for task in TASKS if i in having[task]}
    return found


def by_each_name(estate: QueryEstate, agent: AgentAt) -> set[AgentAt]:
    """Return an agent by all names that it has in its store."""
    there = estate.of(agent.store).agents
    now = {each.present_name for each in there if each.name == agent.agent}
    return {agent, *(AgentAt(agent.store, each.name) for each in there if each.present_name in now)}


def _stationed(estate: QueryEstate, stores: Sequence[str], there: HeardAgents) -> dict[AgentAt, list[Span]]:
    """When agents are in each store; of a store that nobody describes those that were heard, always. Those of one store are together."""
    named: dict[str, list[Stationed]] = {}
    for each in there.agents:
        named.setdefault(each.store, []).append(Stationed(each.agent))
    found: dict[AgentAt, list[Span]] = {}
    for store in stores:
        for agent in estate.of(store).agents or named.get(store, ()):
            found.setdefault(AgentAt(store, agent.name), []).append(agent.span)
    return found


class _Placed(NamedTuple):
    """The cells that count, and the agent and the hour of each."""

    kept: npt.NDArray[np.bool_]
    agent: npt.NDArray[np.intp]
    hour: NsColumn


def _placed(there: Stations) -> _Placed:
    """What an agent reported that is not stationed there counts for nothing."""
    numbers = {each: i for i, each in enumerate(there.spans)}
    agent = np.array([numbers.get(each, -1) for each in there.heard.agents], np.intp)[there.heard.of_cell]
    hour = (there.cells.time_ns - there.hours_ns[0]) // NS_PER_HOUR
    kept = (agent >= 0) & (hour >= 0) & (hour < len(there.hours_ns))
    return _Placed(kept, agent[kept], hour[kept])


def _masks_by_agent(placed: _Placed, values: NsColumn, shape: tuple[int, ...]) -> Masks:
    """Of each agent and hour its mask, _NO_TASK, or _NO_ROW."""
    found, there = np.full(shape, _NO_ROW, np.int64), values[placed.kept]
    # What is no mask of sixty minutes was written by others: it counts as far as it is one.
    found[placed.agent, placed.hour] = np.where(there < 0, _NO_TASK, there & WHOLE_HOUR)
    return found


def by_all(
    masks: Masks, stationed: Masks, has_task: npt.NDArray[np.bool_], by_store: npt.NDArray[np.intp], shape: tuple[int, int]
) -> Masks:
    """Return the minutes in which a store has an agent with the task and every such agent observed; agents of one are together."""
    found = np.zeros(shape, np.int64)
    if len(by_store):
        needed = np.where(has_task[:, None] & (masks != _NO_TASK), stationed, 0)
        observed = np.where(masks >= 0, masks, 0) | (WHOLE_HOUR & ~needed)
        first = np.flatnonzero(np.diff(by_store, prepend=-1))
        found[by_store[first]] = np.bitwise_and.reduceat(observed, first) & np.bitwise_or.reduceat(needed, first)
    return found
