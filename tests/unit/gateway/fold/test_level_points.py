"""Levels of receivers: stored on request, of rows that name several."""

from __future__ import annotations

from typing import Any

import pytest

from device_profiles.registry import shipped
from footfall.frames import Kind
from gateway.fold.fold import Fold
from tests.support.journal_stories import Row, Story, of, pairs, store
from tests.support.memory_fold_store import MemoryStore


def levels(level_points: bool) -> list[dict[str, Any]]:
    story = Story().wait(5)
    story.frame(0, [Row(Kind.STAY, 5), Row(Kind.STAY, 7, 1, extra=(("levels", {"r1": -60.25, "r2": -71.0}),))])  # type: ignore[arg-type] # of a row
    story.frame(1, [Row(Kind.STAY, 8, extra=(("levels", {"r9": -50.0}),))])  # type: ignore[arg-type] # the same
    fold = Fold(shipped(), MemoryStore(), lambda site: (set(), set()), stay_points=False, level_points=level_points)
    return of(store(fold.apply(pairs(story.wait(2).tick().records)), {}), "level")


def test_each_receiver_of_a_row_has_a_point_with_the_key_of_the_row() -> None:
    found = sorted(levels(level_points=True), key=lambda row: row["receiver"])
    assert [(row["agent"], row["zone"], row["receiver"], row["subject"], row["dbm"]) for row in found] == [
        ("x", "b", "r1", f"{7:016x}", pytest.approx(-60.2)),
        ("x", "b", "r2", f"{7:016x}", -71.0),
        ("y", "b", "r9", f"{8:016x}", -50.0),
    ]
    assert found[0]["time_ns"] == found[1]["time_ns"]


def test_levels_are_not_stored_unless_they_are_asked_for() -> None:
    assert levels(level_points=False) == []
