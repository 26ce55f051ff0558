"""Quiet rows as columns leave a track as the same rows leave it one by one."""

from __future__ import annotations

import pytest

from footfall.frames import Kind
from gateway.fold import zone_rules
from tests.support.journal_stories import Row, Story, new_fold, pairs

CROWD = range(100, 200)
"""More people than the fold takes one by one."""


def sighted(few: int) -> set[tuple[int, int, int]]:
    """Over how long, in how many sightings and rows the people of the crowd were heard: with columns from `few` rows on."""
    story = Story().frame(0, []).frame(1, []).wait(20)
    for kind, seconds in ((Kind.ENTER, 0), (Kind.STAY, 8), (Kind.STAY, 5), (Kind.EXIT, 3)):
        story.wait(seconds).frame(0, [Row(kind, subject, count=4) for subject in CROWD]).frame(1, [])
    fold = new_fold()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zone_rules, "FEW", few)
        fold.apply(pairs(story.wait(2).tick().records))
    s = fold.state.tracks
    return {(s.sighted_ns.item(slot) // 10**9, s.sightings.item(slot), s.sighted_rows.item(slot)) for slot in range(s.size)}


def test_what_is_learned_of_a_beacon_s_interval_is_the_same_up_to_its_exit() -> None:
    assert sighted(0) == sighted(10**9) == {(16, 12, 3)}


def latest(few: int) -> set[tuple[int, int]]:
    """When the people of the crowd were heard last, and at last by their owner, after rows that came too late: s before the end."""
    story = Story().frame(0, []).frame(1, []).wait(20)
    for seconds in (0, 8, 8, 8):
        story.wait(seconds).frame(0, [Row(Kind.STAY if seconds else Kind.ENTER, subject) for subject in CROWD]).frame(1, [])
    story.wait(30).frame(1, []).frame(0, []).tick().wait(5)
    story.frame(0, [Row(Kind.STAY, subject, age_s=50) for subject in CROWD]).frame(1, [])
    fold = new_fold()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zone_rules, "FEW", few)
        fold.apply(pairs(story.wait(2).tick().records))
    s = fold.state.tracks
    return {((story.now_ns - s.last_ns.item(slot)) // 10**9, (story.now_ns - s.zone_ns.item(slot)) // 10**9) for slot in range(s.size)}


def test_a_row_that_came_too_late_makes_nobody_heard_earlier() -> None:
    assert latest(0) == latest(10**9)
