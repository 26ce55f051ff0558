"""History that an earlier gateway made: what it derived is not written over, all else is."""

from __future__ import annotations

import pytest

from gateway.fold.history import NONE_NS, History
from gateway.points import Points, from_rows
from gateway.points.rows import DoorPoint, DwellPoint

TIMES_NS = (10, 20, 30)


def dwells(store: str = "s1") -> Points:
    return from_rows("dwell", [DwellPoint(t, "x", store, "a", "5", "", 1.0, False, False, False, 1.0) for t in TIMES_NS])


def test_without_an_earlier_gateway_all_points_are_ours() -> None:
    points = dwells()
    assert History().ours(points) is points
    assert History().of("s1") == NONE_NS


@pytest.mark.parametrize(("until_ns", "written"), [(9, [10, 20, 30]), (10, [20, 30]), (25, [30]), (30, [])])
def test_derived_points_up_to_its_end_included_are_left_alone(until_ns: int, written: list[int]) -> None:
    history = History()
    history.extend("s1", until_ns)
    assert history.ours(dwells()).time_ns.tolist() == written


def test_of_another_store_all_is_ours() -> None:
    history = History()
    history.extend("s2", 25)
    assert history.ours(dwells("s1")).time_ns.tolist() == [10, 20, 30]


def test_raw_points_are_written_whoever_makes_them() -> None:
    history = History()
    history.extend("s1", 25)
    doors = from_rows("door", [DoorPoint(t, "x", "d", "s1", 1, 0) for t in TIMES_NS])
    assert history.ours(doors).time_ns.tolist() == [10, 20, 30]


def test_history_only_ever_grows() -> None:
    history = History()
    history.extend("s1", 25)
    history.extend("s1", 10)
    assert history.of("s1") == 25


def test_it_is_kept_over_a_restart() -> None:
    history, again = History(), History()
    history.extend("s1", 25)
    again.load(history.dump())
    assert again.of("s1") == 25
