"""What emulated gateways publish is read back as what they were given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.devices.feed import FeedMessage
from device_profiles.registry import shipped
from edge_agent.sources.beacon_slots import BeaconSlots
from edge_agent.sources.feeds import FeedReader
from edge_agent.sources.mqtt_vendor import MqttVendor
from edge_agent.sources.source import Sighting
from footfall.config import check
from simulators.devices.vendor_mqtt import VendorGateways
from simulators.devices.vendor_mqtt_formats import FORMATS, format_of

RECEIVERS = {"espresense": "kitchen", "minew-g1": "ac233fc00001", "impinj-r700": "r700-fitting.1", "theengs": "omg"}
IBEACON = ("ibeacon", "f007fa11-0000-4000-8000-000000000000:{}:{}")
SAID = {
    "espresense": [IBEACON, ("espresense", "watch:darrell"), ("ble-anonymous", "58:b1:29:44:94:d3")],
    "minew-g1": [IBEACON, ("eddystone-uid", "00112233445566778899:aabbccddeeff"), ("ble-anonymous", "58:b1:29:44:94:d3")],
    "impinj-r700": [("garment-tag", "3034257bf7194e4000001a85")],
    "theengs": [IBEACON, ("eddystone-uid", "00112233445566778899:aabbccddeeff")],
}
CASES = [(name, *said) for name, many in SAID.items() for said in many]


@pytest.mark.parametrize(("name", "profile", "identifier"), CASES)
@given(rssi_dbm=st.integers(-110, -20), t_wall_ns=st.integers(1, 2**62), major=st.integers(0, 65_535), minor=st.integers(0, 65_535))
def test_the_agent_hears_what_was_published(
    name: str, profile: str, identifier: str, rssi_dbm: int, t_wall_ns: int, major: int, minor: int
) -> None:
    receiver = RECEIVERS[name]
    said = Sighting(0, receiver, profile, identifier.format(major, minor), rssi_dbm)
    settings = check({"kind": "mqtt_vendor", "name": "x", "topics": ["#"], "receivers": {receiver: "zone"}}, MqttVendor, "settings")
    (heard,) = FeedReader(settings, shipped(), BeaconSlots(shipped(), settle_ns=0)).read(FeedMessage(*FORMATS[name](said, t_wall_ns)), 0)
    assert isinstance(heard, Sighting)
    assert (heard.receiver, heard.profile, heard.identifier, heard.rssi_dbm) == (receiver, profile, said.identifier, rssi_dbm)
    assert heard.t_wall_ns in (0, t_wall_ns)


def test_every_format_is_tried() -> None:
    assert SAID.keys() == FORMATS.keys() == RECEIVERS.keys()


@pytest.mark.parametrize(("receiver", "name"), [("kitchen", "espresense"), ("ac233fc00001", "minew-g1"), ("r700.1", "impinj-r700")])
def test_a_receivers_name_shows_what_it_is(receiver: str, name: str) -> None:
    assert format_of(receiver) == name


def test_what_no_gateway_hears_is_refused() -> None:
    gateways = VendorGateways(["kitchen"])
    with pytest.raises(ValueError, match="none of the receivers"):
        gateways.say(Sighting(0, "hall", *IBEACON, -60))
    with pytest.raises(ValueError, match="no BLE device"):
        gateways.say(Sighting(0, "kitchen", "garment-tag", "3034257bf7194e4000001a85", -60))
