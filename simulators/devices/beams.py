"""A pair of light beams, whose edges arrive at pins of gpiozero's MockFactory as people walk through. In this process only.

    with BeamPins() as beams:
        beams.say(Crossing(0, "main", 3, 1))        # one after the other, at the speeds at which people walk
        beams.faults["stick"]()

Faults, each for `mend_s`: `stick` (something covers the outer beam), `flicker` (a beam that hardly reaches its receiver: bounces).
"""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Final, Self

import gpiozero
from gpiozero.pins.mock import MockFactory, MockPin

from device_profiles.decoders.beam_pair import BEAMS, Beam
from edge_agent.sources.source import Crossing, Sighting
from simulators.devices.emulator import SAID_S, until_said

OUTER_PIN: Final = 17
INNER_PIN: Final = 27
APART_M: Final = 0.1
FLICKER_S: Final = 0.004
CLEAR_S: Final = 0.2


class _Driven(MockPin):  # type: ignore[misc] # gpiozero ships no types
    """A pin that a barrier drives: what pulls at it changes nothing, nor does who opens it anew."""

    def _set_pull(self, value: str) -> None:
        self._pull = value


class BeamPins:
    """`hurry` 10: everybody walks ten times as fast, for tests; a profile's bounce must then be shorter too."""

    def __init__(self, *, broken_is: str = "low", hurry: float = 1.0, mend_s: float = 3.0, seed: int = 1) -> None:
        self.said_total = 0
        self._given_total = 0
        self._broken_is: Final = broken_is
        self._hurry: Final = hurry
        self._mend_s: Final = mend_s
        self._rng: Final = random.Random(seed)
        self._walkers: Final[queue.SimpleQueue[bool | None]] = queue.SimpleQueue()
        self._thread: Final = threading.Thread(target=self._walk, name="beams", daemon=True)
        self._flickers_until_s = 0.0
        self._door: Final = threading.Lock()
        """Held by whoever is in the beams."""
        self._free: Final = threading.Event()
        self._free.set()
        self._timers: Final[list[threading.Timer]] = []

    def __enter__(self) -> Self:
        self._before = gpiozero.Device.pin_factory
        self._factory = gpiozero.Device.pin_factory = MockFactory(pin_class=_Driven)
        self._pins: Mapping[Beam, Any] = {"outer": self._factory.pin(OUTER_PIN), "inner": self._factory.pin(INNER_PIN)}
        for beam in self._pins:
            self._set(beam, False)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None:
        self._walkers.put(None)
        self._free.set()
        self._thread.join()
        for timer in self._timers:
            timer.cancel()
        gpiozero.Device.pin_factory = self._before
        self._factory.close()

    @property
    def faults(self) -> Mapping[str, Callable[[], None]]:
        return {"stick": self._stick, "flicker": self._flicker}

    def say(self, heard: Sighting | Crossing) -> None:
        """People come to the door; who enters first, then who leaves. A sighting is a ValueError."""
        if not isinstance(heard, Crossing):
            raise ValueError("beams hear no identifiers")
        for inwards, people in ((True, heard.entered), (False, heard.left)):
            self._given_total += people
            for _ in range(people):
                self._walkers.put(inwards)

    def wait_said(self, timeout_s: float = SAID_S) -> None:
        until_said(lambda: self.said_total >= self._given_total, timeout_s)

    def settings(self) -> Mapping[str, Any]:
        return {"kind": "gpio", "profile": "beam-pair", "door": "main", "outer_pin": OUTER_PIN, "inner_pin": INNER_PIN}

    def _stick(self) -> None:
        self._free.clear()
        with self._door:
            self._set("outer", True)
        timer = threading.Timer(self._mend_s, self._unstick)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def _unstick(self) -> None:
        self._set("outer", False)
        time.sleep(CLEAR_S / self._hurry)
        self._free.set()

    def _flicker(self) -> None:
        self._flickers_until_s = time.monotonic() + self._mend_s

    def _walk(self) -> None:
        for inwards in iter(self._walkers.get, None):
            self._free.wait()
            near, far = BEAMS if inwards else BEAMS[::-1]
            with self._door:
                for beam, broken, wait_s in self._steps(near, far):
                    time.sleep(wait_s)
                    self._turn(beam, broken)
                self.said_total += 1

    def _steps(self, near: Beam, far: Beam) -> Iterator[tuple[Beam, bool, float]]:
        """Edges of one person, and the time before each."""
        speed_m_s = self._rng.uniform(0.6, 1.8) * self._hurry
        deep_m, behind_m = self._rng.uniform(0.2, 0.4), self._rng.uniform(0.3, 0.8)
        apart_s = APART_M / speed_m_s
        yield near, True, behind_m / speed_m_s
        yield far, True, apart_s
        yield near, False, deep_m / speed_m_s - apart_s
        yield far, False, apart_s

    def _turn(self, beam: Beam, broken: bool) -> None:
        if time.monotonic() < self._flickers_until_s:
            for level in (broken, not broken):
                self._set(beam, level)
                time.sleep(FLICKER_S / self._hurry)
        self._set(beam, broken)

    def _set(self, beam: Beam, broken: bool) -> None:
        pin = self._pins[beam]
        if broken == (self._broken_is == "low"):
            pin.drive_low()
        else:
            pin.drive_high()
