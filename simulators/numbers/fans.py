"""Who buys again, reckoned from the truth: plain Python, a touch at a time, and whole milliseconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Final, NamedTuple

from simulators.chain.chain import MS_PER_HOUR
from simulators.chain.truth import Touch, Truth
from simulators.numbers.campaigns import campaigns_of

SAME_MS: Final = 12 * MS_PER_HOUR
FORGOTTEN_MS: Final = 400 * 24 * MS_PER_HOUR
DIFFERENT: Final = ("fans", "repeat_fans", "sharers")
"""Measures that count different people: each stands in the counts as `measure=name`."""


class Told(NamedTuple):
    """What a touch counts, under which groups; `length_ms`: since the order before, of an order that repeats it."""

    touch: Touch
    counts: Mapping[str, int]
    groups: Mapping[str, str]
    length_ms: int | None = None


def repurchase(truth: Truth) -> Iterator[Told]:
    """Yield the sales to fans, by time."""
    last_ms: dict[str, int] = {}
    repeats: dict[str, bool] = {}
    for sale in by_time(truth):
        if sale.what != "transaction" or not sale.fan:
            continue
        since_ms = sale.time_ms - last_ms[sale.fan] if sale.fan in last_ms else None
        last_ms[sale.fan] = sale.time_ms
        begins = since_ms is None or since_ms >= SAME_MS
        if begins:
            repeats[sale.fan] = since_ms is not None and since_ms <= FORGOTTEN_MS
        again, cents = repeats[sale.fan], round(sale.amount * 100)
        counts = {
            "orders": begins, "repeat_orders": begins and again, "first_orders": begins and not again, f"fans={sale.fan}": begins,
            f"repeat_fans={sale.fan}": begins and again, "sold": cents, "repeat_sold": cents * again,
        }  # fmt: skip
        length_ms = since_ms if begins and again else None
        yield Told(sale, {**counts, "days_sum": length_ms or 0}, groups_of(sale), length_ms)


def groups_of(touch: Touch) -> dict[str, str]:
    """Return the groups that a touch has by itself."""
    return {
        "staff": touch.staff_id,
        "department": touch.department,
        "channel": touch.channel,
        "campaign": campaigns_of(touch),
        "fan": touch.fan,
    }


def by_time(truth: Truth) -> list[Touch]:
    """Return the touches that were not taken back, in the order of time."""
    return sorted((touch for touch in truth.touches if not touch.is_void), key=attrgetter("time_ms", "store"))
