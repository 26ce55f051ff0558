"""A play sends a stream through a device in its time, and makes it fail on demand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import pytest

from edge_agent.sources.source import Crossing, Sighting
from footfall.errors import ConfigError
from simulators.devices.emulator import SAID_S
from simulators.devices.play import Fault, Play

S = 1_000_000_000


class Notebook:
    """A device that writes down what it is given, and when."""

    def __init__(self) -> None:
        self.told: list[tuple[float, Sighting | Crossing | str]] = []
        self.said_total = 0

    @property
    def faults(self) -> Mapping[str, Callable[[], None]]:
        return {"drop": lambda: self._write("drop"), "stall": lambda: self._write("stall")}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None: ...

    def say(self, heard: Sighting | Crossing) -> None:
        self._write(heard)

    def wait_said(self, timeout_s: float = SAID_S) -> None: ...

    def settings(self) -> Mapping[str, Any]:
        return {}

    def _write(self, what: Sighting | Crossing | str) -> None:
        self.told.append((time.monotonic(), what))


def crossing(at_s: float, entered: int = 1) -> Crossing:
    return Crossing(round(at_s * S), "main", entered, 1)


def test_it_sends_all_in_time_and_fails_in_between() -> None:
    device, began_s = Notebook(), time.monotonic()
    stream = [crossing(10), crossing(16, 2), crossing(22)]
    play = Play(device, stream, from_ns=10 * S, speed=20, faults=[Fault("stall", 0.45), Fault("drop", 0.15)])
    play.run(threading.Event(), began_s)
    assert [what for _, what in device.told] == [stream[0], "drop", stream[1], "stall", stream[2]]
    late_s = [at_s - began_s - due_s for (at_s, _), due_s in zip(device.told, [0, 0.15, 0.3, 0.45, 0.6], strict=True)]
    assert all(-0.01 < late < 0.25 for late in late_s), late_s
    assert play.told_total == 2 + 3 + 2, "people, as counters count"
    assert play.last == stream[2]


def test_before_it_fails_somebody_may_wait_for_what_was_said() -> None:
    device, heard = Notebook(), crossing(0)
    Play(device, [heard], faults=[Fault("drop", 0)]).run(threading.Event(), before_fault=lambda: device._write("waited"))
    assert [what for _, what in device.told] == ["waited", "drop", heard]


def test_it_stops_at_once() -> None:
    device, stop = Notebook(), threading.Event()
    thread = threading.Thread(target=Play(device, [crossing(3600)]).run, args=(stop,))
    thread.start()
    stop.set()
    thread.join(1.0)
    assert not thread.is_alive()
    assert device.told == []


@pytest.mark.parametrize("text", ["", "drop", "drop@", "drop@soon", "@"])
def test_a_fault_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="NAME@SECONDS"):
        Fault.parse(text)


def test_an_unknown_fault_names_those_that_are_known() -> None:
    assert Fault.parse("burn@2.5") == Fault("burn", 2.5)
    with pytest.raises(ConfigError, match="drop, stall"):
        Play(Notebook(), [], faults=[Fault("burn", 2.5)])
