"""Old and new by turns: the same work on both sides, a ratio that is a median, and never an installed version in a tree's place."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import pytest

from benchmarks.pairs import child
from benchmarks.pairs.comparison import Comparison, by_turns
from benchmarks.pairs.trees import CHILD, HERE, Measured, measure
from benchmarks.pairs.workloads import WORKLOADS, Workload, backlog, chain, sightings, touches
from simulators.load_frames import Load

LOAD = Load(stores=2, agents=2, rows=30)
WORKLOAD = WORKLOADS[0]


def _measured(cpu_s: float, lines: int = 1, content: str = "a", fold_s: float = 0.5) -> Measured:
    return Measured(cpu_s, {"fold": fold_s}, {"presence": (lines, content)}, 1)


def _comparison(*ratios: float) -> Comparison:
    return Comparison(WORKLOAD, [(_measured(2.0), _measured(2.0 * ratio)) for ratio in ratios])


def _run_on_this_tree(work: Any, path: Path) -> Measured:
    path.write_bytes(msgpack.packb(work))
    return measure(HERE, path)


def test_old_and_new_take_turns_at_going_first() -> None:
    went: list[str] = []

    def run(name: str) -> Callable[[], Measured]:
        return lambda: went.append(name) or _measured(1.0 if name == "old" else 3.0)  # type: ignore[func-returns-value]

    found = by_turns(WORKLOAD, run("old"), run("new"), 3)
    assert went == ["old", "new", "new", "old", "old", "new"]
    assert found.ratios == [3.0, 3.0, 3.0]


def test_one_disturbed_pair_does_not_move_the_ratio() -> None:
    assert _comparison(1.0, 1.02, 9.0).ratio == 1.02
    assert not _comparison(1.0, 1.02, 9.0).is_above


@pytest.mark.parametrize(("ratio", "is_above"), [(1.05, False), (1.051, True)])
def test_the_target_is_a_twentieth_more(ratio: float, is_above: bool) -> None:
    assert _comparison(ratio).is_above is is_above


def test_work_that_differs_is_named() -> None:
    fewer = Comparison(WORKLOAD, [(_measured(1.0, lines=2), _measured(1.0, lines=1))])
    other = Comparison(WORKLOAD, [(_measured(1.0, content="a"), _measured(1.0, content="b"))])
    assert fewer.differences() == ["presence: 2 old, 1 new"]
    assert other.differences() == ["presence: 1 old, 1 new, of other content"]
    assert not _comparison(2.0).differences()


def test_stages_that_take_next_to_nothing_have_no_ratio() -> None:
    pair = (_measured(1.0, fold_s=0.5), _measured(1.0, fold_s=1.0))
    assert Comparison(WORKLOAD, [pair]).stage_ratios() == {"fold": 2.0}
    assert not Comparison(WORKLOAD, [(_measured(1.0, fold_s=0.001), _measured(1.0, fold_s=0.001))]).stage_ratios()


@pytest.mark.parametrize("name", child.EITHER)
def test_this_tree_has_what_is_measured(name: str) -> None:
    """Whoever renames or moves it adds the new name in front."""
    assert child.either(name) is not None


@pytest.mark.parametrize(
    ("work", "lines"),
    [
        (backlog(LOAD, 2, 3, 20), {"presence": 2 * 4 * 28}),
        (chain(LOAD, 10, 500, 5), {"presence": 4 * 28}),
        (touches(20, 5, 30), {"touch": 20}),
    ],
    ids=["frames", "chain", "json"],
)
def test_all_that_is_given_comes_out_as_lines_and_the_same_each_time(work: Any, lines: dict[str, int], tmp_path: Path) -> None:
    one, other = (_run_on_this_tree(work, tmp_path / name) for name in ("one", "other"))
    assert {name: one.digest[name][0] for name in lines} == lines
    assert one.digest == other.digest
    assert one.receipts == other.receipts
    assert one.cpu_s >= sum(one.stages_s.values()) > 0
    assert ("checkpoint" in one.stages_s) == any(batch[2] for batch in work["batches"])


def test_sightings_become_rows_in_the_spool(tmp_path: Path) -> None:
    one, other = (_run_on_this_tree(sightings(20, 30), tmp_path / name) for name in ("one", "other"))
    assert one.digest == other.digest
    assert one.digest["rows"][0] > 20
    assert set(one.stages_s) == {"presence", "spool"}


def test_an_installed_version_is_never_measured_in_place_of_a_tree(tmp_path: Path) -> None:
    source, tree = tmp_path / "work", tmp_path / "tree"
    tree.mkdir()
    source.write_bytes(msgpack.packb(touches(1, 1, 30)))
    command = [sys.executable, "-P", str(CHILD), str(tree), str(source)]
    elsewhere = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(HERE)}, capture_output=True, text=True)
    installed = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(tree)}, cwd=tmp_path, capture_output=True, text=True)
    assert f"not from {tree}" in elsewhere.stderr
    assert "Missing: none of gateway.site:Site is there" in installed.stderr
    assert elsewhere.returncode
    assert installed.returncode


def test_figures_are_of_one_unit_each() -> None:
    for workload in WORKLOADS:
        assert _units(workload) == workload.units, workload.name


def _units(workload: Workload) -> int:
    work = workload.make()
    if "seconds" in work:
        return sum(len(heard) for _, heard in work["seconds"])
    messages = sum(len(batch[1]) for batch in work["batches"])
    return messages if workload.unit == "events" else messages * (500 if workload.name == "frames-500" else 30)
