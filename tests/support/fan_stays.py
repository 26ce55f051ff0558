"""The stays that `zone_traffic` must count of stored dwells, found the slow way."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any


def stays_of(dwells: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the dwells, those of several devices of a fan that overlap in a zone as one row: found by joining pairs until none is left.

    Without those that are over and lie within a longer one of another device of the fan in another zone.
    """
    every = list(dwells)
    groups = [[dwell] for dwell in every if not any(_is_within(dwell, other) for other in every)]

    def are_one(some: list[dict[str, Any]], others: list[dict[str, Any]]) -> bool:
        same = [some[0][name] == others[0][name] for name in ("store", "zone", "fan")]
        return all(same) and some[0]["fan"] != "" and any(_overlap(one, other) for one in some for other in others)

    while pair := next(((a, b) for a in groups for b in groups if a is not b and are_one(a, b)), None):
        groups = [group for group in groups if group is not pair[0] and group is not pair[1]] + [pair[0] + pair[1]]
    return [stay for group in groups for stay in ([_joined(group)] if len({row["subject"] for row in group}) > 1 else group)]


def _span_ms(dwell: dict[str, Any]) -> tuple[int, float]:
    start_ms = dwell["time_ns"] // 1_000_000
    return start_ms, math.inf if dwell["open"] else start_ms + round(dwell["seconds"] * 1000)


def _is_within(one: dict[str, Any], other: dict[str, Any]) -> bool:
    (start_ms, end_ms), (other_start_ms, other_end_ms) = _span_ms(one), _span_ms(other)
    of_fan = one["fan"] == other["fan"] != "" and one["store"] == other["store"]
    elsewhere = one["zone"] != other["zone"] and one["subject"] != other["subject"]
    longer = other_start_ms <= start_ms and end_ms <= other_end_ms and other_end_ms - other_start_ms > end_ms - start_ms
    return of_fan and elsewhere and not one["open"] and longer


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    (start_ms, end_ms), (other_start_ms, other_end_ms) = _span_ms(one), _span_ms(other)
    return start_ms <= other_end_ms and other_start_ms <= end_ms


def _joined(group: list[dict[str, Any]]) -> dict[str, Any]:
    first = min(group, key=lambda row: _span_ms(row)[0])
    start_ms, end_ms = _span_ms(first)[0], max(_span_ms(row)[1] for row in group)
    is_open = end_ms == math.inf
    return first | {"open": is_open, "seconds": 0.0 if is_open else (end_ms - start_ms) / 1000}
