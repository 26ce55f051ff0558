"""Incoming receipts: which of them count, and what they change.

    hearing = Hearing(spool, boot, notice_ns, on_key)
    hearing.begin()                                     # a new connection: nothing more comes from the old one
    hearing.hear(payload, boot_ns) -> Word | None       # what it was to the binding; None: ignored
    hearing.last; hearing.clock; hearing.binding        # the last receipt that counted, and what is known from all of them

Only the newest receipt lowers a mark, and no receipt from before that raises it again. Which one is newer follows from the agent's own
clock in the receipt's echo, since the gateway's may be set. Receipts without echo go by the gateway's, for as long as one can be under way.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, NamedTuple

from edge_agent.binding import Binding, Word
from edge_agent.gateway_clock import GatewayClock
from edge_agent.spool import Epoch, Spool, SpoolUnavailable
from footfall.errors import ContractError
from footfall.receipts import DayKey, Receipt, Times, decode_receipt
from footfall.units import NS_PER_S

log = logging.getLogger("footfall.agent.publisher")

LATE_NS: Final = 60 * NS_PER_S
"""No receipt is under way for longer: one that comes after that states the present."""
LONGEST_PROMPT_S: Final = 60
FOREIGN_NS: Final = 600 * NS_PER_S
NO_RECEIPT: Final = Receipt("none", 0, 0, "none", ())


class _Order(NamedTuple):
    """When a receipt was made (by the agent's clock if it has an echo, else by the gateway's), and when it was heard."""

    is_echo: bool
    made_ns: int
    heard_ns: int

    def is_after(self, other: _Order) -> bool:
        return (self.is_echo, self.made_ns) > (other.is_echo, other.made_ns) or self.heard_ns - other.heard_ns > LATE_NS


_NEVER: Final = _Order(False, -1, -LATE_NS)


class Hearing:
    """`last` is the last receipt that counted, NO_RECEIPT before the first."""

    def __init__(self, spool: Spool, boot: str, notice_ns: int, on_key: Callable[[DayKey, int], None]) -> None:
        self.last: Receipt = NO_RECEIPT
        self.is_repeated = False
        """Whether the last receipt repeated the known mark: the frames after it have not arrived, or not yet."""
        self.is_lower = False
        """Whether it confirmed less than before: the gateway's state was put back."""
        self.binding: Final = Binding(spool.journal_id, notice_ns)
        self.clock: Final = GatewayClock(boot)
        self.prompt_until_ns = 0
        """Until when the gateway wants to hear promptly of whatever is heard, and that nobody is; on the agent's clock."""
        self._spool: Final = spool
        self._boot: Final = boot
        self._on_key: Final = on_key
        self._newest: dict[str, _Order] = {}
        self._lowered: dict[str, _Order] = {}
        """By epoch."""
        self._foreign_ns = -FOREIGN_NS

    def begin(self) -> None:
        self._newest, self._lowered = {}, {}

    def hear(self, payload: bytes, boot_ns: int) -> Word | None:
        """Return what a receipt means to the binding; None if it is overtaken, for other frames than ours, or of another journal."""
        try:
            receipt = decode_receipt(payload)
        except ContractError as error:
            log.warning("a receipt was ignored: %s", error)
            return None
        if self._spool.get(receipt.epoch) is None:
            if receipt.echo_boot not in ("", self._boot):
                self._foreign_ns = boot_ns
            return None
        was_bound = self.binding.journal_id is not None
        word = self.binding.hear(receipt.journal_id, boot_ns)
        if word is Word.OTHER:
            return None
        if receipt.prompt_s:
            self.prompt_until_ns = boot_ns + min(receipt.prompt_s, LONGEST_PROMPT_S) * NS_PER_S
            return None
        if word is Word.CHANGE:
            self._change(receipt)
            word = Word.CHANGE if was_bound else Word.BOUND
        return word if self._take(receipt, boot_ns) else None

    def problems(self, now_ns: int) -> dict[str, str]:
        found = {}
        if rivals := self.binding.rivals(now_ns):
            found["two_gateways"] = (
                f"gateways with different journals answer: {', '.join(rivals)}; this agent keeps to {self.binding.journal_id}"
            )
        if now_ns - self._foreign_ns < FOREIGN_NS:
            found["two_agents"] = "receipts come for frames of another machine: an agent of the same name runs there"
        if text := self.clock.contradiction(now_ns):
            found["clock_contradicts"] = text
        return found

    def _change(self, receipt: Receipt) -> None:
        """Bind to the journal before its receipt counts. If the spool fails now, the next receipt tries again."""
        self._spool.bind_journal(receipt.journal_id)
        if self.binding.journal_id is not None:
            log.warning("the gateway's journal %s is silent: bound to %s, which answers", self.binding.journal_id, receipt.journal_id)
        self.binding.bind(receipt.journal_id)
        self.clock.begin_anew()
        self.begin()

    def _take(self, receipt: Receipt, boot_ns: int) -> bool:
        epoch = self._spool.get(receipt.epoch)
        order = _order(receipt, self._boot, boot_ns)
        if epoch is None or self._is_overtaken(receipt, epoch, order):
            return False
        if order.is_after(self._newest.get(epoch.name, _NEVER)):
            self._newest[epoch.name] = order
        self.clock.hear(receipt, boot_ns)
        self.last = receipt
        self.is_repeated, self.is_lower = receipt.upto == epoch.mark, receipt.upto < epoch.mark
        if self.is_lower:
            self._lowered[epoch.name] = order
        if not self.is_repeated:
            self._spool.mark(epoch.name, receipt.upto, receipt.gateway_ns)
        self._spool.heard(receipt.gateway_ns)
        if receipt.key is not None:
            self._on_key(receipt.key, receipt.gateway_ns)
        if receipt.times is not None:
            self._store(receipt.times)
        return True

    def _store(self, times: Times) -> None:
        """Store how frames were dated. What the disk refuses is not confirmed, so the gateway repeats it. A lower number is new, too."""
        if times.n == self._spool.times_n:
            return
        try:
            self._spool.store_times(times)
        except SpoolUnavailable as error:
            log.warning("%s; dates of frames are stored later", error)

    def _is_overtaken(self, receipt: Receipt, epoch: Epoch, order: _Order) -> bool:
        if receipt.upto < epoch.mark:
            return not order.is_after(self._newest.get(epoch.name, _NEVER))
        return self._lowered.get(epoch.name, _NEVER).is_after(order)


def _order(receipt: Receipt, boot: str, heard_ns: int) -> _Order:
    is_echo = receipt.echo_boot == boot
    return _Order(is_echo, receipt.echo_boot_ns if is_echo else receipt.gateway_ns, heard_ns)
