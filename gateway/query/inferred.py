"""Who probably bought what nobody is named for, and who probably tried goods on: inferences, each with its confidence. Pure.

A buyer is inferred where one known fan alone was in the sale's zone when an anonymous sale was made; somebody who tries on, where a known
fan was in the fitting room while goods were. Nothing is joined by it, and nobody is known by it: the sale stays anonymous, and whoever
corrects a row finds the inference gone with the next question.

Confidence is a logistic function of what the rows around have, with BUYER_WEIGHTS and TRIED_WEIGHTS. These are learned on simulated
stores whose truth is known, and scored on others: `make accuracy ONLY=inference` has, for five bands of confidence, how many are right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import exp, log1p
from typing import Final, NamedTuple

import numpy as np

from footfall.units import NS_PER_S

BOUGHT: Final = "transaction"
TRIED: Final = "try_on"
AROUND_NS: Final = 5 * NS_PER_S
"""A till's clock and the end of a stay are off by so much at most."""
_MOST: Final = 4
"""More people than these tell nothing more."""
Features = tuple[float, ...]


class Stayed(NamedTuple):
    """Somebody was in a zone: a fan, or "" for nobody known."""

    zone: str
    fan: str
    from_ns: int
    to_ns: int


class SaleMade(NamedTuple):
    """A sale; `fan` is "" if nobody is named. `of` names it."""

    time_ns: int
    zone: str
    fan: str
    of: str


class GoodsTried(NamedTuple):
    """An item was in a fitting room."""

    from_ns: int
    to_ns: int
    zone: str
    epc: str
    sku: str


class Inference(NamedTuple):
    """`confidence`: how probable it is that the fan did `what`, 0 to 1. `of`: the sale, or the EPC."""

    what: str
    time_ns: int
    zone: str
    fan: str
    confidence: float
    of: str
    sku: str


class Candidate(NamedTuple):
    """An inference before its confidence is known."""

    inference: Inference
    features: Features


BUYER_FEATURES: Final = (
    "1", "the fan has a named sale in this stay", "nobody known in the zone, 3 at most", "other anonymous sales in this stay, 4 at most",
    "log(1 + s) from the sale until the fan left", "log(1 + s) since the fan came", "named sales of others in this stay, 3 at most",
    "the last one, where the fan has a named sale",
)  # fmt: skip
TRIED_FEATURES: Final = (
    "1", "share of the time of both in which both were there", "log(1 + s) between when they came", "log(1 + s) between when they left",
    "nobody known in the zone, 4 at most", "other fans in the zone, 4 at most",
)  # fmt: skip
BUYER_WEIGHTS: Final = (-0.806, -10.737, -0.567, -1.326, -0.227, 1.050, -0.176, -0.655)
TRIED_WEIGHTS: Final = (0.475, 11.880, -1.571, -1.612, -0.338, -0.339)


def inferences(stays: Sequence[Stayed], sales: Sequence[SaleMade], tried: Sequence[GoodsTried]) -> list[Inference]:
    """Return what is inferred of one store, by time. `stays` of fans and of nobody known, without staff; `sales` that are not void."""
    rooms = Rooms(stays)
    found = [
        *(_stated(each, BUYER_WEIGHTS) for each in buyers(rooms, sales)),
        *(_stated(each, TRIED_WEIGHTS) for each in tries(rooms, tried)),
    ]
    return sorted(found, key=lambda each: (each.time_ns, each.what, each.of, each.fan))


def buyers(rooms: Rooms, sales: Sequence[SaleMade]) -> Iterator[Candidate]:
    """Yield the one known fan in the zone of each anonymous sale."""
    times_ns = np.array([sale.time_ns for sale in sales], np.int64)
    order = np.argsort(times_ns, kind="stable")
    by_time, times_ns = [sales[at] for at in order.tolist()], times_ns[order]
    for sale in by_time:
        if sale.fan or not sale.zone:
            continue
        there = rooms.during(sale.zone, sale.time_ns - AROUND_NS, sale.time_ns + AROUND_NS)
        if len(fans := {each.fan for each in there if each.fan}) == 1:
            stay = _whole(there, fan := fans.pop())
            first, last = np.searchsorted(times_ns, (stay.from_ns - AROUND_NS, stay.to_ns + AROUND_NS + 1))
            beside = [each for each in by_time[first:last] if each is not sale and each.zone == sale.zone]
            yield Candidate(Inference(BOUGHT, sale.time_ns, sale.zone, fan, 0.0, sale.of, ""), _of_buyer(sale, stay, there, beside))


def _of_buyer(sale: SaleMade, stay: Stayed, there: Sequence[Stayed], beside: Sequence[SaleMade]) -> Features:
    own = float(any(each.fan == stay.fan for each in beside))
    others = float(min(sum(bool(each.fan) and each.fan != stay.fan for each in beside), _MOST - 1))
    left_s, came_s = ((each_ns) / NS_PER_S for each_ns in (stay.to_ns - sale.time_ns, sale.time_ns - stay.from_ns))
    nobody, anonymous = min(sum(not each.fan for each in there), _MOST - 1), min(sum(not each.fan for each in beside), _MOST)
    return (1.0, own, float(nobody), float(anonymous), log1p(max(left_s, 0.0)), log1p(max(came_s, 0.0)), others, own * others)


def tries(rooms: Rooms, tried: Sequence[GoodsTried]) -> Iterator[Candidate]:
    """Yield every known fan who was in the fitting room while goods were."""
    for item in tried:
        there = rooms.during(item.zone, item.from_ns, item.to_ns)
        fans = sorted({each.fan for each in there if each.fan})
        for fan in fans:
            inference = Inference(TRIED, item.from_ns, item.zone, fan, 0.0, item.epc, item.sku)
            yield Candidate(inference, _of_tried(item, _whole(there, fan), there, len(fans) - 1))


def _of_tried(item: GoodsTried, stay: Stayed, there: Sequence[Stayed], others: int) -> Features:
    both_ns = min(stay.to_ns, item.to_ns) - max(stay.from_ns, item.from_ns)
    either_ns = max(stay.to_ns, item.to_ns) - min(stay.from_ns, item.from_ns)
    came_s, left_s = abs(stay.from_ns - item.from_ns) / NS_PER_S, abs(stay.to_ns - item.to_ns) / NS_PER_S
    nobody = min(sum(not each.fan for each in there), _MOST)
    return (1.0, both_ns / max(either_ns, 1), log1p(came_s), log1p(left_s), float(nobody), float(min(others, _MOST)))


def confidence(features: Features, weights: Sequence[float]) -> float:
    """Return how probable an inference is by its features, 0 to 1."""
    total = sum(weight * value for weight, value in zip(weights, features, strict=True))
    return 1.0 / (1.0 + exp(-max(-30.0, min(30.0, total))))


def _stated(candidate: Candidate, weights: Sequence[float]) -> Inference:
    return candidate.inference._replace(confidence=round(confidence(candidate.features, weights), 3))


def _whole(there: Sequence[Stayed], fan: str) -> Stayed:
    """Return the stay of a fan, of whichever devices."""
    own = [each for each in there if each.fan == fan]
    return own[0]._replace(from_ns=min(each.from_ns for each in own), to_ns=max(each.to_ns for each in own))


class Rooms:
    """Stays by zone, in the order of their begin; `during` looks at those that may reach into a span."""

    def __init__(self, stays: Sequence[Stayed]) -> None:
        by_zone: dict[str, list[Stayed]] = {}
        for stay in sorted(stays, key=lambda each: each.from_ns):
            by_zone.setdefault(stay.zone, []).append(stay)
        self._stays: Final = by_zone
        self._from_ns: Final = {zone: np.array([each.from_ns for each in of], np.int64) for zone, of in by_zone.items()}
        self._longest_ns: Final = {zone: max(each.to_ns - each.from_ns for each in of) for zone, of in by_zone.items()}

    def during(self, zone: str, from_ns: int, to_ns: int) -> list[Stayed]:
        """Return the stays in a zone that touch a span."""
        if zone not in self._stays:
            return []
        first, last = np.searchsorted(self._from_ns[zone], (from_ns - self._longest_ns[zone], to_ns + 1))
        return [each for each in self._stays[zone][first:last] if each.to_ns >= from_ns]
