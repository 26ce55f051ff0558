"""How many requests each token may make: a bucket of each is filled at a steady rate, and a request takes one out. Pure.

limits = RateLimits(per_s=100.0, burst=200)
limits.take("0f3a91c2", now_s) -> 0.0       # seconds to wait; 0: the request may go on
"""

from __future__ import annotations

from typing import Final

REMEMBERED: Final = 10_000
"""Buckets that are kept; those that were used least lately are full again long before they are forgotten."""


class RateLimits:
    """`per_s` requests a second of one token on average, and `burst` at once."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s: Final = per_s
        self._burst: Final = float(burst)
        self._buckets: Final[dict[str, tuple[float, float]]] = {}
        """By token what is in its bucket, and when that was, s; the one used least lately comes first."""

    def take(self, token: str, now_s: float) -> float:
        """Take a request of a token. Return 0, or after how many seconds it may come again; then nothing is taken."""
        left, then_s = self._buckets.pop(token, (self._burst, now_s))
        left = min(self._burst, left + max(0.0, now_s - then_s) * self._per_s)
        wait_s = 0.0 if left >= 1.0 else (1.0 - left) / self._per_s
        self._buckets[token] = (left if wait_s else left - 1.0, max(now_s, then_s))
        if len(self._buckets) > REMEMBERED:
            del self._buckets[next(iter(self._buckets))]
        return wait_s
