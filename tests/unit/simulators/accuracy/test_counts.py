"""Recorded counts are compared with what is stored of them, and every day states how far its counters are off."""

from __future__ import annotations

from datetime import UTC, datetime

from edge_agent.sources.replay_settings import ReplaySettings
from edge_agent.sources.source import Crossing
from footfall.units import NS_PER_S
from simulators.accuracy.counts import CountedDay, played_counts, unexplained
from simulators.accuracy.decisions import StoredCounts

MINUTE = 60 * NS_PER_S


def crossing(day: int, hour: int, entered: int, left: int) -> Crossing:
    time_ns = int(datetime(2026, 5, day, hour, tzinfo=UTC).timestamp()) * NS_PER_S
    return Crossing(time_ns, "main", entered, left, t_wall_ns=time_ns)


def test_a_day_ends_with_its_drift() -> None:
    heard = [crossing(4, 9, 10, 0), crossing(4, 17, 0, 8), crossing(5, 9, 0, 3), crossing(5, 12, 4, 4), crossing(6, 9, 1, 1)]
    found = played_counts(heard, ReplaySettings())
    assert found.days == (CountedDay("2026-05-04", 10, 8, -2), CountedDay("2026-05-05", 4, 7, 3), CountedDay("2026-05-06", 1, 1, 0))
    assert (found.entered_stored, found.left_stored, found.least_inside, found.unexplained) == (15, 16, 0, 0)


def test_people_inside_are_held_against_what_was_recorded_not_against_what_was_stored() -> None:
    passed = {0: 5, MINUTE: -9}
    assert unexplained({0: StoredCounts(5, 0, 5, 0), MINUTE: StoredCounts(0, 9, 0, 4)}, passed) == 0
    assert unexplained({0: StoredCounts(5, 0, 5, 0), MINUTE: StoredCounts(0, 9, 0, 0)}, passed) == 1, "people vanish without drift"
    assert unexplained({0: StoredCounts(5, 0, 5, 0), MINUTE: StoredCounts(0, 9, -4, 0)}, passed) == 1, "fewer than nobody"
    lost = {0: StoredCounts(4, 0, 4, 0), MINUTE: StoredCounts(0, 4, 0, 0)}
    assert unexplained(lost, passed) == 2, "its own sums are right, and are not those of the recording"
