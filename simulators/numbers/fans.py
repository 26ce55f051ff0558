"""Who buys again and who brings whom, reckoned from the truth: plain Python, a touch at a time, and whole milliseconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from simulators.chain.chain import MS_PER_HOUR
from simulators.chain.truth import Touch, Truth

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
    for sale in _by_time(truth):
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
        yield Told(sale, {**counts, "days_sum": length_ms or 0}, _groups(sale), length_ms)


def referral(truth: Truth) -> Iterator[Told]:
    """Yield the shares, and the touches of those who came by them, by time."""
    of_code: dict[str, str] = {}
    above: dict[str, str] = {}
    ways: dict[str, Sequence[str]] = {}
    bought: set[str] = set()
    for touch in _by_time(truth):
        if touch.what == "share":
            of_code[touch.code] = touch.fan or of_code.get(touch.code, "")
            counts = {"shares": 1, f"sharers={touch.fan}": int(bool(touch.fan))}
            yield Told(touch, counts, _groups(touch) | _led(touch.fan, ways.get(touch.fan, [touch.fan]), 0))
            continue
        sharer = touch.shared_by or of_code.get(touch.code, "")
        brings = bool(touch.fan and sharer) and touch.fan not in bought | above.keys() and touch.fan not in _way(above, sharer)
        to_sharer = ways.get(sharer, [sharer])
        if brings:
            above[touch.fan], ways[touch.fan] = sharer, [touch.fan, *to_sharer]
        if touch.fan in above and (brings or touch.what in ("transaction", "return")):
            way = ways[touch.fan]
            yield Told(touch, _bought(touch, brings), _groups(touch) | _led(way[1], way, len(way) - 1))
        elif sharer and not touch.fan:
            yield Told(touch, {"unnamed": 1}, _groups(touch) | _led(sharer, to_sharer, len(to_sharer)))
        if touch.what == "transaction" and touch.fan:
            bought.add(touch.fan)


def _led(sharer: str, way: Sequence[str], depth: int) -> dict[str, str]:
    """Return whose share it is of, and whence that came when its fan did: who is brought later has brought others all the same."""
    return {"sharer": sharer, "root": way[-1], "depth": str(min(depth, 9))}


def _bought(touch: Touch, brings: bool) -> Mapping[str, int]:
    is_sale, cents = touch.what == "transaction", round(touch.amount * 100)
    given_back = cents if touch.what == "return" else 0
    return {"brought": int(brings), "orders": int(is_sale), "sold": cents * is_sale, "given_back": given_back,
            "revenue": cents * is_sale - given_back, "items_sold": sum(n for _, n in touch.items) * is_sale}  # fmt: skip


def _way(above: Mapping[str, str], fan: str) -> Sequence[str]:
    """Return a fan and who brought whom up to the first."""
    way = [fan]
    while way[-1] in above:
        way.append(above[way[-1]])
    return way


def _groups(touch: Touch) -> dict[str, str]:
    return {"staff": touch.staff_id, "department": touch.department, "channel": touch.channel, "campaign": touch.campaign, "fan": touch.fan}


def _by_time(truth: Truth) -> list[Touch]:
    return sorted((touch for touch in truth.touches if not touch.is_void), key=attrgetter("time_ms", "store"))
