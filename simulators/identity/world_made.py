"""A brand's month from a seed: its people, what they do, and what the brand learns about them."""

from __future__ import annotations

import random

from simulators.identity.world import START_MS, Sizes, World, Writer
from simulators.identity.world_knowledge import write_knowledge
from simulators.identity.world_months import write_months
from simulators.identity.world_people import population


def make_world(seed: int, sizes: Sizes) -> World:
    """Return the month of a seed, events in the order of arrival."""
    dice = random.Random(seed)
    world = World(sizes, population(sizes.fans, START_MS, sizes.days, dice))
    writer = Writer(world, dice)
    write_months(writer)
    write_knowledge(writer)
    world.sent.sort(key=lambda each: (each.arrives_ms, each.event["id"]))
    world.presences.sort(key=lambda each: (each.from_ms, each.identifier))
    return world
