"""Make a device send a stream's events at their times, and fail when a fault is due.

Play(device, world.heard("store-0-front"), faults=[Fault("drop", 20.0)]).run(stop)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from edge_agent.sources.source import Crossing, Sighting
from footfall.errors import ConfigError
from footfall.units import NS_PER_S
from simulators.devices.emulator import Emulator

LONGEST_WAIT_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Fault:
    """`name` is one of the device's; `at_s` counts from the start of the play, in real time."""

    name: str
    at_s: float

    @classmethod
    def parse(cls, text: str) -> Fault:
        """`NAME@SECONDS`; ConfigError for anything else."""
        name, _, seconds = text.partition("@")
        try:
            return cls(name, float(seconds))
        except ValueError:
            raise ConfigError(f"--fault {text!r}: must be NAME@SECONDS, such as drop@20") from None


class Play:
    """`stream` is in the order of its `t_boot_ns`, counted from `from_ns`; `speed` 60 plays an hour in a minute.

    `told_total` counts the events given to the device, in its own unit: sightings, or people. The device itself does not count
    what nobody listened to.
    """

    def __init__(
        self,
        device: Emulator,
        stream: Iterable[Sighting | Crossing],
        *,
        from_ns: int = 0,
        speed: float = 1.0,
        faults: Sequence[Fault] = (),
        on_fault: Callable[[Fault], None] = lambda fault: None,
    ) -> None:
        for fault in faults:
            if fault.name not in device.faults:
                raise ConfigError(f"--fault {fault.name!r}: this device knows {', '.join(sorted(device.faults))}")
        self.device: Final = device
        self.told_total = 0
        self.last: Sighting | Crossing | None = None
        self._stream: Final = stream
        self._from_ns: Final = from_ns
        self._speed: Final = speed
        self._faults: Final = sorted(faults, key=lambda fault: fault.at_s)
        self._on_fault: Final = on_fault

    def run(self, stop: threading.Event, began_s: float | None = None, before_fault: Callable[[], None] = lambda: None) -> None:
        """Until the stream ends or `stop` is set. `began_s` is when it began, by time.monotonic(); default: now.

        `before_fault` is called before each fault, and nothing is said until it returns; what was due meanwhile is said afterwards.
        """
        zero_s = time.monotonic() if began_s is None else began_s
        for heard in self._stream:
            due_s = zero_s + (heard.t_boot_ns - self._from_ns) / NS_PER_S / self._speed
            while (wait_s := due_s - time.monotonic()) > 0 and not stop.is_set():
                self._fail(time.monotonic() - zero_s, before_fault)
                stop.wait(min(wait_s, LONGEST_WAIT_S))
            if stop.is_set():
                return
            self._fail(time.monotonic() - zero_s, before_fault)
            self.device.say(heard)
            self.told_total += heard.entered + heard.left if isinstance(heard, Crossing) else 1
            self.last = heard

    def _fail(self, now_s: float, before_fault: Callable[[], None]) -> None:
        while self._faults and self._faults[0].at_s <= now_s:
            fault = self._faults.pop(0)
            before_fault()
            self.device.faults[fault.name]()
            self._on_fault(fault)
