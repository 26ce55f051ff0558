"""The evening of the demo: its fans are the day's, and each entry of a fan is a visit of its own."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

from footfall.units import NS_PER_MINUTE
from simulators.demo_arrivals import evening_of
from simulators.people import fan_name
from simulators.world import World


def test_the_fans_of_the_evening_are_those_whom_the_brand_knows_by_day_and_each_comes_anew() -> None:
    day = World(7)
    evening = replace(evening_of(day), hours=2.0)
    coming = defaultdict[str, list[tuple[int, int]]](list)
    for person in evening.people():
        if person.carries in ("beacon", "two"):
            coming[person.fan].append((person.path.from_ns, person.path.to_ns))
    known = {fan_name(0, number) for number in range(day.crowd.fans)}
    assert set(coming) <= known
    apart_ns = [later[0] - earlier[1] for times in coming.values() for earlier, later in pairwise(times)]
    assert len(apart_ns) > 50
    assert min(apart_ns) > 30 * NS_PER_MINUTE, "a visit is over after half an hour: else nobody would arrive"
    assert sum(map(len, coming.values())) / evening.hours > 120, "one every half minute, and more"
