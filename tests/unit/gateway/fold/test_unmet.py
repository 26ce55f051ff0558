"""Voids that name nothing that is stored are known by their sender, for a day."""

from __future__ import annotations

from gateway.fold.unmet import MET_WITHIN_S, SHOWN_S
from tests.support.journal_stories import S, Story, new_fold, pairs


def void(event_id: str, of: str) -> dict[str, str]:
    return {"kind": "void", "id": event_id, "of": of, "reason": "mistyped", "actor": "till"}


def test_a_void_of_no_stored_event_is_known_by_its_sender_for_a_day() -> None:
    story = Story().event(0, {"kind": "count", "id": "c1", "door": "d", "in": 1, "out": 0})
    for each in (void("v1", "c1"), void("v2", "mistyped"), void("v3", "of another till")):
        story = story.event(0, each)
    fold = new_fold()
    fold.apply(pairs(story.records))
    last = story.records[-1]
    unknown = fold.state.unknown_voids
    assert unknown.recent(last.received_ns) == []
    assert unknown.recent(last.received_ns + MET_WITHIN_S * S) == [f"{last.store}/{last.agent} (2)"]
    assert unknown.recent(last.received_ns + SHOWN_S * S) == []


def test_a_void_whose_event_came_after_it_is_named_no_longer() -> None:
    story = Story().event(0, void("v1", "c1")).event(0, void("v2", "mistyped"))
    late = story.event(0, {"kind": "count", "id": "c1", "door": "d", "in": 1, "out": 0})
    fold = new_fold()
    fold.apply(pairs(late.records[:-1]))
    last = late.records[-1]
    whose = f"{last.store}/{last.agent}"
    assert fold.state.unknown_voids.recent(last.received_ns + MET_WITHIN_S * S) == [f"{whose} (2)"]
    fold.apply(pairs(late.records[-1:]))
    assert fold.state.unknown_voids.recent(last.received_ns + MET_WITHIN_S * S) == [f"{whose} (1)"]
