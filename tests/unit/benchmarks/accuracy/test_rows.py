"""A figure beside its goal, and the file in which it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.accuracy.rows import Goal, Row, save


@pytest.mark.parametrize(
    ("value", "goal", "reached", "short_by"),
    [
        (0.96, Goal(0.95), True, 0.0),
        (0.90, Goal(0.95), False, pytest.approx(0.05)),
        (1.2, Goal(1.15, 1.08, "<="), False, pytest.approx(0.05)),
        (1.1, Goal(1.15, 1.08, "<="), True, 0.0),
        (None, Goal(0.95), None, 0.0),
        (0.5, None, None, 0.0),
    ],
)
def test_a_goal_is_reached_from_its_side(value: float | None, goal: Goal | None, reached: bool | None, short_by: float) -> None:
    row = Row("x", value, "how", goal)
    assert (row.reached, row.short_by) == (reached, short_by)


def test_the_file_has_every_key_and_keeps_other_parts(tmp_path: Path) -> None:
    path, parts = tmp_path / "out" / "accuracy.json", ("gate", "hall")
    save(path, [Row("b", None, "none yet", part="hall")], parts)
    save(path, [Row("a", 0.5, "first", Goal(0.9, 0.95), {"EdgeX": 0.41}, "gate"), Row("gone", 1.0, "first", part="gate")], parts)
    save(path, [Row("a", float("nan"), "second", part="gate")], parts)
    a, b = json.loads(path.read_text())
    assert set(b) == {"part", "name", "value", "target", "stretch", "baseline", "how", "bound", "reached"}
    assert [b["name"], b["value"], b["how"], b["target"], b["baseline"]] == ["b", None, "none yet", None, None]
    assert (a["value"], a["how"]) == (None, "second")


def test_a_part_that_has_no_figure_is_a_row_without_value_that_states_why(tmp_path: Path) -> None:
    path, parts = tmp_path / "accuracy.json", ("gate", "hall")
    (absent,) = save(path, [], parts, {"hall": "the recording is not there"})
    assert (absent["part"], absent["name"], absent["value"], absent["how"]) == ("hall", "hall", None, "the recording is not there")
    assert [entry["name"] for entry in save(path, [Row("a", 1.0, "how", part="hall")], parts)] == ["a"]
    assert [entry["name"] for entry in save(path, [], parts, {"hall": "not there"})] == ["a"], "what an earlier run found stays"
