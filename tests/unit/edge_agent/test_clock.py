"""The machine's clocks."""

from __future__ import annotations

import time

from edge_agent.clock import SystemClock, moment
from footfall.topics import is_name


def test_boot_time_moves_on_and_wall_time_is_the_machines() -> None:
    clock = SystemClock()
    before = clock.boot_ns()
    now = moment(clock)
    assert before <= now.boot_ns <= clock.boot_ns()
    assert abs(now.wall_ns - time.time_ns()) < 1_000_000_000
    assert isinstance(now.wall_synced, bool)


def test_a_boot_has_one_name() -> None:
    assert SystemClock().boot == SystemClock().boot
    assert is_name(SystemClock().boot)
