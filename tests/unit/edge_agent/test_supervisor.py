"""Supervision: exceptions and silence are faults, faults become dated gaps, sources run again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from edge_agent.clock import SystemClock
from edge_agent.sources.source import AliveUntil, Crossing, Gap, Heard, Unexplained
from edge_agent.supervisor import DARK_S, STOOD_STILL_S, Supervisor
from tests.support.waiting import PATIENCE_S

CLOCK = SystemClock()


class Scripted:
    """A source whose runs are functions, one after another; the last again and again."""

    def __init__(self, *runs: Callable[[Callable[[Heard], None], threading.Event], None], silence_s: float | None = None) -> None:
        self.name = "door"
        self.silence_s = silence_s
        self.runs_total = 0
        self._runs = runs

    def run(self, emit: Callable[[Heard], None], stop: threading.Event) -> None:
        run = self._runs[min(self.runs_total, len(self._runs) - 1)]
        self.runs_total += 1
        run(emit, stop)


def say(emit: Callable[[Heard], None], stop: threading.Event) -> None:
    while not stop.wait(0.02):
        emit(Crossing(CLOCK.boot_ns(), "main", 1, 0))


def fail(emit: Callable[[Heard], None], stop: threading.Event) -> None:
    emit(Crossing(CLOCK.boot_ns(), "main", 1, 0))
    raise ValueError("aa:bb:cc:dd:ee:ff said nonsense")


def hang(emit: Callable[[Heard], None], stop: threading.Event) -> None:
    """Like a scanner whose bus went away: silent, deaf to `stop`, and back at an unwanted moment."""
    emit(Crossing(CLOCK.boot_ns(), "main", 1, 0))
    time.sleep(4.5)
    emit(Crossing(CLOCK.boot_ns(), "late", 1, 0))


def end(emit: Callable[[Heard], None], stop: threading.Event) -> None:
    emit(Crossing(CLOCK.boot_ns(), "main", 1, 0))


class Sleeper(SystemClock):
    """A machine that can sleep: its clock is `slept_s` ahead of the real one."""

    slept_s = 0.0

    def boot_ns(self) -> int:
        return super().boot_ns() + round(self.slept_s * 1e9)


@contextmanager
def supervised(source: Scripted, clock: SystemClock = CLOCK, dark_s: float = DARK_S) -> Iterator[tuple[Supervisor, list[Heard]]]:
    heard: list[Heard] = []
    supervisor = Supervisor([source], heard.append, clock, {"door": "doors"}, backoff_s=0.2, dark_s=dark_s)
    stop = threading.Event()
    supervisor.start(stop)
    try:
        yield supervisor, heard
    finally:
        stop.set()
        deadline = time.monotonic() + PATIENCE_S
        while supervisor.is_running():
            assert time.monotonic() < deadline
            time.sleep(0.01)


def until(done: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_exception_is_a_fault_with_a_dated_gap() -> None:
    source = Scripted(fail, say)
    with supervised(source) as (supervisor, heard):
        until(lambda: supervisor.health["door"].state == "fault")
        assert supervisor.health["door"].detail == "ValueError", "what a device said is not repeated"
        until(lambda: supervisor.health["door"].state == "ok" and len(heard) > 5)
    first, gap, after = heard[0], heard[1], heard[2]
    assert isinstance(first, Crossing)
    assert isinstance(gap, Gap)
    assert isinstance(after, Crossing)
    assert first.t_boot_ns <= gap.from_boot_ns < gap.to_boot_ns <= after.t_boot_ns
    assert gap.to_boot_ns - gap.from_boot_ns >= 0.2e9
    assert gap.reason == "source.fault"
    assert (gap.source, gap.task) == ("door", "doors")
    assert supervisor.health["door"].restarts_total == 1
    assert supervisor.report()["door"].heard_total == len(heard) - 1, "the gap is the supervisor's own word"


def test_what_was_heard_is_counted_by_message_and_a_gap_is_no_message() -> None:
    def mixed(emit: Callable[[Heard], None], stop: threading.Event) -> None:
        now_ns = CLOCK.boot_ns()
        emit(Unexplained(now_ns, "ble.unknown", 3))
        emit(Gap(now_ns, now_ns, "llrp.antenna-lost"))
        emit(AliveUntil(now_ns))
        emit(Crossing(now_ns, "main", 1, 0))

    with supervised(Scripted(mixed)) as (supervisor, heard):
        until(lambda: len(heard) == 4)
        until(lambda: supervisor.report()["door"].heard_total == 4)


def test_silence_is_a_fault_and_a_hung_thread_is_left_behind() -> None:
    source = Scripted(hang, say, silence_s=0.5)
    with supervised(source) as (supervisor, heard):
        until(lambda: supervisor.health["door"].state == "silent")
        assert "nothing heard for" in supervisor.health["door"].detail
        until(lambda: supervisor.health["door"].state == "ok")
        time.sleep(3.0)
    assert [one.reason for one in heard if isinstance(one, Gap)] == ["source.silent"]
    assert all(one.door != "late" for one in heard if isinstance(one, Crossing))


def test_a_file_that_is_missing_is_named() -> None:
    def read(emit: Callable[[Heard], None], stop: threading.Event) -> None:
        Path("/nowhere/heard.jsonl").read_bytes()

    with supervised(Scripted(read, say)) as (supervisor, _):
        until(lambda: supervisor.health["door"].detail == "FileNotFoundError: No such file or directory: /nowhere/heard.jsonl")


def test_faults_again_and_again_leave_no_time_uncovered() -> None:
    tried_ns: list[int] = []

    def refuse(emit: Callable[[Heard], None], stop: threading.Event) -> None:
        tried_ns.append(CLOCK.boot_ns())
        raise OSError(111, "Connection refused")

    source = Scripted(refuse, refuse, say)
    with supervised(source) as (supervisor, heard):
        until(lambda: supervisor.health["door"].detail == "ConnectionRefusedError: Connection refused")
        until(lambda: source.runs_total == 3)
    first, second = [one for one in heard if isinstance(one, Gap)]
    assert first.to_boot_ns <= second.from_boot_ns <= tried_ns[1], "the second hole begins when the first ends, before anything was tried"
    assert second.to_boot_ns - second.from_boot_ns > first.to_boot_ns - first.from_boot_ns, "with backoff"


def test_a_source_that_failed_and_stays_quiet_is_a_gap_that_goes_on() -> None:
    """Like a beam that is covered: the attempt waits, and nobody is counted."""

    def wait(emit: Callable[[Heard], None], stop: threading.Event) -> None:
        stop.wait()

    with supervised(Scripted(fail, wait), dark_s=0.0) as (_, heard):
        until(lambda: len(gaps_of(heard)) >= 4)
    first, *dark = gaps_of(heard)
    assert {(gap.reason, gap.source, gap.task) for gap in dark} == {("source.fault", "door", "doors")}
    assert all(before.to_boot_ns <= after.from_boot_ns < after.to_boot_ns for before, after in pairwise(dark))
    assert first.to_boot_ns <= dark[0].from_boot_ns


def test_a_source_that_is_quiet_and_never_failed_leaves_no_gap() -> None:
    def one(emit: Callable[[Heard], None], stop: threading.Event) -> None:
        emit(Crossing(CLOCK.boot_ns(), "main", 1, 0))
        stop.wait()

    with supervised(Scripted(one), dark_s=0.0) as (_, heard):
        until(lambda: bool(heard))
        time.sleep(0.7)
    assert gaps_of(heard) == []


def test_the_time_in_which_a_failed_source_waited_for_its_first_sign_of_life_is_a_gap() -> None:
    clock, may_go = Sleeper(), threading.Event()

    def late(emit: Callable[[Heard], None], stop: threading.Event) -> None:
        may_go.wait()
        say(emit, stop)

    source = Scripted(fail, late)
    with supervised(source, clock) as (supervisor, heard):
        until(lambda: source.runs_total == 2)
        clock.slept_s = 2 * STOOD_STILL_S
        until(lambda: any(gap.reason == "agent.stalled" for gap in gaps_of(heard)))
        may_go.set()
        until(lambda: supervisor.health["door"].state == "ok")
    last = gaps_of(heard)[-1]
    assert last.reason == "source.fault"
    assert last.to_boot_ns - last.from_boot_ns > STOOD_STILL_S * 1e9


def test_a_process_that_stood_still_leaves_a_gap_of_each_source() -> None:
    clock = Sleeper()
    with supervised(Scripted(say), clock) as (supervisor, heard):
        until(lambda: bool(heard))
        clock.slept_s = 1200.0
        until(lambda: bool(gaps_of(heard)))
    (gap,) = gaps_of(heard)
    assert (gap.reason, gap.source, gap.task) == ("agent.stalled", "door", "doors")
    assert gap.to_boot_ns - gap.from_boot_ns >= 1200e9
    assert supervisor.health["door"].restarts_total == 0


def gaps_of(heard: list[Heard]) -> list[Gap]:
    return [one for one in heard.copy() if isinstance(one, Gap)]


def test_the_end_of_an_input_is_no_fault() -> None:
    source = Scripted(end)
    with supervised(source) as (supervisor, heard):
        until(lambda: supervisor.health["door"].detail == "ended")
        until(lambda: not supervisor.is_running())
    assert source.runs_total == 1
    assert [type(one) for one in heard] == [Crossing]


def test_a_source_that_waits_for_the_agent_is_not_silent() -> None:
    source = Scripted(say, silence_s=0.3)
    full = threading.Event()
    stop = threading.Event()
    supervisor = Supervisor([source], lambda heard: full.wait(1.5) and None, CLOCK, backoff_s=0.2)
    supervisor.start(stop)
    time.sleep(1.0)
    assert supervisor.health["door"].state == "ok"
    assert source.runs_total == 1
    full.set()
    stop.set()


def test_a_source_that_a_reload_ends_ends_alone_and_one_that_begins_anew_reports_the_time_between() -> None:
    heard: list[Heard] = []
    stop = threading.Event()
    one, other, third = Scripted(say), Scripted(say), Scripted(say)
    other.name = third.name = "other"
    supervisor = Supervisor([one, other], heard.append, CLOCK, {"door": "doors", "other": "presence"})
    supervisor.start(stop)
    until(lambda: all(supervisor.heard_total.values()))
    supervisor.end(["other"])
    ended, total = CLOCK.boot_ns(), supervisor.heard_total["other"]
    until_more = supervisor.heard_total["door"]
    until(lambda: supervisor.heard_total["door"] > until_more)
    assert supervisor.heard_total["other"] == total
    supervisor.begin([third], {"door": "doors", "other": "presence"}, ["door", "other"])
    until(lambda: supervisor.heard_total["other"] > 0)
    (gap,) = [each for each in heard if isinstance(each, Gap)]
    assert (gap.reason, gap.source, gap.task) == ("source.reload", "other", "presence")
    assert gap.from_boot_ns <= ended <= gap.to_boot_ns
    supervisor.end(["other"])
    supervisor.begin([], {"door": "doors"}, ["door"])
    assert set(supervisor.report()) == {"door"}
    assert len([each for each in heard if isinstance(each, Gap)]) == 1, "nobody misses a source that is gone"
    stop.set()
    until(lambda: not supervisor.is_running())
