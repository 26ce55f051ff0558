"""What every emulated device gives. It speaks its protocol for real, on loopback, and listens when `with` has begun.

    with SomeEmulator(…) as device:
        settings = {"name": "x", "receivers": {…}, **device.settings()}     # a [[sources]] block of agent.toml
        device.say(Crossing(0, "main", 1, 0))
        device.faults["drop"]()

`say` may be called from any one thread, and never waits for a client.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from edge_agent.sources.source import Crossing, Sighting


class Emulator(Protocol):
    """One emulated device. `__exit__` closes every socket and ends every thread and process that it began."""

    @property
    def faults(self) -> Mapping[str, Callable[[], None]]:
        """What goes wrong on request, by name: `drop`, `stall`, `garbage`, `reboot`, …

        Each returns within a second. The device mends itself within ten, so that nobody has to know how to mend it.
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

    def settings(self) -> Mapping[str, Any]:
        """The keys of the `[[sources]]` block that reaches it: `kind`, addresses, ports, profile, whatever it needs but `name`.

        Not `receivers` either: the caller decides where its antennas, radios and nodes hang.
        """
