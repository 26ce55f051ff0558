"""What every source of an agent gives, and what it may count on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from device_profiles.reading import Counted


@dataclass(slots=True)  # one is made for each sighting: frozen would cost four times as much
class Sighting:
    """One receiver heard one identifier once. `identifier` is raw: it lives in memory only, until it is a subject."""

    t_boot_ns: int
    receiver: str
    profile: str
    identifier: str
    rssi_dbm: int
    t_wall_ns: int = 0
    """The device's own time, 0 where it has none."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """`entered` and `left` people passed `door` since the last crossing of it."""

    t_boot_ns: int
    door: str
    entered: int
    left: int
    profile: str = "door-counter"
    t_wall_ns: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """What a counter shows or reports, unchanged: `edge_agent.counters` turns it into crossings, with a memory that outlives the agent.

    `device` names the counter among all of this agent, the same at every start: a source's name, and what distinguishes its devices.
    """

    t_boot_ns: int
    device: str
    door: str
    counted: Counted
    profile: str

    @property
    def t_wall_ns(self) -> int:
        return self.counted.t_wall_ns


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing was observed from `from_boot_ns` to `to_boot_ns`."""

    from_boot_ns: int
    to_boot_ns: int
    reason: str
    rows: int = 0
    source: str = ""
    """Whose; set by the supervisor. "": the agent's own."""


@dataclass(frozen=True, slots=True)
class RefusedReading:
    """Input that could not be read. `data` only where no identifier can be in it."""

    t_boot_ns: int
    reason: str
    where: str
    data: bytes = b""
    t_wall_ns: int = 0


@dataclass(frozen=True, slots=True)
class AliveUntil:
    """The source promises: nothing older than this comes from it any more. For replayed files, whose time is not the clock's."""

    t_boot_ns: int
    t_wall_ns: int = 0


@dataclass(frozen=True, slots=True)
class Unexplained:
    """So many messages that no profile explains, for `reason`: counted, and a sign that the device is well."""

    t_boot_ns: int
    reason: str
    total: int = 1
    t_wall_ns: int = 0


Recorded = Sighting | Crossing | Gap | RefusedReading | AliveUntil
"""What can stand in a file: without a memory of what was before it."""
Heard = Recorded | Tally | Unexplained


class Source(Protocol):
    """A supervised reader of one device, bus or file.

    `run` blocks, calls `emit` for each thing heard (which blocks while the agent cannot take more), and returns when `stop` is set
    within a second, or when the input has ended for good. Any exception is a fault: the supervisor reports a gap and runs it again
    with backoff. So is silence longer than `silence_s` (None: silence is normal).
    """

    name: str
    silence_s: float | None

    def run(self, emit: Callable[[Heard], None], stop: threading.Event) -> None: ...
