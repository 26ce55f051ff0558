from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.results import Result, Target, save


@pytest.mark.parametrize(
    ("result", "reached"),
    [
        (Result("n", 2.0, "us", "p", 4.0, Target("ratio", "<=", 0.5)), True),
        (Result("n", 2.1, "us", "p", 4.0, Target("ratio", "<=", 0.5)), False),
        (Result("n", 5000.0, "rows/s", target=Target("value", ">=", 5000)), True),
        (Result("n", 4999.0, "rows/s", target=Target("value", ">=", 5000)), False),
        (Result("n", 2.0, "us", "missing peer", None, Target("ratio", "<=", 0.5)), None),
        (Result("n", 2.0, "us", "p", 4.0), None),
        (Result("n", 0.1, "cores", target=Target("value", "<=", 0.6), broken="late"), False),
    ],
)
def test_a_target_is_reached_by_the_value_or_the_ratio_that_it_is_about(result: Result, reached: bool | None) -> None:
    assert result.reached is reached


def test_the_file_holds_the_six_keys_and_keeps_other_names(tmp_path: Path) -> None:
    path = tmp_path / "out" / "bench.json"
    save(path, [Result("a", 1.23456789, "us", "p", 2.0), Result("a", 1.0, "us", "q", 4.0), Result("b", 7.0, "MB")])
    save(path, [Result("b", 8.0, "MB")])
    entries = json.loads(path.read_text())
    assert [(e["name"], e["value"], e["unit"], e["peer"], e["peer_value"], e["ratio"]) for e in entries] == [
        ("a", 1.235, "us", "p", 2.0, 0.6173),
        ("a", 1.0, "us", "q", 4.0, 0.25),
        ("b", 8.0, "MB", None, None, None),
    ]
