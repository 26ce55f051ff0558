"""Cards that alternate several kinds of messages, as their gateways relay them one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.advertisement import parse_advertising_data
from device_profiles.devices.feed import FeedMessage
from device_profiles.registry import shipped
from edge_agent.clock import SystemClock
from edge_agent.sources.beacon_slots import FORGET_NS, REMEMBERED, SETTLE_NS, UNDECIDED, BeaconSlots, SlotMeaning
from edge_agent.sources.ble import BleSource
from edge_agent.sources.ble_advertisement import long_uuid
from edge_agent.sources.ble_scanner import HeardAdvertisement, Scanner
from edge_agent.sources.feeds import FeedReader
from edge_agent.sources.mqtt_vendor import MqttVendor
from edge_agent.sources.source import AliveUntil, Heard, Sighting
from footfall.config import check

NOW_NS = 1_000_000_000


def reader() -> FeedReader:
    values = {"kind": "mqtt_vendor", "name": "feed", "topics": ["#"], "receivers": {"ac233fc001ea": "home"}}
    return FeedReader(check(values, MqttVendor, "settings"), shipped())


def said(payload: object) -> FeedMessage:
    return FeedMessage("", json.dumps(payload).encode())


IBEACON_OF_CARD = "1AFF4C000215426C7565436861726D426561636F6E730EFE1355C5"
UID_OF_CARD = "1716AAFE00E800112233445566778899AABBCCDDEEFF0000"
TLM_OF_CARD = "1116AAFE20000BFE1C000000070800003E7C"
URL_OF_CARD = "1016AAFE10000367657470617265746F07"
CARD = "426c7565-4368-6172-6d42-6561636f6e73:3838:4949"


def slot(raw: str, mac: str = "DD8800003777", rssi: int = -59) -> FeedMessage:
    return said([{"type": "Gateway", "mac": "AC233FC001EA"}, {"type": "Unknown", "mac": mac, "rssi": rssi, "rawData": raw}])


@given(
    st.permutations([IBEACON_OF_CARD, UID_OF_CARD, TLM_OF_CARD, URL_OF_CARD, ""]),
    st.permutations([IBEACON_OF_CARD, UID_OF_CARD, TLM_OF_CARD, URL_OF_CARD, ""]),
)
def test_two_agents_that_hear_the_slots_of_a_card_in_any_order_know_one_person(first: list[str], second: list[str]) -> None:
    people = set()
    for order in (first, second):
        feed = reader()
        for i, raw in enumerate(order * 4):
            heard = feed.read(slot(raw), NOW_NS + i * NOW_NS // 2)
            people |= {(one.profile, one.identifier) for one in heard if isinstance(one, Sighting)}
    assert people == {("ibeacon", CARD)}


@pytest.mark.parametrize(
    ("raw", "who"),
    [
        (UID_OF_CARD, ("eddystone-uid", "00112233445566778899:aabbccddeeff")),
        (URL_OF_CARD, ("eddystone-url", "https://getpareto.com")),
        ("", ("ble-thing", "dd:88:00:00:37:77")),
    ],
)
def test_a_card_of_one_slot_is_who_it_is_once_its_address_was_heard_for_three_seconds(raw: str, who: tuple[str, str]) -> None:
    feed = reader()
    for i in range(3):
        assert feed.read(slot(raw, rssi=-50 - i), NOW_NS * (1 + i)) == [AliveUntil(NOW_NS * (1 + i))]
    due = feed.read(said([]), NOW_NS * 5)
    assert due == [Sighting(NOW_NS * 5, "ac233fc001ea", *who, -52)], "what was held is heard, with or without another message of its own"
    assert feed.read(slot(raw), NOW_NS * 6) == [Sighting(NOW_NS * 6, "ac233fc001ea", *who, -59)]


def test_an_ibeacon_waits_for_nobody_and_its_card_is_known_for_an_hour() -> None:
    feed = reader()
    for raw, at_ns in ((IBEACON_OF_CARD, NOW_NS), (UID_OF_CARD, NOW_NS), (TLM_OF_CARD, NOW_NS + FORGET_NS - 1)):
        assert [(one.profile, one.identifier) for one in feed.read(slot(raw), at_ns) if isinstance(one, Sighting)] == [("ibeacon", CARD)]


def test_a_card_without_its_stronger_slot_for_an_hour_is_its_other_one() -> None:
    feed = reader()
    feed.read(slot(IBEACON_OF_CARD), NOW_NS)
    found = [
        one.profile for i in range(1, 62) for one in feed.read(slot(UID_OF_CARD), NOW_NS + i * 60 * NOW_NS) if isinstance(one, Sighting)
    ]
    assert found == ["ibeacon"] * 59 + ["eddystone-uid"] * 2


@pytest.mark.parametrize("mac", ["4D8800003777", "0D8800003777"])
def test_an_address_that_may_change_pairs_nothing_and_waits_for_nothing(mac: str) -> None:
    feed = reader()
    heard = [one for raw in (UID_OF_CARD, IBEACON_OF_CARD, UID_OF_CARD) for one in feed.read(slot(raw, mac), NOW_NS)]
    assert [one.profile for one in heard if isinstance(one, Sighting)] == ["eddystone-uid", "ibeacon", "eddystone-uid"]


def test_a_sender_for_several_pairs_nothing() -> None:
    feed = reader()
    other = IBEACON_OF_CARD[:-4] + "56C5"
    heard = [one for raw in (IBEACON_OF_CARD, other, UID_OF_CARD, IBEACON_OF_CARD, other) for one in feed.read(slot(raw), NOW_NS)]
    assert [(one.profile, one.identifier[-4:]) for one in heard if isinstance(one, Sighting)] == [
        ("ibeacon", "4949"),
        ("ibeacon", "4950"),
        ("eddystone-uid", "eeff"),
        ("ibeacon", "4949"),
        ("ibeacon", "4950"),
    ]


def test_the_addresses_that_are_remembered_are_bounded() -> None:
    slots = BeaconSlots(shipped())
    for i in range(REMEMBERED + 50):
        address = f"c0:00:00:{i >> 16:02x}:{i >> 8 & 255:02x}:{i & 255:02x}"
        assert slots.whose(address, SlotMeaning("eddystone-uid", "x", rank=3025), i) is UNDECIDED
        slots.hold(address, Sighting(i, "r", "", "", -60))
    assert len(slots) == REMEMBERED
    assert len(slots.due(i + SETTLE_NS)) == REMEMBERED


def test_what_a_gateway_has_decoded_of_one_card_is_one_person() -> None:
    uid = {"type": "Eddystone-UID", "eddystoneNamespace": "00112233445566778899", "eddystoneInstance": "AABBCCDDEEFF"}
    kinds = [uid, {"type": "Eddystone-URL", "url": "https://getpareto.com"}, {"type": "Eddystone-TLM", "battery": 3000}, {"type": "Info"}]
    feed, found = reader(), list[Heard]()
    for i, kind in enumerate([*kinds[1:], uid, *kinds] * 3):
        entry = {"mac": "DD8800003777", "rssi": -59, "bleName": "", **kind}
        found += feed.read(said([{"type": "Gateway", "mac": "AC233FC001EA"}, entry]), NOW_NS + i * NOW_NS // 2)
    people = {(one.profile, one.identifier) for one in found if isinstance(one, Sighting)}
    assert people == {("eddystone-uid", "00112233445566778899:aabbccddeeff")}
    assert sum(isinstance(one, Sighting) for one in found) == 3 * 8 - 6 + 1, (
        "three seconds are six messages, of which the last is heard when it is decided"
    )


def called_back(raw: str) -> tuple[BLEDevice, AdvertisementData]:
    """Return an advertisement as bleak calls back, of the card's address."""
    found = parse_advertising_data(bytes.fromhex(raw), "DD:88:00:00:37:77")
    service_data = {long_uuid(uuid): data for uuid, data in found.service_data.items()}
    device = BLEDevice(found.address, None, {"path": "", "props": {"AddressType": "random"}})
    return device, AdvertisementData(None, dict(found.manufacturer), service_data, [], None, -60, ())


class Ear(Scanner):
    """A scanner that has heard what the test states."""

    def __init__(self, heard: list[HeardAdvertisement]) -> None:
        self.heard = heard

    def take(self) -> Iterator[HeardAdvertisement]:
        yield from self.heard


class StandingClock(SystemClock):
    at_ns = 0

    def boot_ns(self) -> int:
        return self.at_ns


@pytest.mark.parametrize("order", [(UID_OF_CARD, IBEACON_OF_CARD, TLM_OF_CARD), (TLM_OF_CARD, UID_OF_CARD, UID_OF_CARD, IBEACON_OF_CARD)])
def test_an_adapter_whose_stack_merges_nothing_hears_one_person(order: tuple[str, ...]) -> None:
    clock, emitted = StandingClock(), list[Heard]()
    source = BleSource("ble", {"hci0": "hci0"}, clock, shipped())
    for raw in order * 2:
        clock.at_ns += NOW_NS // 2
        source._turn(Ear([HeardAdvertisement(clock.at_ns, "hci0", *called_back(raw))]), emitted.append)
    people = {(one.profile, one.identifier) for one in emitted if isinstance(one, Sighting)}
    assert people == {("ibeacon", CARD)}


def test_an_adapter_that_hears_one_slot_reports_it_once_it_is_decided() -> None:
    clock, emitted = StandingClock(), list[Heard]()
    source = BleSource("ble", {"hci0": "hci0"}, clock, shipped())
    source._turn(Ear([HeardAdvertisement(0, "hci0", *called_back(UID_OF_CARD))]), emitted.append)
    assert emitted == []
    clock.at_ns = SETTLE_NS
    source._turn(Ear([]), emitted.append)
    assert emitted == [Sighting(SETTLE_NS, "hci0", "eddystone-uid", "00112233445566778899:aabbccddeeff", -60)]
