"""The row of a close: made once the minute is over, by the hours in force, and settled with what came late."""

from __future__ import annotations

import json
from typing import Any

import pytest

from footfall.frames import Kind
from gateway.records import RecordKind
from tests.support.journal_stories import MINUTE, Row, S, Story, new_fold, of, pairs, site_of, store
from tests.support.memory_fold_store import MemoryStore

CLOSE = "05:00"
HOUR_S = 3600.0


def story() -> Story:
    """It begins at 04:26:40 by the clock of s1, which closes at 05:00."""
    return Story().frame(0, []).wait(5).tick()


def counted(told: Story, entered: int, left: int = 0, age_s: float = 0.0) -> Story:
    rows = [Row(kind, profile=2, count=people, age_s=age_s) for kind, people in ((Kind.IN, entered), (Kind.OUT, left)) if people]
    return told.frame(0, rows).wait(5).tick()


def changed(told: Story, **of_store: Any) -> Story:
    """What `site.toml` states of s1 changes."""
    body: dict[str, Any] = json.loads(site_of().model_dump_json())
    body["stores"][0] |= of_store
    return told.add(RecordKind.SITE, json.dumps(body).encode())


def inside(told: Story) -> list[tuple[str, int, int]]:
    """Each minute of s1 by its clock, with occupancy and drift."""
    rows = store(new_fold().apply(pairs(told.wait(5).tick().records)), {})
    return [(clock(row["time_ns"]), row["occupancy"], row["drift"]) for row in sorted(of(rows, "traffic"), key=lambda row: row["time_ns"])]


def clock(time_ns: int) -> str:
    minutes = (time_ns // MINUTE + 8 * 60) % 1440
    return f"{minutes // 60:02}:{minutes % 60:02}"


def test_the_close_has_a_row_once_its_minute_is_over() -> None:
    told = counted(story(), 7, 4)
    assert inside(told.wait(1900)) == [("04:26", 3, 0)]
    assert inside(told.wait(200)) == [("04:26", 3, 0), (CLOSE, 0, -3)]


def test_a_store_where_nobody_was_counted_has_no_row_of_its_close() -> None:
    assert inside(story().wait(3 * HOUR_S)) == []


def test_people_counted_after_the_close_are_settled_with_the_day() -> None:
    told = counted(counted(story(), 1, 1).wait(HOUR_S), 2)
    assert inside(told.wait(23 * HOUR_S)) == [("04:26", 0, 0), (CLOSE, 0, 0), ("05:26", 2, 0), ("03:59", 0, -2)]


def test_late_counts_correct_the_close() -> None:
    told = counted(story(), 7).wait(HOUR_S).tick()
    assert inside(counted(told, 0, 5, age_s=HOUR_S)) == [("04:26", 2, 0), (CLOSE, 0, -2)]


def test_hours_that_change_before_the_close_put_it_off() -> None:
    told = changed(counted(story(), 7), closes="06:00").wait(HOUR_S).tick()
    assert inside(told) == [("04:26", 7, 0)]
    assert inside(told.wait(HOUR_S)) == [("04:26", 7, 0), ("06:00", 0, -7)]


def test_a_fold_that_goes_on_from_its_state_closes_too() -> None:
    told = counted(story(), 7)
    ledger = MemoryStore()
    fold = new_fold(ledger)
    rows = store(fold.apply(pairs(told.records)), {})
    fold.checkpoint({})
    again, before = new_fold(ledger), len(told.records)
    again.load(dict(fold.parts()))
    store(again.apply(pairs(told.wait(HOUR_S).tick().wait(5).tick().records[before:])), rows)
    assert [(row["occupancy"], row["drift"]) for row in of(rows, "traffic") if row["time_ns"] % (60 * MINUTE) == 0] == [(0, -7)]


def test_counters_of_a_store_have_the_drift_of_its_day() -> None:
    fold = new_fold()
    fold.apply(pairs(counted(story(), 7).wait(HOUR_S).tick().wait(5).tick().records))
    (now,) = [each for each in fold.counters.take() if each.store == "s1"]
    assert (now.today["in"], now.today["occupancy"], now.today["drift"]) == (7, 0, -7)
    assert now.time_ns % (3600 * S) == 0


def test_an_inner_door_has_counts_and_the_store_has_none_of_them() -> None:
    told = changed(counted(story(), 3, 1).wait(60), inner_doors=["d"])
    told = counted(told.event(0, {"kind": "count", "id": "c1", "door": "d", "in": 4, "out": 2}), 8, 5)
    rows = store(new_fold().apply(pairs(told.wait(5).tick().records)), {})
    assert (sum(row["in"] for row in of(rows, "door")), sum(row["out"] for row in of(rows, "door"))) == (15, 8)
    assert [(row["in"], row["out"]) for row in of(rows, "traffic") if row["in"] or row["out"]] == [(3, 1)]


def test_a_count_of_an_inner_door_that_is_taken_back_takes_nothing_from_the_store() -> None:
    told = changed(counted(story(), 3), inner_doors=["d"]).event(0, {"kind": "count", "id": "c1", "door": "d", "in": 4, "out": 2})
    told = told.event(0, {"kind": "void", "id": "v1", "of": "c1", "reason": "wrong", "actor": "test"})
    assert inside(told) == [("04:26", 3, 0)]


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ({"inner_doors": ["d"]}, {}),
        ({}, {"inner_doors": ["d"]}),
        ({"inner_doors": ["d"]}, {"doors": []}),
        ({}, {"doors": ["front"], "door_aliases": [{"name": "d", "door": "front"}], "inner_doors": ["front"]}),
    ],
    ids=["an entrance now", "an inner door now", "no door any more", "an inner door of another name"],
)
def test_a_count_is_taken_back_as_its_door_was_when_it_was_made(was: dict[str, Any], becomes: dict[str, Any]) -> None:
    told = changed(counted(story(), 3), **was).event(0, {"kind": "count", "id": "c1", "door": "d", "in": 4, "out": 1}).wait(5).tick()
    told = changed(told, **becomes).event(0, {"kind": "void", "id": "v1", "of": "c1", "reason": "wrong", "actor": "test"})
    rows = store(new_fold().apply(pairs(told.wait(5).tick().records)), {})
    assert [(row["in"], row["out"]) for row in of(rows, "traffic")] == [(3, 0)]
    assert (sum(row["in"] for row in of(rows, "door")), sum(row["out"] for row in of(rows, "door"))) == (3, 0)


def test_entrances_add_up() -> None:
    told = counted(story(), 3).frame(1, [Row(Kind.OUT, profile=2, count=1)]).wait(5).tick()
    assert inside(told) == [("04:26", 2, 0)]
