"""When a frame's rows happened, as far as the offset of its agent's boot clock is known. Pure.

    stated(offset, made_boot_ns, made_wall_ns, wall_synced) -> DecidedTime
    still_holds(last, time, bounds) -> bool      # whether the next frame of a boot may keep the date of the one before

Frames from before the agent knew its clock are dated by the rule that gateways apply to a body: both find the same date.
"""

from __future__ import annotations

from typing import Final

from footfall.boot_clock import MEASURED_WIDTH_NS, Bounds
from footfall.frames import TIME_QUALITIES, DecidedTime, Offset
from footfall.units import NS_PER_S

MEASURED, AGENT, BOUNDED, RECEIVED, DEVICE = range(len(TIME_QUALITIES))
EARLIEST_NS: Final = 946_684_800 * NS_PER_S
"""The year 2000: nothing that is older was recorded by such devices."""
SAME_AGENT_NS: Final = 5_000_000
"""A synchronised clock is slewed: offsets that differ by less count as one."""


def stated(offset: Offset, made_boot_ns: int, made_wall_ns: int, wall_synced: bool) -> DecidedTime:
    """Return the date by bounds of at most 2 s, else by a synchronised wall clock inside the bounds, else by their middle."""
    if offset.width_ns <= MEASURED_WIDTH_NS:
        return DecidedTime(*offset, MEASURED)
    agent_ns = made_wall_ns - made_boot_ns
    if wall_synced and abs(agent_ns - offset.offset_ns) <= offset.width_ns // 2:
        return DecidedTime(agent_ns, offset.width_ns, AGENT)
    return DecidedTime(*offset, BOUNDED)


def still_holds(last: DecidedTime, time: DecidedTime, bounds: Bounds) -> bool:
    """Return whether the next frame of a boot may keep the offset `last`, so that intervals between its rows are kept."""
    if last.quality != time.quality or 2 * time.width_ns < last.width_ns:
        return False
    if time.quality == AGENT:
        return abs(time.offset_ns - last.offset_ns) <= SAME_AGENT_NS
    return time.quality != RECEIVED and max(last.offset_ns - bounds.low_ns, bounds.high_ns - last.offset_ns) <= last.width_ns
