"""What was observed of single doors: by the agents that count at each. Pure but for `counters_of`.

An agent reports minutes of all its doors together: of two that it counts, one may be dead and the other not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from footfall.units import NS_PER_DAY
from gateway.points import Coded
from gateway.query.asked import AskedStore
from gateway.query.cells import IndexColumn, MeasureCells
from gateway.query.coverage import AgentAt, CoverageMasks, Masks, by_all, by_each_name
from gateway.query.covered import cells_of_masks, masks_of_stores
from gateway.query.estate import QueryEstate
from gateway.query.measures import CoveredBy
from gateway.sinks.cells import Aggregate
from gateway.sinks.reader import OnPage, PointReader

DOOR: Final = "door"
NEAR_NS: Final = 35 * NS_PER_DAY
"""Who counts at a door is known from so long before and after the span: an agent that is silent in it is missed."""
_A_LONG_TIME_NS: Final = 400 * NS_PER_DAY
_ROWS: Final = (Aggregate("rows", "count", "in"),)
_BY: Final = ("store", DOOR, "agent")

Counters = Mapping[tuple[str, str], frozenset[AgentAt]]
"""By store, under its present name, and door: the agents that count there, by all their names."""


def counters_of(
    reader: PointReader, estate: QueryEstate, stores: Sequence[AskedStore], from_ns: int, to_ns: int, on_page: OnPage
) -> Counters:
    """Return who counts at the doors of stores, by the rows in the database."""
    names = [name for store in stores for name in store.names]
    cells = reader.cells(DOOR, _ROWS, max(from_ns - NEAR_NS, 0), to_ns + NEAR_NS, _A_LONG_TIME_NS, _BY, names, on_page)
    columns = [[cells.keys[key].names[code] for code in cells.keys[key].codes.tolist()] for key in _BY]
    found: dict[tuple[str, str], frozenset[AgentAt]] = {}
    for store, door, agent in set(zip(*columns, strict=True)):
        there = AgentAt(estate.now_name(store), agent)
        found[there.store, door] = found.get((there.store, door), frozenset()) | by_each_name(estate, there)
    return found


def door_cells(
    found: CoverageMasks, stores: Sequence[AskedStore], counted: MeasureCells, counters: Counters, bucket_ns: int, by: CoveredBy
) -> MeasureCells:
    """Return the minutes of each door that `counted` has, as `covered_cells` returns those of stores, with the same numbers of doors."""
    doors = counted.texts[DOOR]
    pairs = np.unique(np.stack([counted.store, doors.codes.astype(np.intp)], axis=1), axis=0)
    number: IndexColumn = pairs[:, 0]
    every = {name: masks[number] for name, masks in masks_of_stores(found, stores).items()}
    spans = every["spans"]
    every["doors"] = _observed(found, stores, pairs, doors, counters) & spans
    cells, row = cells_of_masks(found.hours_ns, number, every, bucket_ns, by)
    return MeasureCells(cells.store, cells.time_ns, {DOOR: Coded(pairs[row, 1].astype(np.uint32), doors.names)}, cells.values)


def _observed(found: CoverageMasks, stores: Sequence[AskedStore], pairs: IndexColumn, doors: Coded, counters: Counters) -> Masks:
    """Of each pair of store and door the minutes that every agent observed which counts there; of one that nobody counts, the store's."""
    observed = np.array([found.doors[found.rows[stores[store].facts.name]] for store, _ in pairs.tolist()], np.int64)
    observed = observed.reshape(len(pairs), len(found.hours_ns))
    agents = found.by_agent
    at = {agent: i for i, agent in enumerate(agents.names)}
    of_pair = [counters.get((stores[store].facts.name, doors.names[door]), frozenset()) for store, door in pairs.tolist()]
    chosen = [sorted(i for agent in those if (i := at.get(agent, -1)) >= 0 and agents.has_task[i]) for those in of_pair]
    rows = np.array([i for those in chosen for i in those], np.intp)
    pair = np.repeat(np.arange(len(pairs)), [len(those) for those in chosen])
    if len(rows):
        own = by_all(agents.masks[rows], agents.needed[rows], agents.has_task[rows], pair, observed.shape)
        observed[np.unique(pair)] = own[np.unique(pair)]
    return observed
