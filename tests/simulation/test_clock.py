"""Whatever a box thinks the time is: no event is dropped, none leaves its day, and after the first receipts none is off by over 2 s."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from simulators.faults import CLOCK_FAULTS, ClockFault
from tests.simulation.boxes import HOUR_S, Life, Line, live, worst

MOST_S = 2.0
DAY_S = 24 * HOUR_S
FAULTS = {
    **CLOCK_FAULTS,
    "drift -50 ppm": ClockFault(drift_ppm=-50.0),
    "1970, drift 50 ppm": ClockFault(since_1970=True, drift_ppm=50.0),
    "1970, drift -50 ppm": ClockFault(since_1970=True, drift_ppm=-50.0),
    "believes to be right, ahead 1 hour": ClockFault(offset_ns=3600 * 10**9, synced=True),
}
AWAY = Line(outages=((1000.0, 1000.0 + 4 * HOUR_S),))
LIVES = {
    "on a good line": Life(ClockFault()),
    "asymmetric": Life(ClockFault(), Line(up_s=1.5, down_s=0.02)),
    "asymmetric the other way": Life(ClockFault(), Line(up_s=0.02, down_s=1.5)),
    "away for hours": Life(ClockFault(), AWAY, length_s=5 * HOUR_S),
    "rebooted": Life(ClockFault(), reboots=(3000.0,)),
    "rebooted while away": Life(ClockFault(), AWAY, length_s=5 * HOUR_S, reboots=(1000.0 + 2 * HOUR_S,)),
    "switched on while away": Life(ClockFault(), Line(outages=((0.0, 3 * HOUR_S),)), length_s=4 * HOUR_S),
    "a night away, rebooted at its end": Life(
        ClockFault(), Line(outages=((1000.0, 9 * HOUR_S),)), length_s=10 * HOUR_S, reboots=(9 * HOUR_S - 120.0,), every_s=60.0
    ),
    "comes and goes": Life(ClockFault(), Line(outages=tuple((600.0 * n, 600.0 * n + 400) for n in range(1, 15))), length_s=3 * HOUR_S),
}


@pytest.mark.parametrize("seed", [20261122])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", LIVES)
def test_no_event_is_off_by_more_than_two_seconds(name: str, fault: str, seed: int) -> None:
    placed = live(replace(LIVES[name], fault=FAULTS[fault]), seed)
    assert placed
    furthest = next(worst(placed))
    assert abs(furthest.error_s) <= MOST_S, f"seed {seed}: {furthest}"


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("fault", FAULTS)
def test_a_life_that_was_never_bounded_keeps_its_day_and_its_lengths(fault: str, seed: int) -> None:
    """The box was switched on without a line, then again, and only then heard a receipt: nobody can know when its first life was."""
    rng = random.Random(seed)
    rebooted_s, on_line_s = rng.uniform(600, 3 * HOUR_S), rng.uniform(3 * HOUR_S, 5 * HOUR_S)
    placed = live(Life(FAULTS[fault], Line(outages=((0.0, on_line_s),)), length_s=6 * HOUR_S, reboots=(rebooted_s,)), seed)
    assert all(each.told_s // DAY_S == 0 or abs(each.error_s) < MOST_S for each in placed), f"seed {seed}"
    first, second = ([each for each in placed if (each.true_s > rebooted_s) == later] for later in (False, True))
    assert max(abs(each.error_s) for each in second) <= MOST_S, f"seed {seed}"
    # A clock that its agent believes to be right is believed, unless by it the first life ended after the second began.
    qualities = {each.quality for each in first}
    assert qualities == {"bounded"} or (FAULTS[fault].synced and qualities == {"agent"})
    shifts = [each.error_s for each in first]
    assert max(shifts) - min(shifts) <= MOST_S, f"seed {seed}: its frames are moved by different times"
