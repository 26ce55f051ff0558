"""Which borders of zones walks crossed, and which zones may be set off by that. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from gateway.calibration.walks import Walk

LEAST_CROSSINGS: Final = 2
"""A border that was crossed once cannot be left out and judged by, too."""
Border = frozenset[str]


def crossings(walks: Sequence[Walk]) -> Counter[Border]:
    """Return how often each border was crossed, in either direction."""
    found: Counter[Border] = Counter()
    for walk in walks:
        zones = [zone for _, zone in walk.truth]
        found.update(frozenset(pair) for pair in pairwise(zones) if pair[0] != pair[1])
    return found


def heard_zones(walks: Sequence[Walk]) -> set[str]:
    """Return the zones that heard the carrier on any walk."""
    return {row.zone for walk in walks for row in walk.rows if row.dbm is not None}


def settable(walks: Sequence[Walk]) -> list[str]:
    """Return the zones that may be set off, that with most time first.

    They were walked through and heard the carrier, and each border of theirs was crossed often enough.
    """
    times: Counter[str] = Counter()
    for walk in walks:
        times.update(zone for _, zone in walk.truth)
    borders, heard = crossings(walks), heard_zones(walks)
    weak = {zone for border, times in borders.items() if times < LEAST_CROSSINGS for zone in border}
    strong = {zone for border, times in borders.items() if times >= LEAST_CROSSINGS for zone in border}
    return [zone for zone, _ in times.most_common() if zone in heard and zone in strong - weak]


def are_all_settable(walks: Sequence[Walk], zones: Sequence[str]) -> bool:
    """Return whether every zone that heard the carrier may be set off: a shift of all of them is none then."""
    return heard_zones(walks) <= set(zones)
