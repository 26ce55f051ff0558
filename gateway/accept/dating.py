"""When the rows of a frame happened: as an earlier gateway decided, else as its agent knew when it made it, else as is known here.

The first two travel with the frame, so that every gateway makes the same points of it. The gateway itself decides for boots that
received no receipt, and for agents that do not date such frames (`footfall.dates`). Receipts carry its decisions to agents that
store them (`gateway.accept.decisions`). Pure.
"""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

from footfall.boot_clock import MAX_DRIFT_PPM, MEASURED_WIDTH_NS, UNBOUNDED_NS, UNKNOWN, Bounds, at
from footfall.dates import stated, still_holds
from footfall.frames import Body, DecidedTime, Header, is_run
from footfall.units import NS_PER_HOUR, NS_PER_S
from gateway.records import AGENT, BOUNDED, EARLIEST_NS, MEASURED, RECEIVED

TOLERANCE_NS: Final = NS_PER_S
"""How far the clocks of two gateways may differ before one rejects a date that the other decided."""
STORED_TOLERANCE_NS: Final = 60_000_000_000
"""The same for frames that were receipted: their rows are stored by that date, and another date would store them twice.
A gateway's clock may be off by as much unnoticed (`gateway.accept.own_clock.APART_NS`)."""
LONGEST_OFF_NS: Final = NS_PER_HOUR
"""Longest time off after which the middle of the bounds is taken: after a power cut, power comes back soon."""
_KNOWN_NS: Final = UNBOUNDED_NS // 2


class Clocks(Protocol):
    """The stored bounds of agents' clocks."""

    def bounds(self, agent: str, boot: str) -> Bounds: ...
    def set_bounds(self, agent: str, boot: str, bounds: Bounds) -> None: ...
    def sure_ns(self, agent: str) -> int:
        """Return a time at which the agent was certainly making frames of an earlier epoch."""
        ...


class Dated(NamedTuple):
    """`is_news`: the frame does not carry this date, so another gateway could not find it."""

    time: DecidedTime
    is_news: bool
    sure_ns: int
    """The body was certainly not made before this time."""


class Dating:
    """Dates frames. `clocks` is durable; the offset that consecutive frames of a boot share is remembered only while this runs."""

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks
        self._last: Final[dict[str, tuple[str, DecidedTime]]] = {}

    def use(self, clocks: Clocks) -> None:
        """Go on with other names for what is remembered."""
        self._clocks = clocks

    def date(self, header: Header, body: Body, now: Bounds, received_ns: int) -> Dated:
        """Return the date of a frame. `now`: the bounds of the sender's clock when it sent the frame."""
        if now.high_ns > received_ns - header.sent_boot_ns:  # samples contradicted each other, but it was sent before it came
            now = now._replace(high_ns=max(received_ns - header.sent_boot_ns, now.low_ns, -UNBOUNDED_NS))
        is_live = body.boot == header.boot
        own, latest_ns = (at(now, body.made_boot_ns), now.high_ns) if is_live else self._bounds_before(header, body, now, received_ns)
        if header.decided is not None or body.offset is not None:
            tolerance_ns = STORED_TOLERANCE_NS if header.seq <= header.receipted else TOLERANCE_NS
            for known in (header.decided, _stated(body)):
                if known is not None and known.quality <= RECEIVED and _is_plausible(known, own, tolerance_ns):
                    return Dated(known, False, _sure_ns(body, own, known, received_ns))
        time = _decided(body, own, latest_ns, is_live)
        if header.times_n >= 0:
            time = self._kept(header, body, own, time)
        return Dated(time, True, _sure_ns(body, own, time, received_ns))

    def _bounds_before(self, header: Header, body: Body, now: Bounds, received_ns: int) -> tuple[Bounds, int]:
        """Return the bounds of an earlier boot's clock when the body was made, and its offset if the box was off for no time."""
        raw = self._clocks.bounds(header.agent, body.boot)
        known = at(raw, body.made_boot_ns)
        if is_run(body.boot) or is_run(header.boot):  # perhaps one boot: its clock may go on, and all that is sure is that it was made
            high_ns = received_ns - body.made_boot_ns
            latest_ns = now.high_ns if body.made_boot_ns <= header.sent_boot_ns else high_ns
            return known._replace(high_ns=max(known.low_ns, min(known.high_ns, high_ns))), min(latest_ns, high_ns)
        if not header.boots_apart_ns and known.low_ns > -_KNOWN_NS:
            return known, raw.high_ns  # each frame would imply another length of its boot, and one boot has one clock
        apart_ns = max(header.boots_apart_ns, body.made_boot_ns)
        latest_ns = max(now.high_ns - apart_ns, -UNBOUNDED_NS)
        high_ns = latest_ns + _drift_ns(header.sent_boot_ns + apart_ns)
        if known.low_ns > high_ns:  # learned while a gateway's clock was wrong
            known = Bounds(known.at_boot_ns, UNKNOWN.low_ns, UNKNOWN.high_ns, known.restarts + 1)
        own = known._replace(high_ns=min(known.high_ns, high_ns))
        if known.low_ns < -_KNOWN_NS:
            own = own._replace(low_ns=self._first_ns(header.agent, own.high_ns))
            self._clocks.set_bounds(header.agent, body.boot, own._replace(high_ns=min(latest_ns, own.high_ns)))
        return own, min(latest_ns, own.high_ns)

    def _first_ns(self, agent: str, high_ns: int) -> int:
        """Return the earliest start of a boot without receipts: after everything known of the boot before it."""
        sure_ns = self._clocks.sure_ns(agent)
        return sure_ns if EARLIEST_NS < sure_ns <= high_ns else min(EARLIEST_NS, high_ns)

    def _kept(self, header: Header, body: Body, own: Bounds, time: DecidedTime) -> DecidedTime:
        """Return the offset of the frame before it, if that still holds."""
        boot, last = self._last.get(header.agent, ("", None))
        if boot == body.boot and last is not None and still_holds(last, time, own):
            return last
        self._last[header.agent] = (body.boot, time)
        return time


def _stated(body: Body) -> DecidedTime | None:
    """Return the date that the body itself states, which never changes; None if it states none."""
    if body.offset is None:
        return None
    return stated(body.offset, body.made_boot_ns, body.made_wall_ns, body.wall_synced)


def _is_plausible(stated_time: DecidedTime, own: Bounds, tolerance_ns: int) -> bool:
    """Whether the clock may have had this offset by all that is known here. An offset may lie at the edge of its bounds."""
    reach_ns = stated_time.width_ns + tolerance_ns
    return own.low_ns - reach_ns <= stated_time.offset_ns <= own.high_ns + reach_ns


def _decided(body: Body, own: Bounds, latest_ns: int, is_live: bool) -> DecidedTime:
    low_ns, high_ns = own.low_ns, own.high_ns
    width_ns = high_ns - low_ns
    if width_ns <= MEASURED_WIDTH_NS:
        return DecidedTime((low_ns + high_ns) // 2, width_ns, MEASURED)
    width_ns = min(width_ns, 2 * UNBOUNDED_NS)
    agent_ns = body.made_wall_ns - body.made_boot_ns
    if body.wall_synced and low_ns <= agent_ns <= high_ns:
        return DecidedTime(agent_ns, width_ns, AGENT)
    if is_live and not own.is_bounded:
        return DecidedTime(latest_ns, width_ns, RECEIVED)
    if is_live or width_ns <= LONGEST_OFF_NS:
        return DecidedTime(own.offset_ns, width_ns, BOUNDED)
    return DecidedTime(latest_ns, width_ns, BOUNDED)


def _sure_ns(body: Body, own: Bounds, time: DecidedTime, received_ns: int) -> int:
    sure_ns = body.made_boot_ns + max(own.low_ns, time.offset_ns - time.width_ns)
    return 0 if sure_ns < 0 else min(sure_ns, received_ns)


def _drift_ns(elapsed_ns: int) -> int:
    return elapsed_ns * MAX_DRIFT_PPM // 1_000_000
