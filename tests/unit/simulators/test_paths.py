"""A way through a store: which zones it crosses and when, which of them are stays; people with a gait, and all others as before."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from simulators.paths import Gait, Path, Stay, Walker, path_through, zone_spans
from simulators.people import stream
from simulators.plan import Plan, Rectangle, ZonePlan, rooms, shop_of_four

S = 10**9
ROOM = Plan("s", (ZonePlan("left", "shelf", Rectangle(0, 0, 4, 10)), ZonePlan("right", "shelf", Rectangle(6, 0, 10, 10))), (), ())


def spans(*points: tuple[float, float, float]) -> list[tuple[str, float, float]]:
    """Zone spans in seconds of a way through `(t_s, x_m, y_m)`."""
    t_s, x_m, y_m = zip(*points, strict=True)
    found = zone_spans((np.array(t_s) * S).astype("i8"), np.array(x_m), np.array(y_m), ROOM)
    return [(stay.zone, stay.from_ns / S, stay.to_ns / S) for stay in found]


def test_a_straight_walk_crosses_the_borders_at_the_times_of_its_speed() -> None:
    assert spans((0, -1, 5), (12, 11, 5)) == [("left", 1, 5), ("right", 7, 11)]


def test_steps_within_a_zone_are_one_span() -> None:
    assert spans((0, 1, 5), (10, 1, 5), (12, 3, 7), (60, 3, 7), (61, 2, 2)) == [("left", 0, 61)]


def test_a_zone_left_and_entered_again_has_two_spans() -> None:
    assert spans((0, 3, 5), (2, 5, 5), (4, 3, 5)) == [("left", 0, 1), ("left", 3, 4)]


@pytest.mark.parametrize("way", [((0, -1, 11), (9, 11, 11)), ((0, 5, -3), (9, 5, 20)), ((0, -2, 9), (4, 2, 13))])
def test_a_way_beside_all_zones_has_no_span(way: tuple[tuple[float, float, float], ...]) -> None:
    assert spans(*way) == []


def paths(gait: Gait | None, count: int = 40) -> list[Path]:
    plan = shop_of_four("s")
    return [path_through(plan, plan.door, [(0, 20.0), (1, 90.0), (3, 60.0)], 0, stream(1, k), gait) for k in range(count)]


def test_with_a_gait_the_truth_is_the_zone_at_each_moment() -> None:
    areas = {zone.name: zone.area for zone in shop_of_four("s").zones}
    for path in paths(Gait()):
        t_ns = np.arange(0, path.to_ns, S // 4)
        x_m, y_m, _ = path.at(t_ns)
        for at_ns, x, y in zip(t_ns.tolist(), x_m.tolist(), y_m.tolist(), strict=True):
            near = {s.zone for s in (*path.stays, *path.passes) if s.from_ns - 2 <= at_ns <= s.to_ns + 2}
            sure = {s.zone for s in (*path.stays, *path.passes) if s.from_ns + 2 <= at_ns <= s.to_ns - 2}
            assert sure <= {name for name, area in areas.items() if area.contains(x, y)} <= near


def test_nobody_walks_through_a_wall() -> None:
    """From one zone to the next a way goes on only where there is an opening."""
    plan = rooms("s")
    room, back, checkout = (next(n for n, zone in enumerate(plan.zones) if zone.name == name) for name in ("room-a", "room-b", "checkout"))
    for k in range(30):
        path = path_through(plan, plan.door, [(room, 20.0), (back, 30.0), (checkout, 20.0)], 0, stream(2, k), Gait())
        spans = sorted((*path.stays, *path.passes), key=lambda span: span.from_ns)
        assert all(after.zone in plan.next_to(before.zone) for before, after in pairwise(spans) if before.zone != after.zone)
        assert [span.zone for span in spans].count("aisle") >= 3


def test_walking_past_a_zone_is_a_pass() -> None:
    gait = Gait(detour=1.0)
    for path in paths(gait):
        assert all(stay.to_ns - stay.from_ns >= gait.least_stay_ns for stay in path.stays)
        assert all(0 < span.to_ns - span.from_ns < gait.least_stay_ns for span in path.passes)
    passed = {span.zone for path in paths(gait) for span in path.passes}
    assert "shelf-b" in passed  # which nobody had planned to visit


def test_speeds_differ_with_a_gait_only() -> None:
    def speeds(gait: Gait | None) -> np.ndarray:  # type: ignore[type-arg] # of floats
        return np.array([Walker(stream(2, k), 0, 0, 0, gait).speed_m_per_s for k in range(500)])

    assert set(speeds(None)) == {1.2}
    assert 0.15 < speeds(Gait(speed_spread=0.2)).std() / 1.2 < 0.25
    assert speeds(Gait(speed_spread=0.2)).min() >= 0.6


def test_who_stands_turns_as_often_as_the_rate() -> None:
    def turns(gait: Gait | None) -> int:
        walker = Walker(stream(3), 0, 0, 0, gait)
        walker.pause(6000.0)
        assert walker.t_ns == 6000 * S
        assert len(set(walker.facing)) == len(walker.facing)
        return len(walker.facing) - 1

    assert turns(None) == turns(Gait()) == 0
    assert 300 < turns(Gait(turns_per_minute=4)) < 500


def test_a_shifted_path_is_the_same_way_later() -> None:
    path = paths(Gait())[0]
    later = path.shifted(5 * S)
    assert later.stays[0] == Stay(path.stays[0].zone, path.stays[0].from_ns + 5 * S, path.stays[0].to_ns + 5 * S)
    t_ns = np.arange(0, path.to_ns, S)
    for before, after in zip(path.at(t_ns), later.at(t_ns + 5 * S), strict=True):
        assert np.allclose(before, after)
