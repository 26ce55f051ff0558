"""What a message means to an agent: receivers, doors, whose identifier it is, and that a message that comes again is not heard again."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from device_profiles.decoders import scalars
from device_profiles.devices.feed import FeedMessage
from device_profiles.registry import shipped
from edge_agent.counters import Counters
from edge_agent.sources import feeds
from edge_agent.sources.beacon_slots import BeaconSlots
from edge_agent.sources.feeds import FeedReader, FeedSettings
from edge_agent.sources.mqtt_vendor import MqttVendor
from edge_agent.sources.source import AliveUntil, Crossing, Heard, Observed, Sighting, Tally, Unexplained
from footfall.config import check
from footfall.errors import ConfigError

NOW_NS = 1_000_000_000
ALIAS = {"mac": "58b1294494d3", "id": "watch:darrell", "idType": 250, "rssi": -61}


def reader(settle_ns: int = 0, **more: Any) -> FeedReader:
    values = {"kind": "mqtt_vendor", "name": "feed", "topics": ["#"], **more}
    settings: FeedSettings = check(values, MqttVendor, "settings")
    return FeedReader(settings, shipped(), BeaconSlots(shipped(), settle_ns))


def said(payload: object, topic: str = "") -> FeedMessage:
    return FeedMessage(topic, json.dumps(payload).encode())


def node(payload: object, name: str = "kitchen") -> FeedMessage:
    return said(payload, f"espresense/devices/x/{name}")


def read(feed: FeedReader, message: FeedMessage) -> list[Heard]:
    return feed.read(message, NOW_NS)


def vector(name: str, i: int = 0) -> FeedMessage:
    profile = shipped()[name]
    assert profile.device is not None
    message = profile.device.message(profile.vectors[i].input)
    assert isinstance(message, FeedMessage)
    return message


def test_whose_own_identifier_it_is() -> None:
    heard = read(reader(receivers={"kitchen": "home"}), node(ALIAS))
    assert heard == [Sighting(NOW_NS, "kitchen", "espresense", "watch:darrell", -61)]


def test_a_beacon_that_a_node_has_decoded_is_the_one_that_an_adapter_hears() -> None:
    feed = reader(receivers={"kitchen": "home"})
    eddystone = {"mac": "dd8800003777", "id": "eddy:0011223344445566778899-aabbccddeeff", "idType": 170, "rssi": -70}
    uid = "00112233445566778899:aabbccddeeff"
    assert read(feed, node(eddystone)) == [Sighting(NOW_NS, "kitchen", "eddystone-uid", uid, -70)]
    alt = {"mac": "dd8800003777", "id": "altBeacon:00112233-4455-6677-8899-aabbccddeeff-1-2", "rssi": -70}
    name = "00112233-4455-6677-8899-aabbccddeeff:1:2"
    assert read(feed, node(alt)) == [Sighting(NOW_NS, "kitchen", "altbeacon", name, -70)]


def test_telemetry_of_a_beacon_is_counted_and_no_thing_beside_its_identity() -> None:
    feed = reader(receivers={"ac233fc001ea": "home"})
    gateway = {"timestamp": "2026-08-01T05:54:25Z", "type": "Gateway", "mac": "AC233FC001EA"}

    def relayed(raw: str) -> list[Heard]:
        return read(feed, said([gateway, {"type": "Unknown", "mac": "DD8800003777", "rssi": -59, "rawData": raw}]))

    uid, tlm = "1716AAFE00E800112233445566778899AABBCCDDEEFF0000", "1116AAFE20000BFE1C000000070800003E7C"
    for raw in (uid, uid + tlm, tlm + uid):
        [heard] = relayed(raw)
        assert isinstance(heard, Sighting)
        assert (heard.profile, heard.identifier) == ("eddystone-uid", "00112233445566778899:aabbccddeeff")
    assert feed.read(said([gateway, {"type": "Unknown", "mac": "DD8800003778", "rssi": -59, "rawData": tlm}]), NOW_NS) == [
        Unexplained(NOW_NS, "ble.nobody")
    ]
    [heard] = relayed(tlm)
    assert isinstance(heard, Sighting)
    assert heard.profile == "eddystone-uid", "the beacon was heard: its other slot names it"


def test_a_relayed_advertisement_is_whose_ble_profile_it_is() -> None:
    uuid = "00112233-4455-6677-8899-aabbccddeeff"
    feed = reader(receivers={"kitchen": "home"})
    beacon = {"mac": "dd8800003777", "id": f"iBeacon:{uuid}-7-9", "rssi": -70.4}
    assert read(feed, node(beacon)) == [Sighting(NOW_NS, "kitchen", "ibeacon", f"{uuid}:7:9", -70)]
    phone = {"mac": "58b1294494d3", "id": "apple:1005:9-24", "rssi": -70}
    assert read(feed, node(phone)) == [Sighting(NOW_NS, "kitchen", "ble-anonymous", "58:b1:29:44:94:d3", -70)]


def test_a_relayed_tag_is_whose_epc_profile_it_is() -> None:
    heard = read(reader(receivers={"impinj-01-23-45.1": "fitting"}), vector("impinj-r700"))
    assert heard == [Sighting(NOW_NS, "impinj-01-23-45.1", "garment-tag", "7eda9038051002710002c0ae", -70, 1645568542222000000)]


def test_a_receiver_that_no_zone_is_known_of_is_counted() -> None:
    feed = reader(receivers={"hall": "home"})
    assert read(feed, node(ALIAS)) == [Unexplained(NOW_NS, "feed.receiver")]
    assert feed.unexplained_total == {"feed.receiver": 1}


def test_messages_that_name_no_receiver_have_the_one_of_the_settings() -> None:
    message = vector("shelly-blu-publisher")
    assert read(reader(receivers={"shelly": "home"}), message) == [Unexplained(NOW_NS, "feed.receiver")]
    (heard,) = read(reader(receivers={"shelly": "home"}, receiver="shelly"), message)
    assert isinstance(heard, Sighting)
    assert (heard.receiver, heard.identifier) == ("shelly", "7c:c6:b6:7f:48:ed")


def test_two_readers_that_do_not_name_themselves_are_distinguished_by_their_prefix() -> None:
    (heard,) = read(reader(receivers={"door-7": "entrance"}, prefix="door-"), vector("impinj-speedway-connect"))
    assert isinstance(heard, Sighting)
    assert heard.receiver == "door-7"


def test_an_antenna_of_a_reader_without_a_name_has_the_receiver_of_the_settings() -> None:
    reads = said({"tag_reads": [{"epc": "300833B2DDD9014000000000", "antennaPort": port} for port in (1, 2)]})
    heard = read(reader(receivers={"gate": "entrance", "2": "fitting"}, receiver="gate"), reads)
    assert [one.receiver for one in heard if isinstance(one, Sighting)] == ["gate", "2"]
    assert read(reader(receivers={"gate": "entrance"}), reads) == [Unexplained(NOW_NS, "feed.receiver", 2)]


@pytest.mark.parametrize(
    ("name", "more", "profile"),
    [
        ("name:kim-s-iphone", {"idType": 35}, "espresense-name"),
        ("name:kim-s-iphone", {}, "espresense-name"),
        ("phone:galaxy", {}, "espresense"),
        ("phone:galaxy", {"idType": 35}, "espresense-name"),
    ],
)
def test_a_device_that_its_node_knows_by_name_is_one_whatever_its_address(name: str, more: dict[str, int], profile: str) -> None:
    feed = reader(receivers={"kitchen": "home"})
    heard = [read(feed, node({"mac": mac, "id": name, "rssi": -61, **more})) for mac in ("4fb1294494d3", "7ab1294494d4")]
    assert heard == [[Sighting(NOW_NS, "kitchen", profile, name, -61)]] * 2


def test_heard_without_a_level_is_heard_as_well_as_it_takes_to_be_there() -> None:
    read_by = {"epc": "999908290000000000000004", "antennaPort": 7, "firstSeenTimestamp": "2018-06-14T00:15:54Z", "isHeartBeat": False}
    (heard,) = read(reader(receivers={"7": "fitting"}), said(read_by))
    assert isinstance(heard, Sighting)
    assert heard.rssi_dbm == shipped()["garment-tag"].presence.enter_dbm


LINE = "849a40ecf16d.1.1"
CHANNEL = "849a40ecf16d.1"


@pytest.mark.parametrize(
    ("settings", "door", "people"),
    [
        ({"doors": {LINE: "main"}}, "main", (70, 75)),
        ({"door": "side"}, "side", (70, 75)),
        ({"doors": {LINE: "main"}, "door": "side"}, "main", (70, 75)),
        ({"doors": {"other.1": "main"}, "door": "side"}, "side", (70, 75)),
        ({"door": "main", "mirrored": [LINE]}, "main", (75, 70)),
        ({"doors": {CHANNEL: "main"}, "door": "side"}, "main", (70, 75)),
        ({"doors": {CHANNEL: "side", LINE: "main"}}, "main", (70, 75)),
        ({"doors": {CHANNEL: "main"}, "mirrored": [CHANNEL]}, "main", (75, 70)),
    ],
)
def test_lines_are_doors(settings: dict[str, Any], door: str, people: tuple[int, int]) -> None:
    (tally,) = read(reader(**settings), vector("hikvision-people-counting"))
    assert isinstance(tally, Tally)
    assert (tally.door, tally.device, tally.profile) == (door, f"feed {LINE}", "hikvision-people-counting")
    assert (tally.counted.entered, tally.counted.left) == people
    assert tally.counted.cumulative


def test_each_region_of_a_camera_is_a_counter_of_its_own() -> None:
    """Two regions' totals in turn would look like one counter that jumps."""
    feed = reader(doors={CHANNEL: "main"})
    first = vector("hikvision-people-counting")
    second = FeedMessage("", first.payload.replace(b"<regionsID>1<", b"<regionsID>2<").replace(b"<enter>70<", b"<enter>900<"))
    tallies = [heard for message in (first, second) for heard in read(feed, message) if isinstance(heard, Tally)]
    assert [(tally.device, tally.door, tally.counted.entered) for tally in tallies] == [
        (f"feed {CHANNEL}.1", "main", 70), (f"feed {CHANNEL}.2", "main", 900),
    ]  # fmt: skip


def test_what_is_wrong_with_a_message_is_kept_for_people() -> None:
    (unexplained,) = read(reader(), FeedMessage("", b"<EventNotificationAlert>\n<a></b>"))
    assert isinstance(unexplained, Unexplained)
    assert (unexplained.reason, unexplained.fault) == ("feed.xml", "not XML: mismatched tag, line 2, column 6")


def test_a_line_without_a_door_is_counted() -> None:
    assert read(reader(), vector("hikvision-people-counting")) == [Unexplained(NOW_NS, "feed.door")]


def test_a_dated_message_that_comes_again_is_not_heard_again() -> None:
    feed = reader(receivers={"7": "fitting"})
    once = vector("impinj-speedway-connect")
    assert isinstance(read(feed, once)[0], Sighting)
    assert read(feed, once) == [Unexplained(NOW_NS, "feed.again")]
    elsewhere = FeedMessage("another/reader", once.payload)
    assert isinstance(read(feed, elsewhere)[0], Sighting)


def test_an_undated_message_may_report_the_same_twice() -> None:
    """ESPresense sends no time: a device that stands still sounds the same for minutes."""
    feed = reader(receivers={"kitchen": "home"})
    assert [len(read(feed, node(ALIAS))) for _ in range(3)] == [1, 1, 1]
    assert not feed.unexplained_total


def test_the_memory_of_messages_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "REMEMBERED", 3)
    feed = reader(receivers={"1": "fitting"})
    messages = [
        said({"epc": "9999", "antennaPort": 1, "firstSeenTimestamp": f"2018-06-14T00:15:0{n}Z", "isHeartBeat": False}) for n in range(5)
    ]
    assert all(isinstance(read(feed, message)[0], Sighting) for message in messages)
    assert isinstance(read(feed, messages[4])[0], Unexplained)
    assert isinstance(read(feed, messages[0])[0], Sighting)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "feed.unknown"),
        (b"{", "feed.json"),
        (b"<a", "feed.xml"),
        (b'{"hello": 1}', "feed.unknown"),
        (b'{"id":"x","rssi":"loud"}', "feed.number"),
    ],
)
def test_what_nothing_explains_is_counted_by_reason(payload: bytes, reason: str) -> None:
    feed = reader(receivers={"kitchen": "home"})
    assert read(feed, FeedMessage("espresense/devices/x/kitchen", payload)) == [Unexplained(NOW_NS, reason)]
    assert feed.unexplained_total == {reason: 1}


def test_what_cannot_be_read_of_a_message_is_counted_beside_what_can() -> None:
    gateway = {"timestamp": "2019-08-01T05:54:25Z", "type": "Gateway", "mac": "AC233FC001EA", "gatewayFree": 98}
    good = {"timestamp": "2019-08-01T05:54:25Z", "type": "Unknown", "mac": "AC233FA018E3", "rssi": -53, "rawData": ""}
    message = said([gateway, good, {**good, "mac": "nobody"}, {**good, "rawData": "0"}, {**good, "rssi": 99}, {**good, "mac": "AC233F"}])
    heard = read(reader(receivers={"ac233fc001ea": "checkout"}), message)
    assert [type(item) for item in heard] == [Sighting, Unexplained, Unexplained, Unexplained]
    assert {item.reason: item.total for item in heard if isinstance(item, Unexplained)} == {"feed.mac": 2, "feed.hex": 1, "feed.rssi": 1}


def test_a_message_that_reports_nothing_of_anybody_is_a_sign_of_life() -> None:
    assert read(reader(), vector("axis-people-counter", 1)) == [AliveUntil(NOW_NS)]


def test_receivers_and_doors_may_be_written_as_messages_have_them() -> None:
    given = {"Living Room": "shoes", "kitchen": "entrance"}
    values = {
        "kind": "mqtt_vendor",
        "name": "rooms",
        "topics": ["#"],
        "receivers": given,
        "doors": {"Main Door": "main"},
        "mirrored": ["Main Door"],
    }
    settings = check(values, MqttVendor, "settings")
    assert sorted(settings.receivers) == ["kitchen", "living-room"]
    assert (settings.doors, settings.mirrored) == ({"main-door": "main"}, ("main-door",))
    reader = FeedReader(settings, shipped())
    message = FeedMessage("espresense/devices/irk:ann/Living Room", b'{"mac":"58b1294494d4","id":"irk:ann","rssi":-71}')
    [heard] = reader.read(message, 0)
    assert isinstance(heard, Sighting)
    assert heard.receiver == "living-room"


def test_settings_may_name_what_messages_do_in_any_script() -> None:
    receivers = {"前门": "entrance", "后门": "shoes", "küche": "shoes", "living-room": "shoes"}
    values = {"kind": "mqtt_vendor", "name": "rooms", "topics": ["#"], "receivers": receivers}
    assert list(check(values, MqttVendor, "settings").receivers) == [*map(scalars.name, ("前门", "后门")), "k-che", "living-room"]


def test_two_names_that_become_one_are_refused() -> None:
    values = {"kind": "mqtt_vendor", "name": "rooms", "topics": ["#"], "receivers": {"Living Room": "shoes", "living-room": "entrance"}}
    with pytest.raises(ConfigError, match="both become 'living-room'"):
        check(values, MqttVendor, "settings")


def bare(text: str, topic: str) -> FeedMessage:
    return FeedMessage(topic, text.encode())


def test_what_a_bare_number_is_stands_in_the_settings() -> None:
    feed = reader(
        doors={"shop/in": "main", "shop.out": "main", "shop.since": "side"}, mirrored=["shop.out"], changes=["shop.since"],
        zones={"shop.cafe.people": "cafe"},
    )  # fmt: skip
    tallies = [read(feed, bare("7", f"shop/{way}"))[0] for way in ("in", "out", "since")]
    assert all(isinstance(tally, Tally) for tally in tallies)
    found = [(t.door, t.counted.entered, t.counted.left, t.counted.cumulative) for t in tallies if isinstance(t, Tally)]
    assert found == [("main", 7, 0, True), ("main", 0, 7, True), ("side", 7, 0, False)]
    assert read(feed, bare("3", "shop/cafe/people")) == [Observed(NOW_NS, "cafe", "shop.cafe.people", 3, True)]
    assert read(feed, bare("3", "shop/elsewhere")) == [Unexplained(NOW_NS, "feed.zone")]
    assert read(feed, bare("21.5", "shop/cafe/people")) == [Unexplained(NOW_NS, "feed.count")]


def test_presence_is_of_a_zone_and_not_of_a_person() -> None:
    feed = reader(zones={"hall": "entrance"}, zone="cafe")
    assert read(feed, said({"occupancy": True}, "zigbee2mqtt/hall/motion")) == [Observed(NOW_NS, "entrance", "hall.motion", 1, False)]
    assert read(feed, bare("OFF", "radar/binary_sensor/presence/state")) == [
        Observed(NOW_NS, "cafe", "radar.binary_sensor.presence.state", 0, False)
    ]
    assert read(feed, bare("online", "radar/status")) == [Unexplained(NOW_NS, "feed.truth")]


def test_who_wants_no_zones_of_a_camera_hears_of_none() -> None:
    vectors = vector("axis-object-analytics", 1), vector("xovis", 0)
    assert read(reader(door="main"), vectors[0]) == [AliveUntil(NOW_NS)]
    assert [type(heard) for heard in read(reader(door="main"), vectors[1])] == [Tally]
    assert [type(heard) for heard in read(reader(door="main", zone="hall"), vectors[1])] == [Tally, Observed]
    assert read(reader(), vectors[0]) == [Unexplained(NOW_NS, "feed.zone")]


def test_an_uplink_that_cannot_be_read_names_its_fault() -> None:
    (unexplained,) = read(reader(zone="hall"), vector("milesight-lorawan", -1))
    assert unexplained == Unexplained(NOW_NS, "feed.lorawan")


def test_totals_count_whether_an_uplink_has_room_for_both_ways_or_for_one() -> None:
    feed, counters, people = reader(doors={"24e124716d490001": "main"}), Counters("boot"), [0, 0]
    uplinks = ["03D26400000004D232000000", "03D267000000", "04D234000000", "05CC09000900", "03D26900000004D236000000"]
    for i, payload in enumerate(uplinks):
        data = base64.b64encode(bytes.fromhex(payload)).decode()
        message = said({"deviceInfo": {"devEui": "24e124716d490001"}, "data": data, "time": f"2026-03-12T11:2{i}:00Z"})
        for heard in feed.read(message, NOW_NS + i * 60 * NOW_NS):
            assert isinstance(heard, Tally)
            for counted in counters.count(heard, shipped()[heard.profile].counter):
                assert isinstance(counted, Crossing)
                people = [people[0] + counted.entered, people[1] + counted.left]
    assert people == [5, 4]


@pytest.mark.parametrize(
    ("doors", "door", "counted"),
    [
        ({}, "main", []),
        ({"24e124716d490001": "main"}, None, []),
        ({"24e124716d490001.line": "main"}, None, ["main", "main"]),
        ({"24e124716d490001.line.in": "main", "24e124716d490001.line.out": "side"}, "back", ["main", "side"]),
    ],
)
def test_who_crosses_a_line_that_is_reported_again_counts_at_a_door_of_that_line_alone(
    doors: dict[str, str], door: str | None, counted: list[str]
) -> None:
    crossed = said({"deviceInfo": {"devEui": "24e124716d490001"}, "time": "2026-03-12T11:25:00Z", "object": {"line_in": 1, "line_out": 0}})
    heard = read(reader(doors=doors, door=door), crossed)
    assert [tally.door for tally in heard if isinstance(tally, Tally)] == counted
    assert [one for one in heard if not isinstance(one, Tally)] == ([] if counted else [Unexplained(NOW_NS, "feed.trigger", 2)])


@pytest.mark.parametrize("payload", [b"[]", b" [ ]\r\n"])
def test_a_list_without_items_is_a_sign_of_life(payload: bytes) -> None:
    assert read(reader(), FeedMessage("", payload)) == [AliveUntil(NOW_NS)]
