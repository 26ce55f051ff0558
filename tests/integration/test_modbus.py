"""Modbus counters through the real source, supervisor and core: every fault of theirs, and everybody counted once."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest

from device_profiles.registry import Registry, shipped
from edge_agent.clock import SystemClock
from edge_agent.counters import Counters
from edge_agent.sources.modbus import ModbusSettings
from edge_agent.sources.source import Crossing, Gap, Heard, RefusedReading, Tally
from edge_agent.supervisor import Supervisor
from footfall.errors import ConfigError
from simulators.devices.modbus import ModbusCounter
from tests.support.waiting import PATIENCE_S, Stopwatch

CLOCK = SystemClock()
S = 1_000_000_000
FAST = {"poll_s": 0.1, "timeout_s": 0.3}
PATIENT_S = 5.0
"""Of tests in which the counter always answers, however busy the machine is."""


@cache
def profiles() -> Registry:
    """Those that are shipped; the counter that is reset here is believed after half a second already."""
    patient = shipped()["modbus-counter"]
    hasty = patient.model_copy(update={"counter": patient.counter.model_copy(update={"settle_s": 0.5})})
    return Registry({**shipped(), "modbus-counter": hasty})


class Listening:
    """What an agent makes of its sources: people, gaps, refusals."""

    def __init__(self, *sources: ModbusSettings) -> None:
        self.counters = Counters(CLOCK.boot)
        self.heard: queue.Queue[Heard] = queue.Queue()
        self.supervisor = Supervisor([source.source(CLOCK, shipped()) for source in sources], self.heard.put, CLOCK, backoff_s=0.2)
        self.people: dict[str, list[int]] = {}
        self.tallies = 0
        self.told: list[Gap | RefusedReading] = []

    def listen(self) -> None:
        """All that was heard so far."""
        while not self.heard.empty():
            heard = self.heard.get()
            said = [heard]
            if isinstance(heard, Tally):
                self.tallies += 1
                said = [*self.counters.count(heard, profiles()[heard.profile].counter)]
            for one in said:
                if isinstance(one, Crossing):
                    passed = self.people.setdefault(one.door, [0, 0])
                    self.people[one.door] = [passed[0] + one.entered, passed[1] + one.left]
                elif isinstance(one, Gap | RefusedReading):
                    self.told.append(one)

    def until(self, done: Callable[[], bool], seconds: float = PATIENCE_S, what: str = "") -> None:
        deadline = time.monotonic() + seconds
        while True:
            self.listen()
            if done():
                return
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}; {self.people} {self.told} {self.supervisor.health}"
            time.sleep(0.02)

    def reasons(self) -> set[str]:
        return {one.reason for one in self.told}


def settings(counter: ModbusCounter, **more: Any) -> ModbusSettings:
    return ModbusSettings.model_validate({"name": "counter", **counter.settings(), **FAST, **more})


@contextmanager
def listening(*sources: ModbusSettings) -> Iterator[Listening]:
    agent = Listening(*sources)
    stop = threading.Event()
    agent.supervisor.start(stop)
    try:
        yield agent
    finally:
        stop.set()
        ended = time.monotonic()
        while agent.supervisor.is_running():
            assert time.monotonic() < ended + PATIENCE_S
            time.sleep(0.01)


def pass_by(counter: ModbusCounter, entered: int, left: int = 0) -> None:
    counter.say(Crossing(0, "main", entered, left))


@pytest.mark.parametrize("serial", [False, True], ids=["tcp", "rtu"])
@pytest.mark.parametrize("profile", ["modbus-counter", "adam-6000-counter", "sure-cross-counter"])
def test_people_are_counted_from_the_first_reading_on(profile: str, serial: bool) -> None:
    with ModbusCounter(profile, serial=serial) as counter, listening(settings(counter, timeout_s=PATIENT_S)) as agent:
        agent.until(lambda: agent.tallies > 0)
        pass_by(counter, 3, 1)
        agent.until(lambda: agent.people.get("main") == [3, 1])
        assert agent.supervisor.health["counter"].state == "ok"
        assert not agent.told


FAULTS = {
    "stall": {"modbus.unread", "source.fault"},
    "wrong-unit": {"modbus.unread", "source.fault"},
    "exception": {"modbus.unread", "source.fault"},
    "noise": {"modbus.unread", "source.fault"},
    "drop": {"modbus.unread", "source.fault"},
    "reboot": {"modbus.unread", "source.fault"},
    "garbage": {"counter.stray"},
    "zeros": {"counter.stray"},
}


@pytest.mark.parametrize(
    ("fault", "serial"), [*((fault, False) for fault in FAULTS), *((fault, True) for fault in ("stall", "wrong-unit", "noise", "garbage"))]
)
def test_after_a_fault_the_sum_is_exact_and_the_hole_is_dated(fault: str, serial: bool) -> None:
    with ModbusCounter(serial=serial, mend_s=0.5) as counter, listening(settings(counter)) as agent:
        agent.until(lambda: agent.tallies > 2)
        pass_by(counter, 3, 1)
        agent.until(lambda: agent.people.get("main") == [3, 1])
        began_ns = CLOCK.boot_ns()
        counter.faults[fault]()
        time.sleep(0.25)
        pass_by(counter, 40, 20)
        agent.until(lambda: agent.people.get("main") == [43, 21])
        agent.until(lambda: agent.supervisor.health["counter"].state == "ok")
        pass_by(counter, 1, 1)
        agent.until(lambda: agent.people.get("main") == [44, 22])
        gaps = [told for told in agent.told if isinstance(told, Gap)]
        assert gaps, agent.supervisor.health
        assert {gap.reason for gap in gaps} <= FAULTS[fault]
        assert all(gap.from_boot_ns <= gap.to_boot_ns for gap in gaps)
        assert min(gap.from_boot_ns for gap in gaps) < began_ns + S // 4
        assert max(gap.to_boot_ns for gap in gaps) > began_ns


def test_a_reset_counter_is_counted_from_zero() -> None:
    with ModbusCounter() as counter, listening(settings(counter)) as agent:
        agent.until(lambda: agent.tallies > 0)
        pass_by(counter, 5, 2)
        agent.until(lambda: agent.people.get("main") == [5, 2])
        counter.faults["reset"]()
        pass_by(counter, 4, 1)
        agent.until(lambda: agent.people["main"] == [9, 3])
        assert agent.reasons() == {"counter.reset"}


def test_a_counter_rolls_over() -> None:
    with ModbusCounter(totals=((1 << 32) - 2, 10)) as counter, listening(settings(counter, timeout_s=PATIENT_S)) as agent:
        agent.until(lambda: agent.tallies > 0)
        pass_by(counter, 5, 2)
        agent.until(lambda: agent.people.get("main") == [5, 2])
        assert not agent.told


def test_a_device_that_is_not_there_is_reported_and_comes_by_itself() -> None:
    counter = ModbusCounter()
    with listening(settings(counter)) as agent:
        agent.until(lambda: agent.supervisor.health["counter"].state == "fault")
        assert "cannot be reached" in agent.supervisor.health["counter"].detail
        with counter:
            agent.until(lambda: agent.supervisor.health["counter"].state == "ok")


@pytest.mark.parametrize(
    ("fault", "detail"),
    [("stall", "unit 1 gives no answer"), ("wrong-unit", "unit 1 gives no answer"), ("exception", "unit 1 has failed")],
)
def test_health_reports_what_is_wrong(fault: str, detail: str) -> None:
    with ModbusCounter(mend_s=9.0) as counter, listening(settings(counter)) as agent:
        agent.until(lambda: agent.tallies > 0)
        counter.faults[fault]()
        agent.until(lambda: agent.supervisor.health["counter"].state == "fault")
        assert detail in agent.supervisor.health["counter"].detail


@pytest.mark.parametrize(
    ("serial", "detail"), [(False, "unit 9 is behind a gateway that it does not answer"), (True, "unit 9 gives no answer")]
)
def test_another_unit_than_is_there(serial: bool, detail: str) -> None:
    with ModbusCounter(serial=serial) as counter, listening(settings(counter, unit=9)) as agent:
        agent.until(lambda: agent.supervisor.health["counter"].state == "fault")
        assert detail in agent.supervisor.health["counter"].detail


def both_ways(counter: ModbusCounter) -> tuple[ModbusSettings, ModbusSettings]:
    one = settings(counter, door="a", timeout_s=PATIENT_S)
    return one, settings(counter, name="other-way-round", door="b", mirrored=True, timeout_s=PATIENT_S)


def test_two_counters_on_one_serial_line_take_turns() -> None:
    with ModbusCounter(serial=True) as counter, listening(*both_ways(counter)) as agent:
        agent.until(lambda: agent.tallies > 2)
        pass_by(counter, 6, 2)
        agent.until(lambda: agent.people == {"a": [6, 2], "b": [2, 6]})
        assert not agent.told


def test_what_is_no_profile_of_a_counter_is_reported_at_the_start() -> None:
    wrong = ModbusSettings(kind="modbus", name="counter", profile="ibeacon", door="main", host="127.0.0.1")
    with pytest.raises(ConfigError, match=r"'ibeacon' is none of a Modbus counter: .*modbus-counter"):
        wrong.source(CLOCK, shipped())


def test_it_stops_within_a_second_though_nobody_answers() -> None:
    with ModbusCounter(mend_s=9.0) as counter:
        source = settings(counter, timeout_s=0.8).source(CLOCK, shipped())
        counter.faults["stall"]()
        stop = threading.Event()
        thread = threading.Thread(target=lambda: source.run(lambda heard: None, stop))
        thread.start()
        time.sleep(0.2)
        with Stopwatch() as watch:
            stop.set()
            thread.join(PATIENCE_S)
        assert watch.kept_up_s < 1.0


def test_nobody_is_lost_in_a_row_of_faults() -> None:
    """Whatever the order of faults, and people all the while: but for resets, which lose whom nobody can know, the sum is exact."""
    seed = random.SystemRandom().randrange(1 << 32)
    rng = random.Random(seed)
    entered = left = 0
    with (
        ModbusCounter(totals=((1 << 32) - 20, 65_530), mend_s=0.3, seed=seed) as counter,
        listening(settings(counter, timeout_s=0.15)) as agent,
    ):
        agent.until(lambda: agent.tallies > 0)
        for fault in rng.choices(list(FAULTS), k=6):
            counter.faults[fault]()
            for _ in range(4):
                people = rng.randrange(4), rng.randrange(4)
                entered, left = entered + people[0], left + people[1]
                pass_by(counter, *people)
                time.sleep(rng.uniform(0, 0.2))
        agent.until(lambda: agent.people.get("main", [0, 0]) == [entered, left], PATIENCE_S, f"seed {seed}: {entered}, {left}")
