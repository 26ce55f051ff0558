from __future__ import annotations

from dataclasses import replace

import pytest

from device_profiles.registry import shipped
from edge_agent.sources.source import Crossing, Sighting
from simulators.devices.bluez import BlueZ
from simulators.devices.bluez_air import advertisement_of, has_two_slots, slots_of
from simulators.devices.bluez_objects import fits
from simulators.devices.bluez_practice import CARD, UNKNOWN, messages
from simulators.world import World


def test_whoever_a_world_has_is_who_its_profile_sees() -> None:
    """The emulator's advertisements and the profiles were written apart: each device of a world must be explained as itself."""
    world = World(11, 2.0)
    profiles = shipped()
    devices = {device for window in world.windows() for device in window.devices}
    assert {profile for profile, _ in devices} == {"ibeacon", "ble-anonymous", "staff-badge"}
    for profile, identifier in devices:
        advertisement = advertisement_of(Sighting(0, "r", profile, identifier, -60))
        best = profiles.best("ble", advertisement)
        assert best is not None
        assert best.device is not None
        (seen,) = best.device.decode(advertisement)
        assert (seen.profile or best.name, seen.identifier) == (profile, identifier)


def test_an_eddystone_is_explained_as_itself() -> None:
    identifier = "00112233445566778899:aabbccddeeff"
    advertisement = advertisement_of(Sighting(0, "r", "eddystone-uid", identifier, -60))
    best = shipped().best("ble", advertisement)
    assert best is not None
    assert best.device is not None
    assert best.device.decode(advertisement)[0].identifier == identifier


@pytest.mark.parametrize(
    ("profile", "identifier"),
    [
        ("garment-tag", "3034"),
        ("no-such-profile", "x"),
        ("ibeacon", "no-uuid:1:2"),
        ("ibeacon", "f007fa11-0000-4000-8000-000000000000:1"),
        ("eddystone-uid", "0011"),
        ("ble-anonymous", "4a:00"),
    ],
)
def test_what_no_radio_can_send_is_a_value_error(profile: str, identifier: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        advertisement_of(Sighting(0, "r", profile, identifier, -60))


def test_a_radio_hears_no_doors_and_no_other_receivers(bluez: BlueZ) -> None:
    with pytest.raises(ValueError, match="doors"):
        bluez.say(Crossing(0, "main", 1, 0))
    with pytest.raises(ValueError, match="left, right"):
        bluez.say(Sighting(0, "middle", "ble-anonymous", "4a:00:00:00:00:01", -60))


def test_what_nobody_listens_to_is_not_sent(bluez: BlueZ) -> None:
    bluez.say(Sighting(0, "left", "ble-anonymous", "4a:00:00:00:00:01", -60))
    bluez.wait_said()
    assert bluez.said_total == 0
    assert bluez.daemon.counts == {"unheard": 1}


def test_patterns_look_at_one_kind_of_data_at_one_place() -> None:
    found = [(0x01, b"\x06"), (0xFF, b"\x4c\x00\x02\x15")]
    assert fits((0, 0xFF, b"\x4c\x00"), found)
    assert fits((2, 0xFF, b"\x02\x15"), found)
    assert not fits((1, 0xFF, b"\x4c\x00"), found)
    assert not fits((0, 0x16, b"\x4c\x00"), found)
    assert not fits((3, 0xFF, b"\x15\x00"), found)


def test_every_fourth_card_has_two_slots_and_is_one_person_all_the_same() -> None:
    cards = [f"f007fa11-0000-4000-8000-000000000000:1:{minor}" for minor in range(200)]
    of_two = [card for card in cards if has_two_slots(card)]
    assert 30 < len(of_two) < 70
    for card in cards:
        first, second = (slots_of(Sighting(0, "r", "ibeacon", card, -60), n) for n in (0, 1))
        assert first == advertisement_of(Sighting(0, "r", "ibeacon", card, -60))
        assert first.address == second.address
        assert ("feaa" in second.service_data) is (card in of_two)
        merged = replace(second, manufacturer=first.manufacturer)  # as BlueZ has it from then on
        best = shipped().best("ble", merged)
        assert best is not None
        assert best.name == "ibeacon"


def test_the_beacons_to_practise_with_are_unknown_but_for_the_card() -> None:
    taken = {advertisement.address: shipped().best("ble", advertisement) for n in (0,) for advertisement in messages(n)}
    assert {address: profile and profile.name for address, profile in taken.items()} == {
        CARD: "ibeacon", **dict.fromkeys(UNKNOWN, "ble-thing"),
    }  # fmt: skip
