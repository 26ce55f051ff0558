"""Money as it is taken: in whole hundredths. Pure."""

from __future__ import annotations

from typing import Final

PLACES: Final = 2


def in_hundredths(amount: float) -> float:
    """Return an amount of money rounded to the nearest hundredth.

    A till that reckons in doubles states 0.30000000000000004, and nothing finer than a hundredth is paid: so it is rounded, not refused.
    """
    return round(amount, PLACES) + 0.0  # -0.0 becomes 0.0
