"""Whole numbers as sent into values with units, as exact as a float can be."""

from __future__ import annotations

from collections.abc import Callable
from math import isclose

_DIGITS = 9


def scaling(scale: float, add: float = 0) -> Callable[[int], int | float] | None:
    """Return the function `raw * scale + add`; None where that is `raw`. A scale of 1/n divides, so 2506 hundredths are exactly 25.06."""
    if scale == 1 and add == 0:
        return None
    if scale == 1 and add == int(add):
        whole = int(add)
        return lambda raw: raw + whole
    divisor = round(1 / scale) if 0 < scale < 1 else 0
    bias = round(add * divisor)
    if divisor and isclose(divisor * scale, 1, rel_tol=1e-12) and bias == add * divisor:
        return (lambda raw: (raw + bias) / divisor) if bias else (lambda raw: raw / divisor)
    return lambda raw: round(raw * scale + add, _DIGITS)
