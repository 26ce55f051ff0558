"""Adjustments of doors: none takes back more people than the store's day has, in whichever order all of it comes."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from gateway.records import Record, RecordKind
from gateway.state.ledger import Ledger
from tests.support.journal_stories import Story, new_fold, of, pairs, store
from tests.support.memory_fold_store import MemoryStore

WHY = {"reason": "a class", "actor": "kim"}
COUNT = {"kind": "count", "id": "c1", "door": "d", "in": 50, "out": 10}
MORE = COUNT | {"id": "c2", "in": 20}


def adjustment(number: int, **people: int) -> dict[str, Any]:
    return WHY | {"kind": "adjustment", "id": f"j{number}", "door": "d", **people}


def void(of_: str) -> dict[str, Any]:
    return WHY | {"kind": "void", "id": f"v-{of_}", "of": of_}


def records_of(*events: dict[str, Any]) -> list[Record]:
    story = Story()
    for event in events:
        story.wait(1).event(0, event)
    return story.records


def outcome(records: list[Record], kept: Any = None) -> tuple[int, int, dict[str, tuple[int, int]], int]:
    """Return who came in and went out by minutes and by door points, and how many corrections wait."""
    kept = kept or MemoryStore()
    head, *told = records
    last = max(record.received_ns for record in records)
    told = [record._replace(received_ns=last + n * 10**9) for n, record in enumerate(told, 1)]
    ends = [told[-1]._replace(kind=RecordKind.TICK, body=b"", received_ns=told[-1].received_ns + n * 10**10) for n in (1, 2)]
    told = [record._replace(pos=pos) for pos, record in enumerate([head, *told, *ends], 1)]
    rows: dict[Any, Any] = {}
    fold = new_fold(kept)
    rows = store(fold.apply(pairs(told)), rows)
    minutes = of(rows, "traffic")
    doors = {str(row["time_ns"]): (row["in"], row["out"]) for row in of(rows, "door")}
    return sum(row["in"] for row in minutes), sum(row["out"] for row in minutes), doors, len(kept.waiting_corrections())


def in_every_order(*events: dict[str, Any]) -> tuple[int, int, dict[str, tuple[int, int]], int]:
    head, *told = records_of(*events)
    first, *others = [outcome([head, *order]) for order in permutations(told)]
    assert all(other == first for other in others)
    return first


def test_what_takes_back_more_than_the_day_has_is_not_counted_and_waits() -> None:
    entered, left, doors, waiting = in_every_order(COUNT, adjustment(1, **{"in": -400}))
    assert (entered, left, waiting) == (50, 10, 1)
    assert sorted(doors.values()) == [(0, 0), (50, 10)]


def test_what_the_day_bears_is_counted_also_if_it_came_first() -> None:
    assert in_every_order(COUNT, adjustment(1, **{"in": -50, "out": -10}))[:2] == (0, 0)
    assert in_every_order(COUNT, adjustment(1, **{"in": -60}), MORE)[::3] == (10, 0)


def test_it_waits_as_a_whole_if_only_one_way_is_too_much() -> None:
    assert in_every_order(COUNT, adjustment(1, **{"in": -5, "out": -11}))[:2] == (50, 10)


def test_of_several_the_earlier_ones_by_their_own_times_are_borne_and_people_who_are_added_count_first() -> None:
    assert in_every_order(COUNT, adjustment(1, **{"in": -40}), adjustment(2, **{"in": -40}))[::3] == (10, 1)
    assert in_every_order(COUNT, adjustment(1, **{"in": -60}), adjustment(2, **{"in": 15}))[::3] == (5, 0)


def test_what_was_taken_back_bears_nothing_and_waits_no_longer() -> None:
    assert in_every_order(COUNT, void("c1"), adjustment(1, **{"in": -40}))[::3] == (0, 1)
    assert in_every_order(COUNT, adjustment(1, **{"in": -400}), void("j1"))[::3] == (50, 0)


@pytest.mark.parametrize("kind", ["ledger", "memory"])
def test_one_that_waits_is_known_to_a_fold_that_begins_anew(kind: str) -> None:
    kept = Ledger(":memory:") if kind == "ledger" else MemoryStore()
    outcome(records_of(adjustment(1, **{"in": -40})), kept)
    (row,) = kept.adjustments()
    assert (row.kind, row.waits) == ("adjustment", 1)
    assert list(new_fold(kept).state.waiting_adjustments.values()) == ["s1/d"]
    kept.save_corrections([row._replace(waits=0)])
    assert not new_fold(kept).state.waiting_adjustments
