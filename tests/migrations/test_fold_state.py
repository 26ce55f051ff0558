"""The fold goes on from the state of the release before, which knew less of those whom it hears."""

from __future__ import annotations

import pytest

from footfall.frames import Kind
from gateway.fold import usual_levels
from gateway.fold.fold import Fold
from gateway.fold.usual_levels import FAINT_DB
from gateway.identity.links import Link
from tests.support.journal_stories import Row, Rows, S, Story, new_fold, of, pairs, store
from tests.support.memory_fold_store import MemoryStore

ANN, OTHERS = 100, (101, 102)
EVERY_S = 5
THERE, GONE_FAINT, ELSEWHERE = {0: -80, 1: -50}, {0: -90, 1: -50 - FAINT_DB - 2}, {1: -80, 4: -40}
"""Levels by place: in b, on the way from b, and in w."""


def came_to_b() -> Story:
    """All come from a to b, so it is known how loud they are there."""
    story = Story()
    for levels in [{0: -60, 1: -80}] * 4 + [THERE] * 16:
        heard(story, levels, (ANN, *OTHERS))
    return story


def heard(story: Story, levels: dict[int, int], people: tuple[int, ...]) -> None:
    rows = [Row(Kind.STAY, who, place, rssi_dbm=dbm) for who in people for place, dbm in levels.items()]
    story.wait(EVERY_S).frame(0, rows).frame(1, [])


def taken_over(fold: Fold, *without: str) -> Fold:
    """Return a fold that goes on from the state of one that had no such columns."""
    memory = MemoryStore()
    fold.checkpoint({})
    memory.checkpoint((name, part) for name, part in fold.parts() if name not in without)
    after = new_fold(memory)
    after.load(memory.state())
    return after


@pytest.mark.parametrize(("faint_before", "faint_after", "ends_s"), [(0, 4, 7), (2, 2, 17), (4, 0, 22)])
def test_who_was_heard_faintly_by_the_release_before_is_so_from_the_next_row_on(
    faint_before: int, faint_after: int, ends_s: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It kept no `faint_ns`: what it knew of somebody on the way is lost, and nothing else."""
    monkeypatch.setattr(usual_levels, "LEAST", len(OTHERS))
    monkeypatch.setattr(usual_levels, "SLICE_NS", 30 * S)
    story: Story = came_to_b()
    rows: Rows = {}
    since_ns = story.now_ns
    for _ in range(faint_before):
        heard(story, GONE_FAINT, (ANN,))
    for _ in range(2):
        story.wait(1).frame(0, []).frame(1, [])  # so that no row waits
    fold = new_fold()
    store(fold.apply(pairs(story.records)), rows)
    known = len(story.records)
    for _ in range(faint_after):
        heard(story, GONE_FAINT, (ANN,))
    for _ in range(8):
        heard(story, ELSEWHERE, (ANN,))
    store(taken_over(fold, "slots.faint_ns").apply(pairs(story.end(0.2).records[known:])), rows)
    mine = [row for row in of(rows, "dwell") if row["zone"] == "b" and row["subject"] == f"{ANN:016x}"]
    assert [round(row["time_ns"] / S + row["seconds"] - since_ns / S) for row in mine] == [ends_s]


def test_a_dwell_that_goes_on_is_cut_at_a_handover_as_if_this_release_had_begun_it() -> None:
    """Earlier releases cut no dwell, so they had no parts of one."""
    ends = []
    for without in ((), [f"slots.{which}_{name}" for which in "dp" for name in ("part_ns", "part_key_ns")]):
        story, rows = Story(), Rows()
        for place in (1, 0, 0):
            story.wait(30).frame(0, [Row(Kind.STAY, 5, place, rssi_dbm=-60)]).frame(1, [])
        fold = new_fold()
        store(fold.apply(pairs(story.records)), rows)
        known, after = len(story.records), taken_over(fold, *without)
        begun_ns = story.now_ns - 100 * S
        story.links([Link(f"{5:016x}", fan, from_ns, to_ns, "crm", 1.0) for fan, from_ns, to_ns in (
            ("fan-1", begun_ns, story.now_ns + 10 * S), ("fan-2", story.now_ns + 10 * S, 1 << 62),
        )])  # fmt: skip
        story.wait(30).frame(0, [Row(Kind.STAY, 5, 0, rssi_dbm=-60)]).frame(1, [])
        store(after.apply(pairs(story.end(1).records[known:])), rows)
        ends.append([(row["zone"], row["fan"], row["time_ns"], row["seconds"]) for row in of(rows, "dwell")])
    assert ends[0] == ends[1]
    assert [fan for _, fan, *_ in ends[0]][-1] == "fan-2"
    assert len(ends[0]) == 3
