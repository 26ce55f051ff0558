"""Every recorded and published BLE vector at hand: what we ship decodes to its expected values, the rest still parses.

bleparser.jsonl: HCI events; reelyactive.jsonl: calls with bytes; rpa_core_sample.json. How many are checked in which way is asserted,
so that none is silently left out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from device_profiles.advertisement import Advertisement, parse_advertising_data, parse_hci_event, short_uuid
from device_profiles.ble_keys import keyed
from device_profiles.profile import Profile
from device_profiles.reading import Seen
from device_profiles.registry import Registry, shipped
from footfall.errors import ProfileError

ADDRESS = "ac:23:31:23:45:67"
BIND_KEY = bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")
"""Of https://bthome.io/encryption, under which the vectors' encrypted messages were made."""
Values = Mapping[str, Any]


@pytest.fixture(scope="module")
def registry() -> Registry:
    return keyed(shipped(), {}, {"54:48:e6:8f:80:a5": BIND_KEY})


@pytest.fixture
def vectors(real_data: Path) -> Path:
    return real_data / "ble-vectors"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def structures(data: bytes) -> Iterator[tuple[int, bytes]]:
    """AD structures, read for the test's own purposes; three vectors end in zeros or in half a structure."""
    while data and data[0] and len(data) > data[0]:
        yield data[1], data[2 : 1 + data[0]]
        data = data[1 + data[0] :]


def decoded(registry: Registry, message: Advertisement) -> tuple[Profile, Seen]:
    profile = registry.best("ble", message)
    assert profile is not None
    assert profile.device is not None
    [seen] = profile.device.decode(message)
    assert isinstance(seen, Seen)
    return profile, seen


# --- bleparser: whole HCI events -----------------------------------------------------------------------------------------------

NAMES = {
    "packet": ("packet_id", "replay_count"), "battery": ("battery_pct",), "temperature": ("temperature_c",), "humidity": ("humidity_pct",),
    "pressure": ("pressure_hpa",), "illuminance": ("illuminance_lux",), "weight": ("mass_kg",), "dewpoint": ("dewpoint_c",),
    "energy": ("energy_kwh",), "power": ("power_w",), "voltage": ("voltage_v",), "pm2.5": ("pm2_5_ugm3",), "pm10": ("pm10_ugm3",),
    "binary": ("generic",), "switch": ("power_on",), "opening": ("opening",), "co2": ("co2_ppm",), "tvoc": ("tvoc_ugm3",),
    "moisture": ("moisture_pct",), "door": ("door_open",), "light": ("light",), "lock": ("unlocked",), "motion": ("motion",),
    "smoke detector": ("smoke",), "count": ("events_count",), "temperature_1": ("temperature_c",), "temperature_2": ("temperature_2_c",),
    "button_1": ("button_code",), "button_2": ("button_2_code",), "button_3": ("button_3_code",), "button_4": ("button_4_code",),
    "measured power": ("power_1m_dbm",), "tx power": ("tx_power_dbm",),
}  # fmt: skip
"""Their name -> ours, the first that is there."""
ABOUT = {"firmware", "type", "mac", "rssi", "manufacturer", "uuid", "major", "minor"}
DERIVED = {"cypress temperature", "cypress humidity", "gravity", "acceleration", "motion timer"}
"""What bleparser reads into an iBeacon's numbers for some makers, or works out from other values."""


def ibeacon(expected: Values, event: bytes) -> str:
    uuid = str(expected["uuid"])
    numbers = event[event.index(bytes.fromhex(uuid)) + 16 :]
    grouped = f"{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}"
    major, minor = (int.from_bytes(numbers[i : i + 2], "big") for i in (0, 2))
    assert (major, minor) == (expected.get("major", major), expected.get("minor", minor))
    return f"{grouped}:{major}:{minor}"


def address_of(expected: Values, event: bytes) -> str:
    return bytes.fromhex(expected["mac"]).hex(":")


OTHER_ADDRESS = {"test_Govee_H5178_sensor_1"}
"""Expects the next address: bleparser gives a device's second sensor one of its own."""
BLEPARSER: dict[str, tuple[str, Callable[[Values, bytes], str]]] = {
    "iBeacon": ("ibeacon", ibeacon),
    "Tilt": ("ibeacon", ibeacon),
    "AltBeacon": ("altbeacon", ibeacon),
    "BTHome V2": ("bthome", address_of),
    "BTHome V2 (encrypted)": ("bthome", address_of),
}
"""Their name of a format -> our profile, and the identifier that it must give."""


def test_hci_events_of_bleparser(vectors: Path, registry: Registry) -> None:
    counts: Counter[str] = Counter()
    for row in lines(vectors / "bleparser.jsonl"):
        event, expected = bytes.fromhex(row["hci_event_hex"]), row["expected"]
        [message] = parse_hci_event(event)
        assert message.address == address_of(expected, event) or row["test"] in OTHER_ADDRESS, row
        assert message.rssi_dbm == expected.get("rssi", message.rssi_dbm), row
        as_the_bytes_say(message, event, row)
        if expected["firmware"] in BLEPARSER:
            bleparser_says(registry, message, event, expected)
            counts[expected["firmware"]] += 1
        elif expected["firmware"] == "Ruuvitag V5":
            ruuvi_says(registry, message, expected)
            counts["Ruuvitag V5"] += 1
        else:
            assert decoded(registry, message)[1].identifier, row
            counts["parsed"] += 1
    assert counts == {
        "iBeacon": 1, "Tilt": 1, "AltBeacon": 2, "BTHome V2": 28, "BTHome V2 (encrypted)": 1, "Ruuvitag V5": 1, "parsed": 136,
    }  # fmt: skip


def as_the_bytes_say(message: Advertisement, event: bytes, row: object) -> None:
    """Company, service data, services and name are those of the event's own bytes."""
    start = 29 if event[3] == 0x0D else 14
    data = event[start : start + event[start - 1]]
    of_type: dict[int, list[bytes]] = {}
    for kind, value in structures(data):
        of_type.setdefault(kind, []).append(value)
    assert message.manufacturer == {int.from_bytes(v[:2], "little"): v[2:] for v in reversed(of_type.get(0xFF, []))}, row
    assert message.service_data == {v[1::-1].hex(): v[2:] for v in of_type.get(0x16, [])} | {
        short_uuid(uuid_text(v[:16])): v[16:] for v in of_type.get(0x21, [])
    }, row
    assert message.name == next((v.decode() for kind in (9, 8) for v in of_type.get(kind, [])), ""), row
    assert len(message.services) == sum(len(v) // 2 for kind in (2, 3) for v in of_type.get(kind, [])) + sum(
        len(v) // 16 for kind in (6, 7) for v in of_type.get(kind, [])
    ), row


def uuid_text(data: bytes) -> str:
    digits = data[::-1].hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def bleparser_says(registry: Registry, message: Advertisement, event: bytes, expected: Values) -> None:
    name, identifier = BLEPARSER[expected["firmware"]]
    is_plain = expected["firmware"] == "BTHome V2"  # of the address of the documentation's key, whose plain messages nobody believes
    profile, seen = decoded(shipped_without_keys() if is_plain else registry, message)
    assert profile.name == name
    assert seen.identifier == identifier(expected, event)
    told = set(expected) - ABOUT - DERIVED - ({"temperature"} if expected["firmware"] == "Tilt" else set())
    for key in told - ({"packet"} if expected["packet"] == "no packet id" else set()):
        ours = next((seen.values[ours] for ours in NAMES[key] if ours in seen.values), None)
        assert ours is not None, (key, seen)
        assert float(ours) == pytest.approx(float(expected[key])), (key, seen)


def shipped_without_keys() -> Registry:
    return keyed(shipped(), {}, {})


def ruuvi_says(registry: Registry, message: Advertisement, expected: Values) -> None:
    profile, seen = decoded(registry, message)
    assert profile.name == "ruuvi"
    scaled = {"acceleration x": ("acceleration_x_g", 1000), "acceleration y": ("acceleration_y_g", 1000),
              "acceleration z": ("acceleration_z_g", 1000), "voltage": ("battery_mv", 0.001), "packet": ("packet_id", 1)}  # fmt: skip
    for key in ("temperature", "humidity", "pressure", "tx power", *scaled):
        ours, factor = scaled.get(key) or (NAMES[key][0], 1)
        assert float(seen.values[ours]) * factor == pytest.approx(expected[key], abs=0.006), key  # theirs has two digits


# --- reelyActive: calls with the bytes of one layer ----------------------------------------------------------------------------


def first(ours: Values, *names: str) -> Any:
    return next((ours[name] for name in names if name in ours), None)


def axes(ours: Values, what: str, unit: str) -> list[Any]:
    return [ours[f"{what}_{axis}_{unit}"] for axis in "xyz"]


def numbered(ours: Values, name: str, unit: str) -> list[Any]:
    return [ours[key] for key in (f"{name}_{unit}", *(f"{name}_{i}_{unit}" for i in range(2, 9))) if key in ours]


def acceleration(ours: Values) -> list[float]:
    """In g; but BTHome's signed object, which is below zero here, they leave in m/s²."""
    sent = numbered(ours, "acceleration", "m_s2")
    if sent and sent[0] < 0:
        return sent
    return axes(ours, "acceleration", "g") if "acceleration_x_g" in ours else [a / 9.80665 for a in sent]


THEIRS: dict[str, Callable[[Values], Any]] = {
    "acceleration": acceleration,
    "amperage": lambda v: v["current_a"],
    "angleOfRotation": lambda v: v["rotation_deg"],
    "angularVelocity": lambda v: v["rotation_deg_s"] if "rotation_deg_s" in v else axes(v, "rotation", "deg_s"),
    "batteryPercentage": lambda v: v["battery_pct"],
    "batteryVoltage": lambda v: v["battery_mv"] / 1000,
    "carbonDioxideConcentration": lambda v: v["co2_ppm"],
    "count": lambda v: v["events_count"],
    "deviceType": lambda v: str(v["device_type_code"]),
    "distance": lambda v: v["distance_m"] if "distance_m" in v else v["distance_mm"] / 1000,
    "distanceCycle": lambda v: v["distance_packet_id"],
    "duration": lambda v: v["duration_s"] * 1000,
    "energy": lambda v: v["energy_kwh"],
    "firmwareVersion": lambda v: v["firmware_version"],
    "heading": lambda v: v["direction_deg"],
    "illuminance": lambda v: v["illuminance_lux"],
    "isBatteryLow": lambda v: v["battery_low"],
    "isButtonPressed": lambda v: [v["button_1"], v["button_2"]] if "button_1" in v else [v["button_code"] != 0],
    "isCarbonMonoxideDetected": lambda v: [v["carbon_monoxide"]],
    "isContactDetected": lambda v: [not first(v, "open", "opening", "door_open", "garage_door_open", "window_open", "tampered")],
    "isGasDetected": lambda v: [v["gas"]],
    "isHealthy": lambda v: not v["problem"],
    "isLightDetected": lambda v: [v["light"]],
    "isLiquidDetected": lambda v: [first(v, "moist", "water")],
    "isMarked": lambda v: [v["marked"]],
    "isMotionDetected": lambda v: [first(v, "motion", "moving", "vibration")],
    "isOccupancyDetected": lambda v: [first(v, "occupied", "present")],
    "isSmokeDetected": lambda v: [v["smoke"]],
    "isTamperDetected": lambda v: [v["tampered"]],
    "levelPercentage": lambda v: v["energy_pct"],
    "luminousFlux": lambda v: v["luminous_flux_level"],
    "magneticField": lambda v: axes(v, "magnetic", "gauss"),
    "name": lambda v: v["label"],
    "numberOfOccupants": lambda v: v["people_count"],
    "numberOfOccupantsCycle": lambda v: v["packet_id"],
    "occupancyDetectionCycle": lambda v: v["occupied_packet_id"],
    "passageCounts": lambda v: [v["entered_count"], v["left_count"]],
    "passageCountsCycle": lambda v: v["packet_id"],
    "pm10": lambda v: v["pm10_ugm3"],
    "pm2.5": lambda v: v["pm2_5_ugm3"],
    "power": lambda v: v["power_w"],
    "pressure": lambda v: v["pressure_hpa"] * 100,
    "raw": lambda v: v["raw"],
    "relativeHumidity": lambda v: v["humidity_pct"],
    "speed": lambda v: v["speed_m_s"],
    "tamperCycle": lambda v: v["tampered_packet_id"],
    "temperature": lambda v: v["temperature_c"],
    "temperatures": lambda v: numbered(v, "temperature", "c"),
    "text": lambda v: v["text"],
    "txCount": lambda v: first(v, "packet_id", "advertisements_total"),
    "txCycle": lambda v: v["packet_id"],
    "txPower": lambda v: first(v, "power_0m_dbm", "power_1m_dbm", "tx_power_dbm"),
    "uptime": lambda v: v["uptime_s"] * 1000,
    "version": lambda v: ".".join(str(v[f"firmware_{part}_version"]) for part in ("major", "minor", "patch")),
    "voltage": lambda v: v["voltage_v"],
    "volatileOrganicCompoundsConcentration": lambda v: v["tvoc_ppm"] if "tvoc_ppm" in v else round(v["tvoc_ugm3"] / 4.5),
}
"""Their name -> the same from our values, in their unit. BTHome's µg/m³ are parts per billion there, by a typical molecule."""

FORMATS: dict[str, tuple[str, int | str, set[str]]] = {
    "advlib-ble-services:bthome.test.js": ("service_data", "fcd2", {"bthome"}),
    "advlib-ble-services:eddystone.test.js": ("service_data", "feaa", {f"eddystone-{frame}" for frame in ("uid", "eid", "url", "tlm")}),
    "advlib-ble-services:minew.test.js": ("service_data", "ffe1", {"minew"}),
    "advlib-ble-manufacturers:minew.js": ("manufacturer", 0x0639, {"minew"}),
    "advlib-ble-manufacturers:apple.js": ("manufacturer", 0x004C, {"ibeacon"}),
    "advlib-ble-manufacturers:ruuvi.js": ("manufacturer", 0x0499, {"ruuvi"}),
}
"""Their test -> where its bytes are in an advertisement, and our profiles for it."""
NO_ADVERTISEMENT = ("advlib:", "advlib-epc:", "raddec:", "advlib-ble:header")
"""Their pipeline, tags of RFID readers, their wire format, packet headers; and of packets those without advertising data."""
ADVERTISING = {0, 2, 4, 6}
"""Kinds of packets with advertising data; requests, directed and extended ones have none."""
NOT_SHIPPED = {"06170c5668c79e007000c90501d900cd004c884f"}
"""Ruuvi Air."""


def test_calls_of_reelyactive(vectors: Path, registry: Registry) -> None:
    counts: Counter[str] = Counter()
    for row in lines(vectors / "reelyactive.jsonl"):
        source = row["source"].removeprefix("reelyactive/")
        counts[checked(registry, source, row["args"], row["expected"], row)] += 1
    assert counts == {"full": 142, "parsed": 109, "no advertisement": 26}


def checked(registry: Registry, source: str, args: list[Any], expected: Any, row: object) -> str:
    """How it was checked: expectations of formats that we have in full, of others that the bytes are where they belong."""
    if source.startswith(NO_ADVERTISEMENT):
        return "no advertisement"
    if source in FORMATS:
        where, key, names = FORMATS[source]
        data = bytes.fromhex(args[0]) if args else b""
        message = Advertisement(ADDRESS, None, "unknown", **{where: {key: data}})
        return "parsed" if data.hex() in NOT_SHIPPED else of_format(registry, message, names, expected, row)
    if source == "advlib-ble-services:advlibbleservices.test.js":
        data = {args[0]: bytes.fromhex(args[1])} if len(args) == 2 else {}
        return of_format(registry, Advertisement(ADDRESS, service_data=data), {"eddystone-uid"}, expected, row)
    if source == "advlib-ble-manufacturers:advlibblemanufacturers.test.js":
        data = {args[0]: bytes.fromhex(args[1])} if len(args) == 2 else {}
        return of_format(registry, Advertisement(ADDRESS, manufacturer=data), {"ibeacon"}, expected, row)
    if source.startswith(("advlib-ble:advdata", "advlib-ble:advdatatypes")):
        return advertising_data(args, expected, row)
    if source.startswith(("advlib-ble:advlibble", "advlib-identifier:")):
        return packet(args, expected, row)
    if source.startswith("barnowl-minew:"):
        packets = [text for item in expected for text in item["packets"] if text and len(text) % 2 == 0]
        assert [packet([text], {}, row) for text in packets] == ["parsed"] * 13  # of 17: two are empty, two lack half a byte
        return "parsed"
    return carried(registry, source, args)


def of_format(registry: Registry, message: Advertisement, names: set[str], expected: Values | None, row: object) -> str:
    profile = registry.best("ble", message)
    assert profile is not None
    assert profile.device is not None
    if expected is None:
        assert profile.name == "ble-thing", row  # of this address no type is known, but it can only be public
        return "full"
    if reason := refusal(expected):
        with pytest.raises(ProfileError) as refused:
            profile.device.decode(message)
        assert refused.value.reason == reason, row
        return "full"
    [seen] = profile.device.decode(message)
    assert isinstance(seen, Seen)
    assert profile.name in names, (profile.name, row)
    for key, value in expected.items():
        if key == "deviceIds":
            assert same_device(value[0], seen), (seen, row)
        elif key != "uri":
            assert THEIRS[key](seen.values) == pytest.approx(value), (key, seen, row)
        elif profile.name == "eddystone-url":
            assert seen.identifier == value
    return "full"


def refusal(expected: Values) -> str:
    """Of what they pass on undecoded: encrypted messages, and Find Hub's."""
    if "encrypted" in expected:
        return {"bthome-v2": "bthome.key", "eddystone-etlm": "eddystone.encrypted-telemetry"}[expected["encrypted"]["method"]]
    return "ble.find-hub" if str(expected.get("uri")).endswith("/Find_Hub/") else ""


def same_device(theirs: str, seen: Seen) -> bool:
    """aabb…/2 is a mac and its kind, uuid/major/minor are in hex, namespace/instance and EIDs as they are sent."""
    parts = theirs.split("/")
    if "mac" in seen.values:
        return str(seen.values["mac"]).replace(":", "") == parts[0]
    if len(parts) == 3:
        uuid, major, minor = seen.identifier.split(":")
        return [uuid.replace("-", ""), f"{int(major):04x}", f"{int(minor):04x}"] == parts
    return seen.identifier == (parts[0] if parts[1] == "0" else ":".join(parts))


def advertising_data(args: list[Any], expected: Values | None, row: object) -> str:
    message = parse_advertising_data(bytes.fromhex(args[0]) if args else b"", ADDRESS)
    if expected is None:
        assert message == Advertisement(ADDRESS), row
        return "full"
    ours = {
        "uuids": [uuid.replace("-", "") for uuid in message.services],
        "serviceData": [{"uuid": uuid.replace("-", ""), "data": data.hex()} for uuid, data in message.service_data.items()],
        "manufacturerSpecificData": [{"companyCode": code, "data": data.hex()} for code, data in message.manufacturer.items()],
        "name": message.name,
        "txPower": message.tx_power_dbm,
        "appearance": message.appearance,
    }
    told = expected.keys() & ours.keys()
    assert {key: expected[key] for key in told} == {key: ours[key] for key in told}, row
    return "full" if told else "parsed"


def packet(args: list[Any], expected: Values | None, row: object) -> str:
    """A link-layer packet: two bytes of header, the address lowest byte first, advertising data."""
    data = bytes.fromhex(args[0]) if expected is not None else b""
    if len(data) < 8 or data[0] & 0x0F not in ADVERTISING:
        return "no advertisement"
    assert expected is not None
    bare = len(args) == 3 and "isPayloadOnly" in args[2]
    message = parse_advertising_data(data if bare else data[8:], data[7:1:-1].hex(":"))
    address = message.address.replace(":", "")
    assert expected.get("advA", address) == expected.get("identifier", address) == address, row
    theirs = expected.get("serviceData", [])
    assert not theirs or [{"uuid": uuid, "data": value.hex()} for uuid, value in message.service_data.items()] == theirs, row
    return "full" if theirs else "parsed"


def carried(registry: Registry, source: str, args: list[Any]) -> str:
    """A format that has no profile: in advertising data its bytes come back as they are, and somebody unknown sent them."""
    data = next((bytes.fromhex(arg) for arg in args if isinstance(arg, str)), b"")
    head = b"\xff\xfe\xca" if "manufacturers" in source else b"\x16\xfe\xca"
    message = parse_advertising_data(bytes([len(data) + 3]) + head + data, ADDRESS)
    assert data in (message.manufacturer.get(0xCAFE), message.service_data.get("cafe"))
    assert decoded(registry, replace(message, address_type="public"))[0].name == "ble-thing"
    return "parsed"


# --- Bluetooth Core: the sample of a resolvable private address -----------------------------------------------------------------


def test_the_specification_s_sample_of_a_private_address(vectors: Path) -> None:
    samples = json.loads((vectors / "rpa_core_sample.json").read_text())
    assert len(samples) == 1
    for sample in samples:
        registry = keyed(shipped(), {"owner": bytes.fromhex(sample["irk"])}, {})
        profile, seen = decoded(registry, Advertisement(sample["address"], address_type="resolvable"))
        assert sample["resolves"] is True
        assert (profile.name, seen.identifier) == ("phone", "owner")
