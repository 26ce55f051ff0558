"""Messages of devices that publish by themselves: which profile takes them, what they mean, and that any bytes are met."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from device_profiles.devices.feed import Feed, FeedMessage
from device_profiles.profile import Profile
from device_profiles.reading import Counted, Occupied, Reading, Relayed, RelayedTag, Seen, Unread
from device_profiles.registry import shipped
from footfall.errors import ProfileError
from tests.support.whole import examples

FEEDS = {name: profile for name, profile in shipped().items() if isinstance(profile.device, Feed)}
VECTORS = [(profile, vector.input) for profile in FEEDS.values() for vector in profile.vectors]


def device(**more: Any) -> Feed:
    rows = {"kind": "seen", "identifier": "id", "rssi_dbm": "rssi"}
    return Feed.model_validate({"transport": "feed", "needs": ["id"], "readings": [rows], **more})


def message(payload: object, topic: str = "") -> FeedMessage:
    return FeedMessage(topic, payload if isinstance(payload, bytes) else json.dumps(payload).encode())


@pytest.mark.parametrize(
    ("pattern", "topic", "levels"),
    [
        ("", "anything/at/all", {}),
        ("a/b", "a/b", {}),
        ("a/b", "a/b/c", None),
        ("a/+/c", "a/b/c", {}),
        ("a/+/c", "a/c", None),
        ("a/{node}", "a/kitchen", {"node": "kitchen"}),
        ("a/{node}", "a/", None),
        ("a/#", "a", {}),
        ("a/#", "a/b/c", {}),
        ("#/{gateway}/BTtoMQTT/+", "home/omg/BTtoMQTT/AA", {"gateway": "omg"}),
        ("#/{gateway}/BTtoMQTT/+", "omg/BTtoMQTT/AA", {"gateway": "omg"}),
        ("#/{gateway}/BTtoMQTT/+", "home/omg/LWT", None),
        ("a.b", "axb", None),
    ],
)
def test_topics(pattern: str, topic: str, levels: dict[str, str] | None) -> None:
    rows = {"kind": "seen", "identifier": "id", "receiver": [f"@{name}" for name in levels or {}]}
    feed = device(topic=pattern, readings=[rows])
    if levels is None:
        assert feed.specificity(message({"id": "x"}, topic)) == 0
    else:
        (seen,) = feed.decode(message({"id": "x"}, topic))
        assert isinstance(seen, Seen)
        assert seen.receiver == ".".join(levels.values())


@pytest.mark.parametrize(
    "wrong",
    [
        {"topic": "a/#/b"},
        {"topic": "a/{Node}"},
        {"topic": "a/b+"},
        {"needs": []},
        {"needs": ["a..b"]},
        {"readings": []},
        {"readings": [{"kind": "guessed"}]},
        {"readings": [{"kind": "decoded", "by": "nobody"}]},
        {"readings": [{"kind": "seen", "identifier": {"path": "id", "form": "octal"}}]},
        {"format": "csv"},
    ],
)
def test_a_mistake_in_a_profile_is_reported(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        device(**wrong)


def test_the_more_it_asks_for_the_more_specific_it_is() -> None:
    said = message({"id": "x", "rssi": -1, "type": "T"}, "a/b")
    plain, wants_more, says, topic = device(), device(needs=["id", "rssi"]), device(says={"type": "T"}), device(topic="a/+")
    assert [feed.specificity(said) for feed in (plain, wants_more, says, topic)] == [1, 2, 2, 2]
    assert device(says={"type": "U"}).specificity(said) == 0
    assert device(needs=["nowhere"]).specificity(said) == 0
    assert device(format="xml").specificity(said) == 0


def test_a_device_that_sends_other_messages_is_known_by_one_of_several_paths() -> None:
    feed = device(needs=[], one_of=["id", "status"])
    assert [feed.specificity(message(said)) for said in ({"id": "x"}, {"status": 1}, {"id": "x", "status": 1}, {"other": 1})] == [
        1,
        1,
        1,
        0,
    ]


def test_a_message_with_what_another_device_s_have_is_not_its() -> None:
    feed = device(without=["other.id", "[].beat"])
    messages = ({"id": "x"}, {"id": "x", "other": {"id": 1}}, {"id": "x", "other": None})
    assert [feed.specificity(message(said)) for said in messages] == [1, 0, 1]


def test_an_item_with_a_value_of_unless_is_left_out() -> None:
    feed = device(needs=["[].id"], readings=[{"kind": "seen", "each": "[]", "unless": {"beat": True}, "identifier": "id"}])
    assert feed.decode(message([{"id": "a", "beat": True}, {"id": "b"}, {"id": "c", "beat": False}])) == [Seen("b"), Seen("c")]


def test_a_message_that_is_no_document_names_its_fault() -> None:
    fault = FeedMessage("", b" <a>\n<b></a>").fault()
    assert fault is not None
    assert (fault.reason, str(fault)) == ("feed.xml", "not XML: mismatched tag, line 2, column 6")
    assert str(FeedMessage("", b'{"a": }').fault()) == "not JSON: Expecting value, line 1, column 7"
    assert [FeedMessage("", payload).fault() for payload in (b"<a/>", b"{}", b"3", b"")] == [None] * 4


def test_one_item_that_cannot_be_read_does_not_lose_the_others() -> None:
    feed = device(needs=["[].id"], readings=[{"kind": "seen", "each": "[]", "identifier": "id", "rssi_dbm": "rssi"}])
    readings = feed.decode(message([{"id": "a", "rssi": -1}, {"id": "b", "rssi": "loud"}, {"id": "c", "rssi": -3}]))
    assert readings == [Seen("a", rssi_dbm=-1), Unread("feed.number"), Seen("c", rssi_dbm=-3)]
    with pytest.raises(ProfileError) as caught:
        feed.decode(message([{"id": "b", "rssi": "loud"}]))
    assert caught.value.reason == "feed.number"


def test_what_is_not_for_it_is_reported_so() -> None:
    with pytest.raises(ProfileError) as caught:
        device().decode(message({"rssi": -1}))
    assert caught.value.reason == "feed.other"


def test_the_payload_is_not_in_its_text() -> None:
    assert "58b1294494d3" not in repr(message({"mac": "58b1294494d3"}))


@pytest.mark.parametrize("values", [{}, {"text": "a", "hex": "61"}, {"hex": "zz"}, {"body": "a"}, {"topic": "t"}])
def test_a_vector_that_describes_no_message(values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"text|hex"):
        device().message(values)


@pytest.mark.parametrize(("profile", "values"), VECTORS, ids=[profile.name for profile, _ in VECTORS])
def test_a_message_is_taken_by_its_own_profile_alone(profile: Profile, values: dict[str, Any]) -> None:
    assert isinstance(profile.device, Feed)
    said = profile.device.message(values)
    takers = [taker.name for _, taker in shipped().takers("feed", said)]
    assert takers in ([profile.name], []), "two vendors' messages cannot be told apart"
    assert takers or any(vector.error for vector in profile.vectors if vector.input == values)


# --- the vendors' samples --------------------------------------------------------------------------------------------------------


def _tag(epc: str, receiver: str, rssi_dbm: int, t_wall_ns: int) -> list[Reading]:
    return [RelayedTag(bytes.fromhex(epc), receiver, rssi_dbm, t_wall_ns)]


HIKVISION = ("Hikvision ISAPI people counting", "", "hikvision-people-counting")
SCENARIO = "b8a44f941234.device1scenario"

SAMPLES: list[tuple[str, str, str, list[Reading] | None]] = [
    ("Impinj R700 IoT device interface", "impinj/events", "impinj-r700",
     _tag("7eda9038051002710002c0ae", "impinj-01-23-45.1", -70, 1645568542222000000)),
    ("Impinj Speedway Connect", "", "impinj-speedway-connect", _tag("999908290000000000000004", "7", -51, 1528935354368790000)),
    ("Impinj Speedway Connect", "", "impinj-speedway-connect", _tag("999908290000000000000003", "23", -50, 1528935354373293000)),
    ("SmartReader (Impinj on-reader app)", "", "impinj-smartreader",
     _tag("e28011606000020934d6faf7", "impinj00162513f90b.1", -51, 1706119203123456000)),
    ("Zebra FX9600 IoT Connector", "", "zebra-iotc", _tag("e2c24500200000668534009c", "fx9600f10ae0.1", -39, 1732216853319000000)),
    ("Zebra IoT Connector", "", "zebra-iotc", _tag("112233445566778899001134", "1", -53, 1680551416699000000)),
    ("Zebra IoT Connector CUSTOM", "", "zebra-iotc", _tag("aa0004ef55555555aa21bf43", "1", -34, 1786612468651000000)),
    ("Zebra RFD40/90 dataEVT", "", "zebra-rfd", _tag("bedd11112222333344445555", "", -39, 1566656122000000000)),
    ("Minew G1 gateway (JSON mode)", "", "minew-g1", None),
    (*HIKVISION, [Counted(70, 75, True, "849a40ecf16d.1.1", 1594267627000000000)]),
    (*HIKVISION, [Counted(0, 1, False, "2428fdf33a11.1.1", 1634037300000000000, 900.0)]),
    (*HIKVISION, [Counted(15, 14, True, "3c1bf8c13a6d.1", 1720412844000000000)]),
    (*HIKVISION, [Counted(0, 0, False, "4447cc5000c1.1", 1587317700000000000, 120.0)]),
    ("ESPresense", "espresense/devices/watch:darrell/basement", "espresense",
     [Seen("watch:darrell", rssi_dbm=-86, receiver="basement", values={"power_dbm": -64})]),
    ("ESPresense 4.x", "espresense/devices/iBeacon/kitchen", "espresense", None),
    ("Axis Object Analytics", "", "axis-object-analytics", [Counted(4, 0, True, f"{SCENARIO}2", 1708900000000000000)]),
    ("Axis Object Analytics", "", "axis-object-analytics",
     [Occupied(7, True, f"{SCENARIO}1", 1708900000000000000)]),
    ("RF Controls", "", "rf-controls", _tag("1ab00000000000000000a003", "zone-1", -70, 1708900000000000000)),
]  # fmt: skip
"""In the file's order: the vendor, the topic that its transport would have, who takes it, and what it means; None: see below.

RF Controls speaks over a WebSocket, for which there is no source: something else has to pass its message on, and then it is read.
"""


@pytest.fixture(scope="module")
def samples(real_data: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (real_data / "vendor-payloads" / "samples.jsonl").read_text().splitlines()]


def _of_sample(sample: dict[str, Any], topic: str) -> FeedMessage:
    payload = sample["payload"]
    return FeedMessage(topic, payload.encode() if isinstance(payload, str) else json.dumps(payload).encode())


def test_every_sample_is_listed(samples: list[dict[str, Any]]) -> None:
    assert [sample["vendor"] for sample in samples] == [vendor for vendor, *_ in SAMPLES]


@pytest.mark.parametrize("i", range(len(SAMPLES)), ids=[f"{i}-{taker}" for i, (_, _, taker, _) in enumerate(SAMPLES)])
def test_a_sample_is_taken_and_names_what_it_reports(samples: list[dict[str, Any]], i: int) -> None:
    _, topic, taker, readings = SAMPLES[i]
    said = _of_sample(samples[i], topic)
    takers = shipped().takers("feed", said)
    assert [profile.name for _, profile in takers] == [taker]
    found = FEEDS[taker].device
    assert isinstance(found, Feed)
    if readings is not None:
        assert list(found.decode(said)) == readings


def test_the_minew_sample_relays_each_device_that_it_heard(samples: list[dict[str, Any]]) -> None:
    said = samples[8]["payload"]
    readings = _decoded("minew-g1", _of_sample(samples[8], ""))
    heard = [item for item in said if "rssi" in item]
    assert len(readings) == len(heard) == len(said) - 1 == 8
    for item, reading in zip(heard, readings, strict=True):
        assert isinstance(reading, Relayed)
        assert reading.receiver == "ac233fc001ea"
        assert reading.advertisement.address.replace(":", "").upper() == item["mac"]
        assert reading.advertisement.rssi_dbm == item["rssi"]
        assert bool(reading.advertisement.service_data) == bool(item.get("rawData"))


def test_the_espresense_ibeacon_is_the_ibeacon_that_was_in_the_air(samples: list[dict[str, Any]]) -> None:
    (reading,) = _decoded("espresense", _of_sample(samples[14], "espresense/devices/iBeacon/kitchen"))
    assert isinstance(reading, Relayed)
    best = shipped().best("ble", reading.advertisement)
    assert best is not None
    assert best.device is not None
    (seen,) = best.device.decode(reading.advertisement)  # type: ignore[arg-type] # the registry has found that it is of its transport
    assert (best.name, seen.identifier, reading.advertisement.rssi_dbm) == (
        "ibeacon", "426c7565-4368-6172-6d42-6561636f6e73:3838:4949", -81,
    )  # fmt: skip


def _decoded(name: str, said: FeedMessage) -> list[Reading]:
    found = FEEDS[name].device
    assert isinstance(found, Feed)
    return list(found.decode(said))


# --- any bytes -------------------------------------------------------------------------------------------------------------------


def _meet(said: FeedMessage) -> None:
    """Every profile meets the message with readings or a ProfileError, and the registry with a profile or none."""
    shipped().best("feed", said)
    for profile in FEEDS.values():
        assert isinstance(profile.device, Feed)
        profile.device.specificity(said)
        try:
            readings = profile.device.decode(said)
        except ProfileError as error:
            assert error.reason  # noqa: PT017 # whatever it is, it has one
        else:
            assert all(isinstance(reading, get_args(Reading)) for reading in readings)


@given(st.text(max_size=30), st.binary(max_size=200))
def test_any_bytes_are_readings_or_a_profile_error(topic: str, payload: bytes) -> None:
    _meet(FeedMessage(topic, payload))


PIECES = (b"", b"\xff", b"-", b"9" * 30, b"null", b'"', b"{", b"[]")


@pytest.mark.parametrize(("profile", "values"), VECTORS, ids=[profile.name for profile, _ in VECTORS])
@settings(max_examples=examples(20))
@given(data=st.data())
def test_mutated_messages_are_readings_or_a_profile_error(profile: Profile, values: dict[str, Any], data: st.DataObject) -> None:
    """Bytes are replaced, cut out and repeated."""
    assert isinstance(profile.device, Feed)
    said = profile.device.message(values)
    payload = bytearray(said.payload)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(0, len(payload) - 1)))
        till = at + data.draw(st.integers(0, 12))
        payload[at:till] = data.draw(
            st.sampled_from([b"", b"\xff", b"-", b"9" * 30, b"null", b'"', b"{", b"[]", bytes(payload[at:till]) * 2])
        )
    _meet(FeedMessage(said.topic, bytes(payload)))


WRONG = st.sampled_from([None, True, -1, 10**30, 1.5, 1e300, "", "x" * 300, "\x00", [], {}, [[]], {"a": {}}, "9" * 19])


@pytest.mark.parametrize(("profile", "values"), VECTORS, ids=[profile.name for profile, _ in VECTORS])
@settings(max_examples=examples(20))
@given(data=st.data())
def test_wrong_types_anywhere_are_readings_or_a_profile_error(profile: Profile, values: dict[str, Any], data: st.DataObject) -> None:
    """Some value of the message is another."""
    assert isinstance(profile.device, Feed)
    said = profile.device.message(values)
    if profile.device.format != "json":
        return
    document = said.document("json")
    for _ in range(data.draw(st.integers(1, 3))):
        _replace(document, data)
    _meet(FeedMessage(said.topic, json.dumps(document).encode()))


def _replace(document: Any, data: st.DataObject) -> None:
    at = document
    while isinstance(at, dict | list) and at:
        keys = list(at) if isinstance(at, dict) else range(len(at))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(at[key], dict | list) or not at[key] or data.draw(st.booleans()):
            at[key] = deepcopy(data.draw(WRONG))
            return
        at = at[key]


def test_words_match_in_capitals_or_not_and_any_of_them() -> None:
    feed = device(needs=["[].id"], readings=[{"kind": "seen", "each": "[]", "where": {"way": "in|enter"}, "identifier": "id"}])
    assert feed.decode(message([{"id": "a", "way": "IN"}, {"id": "b", "way": "Enter"}, {"id": "c", "way": "out"}])) == [
        Seen("a"),
        Seen("b"),
    ]


def test_counts_that_no_reading_has_are_unread_with_what_they_are() -> None:
    rows: dict[str, Any] = {
        "each": "[]",
        "kind": "counted",
        "cumulative": True,
        "needs": ["counts[name=in]"],
        "entered": "counts[name=in].n",
    }
    other = {"each": "[]", "kind": "unread", "needs": ["counts[].name"], "lacks": ["counts[name=in]"], "reason": "feed.counts"}
    feed = device(needs=["[].counts"], readings=[rows, {**other, "fault": "other names", "shows": "counts[].name"}])
    counts = [{"name": "In", "n": 3}], [{"name": "a", "n": 3}, {"name": "b", "n": 4}], []
    read = feed.decode(message([{"counts": each} for each in counts]))
    assert read == [Counted(3, 0, True), Unread("feed.counts")]
    assert isinstance(read[1], Unread)
    assert read[1].fault == "other names: a, b"


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"in": "abc"}, "in: no number, but a text of 3 characters"),
        ({"in": -1}, "in: no count of people, but a number below 0"),
        ({"in": 10.5}, "in: no whole number of people, but a fraction"),
        ({}, "in: no number, but nothing"),
        (
            {"in": 1, "at": "2026-03-12T12:24:00"},
            "at: no time of the form any with a zone such as Z or +08:00, but a text of 19 characters",
        ),
        ({"in": 1, "at": "2026-03-12T12:25:00+8:00"}, "at: no time of the form any, but a text of 24 characters"),
        ({"in": 1, "at": [1]}, "at: no time of the form any, but a list"),
        ({"in": 1, "speed": True}, "speed: no number, but true or false"),
    ],
)
def test_a_value_that_cannot_be_read_is_named_by_its_path_and_kind(values: dict[str, Any], fault: str) -> None:
    rows = {"kind": "counted", "cumulative": True, "entered": "in", "time": {"path": "at", "form": "any"}}
    feed = device(needs=["id"], readings=[{**rows, "values": {"speed_m_s": {"path": "speed", "scale": 1.0}}}])
    with pytest.raises(ProfileError) as caught:
        feed.decode(message({"id": "x", **values}))
    assert str(caught.value) == f"none of its 1 items can be read: {fault}"


def test_xml_in_utf_16_names_its_fault() -> None:
    fault = FeedMessage("", "<a>".encode("utf-16")).fault()
    assert fault is not None
    assert fault.reason == "feed.xml"
