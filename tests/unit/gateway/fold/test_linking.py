"""What identity learned reaches rows, however many names it concerns at once."""

from __future__ import annotations

import pytest

from footfall.frames import Kind
from gateway.fold.linking import FEW
from gateway.identity.facts import FOR_EVER_NS, Span, Standing
from tests.support.journal_stories import Row, Rows, Story, new_fold, of, pairs, store

EVER = -FOR_EVER_NS, FOR_EVER_NS


@pytest.mark.parametrize("others", [0, FEW, 20 * FEW])
def test_a_visit_that_only_a_track_has_gets_its_fan_among_any_number_of_changes(others: int) -> None:
    """The store behind the fold has nothing of it yet."""
    story, fold = Story().frame(0, []).frame(1, []), new_fold()
    for _ in range(3):
        story.wait(10).frame(0, [Row(Kind.STAY, 5)]).frame(1, [])
    rows: Rows = store(fold.apply(pairs(story.records)), {})
    assert fold.state.ledger.visits_of(f"{5:016x}") == []
    names = [5, *range(1000, 1000 + others)]
    fold.link([Standing(f"{name:016x}", 1, (Span(*EVER, f"fan-{name}"),)) for name in names])
    at = len(story.records)
    story.end()
    store(fold.apply(pairs(story.records[at:])), rows)
    assert [row["fan"] for row in of(rows, "visit")] == ["fan-5"]
    assert {row["fan"] for row in of(rows, "dwell")} == {"fan-5"}
