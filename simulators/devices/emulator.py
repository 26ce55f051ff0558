"""What every emulated device gives. It speaks its protocol for real, on loopback, and listens when `with` has begun.

    with SomeEmulator(…) as device:
        settings = {"name": "x", "receivers": {…}, **device.settings()}     # a [[sources]] block of agent.toml
        device.say(Crossing(0, "main", 1, 0))
        device.faults["drop"]()

`say` may be called from any one thread, and never waits for a client.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, Protocol, Self

from edge_agent.sources.source import Crossing, Sighting

SAID_S: Final = 30.0
_LOOK_S: Final = 0.01


class Emulator(Protocol):
    """One emulated device. `__exit__` closes every socket and ends every thread and process that it began."""

    @property
    def faults(self) -> Mapping[str, Callable[[], None]]:
        """What goes wrong on request, by name: `drop`, `stall`, `garbage`, `reboot`, …

        Each returns within a second, once it has begun: what is sent after that goes to a device that fails. The device mends itself
        within ten seconds, so that nobody has to know how to mend it.
        """

    @property
    def said_total(self) -> int:
        """How many events it has put on its wire; events given while nobody listened are not among them.

        A counter that is read by others counts people: entered and left, of which every one is in its registers.
        """

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None: ...

    def say(self, heard: Sighting | Crossing) -> None:
        """Send it now; times in `heard` are ignored. Raise ValueError for what it cannot send, such as a crossing by BLE."""

    def wait_said(self, timeout_s: float = SAID_S) -> None:
        """Wait until all that was given is on the wire, or is lost since nobody listens. Raise TimeoutError after `timeout_s`."""

    def settings(self) -> Mapping[str, Any]:
        """The keys of the `[[sources]]` block that reaches it: `kind`, addresses, ports, profile, whatever it needs but `name`.

        Not `receivers` either: the caller decides where its antennas, radios and nodes hang.
        """


def until_said(is_said: Callable[[], bool], timeout_s: float) -> None:
    """Look until `is_said` is true. Raise TimeoutError after `timeout_s`."""
    until_s = time.monotonic() + timeout_s
    while not is_said():
        if time.monotonic() > until_s:
            raise TimeoutError(f"it has not said all after {timeout_s:.0f} s")
        time.sleep(_LOOK_S)
