"""Fixtures for the tests of those who build on Footfall; pytest finds them when the package is installed.

def test_my_till(footfall_world, footfall_frames):
    world = footfall_world(seed=7, hours=0.5)           # who was there: world.people(), simulators.truth.truth_of(world)
    for topic, payload in footfall_frames(world):       # what its agents publish, byte by byte the same for the same seed
        client.publish(topic, payload, qos=1)

def test_my_counter(footfall_modbus_counter):
    footfall_modbus_counter.say(Crossing(0, "main", 2, 1))      # a device that speaks its protocol for real: docs/hardware.md
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # An edge box may have pytest without what simulations need.
    from simulators.devices.bluez import BlueZ
    from simulators.devices.http_push import PushCamera
    from simulators.devices.llrp import LlrpReader
    from simulators.devices.modbus import ModbusCounter
    from simulators.devices.vendor_mqtt import VendorGateways
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


@pytest.fixture
def footfall_bluez() -> Iterator[BlueZ]:
    """A BlueZ on a D-Bus of its own, to which this process's bleak scans: `footfall_bluez.say(Sighting(0, "hci0", "ibeacon", …, -61))`."""
    yield from _running("bluez", ("hci0",))


@pytest.fixture
def footfall_llrp_reader() -> Iterator[LlrpReader]:
    """An RFID reader on TCP with four antennas, `reader.1` to `reader.4`, that speaks LLRP at `footfall_llrp_reader.port`."""
    yield from _running("llrp", tuple(f"reader.{antenna}" for antenna in range(1, 5)))


@pytest.fixture
def footfall_modbus_counter() -> Iterator[ModbusCounter]:
    """A door counter that is polled by Modbus TCP; its `settings()` hold the address."""
    yield from _running("modbus")


@pytest.fixture
def footfall_http_camera() -> Iterator[PushCamera]:
    """A camera above the door `main` that posts to `footfall_http_camera.port`, where the test, or an agent, must listen."""
    yield from _running("http-push")


@pytest.fixture
def footfall_vendor_mqtt() -> Iterator[VendorGateways]:
    """ESPresense nodes `node-a` and `node-b` and the Minew gateway `ac233fc00001`, on `footfall_vendor_mqtt.broker`."""
    yield from _running("vendor-mqtt", ("node-a", "node-b", "ac233fc00001"))


def _running(name: str, receivers: tuple[str, ...] = ()) -> Iterator[Any]:
    """Skip, with how to get it, where a part of the device is missing; with CI=true that is a failure."""
    from footfall.errors import ConfigError
    from simulators.devices.kinds import KINDS

    try:
        device = KINDS[name].emulator(receivers)
    except ConfigError as error:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(str(error))
    with device as running:
        yield running
