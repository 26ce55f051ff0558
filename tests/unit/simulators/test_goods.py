"""Garments move as their visitors do, and are read where they are."""

from __future__ import annotations

from itertools import pairwise

import pytest

from device_profiles.devices.epc import Epc
from device_profiles.registry import shipped
from edge_agent.sources.source import Sighting
from simulators.goods import PROFILE, epc, garments, gtin, moves, reads
from simulators.paths import Stay
from simulators.people import Crowd
from simulators.world import World

WORLD = World(5, hours=0.25, crowd=Crowd(busy=10, linger=0.3))
ANTENNAS = {"shelf-a": "reader.1", "shelf-b": "reader.2", "fitting": "reader.3", "checkout": "reader.4"}
GOODS = garments(WORLD, 40)


@pytest.mark.parametrize(("item", "serial"), [(0, 0), (7, 12), (812345, 6789), (99, 2**38 - 1)])
def test_a_tag_names_its_article(item: int, serial: int) -> None:
    device = shipped()[PROFILE].device
    assert isinstance(device, Epc)
    (seen,) = device.decode(device.message({"epc": epc(item, serial), "pc": "3000"}))
    assert seen.identifier == epc(item, serial)
    assert seen.values["gtin"] == gtin(item)


def test_some_are_tried_on_and_some_are_sold() -> None:
    zones = {stay.zone for garment in GOODS for stay in garment.stays}
    assert zones == set(ANTENNAS)
    assert len({garment.epc for garment in GOODS}) == len(GOODS)
    for garment in GOODS:
        assert all(a.to_ns <= b.from_ns for a, b in pairwise(garment.stays)), garment


def is_near(read: Sighting, stay: Stay) -> bool:
    return ANTENNAS[stay.zone] == read.receiver and stay.from_ns <= read.t_boot_ns <= stay.to_ns + 10**9


def test_a_read_is_near_its_garment_or_weak() -> None:
    places = {garment.epc: garment.stays for garment in GOODS}
    found = list(reads(WORLD, GOODS, ANTENNAS))
    assert all(a.t_boot_ns <= b.t_boot_ns for a, b in pairwise(found))
    since_ns = WORLD.length_ns // 2
    assert [read for read in found if read.t_boot_ns >= since_ns] == list(reads(WORLD, GOODS, ANTENNAS, since_ns)), "from anywhere"
    near = [any(is_near(read, stay) for stay in places[read.identifier]) for read in found]
    assert 0.9 < sum(near) / len(near) < 1.0
    assert max(read.rssi_dbm for read, close in zip(found, near, strict=True) if not close) < -50


def test_moves_are_those_of_the_zones_that_are_heard() -> None:
    everywhere = moves(GOODS, ANTENNAS, WORLD.length_ns)
    assert everywhere
    assert moves(GOODS, {"shelf-a": "reader.1"}, WORLD.length_ns) == [], "one antenna sees no move"
    assert moves(GOODS, ANTENNAS, 0) == []
