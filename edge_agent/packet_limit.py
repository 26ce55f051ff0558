"""The largest packet that the broker accepts: as it announces, or as attempts show. Pure.

    limit = PacketLimit()
    limit.connected(announced_bytes)             # CONNACK's Maximum Packet Size; None: there was none
    limit.bytes(now_ns) -> int | None       # the largest packet to send; None: no limit is known
    limit.passed(size)                      # a packet of that size is known to have arrived
    limit.lost(size, now_ns)                # the connection ended while this was the largest packet on its way
    limit.refused(size, now_ns)             # the broker refused this one as too large, or dropped it again and again

MQTT 3.1.1 brokers cannot announce it: they disconnect, or drop what is too large. One lost connection proves nothing. The second in a row
with a large packet on its way sets the limit to half of it, each further one halves that. Now and then twice as much is tried.
"""

from __future__ import annotations

from typing import Final

LEAST_BYTES: Final = 2048
"""Every broker accepts this much: smaller packets are never to blame."""
FIRST_PROBE_NS: Final = 3_600_000_000_000
LONGEST_PROBE_NS: Final = 24 * FIRST_PROBE_NS
DOUBT_NS: Final = 600_000_000_000
"""Lost connections further apart are unrelated."""


class PacketLimit:
    """`announced_bytes` of this connection, `learned_bytes` since the process began."""

    def __init__(self) -> None:
        self.announced_bytes: int | None = None
        self.learned_bytes: int | None = None
        self._is_falling = False
        """Whether no packet of about the learned size has arrived yet."""
        self._doubtful_bytes = 0
        self._doubts = 0
        self._doubted_ns = 0
        self._passed_bytes = 0
        self._probe_ns = FIRST_PROBE_NS
        self._probe_due_ns = 0

    def connected(self, announced_bytes: int | None) -> None:
        self.announced_bytes = announced_bytes

    def bytes(self, now_ns: int) -> int | None:
        learned = self.learned_bytes
        if learned is not None and now_ns >= self._probe_due_ns:
            learned *= 2
        known = [limit for limit in (self.announced_bytes, learned) if limit is not None]
        return min(known) if known else None

    def passed(self, size: int) -> None:
        self._passed_bytes = max(self._passed_bytes, size)
        if size >= self._doubtful_bytes:
            self._doubtful_bytes = self._doubts = 0
        if self.learned_bytes is not None:
            self._is_falling &= 2 * size < self.learned_bytes
            self.learned_bytes = max(self.learned_bytes, size)

    def lost(self, size: int, now_ns: int) -> None:
        if size < LEAST_BYTES:
            return
        if now_ns - self._doubted_ns > DOUBT_NS:
            self._doubts = self._doubtful_bytes = 0
        if not self._doubts:
            self._passed_bytes = 0
        self._doubts += 1
        self._doubted_ns = now_ns
        self._doubtful_bytes = min(self._doubtful_bytes or size, size)
        if self._doubts > 1 or self._is_falling or self._is_probe(size):
            self.refused(self._doubtful_bytes, now_ns)

    def refused(self, size: int, now_ns: int) -> None:
        if self._is_probe(size):
            self._probe_ns = min(2 * self._probe_ns, LONGEST_PROBE_NS)
        else:
            self.learned_bytes = max(LEAST_BYTES, size // 2, self._passed_bytes if self._passed_bytes < size else 0)
            self._is_falling = True
        self._probe_due_ns = now_ns + self._probe_ns
        self._doubtful_bytes = self._doubts = 0

    def forget(self) -> None:
        """Discard the suspicion: the size was not the cause."""
        self.learned_bytes = None
        self._doubtful_bytes = self._doubts = 0

    def _is_probe(self, size: int) -> bool:
        return self.learned_bytes is not None and size > self.learned_bytes
