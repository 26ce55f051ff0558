"""The offset between an agent's boot clock and gateway time: bounds from receipts and their echoes. Pure.

    offset = gateway time - boot time
    offset <= received_ns - sent_boot_ns        a frame was received after it was sent
    offset >= gateway_ns - heard_boot_ns        a receipt was heard after it was sent

Every sample holds at its own moment; the agent's clock may drift by 100 ppm, so bounds widen with the boot time between samples.
A wall clock of 1970, a step, or a night in a broker's queue do not affect them (compare Marzullo 1984; NTP, RFC 5905).
"""

from __future__ import annotations

from typing import Final, NamedTuple

MAX_DRIFT_PPM: Final = 100
MEASURED_WIDTH_NS: Final = 2_000_000_000
UNBOUNDED_NS: Final = 3 << 60
"""Above any offset (until 2079), and small enough that twice as much fits a 64-bit integer."""


class Bounds(NamedTuple):
    """`low_ns <= offset <= high_ns` when the boot clock reads `at_boot_ns`; `restarts` counts contradictions."""

    at_boot_ns: int
    low_ns: int
    high_ns: int
    restarts: int = 0

    @property
    def width_ns(self) -> int:
        return self.high_ns - self.low_ns

    @property
    def is_measured(self) -> bool:
        return self.width_ns <= MEASURED_WIDTH_NS

    @property
    def is_bounded(self) -> bool:
        """Return whether both bounds are known."""
        return self.width_ns < 1 << 58

    @property
    def offset_ns(self) -> int:
        """Return the middle of the bounds."""
        return (self.low_ns + self.high_ns) // 2


UNKNOWN: Final = Bounds(0, -UNBOUNDED_NS, UNBOUNDED_NS)


def at(bounds: Bounds, boot_ns: int) -> Bounds:
    """Return the bounds at another moment, widened by the drift allowed in between."""
    if boot_ns == bounds.at_boot_ns:
        return bounds
    slack = _slack_ns(boot_ns - bounds.at_boot_ns)
    return Bounds(boot_ns, bounds.low_ns - slack, bounds.high_ns + slack, bounds.restarts)


def learn(bounds: Bounds, received_ns: int, sent_boot_ns: int, gateway_ns: int, heard_boot_ns: int) -> Bounds:
    """Return the bounds after one header. If its sample contradicts them, it alone counts, as a restart.

    A sample that contradicts itself (the gateway's clock was set back in between) is ignored.
    """
    low_ns, high_ns = -UNBOUNDED_NS, received_ns - sent_boot_ns
    if 0 < gateway_ns <= received_ns and heard_boot_ns <= sent_boot_ns:
        low_ns = gateway_ns - heard_boot_ns - _slack_ns(sent_boot_ns - heard_boot_ns)
    slack = _slack_ns(sent_boot_ns - bounds.at_boot_ns)
    low, high = max(bounds.low_ns - slack, low_ns), min(bounds.high_ns + slack, high_ns)
    if low <= high:
        return Bounds(sent_boot_ns, low, high, bounds.restarts)
    if low_ns <= high_ns:
        return Bounds(sent_boot_ns, low_ns, high_ns, bounds.restarts + 1)
    return Bounds(sent_boot_ns, UNKNOWN.low_ns, UNKNOWN.high_ns, bounds.restarts + 1)


def _slack_ns(elapsed_boot_ns: int) -> int:
    return abs(elapsed_boot_ns) * MAX_DRIFT_PPM // 1_000_000
