"""Coverage equals a reckoning minute by minute: what every agent with the task observed, in the minutes for which it was stationed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.units import NS_PER_HOUR, NS_PER_MINUTE
from gateway.points import Coded
from gateway.query.coverage import TASKS, AgentAt, CoverageMasks, CoverageTask, coverage, minutes_between, silent_agents, stations, tasks_of
from gateway.query.estate import QueryEstate, Stationed, StoreFacts, StoreVersion
from gateway.query.intervals import cut
from gateway.query.open_hours import open_hours
from gateway.query.open_minutes import WHOLE_HOUR, hours_of, is_open
from gateway.sinks.cells import CellTable
from gateway.site.names import FIRST_NS, LAST_NS, Span

BEGIN = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) * 10**9
HOURS = 4
END = BEGIN + HOURS * NS_PER_HOUR
NEVER = -1
MASKS = st.one_of(st.integers(0, WHOLE_HOUR), st.sampled_from([0, WHOLE_HOUR, NEVER]))
Row = tuple[str, str, int, int, int]
"""Store, agent, number of the hour, mask of doors, mask of presence."""


def _cells(rows: Sequence[Row]) -> CellTable:
    ordered = sorted(rows, key=lambda row: row[2])
    stores, agents = Coded.of([row[0] for row in ordered]), Coded.of([row[1] for row in ordered])
    doors, presence = (np.array([row[i] for row in ordered], np.int64) for i in (3, 4))
    time_ns = np.array([BEGIN + row[2] * NS_PER_HOUR for row in ordered], np.int64)
    return CellTable(time_ns, {"store": stores, "agent": agents}, {"doors": doors, "presence": presence})


def _observed(
    rows: Sequence[Row],
    agents: Sequence[Stationed] = (),
    silent: Mapping[AgentAt, frozenset[CoverageTask]] | None = None,
    facts: StoreFacts | None = None,
) -> CoverageMasks:
    estate = QueryEstate({"s1": facts or StoreFacts("s1", agents=tuple(agents))}, {"old": "s1"})
    return coverage(estate, ["s1"], stations(estate, ["s1"], _cells(rows), hours_of(BEGIN, END)), silent or {})


def _minutes(found: CoverageMasks, column: str) -> int:
    return int(getattr(found.observed(["s1"], np.array([BEGIN, END])), column).sum())


@settings(max_examples=80)
@given(
    rows=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, HOURS - 1), MASKS, MASKS), unique_by=lambda row: row[:2], max_size=10),
    moves=st.lists(st.tuples(st.sampled_from("abd"), st.integers(-60, 300), st.integers(-60, 300)), max_size=3),
    silent=st.dictionaries(st.sampled_from("abd"), st.sets(st.sampled_from(TASKS))),
    hours=st.sampled_from(["", "00:30-02:15"]),
    minutes=st.lists(st.integers(0, 60 * HOURS), min_size=2, max_size=5, unique=True),
)
def test_coverage_equals_a_reckoning_minute_by_minute(
    rows: list[tuple[str, int, int, int]],
    moves: list[tuple[str, int, int]],
    silent: dict[str, set[CoverageTask]],
    hours: str,
    minutes: list[int],
) -> None:
    agents = tuple(Stationed(name, Span(BEGIN + begin * NS_PER_MINUTE, BEGIN + end * NS_PER_MINUTE)) for name, begin, end in moves)
    facts = StoreFacts("s1", agents=agents, versions=(StoreVersion(hours=open_hours(hours)),))
    masks = {(name, hour): {"doors": doors, "presence": presence} for name, hour, doors, presence in rows}
    found = _observed(
        [("s1", *row) for row in rows], silent={AgentAt("s1", name): frozenset(tasks) for name, tasks in silent.items()}, facts=facts
    )
    edges = np.array([BEGIN + minute * NS_PER_MINUTE for minute in sorted(minutes)])
    observed = found.observed(["s1"], edges)
    stationed = agents or tuple(Stationed(name) for name in dict.fromkeys(name for name, *_ in rows))
    every = np.arange(BEGIN, END, NS_PER_MINUTE)
    opened = is_open(facts, every)
    for task in TASKS:
        having = {name for (name, _), mask in masks.items() if mask[task] != NEVER} | {name for name in silent if task in silent[name]}
        expected = []
        for minute in every.tolist():
            hour, bit = divmod((minute - BEGIN) // NS_PER_MINUTE, 60)
            needed = {
                agent.name for agent in stationed
                if agent.span.begin_ns <= minute < agent.span.end_ns and agent.name in having
                and masks.get((agent.name, hour), {}).get(task) != NEVER
            }  # fmt: skip
            expected.append(bool(needed) and all(masks.get((name, hour), {}).get(task, 0) >> bit & 1 for name in needed))
        both = np.array(expected) & opened
        counts = [int(both[(every >= begin) & (every < end)].sum()) for begin, end in pairwise(edges)]
        assert getattr(observed, task)[0].tolist() == counts
    assert observed.open[0].sum() == opened[(every >= edges[0]) & (every < edges[-1])].sum()


def test_a_store_is_observed_when_every_agent_with_the_task_observed() -> None:
    rows: list[Row] = [
        ("s1", "door-a", 0, WHOLE_HOUR, NEVER),
        ("s1", "door-b", 0, (1 << 30) - 1, NEVER),
        ("s1", "ble", 0, NEVER, WHOLE_HOUR),
    ]
    found = _observed(rows)
    assert (_minutes(found, "doors"), _minutes(found, "presence"), _minutes(found, "open")) == (30, 60, 240)


def test_an_hour_without_a_row_was_not_observed() -> None:
    rows: list[Row] = [("s1", "a", 0, WHOLE_HOUR, WHOLE_HOUR), ("s1", "a", 3, WHOLE_HOUR, WHOLE_HOUR)]
    assert _observed(rows).doors[0].tolist() == [WHOLE_HOUR, 0, 0, WHOLE_HOUR]


def test_a_store_without_an_agent_for_the_task_is_never_observed() -> None:
    assert _observed([("s1", "a", 0, NEVER, WHOLE_HOUR)]).doors.any() == np.False_


def test_an_agent_that_was_dead_all_the_time_counts_by_the_tasks_that_it_had_before() -> None:
    rows: list[Row] = [("s1", "a", hour, WHOLE_HOUR, WHOLE_HOUR) for hour in range(HOURS)]
    agents = [Stationed("a"), Stationed("b"), Stationed("gone", Span(FIRST_NS, BEGIN))]
    estate = QueryEstate({"s1": StoreFacts("s1", agents=tuple(agents))})
    there = stations(estate, ["s1"], _cells(rows), hours_of(BEGIN, END))
    assert silent_agents(estate, ["s1"], there) == [AgentAt("s1", "b")]
    before = tasks_of(estate, _cells([("s1", "b", 0, 5, NEVER), ("s1", "b", 1, NEVER, NEVER)]))
    assert before == {AgentAt("s1", "b"): {"doors"}}
    found = _observed(rows, agents, before)
    assert (_minutes(found, "doors"), _minutes(found, "presence")) == (0, 240)
    assert _minutes(_observed(rows, agents), "doors") == 240, "never heard of: nobody knows what it would have observed"


def test_an_agent_has_the_tasks_that_it_had_under_any_of_its_names() -> None:
    agents = [Stationed("a"), Stationed("old", Span(FIRST_NS, BEGIN), "new"), Stationed("new", Span(BEGIN, LAST_NS), "new")]
    estate = QueryEstate({"s1": StoreFacts("s1", agents=tuple(agents))})
    found = tasks_of(estate, _cells([("s1", "old", 0, 5, NEVER), ("s1", "a", 0, NEVER, 5)]))
    assert found == {AgentAt("s1", "a"): {"presence"}, AgentAt("s1", "old"): {"doors"}, AgentAt("s1", "new"): {"doors"}}


def test_rows_under_an_earlier_name_of_the_store_are_its_own() -> None:
    rows: list[Row] = [("old", "a", 0, WHOLE_HOUR, NEVER), ("s1", "a", 1, WHOLE_HOUR, NEVER)]
    assert _observed(rows).doors[0].tolist() == [WHOLE_HOUR, WHOLE_HOUR, 0, 0]


def test_an_agent_that_is_not_stationed_there_counts_for_nothing() -> None:
    rows: list[Row] = [("s1", "a", 0, WHOLE_HOUR, NEVER), ("s1", "stray", 0, 0, NEVER)]
    assert _observed(rows, [Stationed("a")]).doors[0, 0] == WHOLE_HOUR


def test_minutes_that_are_still_to_come_are_not_open() -> None:
    estate = QueryEstate()
    found = coverage(estate, ["s1"], stations(estate, ["s1"], _cells([]), hours_of(BEGIN, END)), {}, now_ns=BEGIN + 90 * NS_PER_MINUTE)
    assert found.observed(["s1"], np.array([BEGIN, BEGIN + NS_PER_HOUR, END])).open.tolist() == [[60, 30]]


def test_minutes_are_counted_between_edges_of_zones_with_odd_offsets() -> None:
    store = StoreFacts("s1", ZoneInfo("Asia/Kathmandu"))
    edges, *_ = cut(store, BEGIN + 30 * NS_PER_MINUTE, END, "1h")
    masks = np.array([[WHOLE_HOUR, (1 << 15) - 1, 0, WHOLE_HOUR & ~1]])
    assert minutes_between(masks, hours_of(BEGIN, END), edges).tolist() == [[45, 0, 14, 45]]


def test_of_several_stores_each_has_its_own_minutes() -> None:
    rows: list[Row] = [("s2", "b", 0, 3, NEVER), ("s1", "a", 0, 1, NEVER), ("s3", "c", 0, 7, NEVER)]
    stores = ["s3", "s1", "empty", "s2"]
    found = coverage(QueryEstate(), stores, stations(QueryEstate(), stores, _cells(rows), hours_of(BEGIN, END)), {})
    assert found.observed(["s1", "s2", "s3", "empty"], np.array([BEGIN, END])).doors[:, 0].tolist() == [1, 2, 3, 0]


def test_before_there_was_coverage_it_is_not_known() -> None:
    unknown = Span(BEGIN, BEGIN + NS_PER_HOUR)
    found = coverage(QueryEstate(), ["s1"], stations(QueryEstate(), ["s1"], _cells([]), hours_of(BEGIN, END)), {}, LAST_NS, unknown)
    assert found.is_unknown(np.array([BEGIN - NS_PER_HOUR, BEGIN, BEGIN + NS_PER_HOUR])).tolist() == [False, True, False]
    assert not found.is_known_of_all
