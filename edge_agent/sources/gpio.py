"""Beam pairs at the pins of this box, through gpiozero; which library drives the pins is gpiozero's choice (`GPIOZERO_PIN_FACTORY`).

    [[sources]]
    kind = "gpio"
    name = "beams-main"
    profile = "beam-pair"
    door = "main"
    outer_pin = 17                   # BCM numbers, or what gpiozero takes: "BOARD11", "GPIO17"
    inner_pin = 27

A beam that is broken for `stuck_s` is a fault, reported once, with a gap since then. The source then waits until both beams are free, and
resumes by itself. While both are free it emits a sign of life every second, so that a gap begins where counting ended.
"""

from __future__ import annotations

import errno
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from device_profiles.decoders.beam_pair import BEAMS, Beam, Edge
from device_profiles.devices.beams import Beams
from device_profiles.registry import Registry
from edge_agent.clock import Clock
from edge_agent.sources.settings import SourceSettings, require
from edge_agent.sources.source import AliveUntil, Crossing, Gap, Heard, ObservationTask
from footfall.errors import ConfigError
from footfall.events import Name
from footfall.units import NS_PER_S

TURN_S: Final = 0.02
ALIVE_NS: Final = NS_PER_S
LATE_NS: Final = NS_PER_S // 20
"""How late an edge may arrive: its thread may be delayed between reading the clock and queueing it."""
MAX_EDGES: Final = 10_000
Pin = Annotated[int, Field(ge=0, le=1023)] | Annotated[str, Field(pattern=r"^[A-Za-z0-9:]{1,16}\z")]


class Gpio(SourceSettings):
    """`pull`: whether the box pulls the pin to its resting level; otherwise the wiring does."""

    kind: Literal["gpio"]
    profile: Name = "beam-pair"
    door: Name
    outer_pin: Pin
    inner_pin: Pin
    pull: bool = True

    @model_validator(mode="after")
    def _two_pins(self) -> Gpio:
        if self.outer_pin == self.inner_pin:
            raise ValueError("outer_pin and inner_pin must be two pins")
        return self

    @property
    def task(self) -> ObservationTask:
        return "doors"

    def source(self, clock: Clock, profiles: Registry) -> BeamSource:
        require("gpiozero", "A beam pair")
        profile = profiles.get(self.profile)
        if profile is None or not isinstance(profile.device, Beams):
            known = sorted(name for name, known in profiles.items() if isinstance(known.device, Beams))
            raise ConfigError(f"source {self.name!r}: profile {self.profile!r} is none of a beam pair: {', '.join(known)}")
        return BeamSource(self, profile.device, clock)


class BeamSource:
    """Counts at one pair of beams."""

    def __init__(self, settings: Gpio, device: Beams, clock: Clock) -> None:
        self.name = settings.name
        self.silence_s = settings.silence_s
        self._settings: Final = settings
        self._device: Final = device
        self._clock: Final = clock
        self._is_stuck = False
        """Whether the stuck beam was reported already."""

    def run(self, emit: Callable[[Heard], None], stop: threading.Event) -> None:
        """Count until `stop`. Raise OSError if a beam is stuck, edges come faster than anybody walks, or the pins are not available."""
        edges: queue.Queue[Edge] = queue.Queue(MAX_EDGES)
        with self._pins(edges) as pins:
            self._count(pins, edges, emit, stop)

    def _count(self, pins: dict[Beam, Any], edges: queue.Queue[Edge], emit: Callable[[Heard], None], stop: threading.Event) -> None:
        pair = self._device.pair(_broken(pins))
        began_ns = free_ns = reported_ns = self._clock.boot_ns()
        is_counting = pair.is_free
        while not stop.is_set():
            if edges.full():
                raise OSError(errno.EOVERFLOW, "beams: edges come faster than anybody walks")
            now_ns = self._clock.boot_ns()
            passages = [passage for edge in self._edges(edges) for passage in pair.hear(edge)]
            for passage in passages + pair.settle(now_ns - LATE_NS):
                emit(Crossing(passage.t_ns, self._settings.door, passage.entered, passage.left, self._settings.profile))
            if not pair.is_free:
                self._report_stuck(pins, now_ns - free_ns)
                continue
            free_ns, self._is_stuck = now_ns, False
            if not is_counting:
                is_counting = True
                emit(Gap(began_ns, now_ns, "beams.covered"))
            elif now_ns - reported_ns >= ALIVE_NS:
                reported_ns = now_ns
                emit(AliveUntil(now_ns))

    def _report_stuck(self, pins: dict[Beam, Any], broken_ns: int) -> None:
        """Raise OSError, once, if a beam is broken for longer than anybody stands in it."""
        if broken_ns > self._device.stuck_s * NS_PER_S and not self._is_stuck:
            self._is_stuck = True
            raise OSError(errno.EIO, f"{' and '.join(_broken(pins)) or 'a'} beam was broken for {self._device.stuck_s:.0f} s")

    def _edges(self, edges: queue.Queue[Edge]) -> Iterator[Edge]:
        """Yield the queued edges, after a moment."""
        try:
            yield edges.get(timeout=TURN_S)
            while True:
                yield edges.get_nowait()
        except queue.Empty:
            return

    @contextmanager
    def _pins(self, edges: queue.Queue[Edge]) -> Iterator[dict[Beam, Any]]:
        from gpiozero import GPIOZeroError  # an agent without beams does not hold gpiozero in memory

        pins: dict[Beam, Any] = {}
        try:
            for beam, number in zip(BEAMS, (self._settings.outer_pin, self._settings.inner_pin), strict=True):
                pins[beam] = self._pin(number)
                self._watch(beam, pins[beam], edges)
            yield pins
        except GPIOZeroError as error:
            raise OSError(errno.ENODEV, f"pins: {type(error).__name__}") from error
        finally:
            for pin in pins.values():
                pin.close()

    def _pin(self, number: int | str) -> Any:
        """Open a pin that is active while its beam is broken."""
        from gpiozero import DigitalInputDevice

        low = self._device.broken_is == "low"
        if self._settings.pull:
            return DigitalInputDevice(number, pull_up=low)
        return DigitalInputDevice(number, pull_up=None, active_state=not low)

    def _watch(self, beam: Beam, pin: Any, edges: queue.Queue[Edge]) -> None:
        def put(broken: bool) -> None:
            if not edges.full():  # full is a fault, which the source raises; gpiozero's thread must never wait
                edges.put_nowait(Edge(self._clock.boot_ns(), beam, broken))

        pin.when_activated = lambda: put(True)
        pin.when_deactivated = lambda: put(False)


def _broken(pins: dict[Beam, Any]) -> list[Beam]:
    return [beam for beam, pin in pins.items() if pin.is_active]
