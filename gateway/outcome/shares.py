"""Whole numbers shared out by weight, so that the parts add up to the whole exactly. Pure."""

from __future__ import annotations

from collections.abc import Mapping


def shared_out(whole: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Return a part of `whole` for each key, by its weight: the parts add up to `whole`, and none is off by 1 or more.

    What rounding down leaves goes, one by one, to those who lost most by it, and among equals to the first of the alphabet. A negative
    whole is shared out as the positive one is. Raise ValueError if a weight is negative, or none is positive.
    """
    total = sum(weights.values())
    if total <= 0 or min(weights.values()) < 0:
        raise ValueError(f"weights {dict(weights)} share nothing out: none is negative, and one is positive")
    sign, size = (-1, -whole) if whole < 0 else (1, whole)
    parts = {key: size * weight // total for key, weight in weights.items()}
    by_loss = sorted(weights, key=lambda key: (-(size * weights[key] % total), key))
    for key in by_loss[: size - sum(parts.values())]:
        parts[key] += 1
    return {key: sign * part for key, part in parts.items()}
