"""Beam pairs through the real gpiozero, whose pins are mocked: people, bounces, a beam that is stuck."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest

from device_profiles.registry import Registry, shipped
from edge_agent.clock import SystemClock
from edge_agent.sources.gpio import Gpio
from edge_agent.sources.source import Crossing, Gap, Heard
from edge_agent.supervisor import Supervisor
from footfall.errors import ConfigError
from simulators.devices.beams import BeamPins
from tests.support.waiting import PATIENCE_S

CLOCK = SystemClock()
HURRY = 4.0


@cache
def profiles(stuck_s: float) -> Registry:
    """Beams for people who hurry."""
    pair = shipped()["beam-pair"]
    assert pair.device is not None
    quick = pair.device.model_copy(update={"bounce_ms": 4.0, "follow_ms": 50.0, "stuck_s": stuck_s})
    return Registry({"beam-pair": pair.model_copy(update={"device": quick})})


class Listening:
    """What the source reported."""

    def __init__(self, beams: BeamPins, stuck_s: float = 10.0, **more: Any) -> None:
        self.heard: list[Heard] = []
        settings = Gpio.model_validate({"name": "beams", **beams.settings(), **more})
        self.supervisor = Supervisor([settings.source(CLOCK, profiles(stuck_s))], self.heard.append, CLOCK, backoff_s=0.1)

    def people(self) -> tuple[int, int]:
        crossings = [heard for heard in self.heard if isinstance(heard, Crossing)]
        return sum(crossing.entered for crossing in crossings), sum(crossing.left for crossing in crossings)

    def until(self, done: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, f"not within {seconds} s: {self.heard[-5:]} {self.supervisor.health}"
            time.sleep(0.01)


@contextmanager
def listening(beams: BeamPins, **more: Any) -> Iterator[Listening]:
    agent = Listening(beams, **more)
    stop = threading.Event()
    agent.supervisor.start(stop)
    time.sleep(0.2)
    try:
        yield agent
    finally:
        stop.set()
        agent.until(lambda: not agent.supervisor.is_running())


def test_people_are_counted_in_their_direction() -> None:
    with BeamPins(hurry=HURRY) as beams, listening(beams) as agent:
        beams.say(Crossing(0, "main", 5, 2))
        beams.say(Crossing(0, "main", 0, 1))
        agent.until(lambda: beams.said_total == 8)
        agent.until(lambda: agent.people() == (5, 3))
        assert {heard.door for heard in agent.heard if isinstance(heard, Crossing)} == {"main"}


def test_a_flickering_beam_counts_nobody_twice() -> None:
    with BeamPins(hurry=HURRY, mend_s=2.0) as beams, listening(beams) as agent:
        beams.faults["flicker"]()
        beams.say(Crossing(0, "main", 4, 3))
        agent.until(lambda: beams.said_total == 7)
        agent.until(lambda: agent.people() == (4, 3))


def test_a_stuck_beam_is_a_fault_with_a_gap_and_counting_goes_on_when_it_is_free() -> None:
    with BeamPins(hurry=HURRY, mend_s=2.2) as beams, listening(beams, stuck_s=0.6) as agent:
        beams.say(Crossing(0, "main", 1, 0))
        agent.until(lambda: agent.people() == (1, 0))
        began_ns = CLOCK.boot_ns()
        beams.faults["stick"]()
        agent.until(lambda: agent.supervisor.health["beams"].state == "fault")
        assert "outer beam was broken for" in agent.supervisor.health["beams"].detail
        agent.until(lambda: agent.supervisor.health["beams"].state == "ok")
        beams.say(Crossing(0, "main", 2, 1))
        agent.until(lambda: agent.people() == (3, 1))
        gaps = [heard for heard in agent.heard if isinstance(heard, Gap)]
        assert [gap.reason for gap in gaps] == ["source.fault", "beams.covered"]
        assert abs(gaps[0].from_boot_ns - began_ns) < 900_000_000
        assert gaps[0].to_boot_ns <= gaps[1].to_boot_ns


def test_a_beam_that_is_covered_from_the_beginning_is_reported() -> None:
    with BeamPins(hurry=HURRY, mend_s=2.5) as beams:
        beams.faults["stick"]()
        with listening(beams, stuck_s=0.6, pull=False) as agent:
            agent.until(lambda: agent.supervisor.health["beams"].state == "fault")
            assert "outer beam was broken" in agent.supervisor.health["beams"].detail
            agent.until(lambda: agent.supervisor.health["beams"].state == "ok")
            beams.say(Crossing(0, "main", 1, 0))
            agent.until(lambda: agent.people() == (1, 0))


def test_pins_that_this_box_does_not_have_are_a_fault_that_names_them() -> None:
    with BeamPins() as beams, listening(beams, inner_pin=99) as agent:
        agent.until(lambda: agent.supervisor.health["beams"].state == "fault")
        assert "PinInvalidPin" in agent.supervisor.health["beams"].detail


@pytest.mark.parametrize(
    ("keys", "said"), [({"inner_pin": 17}, "must be two pins"), ({"profile": "ibeacon"}, "is none of a beam pair: beam-pair")]
)
def test_what_cannot_be_is_reported_at_the_start(keys: dict[str, Any], said: str) -> None:
    with pytest.raises((ConfigError, ValueError), match=said):
        Gpio.model_validate({"kind": "gpio", "name": "beams", "door": "main", "outer_pin": 17, "inner_pin": 27, **keys}).source(
            CLOCK, profiles(10.0)
        )
