"""The machine's clocks."""

from __future__ import annotations

import time

import pytest

from edge_agent.clock import SystemClock, moment, sure_ns
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


@pytest.mark.parametrize(
    ("wall_s", "is_synced", "gateway_s", "sure_s"),
    [(100, True, 0, 100), (100, False, 0, 0), (100, False, 700, 700), (100, True, 130, 130), (100, True, 700, 0)],
)
def test_the_time_is_known_for_sure_by_a_synchronised_clock_or_the_gateway_unless_they_differ(
    wall_s: int, is_synced: bool, gateway_s: int, sure_s: int
) -> None:
    class Fixed:
        boot = "b"

        def boot_ns(self) -> int:
            return 1

        def wall_ns(self) -> int:
            return wall_s * 10**9

        def wall_synced(self) -> bool:
            return is_synced

    assert sure_ns(Fixed(), gateway_s * 10**9) == sure_s * 10**9
