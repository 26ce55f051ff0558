"""The agent's only clock. All other code takes time as an argument, or this object.

class Clock(Protocol):
    boot: str                      # random id of one boot of the machine
    def boot_ns(self) -> int       # CLOCK_BOOTTIME: counts through suspend, is never set
    def wall_ns(self) -> int       # CLOCK_REALTIME: may be 1970, stepped or days off
    def wall_synced(self) -> bool  # whether the kernel reports that something disciplines the wall clock

moment(clock) -> Moment            # the three of one instant
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from footfall.frames import RUN
from footfall.units import NS_PER_MINUTE
from footfall.wall_clock import is_synchronised

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on both clocks."""

    boot_ns: int
    wall_ns: int
    wall_synced: bool


class Clock(Protocol):
    """What the agent needs of time."""

    boot: str

    def boot_ns(self) -> int: ...

    def wall_ns(self) -> int: ...

    def wall_synced(self) -> bool: ...


def sure_ns(clock: Clock, gateway_ns: int) -> int:
    """Return the time by a synchronised clock and by the gateway's, by receipts (0: none came); 0 if nobody knows, or they differ."""
    wall_ns = clock.wall_ns() if clock.wall_synced() else 0
    if wall_ns and gateway_ns and abs(wall_ns - gateway_ns) > NS_PER_MINUTE:
        return 0
    return gateway_ns or wall_ns


def moment(clock: Clock) -> Moment:
    return Moment(clock.boot_ns(), clock.wall_ns(), clock.wall_synced())


class SystemClock:
    """The machine's clocks."""

    def __init__(self) -> None:
        self.boot: str = _boot_id()

    def boot_ns(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def wall_ns(self) -> int:
        return time.time_ns()

    def wall_synced(self) -> bool:
        return is_synchronised()


def _boot_id() -> str:
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return RUN + secrets.token_hex(16)
