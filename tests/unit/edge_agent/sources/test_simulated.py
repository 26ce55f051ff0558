"""Playing a stream at the clock's pace."""

from __future__ import annotations

import threading
import time

from edge_agent.clock import SystemClock
from edge_agent.sources.simulated import SimulatedSource
from edge_agent.sources.source import Crossing, Gap, Heard
from tests.support.waiting import PATIENCE_S, Stopwatch

CLOCK = SystemClock()
S = 1_000_000_000
STREAM: list[Heard] = [Crossing(0, "main", 1, 0), Crossing(10 * S, "main", 2, 0), Gap(20 * S, 25 * S, "reset")]


def play(source: SimulatedSource) -> list[tuple[int, Heard]]:
    heard: list[tuple[int, Heard]] = []
    source.run(lambda one: heard.append((CLOCK.boot_ns(), one)), threading.Event())
    return heard


def test_it_is_reported_when_it_is_due_and_bears_that_time() -> None:
    begun_ns = CLOCK.boot_ns()
    first, second, gap = play(SimulatedSource("play", lambda: STREAM, CLOCK, speed=50))
    assert isinstance(first[1], Crossing)
    assert isinstance(second[1], Crossing)
    assert isinstance(gap[1], Gap)
    assert begun_ns <= first[1].t_boot_ns < begun_ns + S // 10
    assert second[1].t_boot_ns - first[1].t_boot_ns == 10 * S // 50
    assert gap[1].to_boot_ns - gap[1].from_boot_ns == 5 * S // 50
    for said_ns, one in (first, second):
        assert isinstance(one, Crossing)
        assert 0 <= said_ns - one.t_boot_ns < S // 2


def test_with_an_origin_the_past_is_not_reported() -> None:
    origin_ns = CLOCK.boot_ns() - S // 10
    heard = [one for _, one in play(SimulatedSource("play", lambda: STREAM, CLOCK, speed=20, origin_boot_ns=origin_ns))]
    assert [one.entered for one in heard if isinstance(one, Crossing)] == [2]


def test_it_stops_within_a_second() -> None:
    stop = threading.Event()
    source = SimulatedSource("play", lambda: [Crossing(3600 * S, "main", 1, 0)], CLOCK)
    thread = threading.Thread(target=source.run, args=(lambda one: None, stop))
    thread.start()
    time.sleep(0.1)
    with Stopwatch() as watch:
        stop.set()
        thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert watch.kept_up_s < 1.0
