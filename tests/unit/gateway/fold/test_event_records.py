"""Plain events by their kind: what each changes of what is stored."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.journal_stories import Story, folded, of

COUNT = {"kind": "count", "id": "c1", "door": "d", "in": 5, "out": 2}
WHY = {"reason": "a class", "actor": "kim"}
ADJUSTMENT = WHY | {"kind": "adjustment", "id": "j1", "door": "d", "in": -3}
VOID = WHY | {"kind": "void", "id": "v1", "of": "j1"}
AMEND = WHY | {"kind": "amend", "id": "a1", "of": "c1", "set": {"in": 4}}


def counted(*events: dict[str, Any]) -> tuple[int, int]:
    """People in and out of the store, by its minutes."""
    story = Story()
    for event in events:
        story.event(0, event)
    rows = of(folded(story.records), "door")
    return sum(row["in"] for row in rows), sum(row["out"] for row in rows)


@pytest.mark.parametrize(
    ("events", "people"),
    [
        ((COUNT,), (5, 2)),
        ((COUNT, ADJUSTMENT), (2, 2)),
        ((ADJUSTMENT, COUNT), (2, 2)),
        ((COUNT, ADJUSTMENT, VOID), (5, 2)),
        ((VOID, COUNT, ADJUSTMENT), (5, 2)),
        ((COUNT, AMEND), (4, 2)),
        ((AMEND, COUNT), (4, 2)),
        ((COUNT, AMEND, WHY | {"kind": "void", "id": "v2", "of": "c1"}), (0, 0)),
    ],
)
def test_a_door_has_what_was_counted_and_corrected_in_any_order(events: tuple[dict[str, Any], ...], people: tuple[int, int]) -> None:
    assert counted(*events) == people


SALE = {"kind": "touch", "what": "transaction", "id": "t1", "amount": 10.0, "zone": "a", "channel": "own"}
MOVED = WHY | {"kind": "amend", "id": "a1", "of": "t1", "set": {"zone": "b", "amount": 25.0}}
CHANNEL = WHY | {"kind": "amend", "id": "a2", "of": "t1", "set": {"channel": "web", "what": "payment"}}


@pytest.mark.parametrize(
    ("events", "stored"),
    [
        ((SALE, MOVED), ("transaction", "b", "own", 25.0)),
        ((MOVED, SALE), ("transaction", "b", "own", 25.0)),
        ((SALE, MOVED, CHANNEL), ("payment", "b", "web", 25.0)),
        ((SALE, CHANNEL, MOVED), ("payment", "b", "web", 25.0)),
        ((SALE, MOVED, MOVED | {"id": "a3", "set": {"zone": "a"}}), ("transaction", "a", "own", 25.0)),
    ],
)
def test_a_touch_that_is_amended_is_one_row_wherever_it_stands_now(events: tuple[dict[str, Any], ...], stored: tuple[object, ...]) -> None:
    """Zone, channel and kind are tags: the row under the tags of before is void."""
    story = Story()
    for event in events:
        story.event(0, event)
    rows = of(folded(story.records), "touch")
    assert [tuple(row[key] for key in ("what", "zone", "channel", "amount")) for row in rows if not row["void"]] == [stored]
