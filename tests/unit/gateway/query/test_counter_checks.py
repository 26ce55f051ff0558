"""When a counter of a door does not count as usual."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.query.counter_checks import LEAST_EXPECTED, Jump, Silence, jumps, silences

HOURS, DAYS = 24 * 14, 28
NO_VISITS = np.zeros(HOURS, np.int64)


def open_hours(per_hour: int) -> np.ndarray:
    """People from 10 to 20 o'clock of each day."""
    hour = np.arange(HOURS) % 24
    return np.where((hour >= 10) & (hour < 20), per_hour, 0)


def test_a_door_that_counted_nobody_while_others_did_is_named() -> None:
    counts = np.array([open_hours(30), open_hours(60)])
    counts[0, 24 * 9 + 13 : 24 * 9 + 16] = 0
    ((door, first, end, elsewhere, expected),) = silences(counts, NO_VISITS)
    assert (door, first, end, elsewhere) == (0, 24 * 9 + 13, 24 * 9 + 16, 180)
    assert expected == pytest.approx(90, rel=0.05)


def test_a_silence_goes_on_over_the_night_and_up_to_now() -> None:
    counts = np.array([open_hours(30), open_hours(60)])
    counts[0, 24 * 12 + 18 :] = 0
    assert [(found.first, found.end) for found in silences(counts, NO_VISITS)] == [(24 * 12 + 18, 24 * 13 + 20)]


def test_quiet_hours_closed_hours_and_a_door_that_is_used_rarely_are_no_silence() -> None:
    rng = np.random.default_rng(1)
    counts = np.array([rng.poisson(open_hours(1)), rng.poisson(open_hours(80)), rng.poisson(open_hours(8))])
    assert silences(counts, NO_VISITS) == []


def test_what_was_before_a_door_had_a_counter_is_not_known() -> None:
    counts = np.array([open_hours(30), open_hours(60)])
    counts[0, : 24 * 7] = 0
    assert silences(counts, NO_VISITS) == []


def test_the_only_door_is_compared_with_the_visits_that_began() -> None:
    counts = np.array([open_hours(30)])
    counts[0, 24 * 5 + 10 : 24 * 5 + 14] = 0
    assert silences(counts, NO_VISITS) == []
    assert silences(counts, open_hours(12)) == [Silence(0, 24 * 5 + 10, 24 * 5 + 14, 48, pytest.approx(120, rel=0.05))]


def test_fewer_than_stated_were_expected() -> None:
    counts = np.array([open_hours(1), open_hours(60)])
    counts[0, 24 * 9 : 24 * 10] = 0
    assert 10 < LEAST_EXPECTED < 30
    assert silences(counts, NO_VISITS) == []
    counts[0, 24 * 10 : 24 * 12] = 0
    assert [found.door for found in silences(counts, NO_VISITS)] == [0]


def days(seed: int, factor: float = 1.0, since: int = DAYS) -> tuple[np.ndarray, np.ndarray]:
    """Counts and visits of days, of which some are busier than others; from a day on the door counts so many times as many."""
    rng = np.random.default_rng(seed)
    people = rng.uniform(300, 900, DAYS)
    share = np.where(np.arange(DAYS) >= since, factor, 1.0)
    return rng.poisson(people * share), rng.poisson(0.4 * people)


@pytest.mark.parametrize("factor", [0.6, 1.8])
def test_a_counter_whose_ratio_jumped_is_named_with_the_day(factor: float) -> None:
    mine, visits = days(3, factor, 20)
    assert jumps(np.array([mine]), visits) == [Jump(0, 20, pytest.approx(factor, rel=0.1))]


def test_days_that_differ_by_chance_are_no_jump() -> None:
    assert [found for seed in range(200) if (found := jumps(np.array([days(seed)[0]]), days(seed)[1]))] == []


def test_one_odd_day_is_no_jump() -> None:
    mine, visits = days(3)
    mine[14] *= 2
    mine[-1] *= 2
    assert jumps(np.array([mine]), visits) == []


def test_a_week_has_to_show_what_is_usual_and_few_people_show_nothing() -> None:
    mine, visits = days(3, 0.5, 3)
    assert jumps(np.array([mine]), visits) == []
    mine, visits = days(3, 0.5, 20)
    assert jumps(np.array([mine // 40]), visits // 40) == []
