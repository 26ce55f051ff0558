"""When the rows of a frame happened: what an earlier gateway decided, else what its agent knew when it made it, else what is known here.

The first two travel with the frame, so that every gateway that ever takes it makes the same points. The gateway's own decision is for
frames of boots that heard no gateway, and of agents that do not date what they made before (`footfall.dates`); it is told to those that
store it (`gateway.accept.decisions`). Pure.
"""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

from footfall.boot_clock import MAX_DRIFT_PPM, MEASURED_WIDTH_NS, UNBOUNDED_NS, UNKNOWN, Bounds, at
from footfall.dates import stated, still_holds
from footfall.frames import Body, DecidedTime, Header, is_run
from footfall.units import NS_PER_HOUR, NS_PER_S
from gateway.records import AGENT, BOUNDED, EARLIEST_NS, MEASURED, RECEIVED

TOLERANCE_NS: Final = NS_PER_S
"""Clocks of two gateways may differ by so much before the one no longer believes what the other decided."""
STORED_TOLERANCE_NS: Final = 60_000_000_000
"""… and by so much of frames that somebody receipted: their rows are stored by that date, and another one would store them once more.
A gateway's clock may be off by as much without anybody's noticing (`gateway.accept.own_clock.APART_NS`)."""
LONGEST_OFF_NS: Final = NS_PER_HOUR
"""A box that was off for longer was off before its power cycle or after it, nobody knows which: after a cut, power comes back soon."""
_KNOWN_NS: Final = UNBOUNDED_NS // 2


class Clocks(Protocol):
    """What is remembered of agents' clocks."""

    def bounds(self, agent: str, boot: str) -> Bounds: ...
    def set_bounds(self, agent: str, boot: str, bounds: Bounds) -> None: ...
    def sure_ns(self, agent: str) -> int:
        """A time at which the agent surely was making frames of an epoch that it had before the present one."""
        ...


class Dated(NamedTuple):
    """`is_news`: no other gateway would find this in the frame."""

    time: DecidedTime
    is_news: bool
    sure_ns: int
    """The body was surely not made before."""


class Dating:
    """`clocks` is durable; that frames of one boot made one after the other have one offset is remembered only while this runs."""

    def __init__(self, clocks: Clocks) -> None:
        self._clocks: Final = clocks
        self._last: Final[dict[str, tuple[str, DecidedTime]]] = {}

    def date(self, header: Header, body: Body, now: Bounds, received_ns: int) -> Dated:
        """`now`: the bounds of the sender's clock as of its sending."""
        if now.high_ns > received_ns - header.sent_boot_ns:  # samples contradicted each other, but it was sent before it came
            now = now._replace(high_ns=max(received_ns - header.sent_boot_ns, now.low_ns, -UNBOUNDED_NS))
        is_live = body.boot == header.boot
        own, latest_ns = (at(now, body.made_boot_ns), now.high_ns) if is_live else self._bounds_before(header, body, now, received_ns)
        if header.decided is not None or body.offset is not None:
            tolerance_ns = STORED_TOLERANCE_NS if header.seq <= header.receipted else TOLERANCE_NS
            for said in (header.decided, _said(body)):
                if said is not None and said.quality <= RECEIVED and _is_plausible(said, own, tolerance_ns):
                    return Dated(said, False, _sure_ns(body, own, said, received_ns))
        time = _decided(body, own, latest_ns, is_live)
        if header.times_n >= 0:
            time = self._kept(header, body, own, time)
        return Dated(time, True, _sure_ns(body, own, time, received_ns))

    def _bounds_before(self, header: Header, body: Body, now: Bounds, received_ns: int) -> tuple[Bounds, int]:
        """Of the clock of an earlier boot when the body was made, and the offset that it has if it was off for no time at all."""
        raw = self._clocks.bounds(header.agent, body.boot)
        known = at(raw, body.made_boot_ns)
        if is_run(body.boot) or is_run(header.boot):  # perhaps one boot: its clock may go on, and all that is sure is that it was made
            high_ns = received_ns - body.made_boot_ns
            latest_ns = now.high_ns if body.made_boot_ns <= header.sent_boot_ns else high_ns
            return known._replace(high_ns=max(known.low_ns, min(known.high_ns, high_ns))), min(latest_ns, high_ns)
        if not header.boots_apart_ns and known.low_ns > -_KNOWN_NS:
            return known, raw.high_ns  # each frame would say another length of its boot, and one boot has one clock
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
        """When a boot that heard nobody began at the earliest: after all that is known of the one before it."""
        sure_ns = self._clocks.sure_ns(agent)
        return sure_ns if EARLIEST_NS < sure_ns <= high_ns else min(EARLIEST_NS, high_ns)

    def _kept(self, header: Header, body: Body, own: Bounds, time: DecidedTime) -> DecidedTime:
        """The offset of the frame before it, where that still holds."""
        boot, last = self._last.get(header.agent, ("", None))
        if boot == body.boot and last is not None and still_holds(last, time, own):
            return last
        self._last[header.agent] = (body.boot, time)
        return time


def _said(body: Body) -> DecidedTime | None:
    """What the body itself says of its time: nothing in it ever changes."""
    if body.offset is None:
        return None
    return stated(body.offset, body.made_boot_ns, body.made_wall_ns, body.wall_synced)


def _is_plausible(said: DecidedTime, own: Bounds, tolerance_ns: int) -> bool:
    """Whether the clock may have been there by all that is known here. An offset may lie at the edge of its bounds."""
    reach_ns = said.width_ns + tolerance_ns
    return own.low_ns - reach_ns <= said.offset_ns <= own.high_ns + reach_ns


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
