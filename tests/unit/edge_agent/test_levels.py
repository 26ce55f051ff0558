"""Levels: what is followed, what is smoothed, and what decays."""

from __future__ import annotations

import pytest

from edge_agent.levels import HELD_TAUS, OUTLIER_DB, TAU_SIGHTINGS, LevelLimits, Levels, zone_level_dbm

S = 1_000_000_000
LIMITS = LevelLimits(2.0 * S, 10.0 * S, -97.0)


class Level:
    """One identifier, in the last of several slots."""

    def __init__(self) -> None:
        self.columns = Levels()
        self.columns.grow(2)
        self.columns.grow(1)

    def take(self, t_ns: int, dbm: float) -> float:
        self.columns.take(1, t_ns, -30.0, LIMITS)  # another one, which is near, and no concern of this one
        return self.columns.take(2, t_ns, dbm, LIMITS)

    def at(self, t_ns: int) -> float:
        return self.columns.at(2, t_ns, LIMITS)

    @property
    def tau_ns(self) -> float:
        return self.columns.tau_ns(2, LIMITS)

    @property
    def dbm(self) -> float:
        return self.columns.dbm[2]

    @property
    def interval_ns(self) -> float:
        return self.columns.interval_ns[2]

    @property
    def last_ns(self) -> int:
        return self.columns.last_ns[2]


def heard(*dbm: float, period_s: float = 1.0) -> Level:
    level = Level()
    for number, each in enumerate(dbm):
        level.take(round(number * period_s * S), each)
    return level


def sightings_to_cross(from_dbm: float, to_dbm: float, period_s: float) -> int:
    """How many sightings of the new strength it takes to cover half of the way."""
    level = heard(*[from_dbm] * 200, period_s=period_s)
    begun_ns = level.last_ns
    for number in range(1, 1000):
        if abs(level.take(begun_ns + round(number * period_s * S), to_dbm) - to_dbm) < abs(from_dbm - to_dbm) / 2:
            return number
    return 0


def test_the_first_sightings_are_averaged_plainly() -> None:
    assert heard(-60).dbm == -60
    assert heard(-60, -80).dbm == -70
    assert heard(-60, -63, -66, -69).dbm == pytest.approx(-64.5)


@pytest.mark.parametrize(("period_s", "tau_s"), [(0.1, 2.0), (1.0, 5.0), (1.5, 7.5), (10.0, 10.0)])
def test_the_memory_is_five_of_its_own_intervals_within_the_bounds(period_s: float, tau_s: float) -> None:
    assert heard(*[-60] * 40, period_s=period_s).tau_ns == pytest.approx(tau_s * S)


def test_a_silence_does_not_make_the_interval_long() -> None:
    level = heard(*[-60] * 40)
    level.take(level.last_ns + 9 * S, -60)
    assert level.interval_ns < 1.5 * S


@pytest.mark.parametrize(("before_s", "after_s"), [(0.1, 5.0), (0.1, 1.0), (1.0, 5.0), (5.0, 0.1)])
def test_the_interval_follows_a_phone_that_slows_down_or_speeds_up_within_some_sightings(before_s: float, after_s: float) -> None:
    level, t_ns = Level(), 0
    for period_s, sightings in ((before_s, 600), (after_s, 40)):
        for _ in range(sightings):
            t_ns += round(period_s * S)
            level.take(t_ns, -60.0)
    assert level.interval_ns == pytest.approx(after_s * S, rel=0.3)


@pytest.mark.parametrize("period_s", [0.5, 1.0, 2.0])
def test_approach_is_followed_faster_than_retreat(period_s: float) -> None:
    nearer, farther = sightings_to_cross(-80, -70, period_s), sightings_to_cross(-70, -80, period_s)
    assert 0 < nearer < farther <= TAU_SIGHTINGS


def test_one_outlier_moves_it_by_a_share_of_what_is_allowed() -> None:
    level = heard(*[-80] * 40)
    assert -80 < level.take(level.last_ns + S, -20) < -80 + OUTLIER_DB / 2


def test_after_a_long_silence_it_begins_anew_with_what_is_heard() -> None:
    level = heard(*[-80] * 40)
    assert level.take(level.last_ns + 30 * S, -50) == -50


def test_sightings_of_the_same_time_and_late_ones_turn_no_time_back() -> None:
    level = heard(*[-80] * 40)
    before_ns = level.last_ns
    assert level.take(before_ns - 5 * S, -60) == pytest.approx(-80)
    assert level.last_ns == before_ns


def test_a_silent_receiver_is_held_for_a_while_and_then_decays_to_the_floor() -> None:
    level = heard(*[-60] * 40)
    held_ns = level.last_ns + round(HELD_TAUS * level.tau_ns)
    assert level.at(held_ns) == -60
    assert -97 < level.at(held_ns + 5 * S) < -75
    assert level.at(held_ns + 100 * S) == pytest.approx(-97, abs=0.01)


def test_a_zone_is_as_strong_as_its_strongest_receiver_or_as_their_mean_power() -> None:
    levels_dbm = [heard(*[-60] * 10).dbm, heard(*[-70] * 10).dbm]
    assert zone_level_dbm(levels_dbm, LIMITS, 0) == -60
    assert zone_level_dbm(levels_dbm, LIMITS, 2) == pytest.approx(-62.6, abs=0.01)
    assert zone_level_dbm(levels_dbm, LIMITS, 3) == pytest.approx(-64.4, abs=0.05), "the third hears nothing"
    assert zone_level_dbm([], LIMITS, 0) == -97


def test_what_is_forgotten_begins_anew_and_others_go_on() -> None:
    level = heard(*[-80] * 40)
    level.columns.forget(2)
    assert level.take(level.last_ns + S, -50) == -50
    assert level.columns.dbm[1] == -30
