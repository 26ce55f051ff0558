"""The offset between boot clock and gateway time, as receipts bound it. Pure.

    clock = GatewayClock(boot)
    clock.hear(receipt, heard_boot_ns)
    clock.bounds(boot_ns) -> Bounds
    clock.offset(now_boot_ns) -> Offset | None     # None while receipts bound it from one side only
    clock.gateway_ns(now_boot_ns) -> int           # 0 before the first receipt
    clock.begin_anew()                             # another gateway: its clock is another
    clock.contradiction(now_boot_ns) -> str        # "": receipts agree with each other

A receipt was heard after its `gateway_ns`, and what it echoes was sent before. The gateway finds the same bounds from headers
(`footfall.boot_clock`); bodies carry them to every other gateway. They are not kept over a restart. Until its first receipt a run knows
nothing of its clock, and its bodies have no offset: they are dated once that receipt was heard (`own_dates.py`).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from footfall.boot_clock import MAX_DRIFT_PPM, UNBOUNDED_NS, UNKNOWN, Bounds, at, learn
from footfall.frames import Offset
from footfall.receipts import Receipt
from footfall.units import NS_PER_S


class ReceiptEcho(NamedTuple):
    """The last receipt's `gateway_ns`, and when it was heard; both 0 before the first."""

    gateway_ns: int = 0
    heard_boot_ns: int = 0


REMEMBERED_NS: Final = 3_600_000_000_000
SET_NS: Final = 2_000_000_000
"""A clock that NTP slews contradicts itself by less; a larger contradiction means that a clock was set."""


class GatewayClock:
    """The bounds for one boot of the agent's machine."""

    def __init__(self, boot: str) -> None:
        self.echo = ReceiptEcho()
        self._boot: Final = boot
        self._bounds = UNKNOWN
        self._contradicted_ns = -REMEMBERED_NS

    def begin_anew(self) -> None:
        self._bounds = UNKNOWN

    def hear(self, receipt: Receipt, heard_boot_ns: int) -> None:
        self.echo = ReceiptEcho(receipt.gateway_ns, heard_boot_ns)
        if receipt.echo_boot != self._boot or receipt.echo_boot_ns > heard_boot_ns:
            return
        under_way_ns = heard_boot_ns - receipt.echo_boot_ns
        under_way_ns += under_way_ns * MAX_DRIFT_PPM // 1_000_000
        before = self._bounds
        self._bounds = learn(before, receipt.gateway_ns + under_way_ns, heard_boot_ns, receipt.gateway_ns, heard_boot_ns)
        if self._bounds.restarts > before.restarts and abs(self._bounds.offset_ns - before.offset_ns) > SET_NS:
            self._contradicted_ns = heard_boot_ns

    def contradiction(self, now_boot_ns: int) -> str:
        """Return a text for an hour after a receipt that no offset can reconcile with those before; else ""."""
        if now_boot_ns - self._contradicted_ns >= REMEMBERED_NS:
            return ""
        return f"receipts contradict each other by more than {SET_NS // NS_PER_S} s: the gateway's clock was set"

    def gateway_ns(self, now_boot_ns: int) -> int:
        return self.echo.gateway_ns + now_boot_ns - self.echo.heard_boot_ns if self.echo.gateway_ns else 0

    def bounds(self, boot_ns: int) -> Bounds:
        """Return the bounds at `boot_ns`, which may be long ago: they widen with the distance in time."""
        return at(self._bounds, boot_ns)

    def offset(self, now_boot_ns: int) -> Offset | None:
        bounds = self.bounds(now_boot_ns)
        if not bounds.is_bounded or not 0 <= bounds.offset_ns <= UNBOUNDED_NS:
            return None
        return Offset(bounds.offset_ns, bounds.width_ns)
