from __future__ import annotations

import random

import pytest

from benchmarks.advertisements import PEERS, SEED, shared, store
from device_profiles.advertisement import parse_hci_event
from device_profiles.registry import shipped


def profiles(events: list[bytes]) -> set[str]:
    found = [shipped().best("ble", message) for event in events for message in parse_hci_event(event)]
    assert len(found) == len(events)
    return {profile.name for profile in found if profile is not None}


@pytest.mark.parametrize(("peer", "names"), [("bleparser", {"ibeacon", "altbeacon", "bthome", "ruuvi"}), ("theengs", {"ibeacon", "ruuvi"})])
def test_what_is_measured_beside_a_peer_is_decoded_by_us(peer: str, names: set[str]) -> None:
    assert profiles(shared(peer, 8, random.Random(SEED))) == names
    assert PEERS.keys() == {"bleparser", "theengs"}


def test_a_store_s_air_has_what_is_read_and_what_is_counted() -> None:
    names = {"ibeacon", "eddystone-uid", "bthome", "ble-anonymous", "ble-thing"}
    assert profiles(store(500, random.Random(SEED))) == names
