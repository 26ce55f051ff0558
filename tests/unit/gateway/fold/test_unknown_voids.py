"""Voids that name nothing that is stored are known by their sender, for a day."""

from __future__ import annotations

from gateway.fold.unknown_voids import SHOWN_S
from tests.support.journal_stories import S, Story, new_fold, pairs


def void(event_id: str, of: str) -> dict[str, str]:
    return {"kind": "void", "id": event_id, "of": of, "reason": "mistyped", "actor": "till"}


def test_a_void_of_no_stored_event_or_of_itself_is_known_by_its_sender_for_a_day() -> None:
    story = Story().event(0, {"kind": "count", "id": "c1", "door": "d", "in": 1, "out": 0})
    for each in (void("v1", "c1"), void("v2", "mistyped"), void("v3", "v3")):
        story = story.event(0, each)
    fold = new_fold()
    fold.apply(pairs(story.records))
    last = story.records[-1]
    unknown = fold.state.unknown_voids
    assert unknown.recent(last.received_ns) == [f"{last.store}/{last.agent} (2)"]
    assert unknown.recent(last.received_ns + SHOWN_S * S) == []
