"""Late knowledge leaves what stood before it; what becomes known within an hour leaves nothing."""

from __future__ import annotations

import json
from typing import Any

from footfall.frames import Kind
from gateway.identity.links import FOR_EVER_NS, Link
from gateway.points import SCHEMA
from gateway.points.revision import NOT_THERE
from gateway.records import RecordKind
from tests.support.journal_stories import MINUTE, Row, Rows, Story, new_fold, of, pairs, store
from tests.support.memory_fold_store import MemoryStore

HOUR_S = 3600.0
SALE = {"kind": "touch", "what": "transaction", "amount": 10.0, "id": "t1"}
VOID = {"kind": "void", "id": "v1", "of": "t1", "reason": "wrong", "actor": "test"}
LINK = Link(f"{5:016x}", "fan-1", -FOR_EVER_NS, FOR_EVER_NS, "crm", 1.0)


def folded(story: Story) -> Rows:
    story.wait(2).tick().wait(2).tick()
    return store(new_fold().apply(pairs(story.records)), {})


def revisions(story: Story, measurement: str) -> list[dict[str, Any] | None]:
    """Return the fields that points had, in the order in which that became known; None for one that did not exist."""
    found = sorted((row for row in of(folded(story), "revision") if row["of"] == measurement), key=lambda row: row["time_ns"])
    fields = SCHEMA[measurement].fields
    return [None if row["was"] == NOT_THERE else dict(zip(fields, json.loads(row["was"]), strict=True)) for row in found]


def opened(hours: float = 0.0) -> Story:
    return Story().frame(0, []).frame(1, []).wait(hours * HOUR_S)


def door(story: Story, people: int, age_s: float = 0.0) -> Story:
    return story.frame(0, [Row(Kind.IN, profile=2, count=people, age_s=age_s)])


def test_what_becomes_known_within_an_hour_leaves_nothing() -> None:
    story = door(door(opened(), 1).wait(0.9 * HOUR_S), 2, age_s=0.9 * HOUR_S)
    assert of(folded(story), "revision") == []


def test_a_minute_that_changes_later_leaves_its_fields_at_the_time_when_that_became_known() -> None:
    story = door(door(opened(), 1).wait(2).tick().wait(HOUR_S).tick().wait(HOUR_S), 2, age_s=2 * HOUR_S)
    rows = folded(story)
    was, settled = revisions(story, "traffic")
    assert was is not None
    assert (was["in"], was["occupancy"]) == (1, 1)
    assert settled is not None
    assert (settled["occupancy"], settled["drift"]) == (0, -1), "the store had closed meanwhile"
    revision, _ = (row for row in of(rows, "revision") if row["of"] == "traffic")
    (minute,) = (row for row in of(rows, "traffic") if row["in"])
    assert revision["point_ns"] == minute["time_ns"]
    assert minute["time_ns"] % MINUTE == 0
    assert 0 <= revision["time_ns"] - story.now_ns + 10 * 10**9 < 10 * 10**9


def test_a_reading_of_a_door_that_comes_later_was_not_there() -> None:
    story = door(opened(), 2).wait(10)
    door(story.wait(2 * HOUR_S), 1, age_s=1.5 * HOUR_S)
    assert revisions(story, "door") == [None]


def test_a_count_that_is_taken_back_later_was_there() -> None:
    count = {"kind": "count", "id": "t1", "door": "d", "in": 3, "out": 1}
    story = opened().event(0, count).wait(2 * HOUR_S).event(0, VOID)
    assert revisions(story, "door") == [{"in": 3, "out": 1}]


def test_a_sale_that_comes_later_was_not_there() -> None:
    assert revisions(opened().touch(0, SALE, None, age_s=2 * HOUR_S), "touch") == [None]


def test_a_sale_that_is_linked_and_then_taken_back_later_leaves_both_versions() -> None:
    story = opened().touch(0, SALE, 5).wait(2 * HOUR_S).links([LINK]).wait(HOUR_S).event(0, VOID)
    linked, voided = revisions(story, "touch")
    assert linked is not None
    assert voided is not None
    assert [(was["fan"], was["void"], was["amount"]) for was in (linked, voided)] == [("", False, 10.0), ("fan-1", False, 10.0)]


def test_a_sale_that_comes_late_and_is_taken_back_in_the_same_second_was_not_there() -> None:
    assert revisions(opened().touch(0, SALE, 5, age_s=2 * HOUR_S).event(0, VOID), "touch") == [None]


def test_of_several_changes_in_one_second_what_was_before_the_first_stays_after_a_restart_too() -> None:
    records = opened().touch(0, SALE, None, age_s=2 * HOUR_S).event(0, VOID).wait(2).tick().records
    kept, rows = MemoryStore(), Rows()
    fold = new_fold(kept)
    for pair in pairs(records):
        store(fold.apply([pair]), rows)
        fold.checkpoint({})
        fold = new_fold(kept)
        fold.load(kept.state())
    assert [row["was"] for row in of(rows, "revision") if row["of"] == "touch"] == [NOT_THERE]


def test_an_hour_of_coverage_that_a_backlog_fills_later_leaves_what_it_was() -> None:
    story = opened()
    for _ in range(20):
        story.wait(60).frame(0, [Row(Kind.ENTER, 5)]).frame(1, [])
    story.wait(3 * HOUR_S).frame(0, [], lag_s=2.5 * HOUR_S).frame(1, []).wait(400).tick()
    before, *_ = revisions(story, "coverage")
    assert before is not None
    assert 0 < before["minutes"] <= 20


def test_what_another_gateway_made_leaves_nothing() -> None:
    story = door(opened(), 1)
    until_ns = story.now_ns + 10**9
    story.add(RecordKind.HISTORY, json.dumps({"until_ns": until_ns}).encode(), "s1").wait(HOUR_S).tick().wait(HOUR_S)
    rows = folded(door(story.frame(1, []), 2, age_s=2 * HOUR_S))
    assert {row["point_ns"] > until_ns for row in of(rows, "revision") if row["of"] == "traffic"} == {True}, "only what came after is ours"
