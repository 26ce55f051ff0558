"""Fixtures for the tests of those who build on Footfall; pytest finds them when the package is installed.

def test_my_till(footfall_world, footfall_frames):
    world = footfall_world(seed=7, hours=0.5)           # who was there: world.people(), simulators.truth.truth_of(world)
    for topic, payload in footfall_frames(world):       # what its agents publish, byte by byte the same for the same seed
        client.publish(topic, payload, qos=1)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # An edge box may have pytest without what simulations need.
    from simulators.world import World

BRAND_SECRET = b"a brand's secret, for tests only"


@pytest.fixture
def footfall_world() -> Callable[..., World]:
    """Makes a `World`: `footfall_world(seed, hours=1.0, busy=1.0, **other fields of World)`."""

    def make(seed: int = 7, hours: float = 1.0, busy: float = 1.0, **more: Any) -> World:
        from simulators.people import Crowd
        from simulators.world import World

        return World(seed, hours, **{"crowd": Crowd(busy=busy), **more})

    return make


@pytest.fixture
def footfall_frames() -> Callable[[World], Iterator[tuple[str, bytes]]]:
    """`(topic, payload)` of every frame of a world, agent by agent; lasting pseudonyms are made with `BRAND_SECRET`."""

    def frames(world: World) -> Iterator[tuple[str, bytes]]:
        from simulators.feed import Feed

        for agent in world.plan.agents:
            yield from Feed(world, agent, BRAND_SECRET).payloads()

    return frames
