"""Dates of frames made before this boot heard a gateway: the agent gives them itself, before it first sends the frames. Pure.

    dates = OwnDates(boot, clock)
    dates.lacks(frame) -> bool                      # nothing dates it but the clock of this boot
    dates.can_wait(gateway_echoes, now_ns) -> bool  # the clock will soon be known better
    dates.give(frames) -> list[tuple[int, DecidedTime]]   # by seq

If the gateway dated them and lost its state before its receipt arrived, the next gateway would give another date.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from edge_agent.gateway_clock import GatewayClock
from edge_agent.spool.epochs import SpooledFrame
from footfall.boot_clock import Bounds
from footfall.dates import stated, still_holds
from footfall.errors import ContractError
from footfall.frames import DecidedTime
from footfall.packing import unpack_map

MEASURE_NS: Final = 10_000_000_000
"""How long frames wait for narrow bounds. The first hello may have waited in the broker for its gateway; the next has not."""


class OwnDates:
    """The dates that one run of the agent gives."""

    def __init__(self, boot: str, clock: GatewayClock) -> None:
        self._boot: Final = boot
        self._clock: Final = clock
        self._last: DecidedTime | None = None
        self._waits_since_ns: int | None = None

    def lacks(self, frame: SpooledFrame) -> bool:
        """Return whether only the clock of this boot dates the frame. A recording, made at boot time 0, has its own times."""
        return frame.boot == self._boot and frame.decided is None and frame.made_boot_ns > 0 and "offset_ns" not in _stated(frame)

    def can_wait(self, gateway_echoes: bool, now_ns: int) -> bool:
        """Return whether frames can wait for better bounds: at most `MEASURE_NS`, and only if the gateway echoes."""
        if not gateway_echoes or self._clock.bounds(now_ns).is_measured:
            self._waits_since_ns = None
            return False
        if self._waits_since_ns is None:
            self._waits_since_ns = now_ns
        return now_ns - self._waits_since_ns < MEASURE_NS

    def give(self, frames: Iterable[SpooledFrame]) -> list[tuple[int, DecidedTime]]:
        """Return a date for each seq, with as few different ones as are true.

        Return [] if receipts show nothing about the clock: then the gateway decides, and reports the date.
        """
        dates = []
        for frame in frames:
            offset = self._clock.offset(frame.made_boot_ns)
            if offset is not None:
                stated_map = _stated(frame)
                time = stated(offset, frame.made_boot_ns, stated_map.get("made_wall_ns", 0), stated_map.get("wall_synced") is True)
                dates.append((frame.seq, self._kept(time, self._clock.bounds(frame.made_boot_ns))))
        return dates

    def _kept(self, time: DecidedTime, bounds: Bounds) -> DecidedTime:
        if self._last is None or not still_holds(self._last, time, bounds):
            self._last = time
        return self._last


def _stated(frame: SpooledFrame) -> dict[Any, Any]:
    """Return the fields of the body as packed; {} for bytes that are no body."""
    try:
        return dict(unpack_map(frame.body, "body"))
    except ContractError:
        return {}
