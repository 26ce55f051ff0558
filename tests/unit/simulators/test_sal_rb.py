"""The scoring of the recording sal-rb, on small runs of known outcome, and on the real one where it is at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.errors import ConfigError
from simulators.sal_rb import Run, pairs, read_runs, score_runs
from simulators.score import StoredDwell

S = 10**9


def run() -> Run:
    """20 s inside, 30 s outside, 50 s inside; a row per second."""
    sides = ["inside"] * 20 + ["outside"] * 30 + ["inside"] * 50
    return Run("r", tuple(1000 * S + k * S for k in range(100)), tuple(sides))


def dwells(*spans: tuple[str, float]) -> list[StoredDwell]:
    begins = [begin for _, begin in spans[1:]] + [100.0]
    return [
        StoredDwell("lab", zone, "00", 1000 * S + round(begin * S), 1000 * S + round(end * S))
        for (zone, begin), end in zip(spans, begins, strict=True)
    ]


def test_the_truth_scores_one() -> None:
    one, total = score_runs([run()], dwells(("inside", 0), ("outside", 20), ("inside", 50)))
    assert one.accuracy == total.accuracy == 1.0
    assert (one.crossings, one.stored, one.within_3_s, one.within_10_s) == (2, 2, 2, 2)
    assert total.f1(total.within_3_s) == 1.0


def test_late_crossings_cost_rows_and_the_tighter_tolerance() -> None:
    one, _ = score_runs([run()], dwells(("inside", 0), ("outside", 25), ("inside", 52)))
    assert one.rows_right == 93
    assert (one.within_3_s, one.within_10_s) == (1, 2)


def test_flapping_costs_precision() -> None:
    one, _ = score_runs([run()], dwells(("inside", 0), ("outside", 20), ("inside", 30), ("outside", 31), ("inside", 50)))
    assert (one.crossings, one.stored, one.within_3_s) == (2, 4, 2)
    assert one.f1(one.within_3_s) == pytest.approx(2 / 3)


def test_nothing_stored_scores_nothing() -> None:
    one, total = score_runs([run()], [])
    assert (one.accuracy, total.within_10_s) == (0.0, 0)


def test_events_pair_one_to_one_and_only_in_their_direction() -> None:
    true = [(0, "inside"), (4 * S, "inside")]
    assert pairs(true, [(1 * S, "inside")], 10 * S) == 1
    assert pairs(true, [(1 * S, "outside")], 10 * S) == 0
    assert pairs(true, [(3 * S, "inside"), (5 * S, "inside")], 3 * S) == 2


def test_another_csv_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ConfigError, match=r"x\.csv"):
        read_runs(tmp_path)


def test_the_recording_has_forty_crossings(real_data: Path) -> None:
    runs = read_runs(real_data / "sal-rb")
    assert [len(found.changes) for found in runs][5] == 4
    assert sum(len(found.changes) for found in runs) == 40
    assert sum(len(found.t_ns) for found in runs) == 11_387
