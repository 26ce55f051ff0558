from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from device_profiles.advertisement import Advertisement
from device_profiles.ble_keys import keyed
from device_profiles.devices.ble import Ble
from device_profiles.reading import Seen
from device_profiles.registry import Registry, read_registry, shipped
from footfall.config import check
from footfall.errors import ConfigError, ProfileError
from tests.unit.device_profiles.profiles_made import write

ADDRESS = "c3:00:00:01:02:03"
PRIVATE = "70:81:94:0d:fb:aa"
UUID = "e2c56db5dffb48d2b060d0f5a71096e0"
IBEACON = {0x4C: bytes.fromhex(f"0215{UUID}00640000c5")}
NEARBY = {0x4C: bytes.fromhex("1005031cf7b75e")}
OWN = """\
name = "{name}"
title = "A tag of our own"
identifier_type = "tag"
identifier_class = "person"
[device]
transport = "ble"
"""


def device(*frames: dict[str, Any], **more: Any) -> Ble:
    return check({"transport": "ble", "frames": frames, **more}, Ble, "device")


def taken(registry: Registry, message: Advertisement) -> str:
    """By which profile, as what."""
    profile = registry.best("ble", message)
    assert profile is not None
    assert profile.device is not None
    try:
        [seen] = profile.device.decode(message)
    except ProfileError as error:
        return f"{profile.name}: {error.reason}"
    assert isinstance(seen, Seen)
    return f"{profile.name}: {seen.identifier}"


# --- a new beacon is one file ---------------------------------------------------------------------------------------------------

TAG = """
[[device.frames]]
manufacturer_id = 0xcafe
prefix = "a5"
length = 9
identifier = "{serial}-{colour}"
fields = [
    { name = "serial", offset = 1, type = "u24le" },
    { name = "colour", offset = 4, type = "text", size = 2 },
    { name = "temperature_c", offset = 6, type = "i16be", scale = 0.5, add = -40, absent = -1 },
    { name = "worn", offset = 8, type = "flag", shift = 3 },
    { name = "level", offset = 8, type = "u8", shift = 5, bits = 2 },
]
"""


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ("a503020172640064" + "4f", "own-tag: 66051-rd"),
        ("a503020100000064" + "4f", "own-tag: 66051-"),
        ("a503020172640064", "ble-thing: " + ADDRESS),  # of another length
        ("a603020172640064" + "4f", "ble-thing: " + ADDRESS),
    ],
)
def test_a_beacon_of_one_s_own_needs_only_a_file(tmp_path: Path, payload: str, said: str) -> None:
    write(tmp_path, "own-tag", OWN.format(name="own-tag") + TAG)
    registry = shipped().with_profiles(read_registry(tmp_path))
    message = Advertisement(ADDRESS, -50, "static", manufacturer={0xCAFE: bytes.fromhex(payload)})
    assert taken(registry, message) == said
    if said.startswith("own-tag"):
        [seen] = registry["own-tag"].device.decode(message)  # type: ignore[union-attr]  # it has one
        assert seen.values == {"temperature_c": 10.0, "worn": True, "level": 2}
        assert seen.rssi_dbm == -50


@pytest.mark.parametrize(
    ("kind", "data", "value"),
    [
        ("u8", "ff", 255), ("i8", "ff", -1), ("u16le", "0102", 513), ("u16be", "0102", 258), ("i16le", "feff", -2), ("i16be", "fffe", -2),
        ("u24le", "010203", 197121), ("u24be", "010203", 66051), ("u32le", "01020304", 67305985), ("i32be", "fffffffe", -2),
        ("mac_le", "010203040506", "06:05:04:03:02:01"), ("mac_be", "010203040506", "01:02:03:04:05:06"), ("hex", "010203", "010203"),
        ("text", "4142ff0000", "AB\N{REPLACEMENT CHARACTER}"), ("uuid", UUID, "e2c56db5-dffb-48d2-b060-d0f5a71096e0"),
    ],
)  # fmt: skip
def test_types_of_fields(kind: str, data: str, value: object) -> None:
    made = device({"service_data_uuid": "feed", "fields": [{"name": "x", "offset": 1, "type": kind}]})
    [seen] = made.decode(Advertisement(ADDRESS, service_data={"feed": b"\0" + bytes.fromhex(data)}))
    assert seen.values == {"x": value}
    if kind not in ("hex", "text"):
        with pytest.raises(ProfileError) as refused:
            made.decode(Advertisement(ADDRESS, service_data={"feed": bytes.fromhex(data)}))
        assert refused.value.reason == "ble.short"


def test_fields_may_overlap_and_lie_in_any_order() -> None:
    fields = [
        {"name": "all", "offset": 0, "type": "hex"},
        {"name": "said", "offset": 0, "type": "text"},
        {"name": "end", "offset": 3, "type": "hex"},
        {"name": "low", "offset": 1, "type": "u16le"},
        {"name": "high", "offset": 1, "type": "u16be"},
        {"name": "b", "offset": 2, "type": "u8"},
        {"name": "first", "offset": 0, "type": "u8", "bits": 4},
        {"name": "second", "offset": 0, "type": "u8", "shift": 4},
        {"name": "odd", "offset": 1, "type": "flag"},
        {"name": "less", "offset": 1, "type": "i16be", "scale": 3, "add": -0.5},
    ]
    [seen] = device({"manufacturer_id": 6, "fields": fields}).decode(Advertisement(ADDRESS, manufacturer={6: b"AB\xff"}))
    assert seen.values == {
        "all": "4142ff", "said": "AB\N{REPLACEMENT CHARACTER}", "end": "", "low": 0xFF42, "high": 0x42FF, "b": 0xFF,
        "first": 1, "second": 4, "odd": False, "less": 0x42FF * 3 - 0.5,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        ({"prefix": "02"}, "prefix, length, fields and decoder need a payload"),
        ({"manufacturer_id": 76, "service_data_uuid": "feaa"}, "the payload is that of one of them"),
        ({"manufacturer_id": 76, "prefix": "021"}, "frames.0.prefix: .*even number of hex digits"),
        ({"manufacturer_id": 76, "prefix": "0215", "mask": "ff"}, "mask must be as long as prefix: 2 bytes"),
        ({"manufacturer_id": 65536}, "frames.0.manufacturer_id: Input should be less than or equal to 65535"),
        ({"service_uuid": "fea"}, "frames.0.service_uuid: .*a UUID of 4, 8 or 32 hex digits"),
        ({"identifier": "{uuid}"}, r"\{uuid\} is no field; there are address, name, owner"),
        ({"identifier": "{owner}"}, "needs resolved = true"),
        ({"identifier": "{"}, "identifier: "),
        ({"identifier": "{address.real}"}, "is no field"),
        ({"identifier": "{address:>999999999}"}, "without : and !"),
        ({"manufacturer_id": 76, "fields": [{"name": "name", "offset": 0, "type": "u8"}]}, "none of address, name, owner"),
        ({"manufacturer_id": 76, "fields": [{"name": "x", "offset": 0, "type": "u64"}]}, "frames.0.fields.0.type: Input should be 'u8'"),
        ({"manufactorer_id": 76}, "manufactorer_id: "),
    ],
)
def test_a_mistake_in_a_frame_names_its_key_and_what_is_allowed(frame: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        device(frame)


def test_a_key_that_is_none_is_not_shown() -> None:
    with pytest.raises(ConfigError, match="ann: must be 32 hex digits") as refused:
        device({"resolved": True}, irks={"ann": "0123456789abcdef"})
    assert "0123" not in str(refused.value)


# --- who takes what --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "message", "takes"),
    [
        ({"name_pattern": "FF-?*"}, Advertisement(ADDRESS, name="FF-1"), True),
        ({"name_pattern": "FF-?*"}, Advertisement(ADDRESS, name="FF-"), False),
        ({"name_pattern": "FF-?*"}, Advertisement(ADDRESS, name="ff-1"), False),
        ({"address_prefix": "c3:00"}, Advertisement(ADDRESS), True),
        ({"address_prefix": "c4"}, Advertisement(ADDRESS), False),
        ({"address_prefix": ["c4", "c3:00"]}, Advertisement(ADDRESS), True),
        ({"address_prefix": ["c4", "c5"]}, Advertisement(ADDRESS), False),
        ({"address_prefix": ""}, Advertisement(ADDRESS), True),
        ({"address_types": ["public"]}, Advertisement(ADDRESS, address_type="static"), False),
        ({"service_uuid": "0000FEAA-0000-1000-8000-00805F9B34FB"}, Advertisement(ADDRESS, services=("feaa",)), True),
        ({"service_uuid": "feab"}, Advertisement(ADDRESS, services=("feaa",)), False),
        ({"manufacturer_id": 76}, Advertisement(ADDRESS, manufacturer={76: b""}), True),
        ({"manufacturer_id": 76}, Advertisement(ADDRESS, manufacturer={77: b""}), False),
        ({"manufacturer_id": 76, "prefix": "f0", "mask": "f0"}, Advertisement(ADDRESS, manufacturer={76: b"\xf7"}), True),
        ({"manufacturer_id": 76, "prefix": "f0", "mask": "f0"}, Advertisement(ADDRESS, manufacturer={76: b"\x70"}), False),
        ({"manufacturer_id": 76, "prefix": "f0", "mask": "f0"}, Advertisement(ADDRESS, manufacturer={76: b""}), False),
        ({"manufacturer_id": 76, "length": 2}, Advertisement(ADDRESS, manufacturer={76: b"12"}), True),
        ({"manufacturer_id": 76, "length": 2}, Advertisement(ADDRESS, manufacturer={76: b"123"}), False),
        ({"resolved": True}, Advertisement(PRIVATE, address_type="resolvable"), False),  # no keys here
    ],
)
def test_every_condition_must_be_met(frame: dict[str, Any], message: Advertisement, takes: bool) -> None:
    made = device(frame)
    assert (made.specificity(message) > 0) is takes
    if not takes:
        with pytest.raises(ProfileError) as refused:
            made.decode(message)
        assert refused.value.reason == "ble.other"


@pytest.mark.parametrize("name", ["", " FF", "FF\n", "F" * 201])
def test_an_identifier_can_be_read(name: str) -> None:
    with pytest.raises(ProfileError) as refused:
        device({"identifier": "{name}"}).decode(Advertisement(ADDRESS, name=name))
    assert refused.value.reason == "ble.identifier"


def test_a_field_that_devices_leave_out_is_left_out() -> None:
    fields = [{"name": "id", "offset": 0, "type": "u16be"}, {"name": "battery_pct", "offset": 2, "type": "u8", "optional": True}]
    made = device({"manufacturer_id": 76, "identifier": "{id}", "fields": fields})
    whole, cut = (next(iter(made.decode(Advertisement(ADDRESS, manufacturer={76: data})))) for data in (b"\0\x07\x64", b"\0\x07"))
    assert (whole.identifier, dict(whole.values)) == ("7", {"battery_pct": 100})
    assert (cut.identifier, dict(cut.values)) == ("7", {})
    with pytest.raises(ProfileError) as refused:
        made.decode(Advertisement(ADDRESS, manufacturer={76: b"\0"}))
    assert refused.value.reason == "ble.short"


def test_what_names_a_device_is_never_optional() -> None:
    with pytest.raises(ConfigError, match=r"\{id\} is optional"):
        device({"manufacturer_id": 76, "identifier": "{id}", "fields": [{"name": "id", "offset": 0, "type": "u8", "optional": True}]})


@pytest.mark.parametrize(("means", "wins"), [("identity", "own"), ("pseudonym", "eddystone-uid"), ("telemetry", "eddystone-uid")])
def test_a_profile_of_one_s_own_states_what_it_means(tmp_path: Path, means: str, wins: str) -> None:
    text = OWN.format(name="own").replace('transport = "ble"', f'transport = "ble"\nmeans = "{means}"')
    write(tmp_path, "own", text + '[[device.frames]]\nmanufacturer_id = 0xcafe\nprefix = "a5a5a5"\n')
    registry = shipped().with_profiles(read_registry(tmp_path))
    message = Advertisement(ADDRESS, manufacturer={0xCAFE: b"\xa5\xa5\xa5"}, service_data={"feaa": bytes(20)})
    assert taken(registry, message).startswith(wins)


def test_telemetry_beside_an_identity_is_the_identity_s() -> None:
    registry = shipped()
    message = Advertisement(ADDRESS, manufacturer=IBEACON, service_data={"feaa": bytes.fromhex("20000bb815000000004500000258")})
    profile = registry.best("ble", message)
    assert profile is not None
    [seen] = registry.readings(profile, message)
    assert isinstance(seen, Seen)
    assert (seen.identifier, seen.values["battery_mv"]) == ("e2c56db5-dffb-48d2-b060-d0f5a71096e0:100:0", 3000)


def test_the_estate_s_own_uuid_is_more_specific_than_ibeacon(tmp_path: Path) -> None:
    write(tmp_path, "our-staff", OWN.format(name="our-staff") + f'[[device.frames]]\nmanufacturer_id = 0x4c\nprefix = "0215{UUID}"\n')
    registry = shipped().with_profiles(read_registry(tmp_path))
    message = Advertisement(ADDRESS, address_type="static", manufacturer=IBEACON)
    assert taken(shipped(), message).startswith("ibeacon: e2c56db5-")
    assert taken(registry, message) == f"our-staff: {ADDRESS}"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (Advertisement(PRIVATE, address_type="resolvable", manufacturer=NEARBY), "phone: ann"),
        (Advertisement(PRIVATE, address_type="resolvable", manufacturer=IBEACON), "phone: ann"),  # one phone, one subject
        (Advertisement("70:81:94:0d:fb:ab", address_type="resolvable", manufacturer=NEARBY), "ble-anonymous: 70:81:94:0d:fb:ab"),
        (Advertisement(PRIVATE), "phone: ann"),  # a match is proof whatever the type
        (Advertisement(PRIVATE, address_type="public", manufacturer=IBEACON), "phone: ann"),
        (Advertisement("31:00:00:00:00:01", address_type="non-resolvable"), "ble-anonymous: 31:00:00:00:00:01"),
        (Advertisement("31:00:00:00:00:01"), "ble-anonymous: 31:00:00:00:00:01"),  # public or a phone's: nobody knows
        (Advertisement("71:00:00:00:00:01"), "ble-anonymous: 71:00:00:00:00:01"),
        (Advertisement("bf:00:00:00:00:01"), "ble-thing: bf:00:00:00:00:01"),  # no random address begins with 10
        (Advertisement("80:00:00:00:00:01"), "ble-thing: 80:00:00:00:00:01"),
        (Advertisement("c0:00:00:00:00:01"), "ble-thing: c0:00:00:00:00:01"),  # static or public: no phone's
        (Advertisement("ff:00:00:00:00:01", manufacturer={0x4C: b"\x12\x19\x10" + bytes(24)}), "ble-anonymous: ble.find-my"),
        (Advertisement(ADDRESS, address_type="static", manufacturer={0x4C: b"\x12\x19\x10" + bytes(24)}), "ble-anonymous: ble.find-my"),
        (Advertisement(ADDRESS, address_type="resolvable", manufacturer={0x4C: b"\x07\x19"}), "ble-anonymous: ble.accessory"),
        (Advertisement(ADDRESS, manufacturer={6: b"\x01\x09\x20\x02"}), "ble-anonymous: ble.microsoft-cdp"),
        (Advertisement(ADDRESS, service_data={"fd6f": bytes(20)}), "ble-anonymous: ble.exposure-notification"),
        (Advertisement(ADDRESS, service_data={"feaa": b"\x40" + bytes(20)}), "ble-anonymous: ble.find-hub"),
        (Advertisement(ADDRESS, address_type="static"), f"ble-thing: {ADDRESS}"),
        (Advertisement("00:11:22:33:44:55", address_type="public"), "ble-thing: 00:11:22:33:44:55"),
    ],
)
def test_a_phone_counts_once_and_what_it_sends_besides_does_not(message: Advertisement, said: str) -> None:
    registry = keyed(shipped(), {"ann": bytes.fromhex("ec0234a357c8ad05341010a60a397d9b")}, {})
    assert taken(registry, message) == said


def test_the_index_chooses_as_asking_everybody_would() -> None:
    rng = random.Random(11)
    devices = {name: profile.device for name, profile in shipped().items() if isinstance(profile.device, Ble)}
    heard = [made.message(vector.input) for name, made in devices.items() for vector in shipped()[name].vectors]
    for _ in range(2000):
        a, b, c = rng.choice(heard), rng.choice(heard), rng.choice(heard)
        cut = rng.randrange(1, 30)
        message = Advertisement(
            a.address, -60, b.address_type, rng.choice(["", "FF-7"]),
            {company: data[:cut] for company, data in {**a.manufacturer, **b.manufacturer}.items()},
            {uuid: data[:cut] for uuid, data in {**b.service_data, **c.service_data}.items()}, c.services,
        )  # fmt: skip
        most = max(made.specificity(message) for made in devices.values())
        wanted = min((name for name, made in devices.items() if made.specificity(message) == most), default=None) if most else None
        best = shipped().best("ble", message)
        assert (best and best.name) == wanted, f"seed 11: {message}"


# --- a vector's input ------------------------------------------------------------------------------------------------------------


def test_an_advertisement_may_be_described_in_three_ways() -> None:
    made = device({"address_types": ["public"]})
    expected = Advertisement(ADDRESS, -60, "static", "FF", {76: b"\x02"}, {"feaa": b"\x10"}, ("feed",), -4, 961)
    data = "030946460 4ff4c00020416aafe10 0303edfe020afc0319c103".replace(" ", "")
    assert made.message({"address": ADDRESS, "rssi_dbm": -60, "address_type": "static", "advertising_data": data}) == expected
    described = {
        "address": ADDRESS, "rssi_dbm": -60, "address_type": "static", "name": "FF", "manufacturer": {"004c": "02"},
        "service_data": {"feaa": "10"}, "services": ["0000feed-0000-1000-8000-00805f9b34fb"], "tx_power_dbm": -4, "appearance": 961,
    }  # fmt: skip
    assert made.message(described) == expected
    assert made.message({"hci_event": "043e0f020100000102030405060302 0af4c4".replace(" ", "")}).tx_power_dbm == -12


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "address"),
        ({"address": "C3:00:00:01:02:03"}, "address"),
        ({"address": ADDRESS, "advertising_data": "0"}, "advertising_data"),
        ({"address": ADDRESS, "manufacturer": {"4c": "02"}}, "manufacturer"),
        ({"address": ADDRESS, "rssi": -60}, "rssi"),
        ({"hci_event": "040e"}, "hci_event"),
        ({"hci_event": 17}, "hci_event"),
        ({"hci_event": "zz"}, "hexadecimal"),
    ],
)
def test_a_wrong_description_names_what(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        device({"resolved": True}).message(values)
