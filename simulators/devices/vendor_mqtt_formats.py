"""What vendors' gateways and readers publish when they hear somebody. Pure: a sighting and a time, a topic and a payload.

    FORMATS["espresense"](heard, t_wall_ns) -> (topic, payload)

Each is named like the profile that reads it. The receiver's name decides what it is: `kitchen` a node, `ac233fc00001` a Minew gateway,
`r700-fitting.1` the first antenna of an Impinj reader.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from device_profiles.advertisement import Advertisement
from edge_agent.sources.source import Sighting
from footfall.units import NS_PER_S
from simulators.devices.bluez_air import advertisement_of

APPLE: Final = 0x004C
_FLAGS: Final = bytes([2, 0x01, 0x06])
_MINEW: Final = re.compile(r"[0-9a-f]{12}", re.ASCII)
_ANTENNA: Final = re.compile(r"(.+)\.(\d{1,2})", re.ASCII)

Message = tuple[str, bytes]


def format_of(receiver: str) -> str:
    """By its name, see above."""
    return "minew-g1" if _MINEW.fullmatch(receiver) else "impinj-r700" if _ANTENNA.fullmatch(receiver) else "espresense"


def espresense(heard: Sighting, t_wall_ns: int) -> Message:
    """A node; its message has no time."""
    if heard.profile == "espresense":
        values: dict[str, Any] = {"mac": "58b1294494d3", "id": heard.identifier, "idType": 250, "rssi@1m": -59}
    else:
        said = advertisement_of(heard)
        values = {"mac": said.address.replace(":", ""), **_known_as(said)}
    values |= {"rssi": heard.rssi_dbm, "raw": 1.0, "distance": 1.0, "int": 1000}
    return f"espresense/devices/{values['id']}/{heard.receiver}", _json(values)


def _known_as(said: Advertisement) -> dict[str, Any]:
    data = said.manufacturer.get(APPLE, b"")
    if data[:2] != b"\x02\x15":
        return {"id": said.address.replace(":", ""), "idType": 1, "rssi@1m": -65}
    uuid = data[2:18].hex()
    name = "-".join((uuid[:8], uuid[8:12], uuid[12:16], uuid[16:20], uuid[20:]))
    major, minor = int.from_bytes(data[18:20], "big"), int.from_bytes(data[20:22], "big")
    return {"id": f"iBeacon:{name}-{major}-{minor}", "idType": 180, "rssi@1m": int.from_bytes(data[22:23], "big", signed=True)}


def minew_g1(heard: Sighting, t_wall_ns: int) -> Message:
    """One device beside the gateway itself; its times are given to the microsecond, since one array here has one device."""
    said, at = advertisement_of(heard), _iso(t_wall_ns)
    gateway = {"timestamp": at, "type": "Gateway", "mac": heard.receiver.upper(), "gatewayFree": 98, "gatewayLoad": 0.05}
    item = {
        "timestamp": at, "type": "Unknown", "mac": said.address.replace(":", "").upper(), "bleName": said.name,
        "rssi": heard.rssi_dbm, "rawData": advertising_data(said).hex().upper(),
    }  # fmt: skip
    return f"/gw/{heard.receiver}/status", _json([gateway, item])


def impinj_r700(heard: Sighting, t_wall_ns: int) -> Message:
    """A tag at an antenna; the identifier is its EPC in hex."""
    found = _ANTENNA.fullmatch(heard.receiver)
    if found is None:
        raise ValueError(f"{heard.receiver!r} names no antenna: a reader's antenna is reader.1")
    epc = bytes.fromhex(heard.identifier)
    event = {
        "epc": base64.urlsafe_b64encode(epc).decode(), "antennaPort": int(found[2]), "peakRssiCdbm": heard.rssi_dbm * 100,
        "lastSeenTime": _iso(t_wall_ns),
    }  # fmt: skip
    said = {"timestamp": _iso(t_wall_ns), "hostname": found[1], "eventType": "tagInventory", "tagInventoryEvent": event}
    return f"impinj/{found[1]}/events", _json([said])


def theengs(heard: Sighting, t_wall_ns: int) -> Message:
    """With `pubadvdata`; its message has no time."""
    said = advertisement_of(heard)
    values: dict[str, Any] = {"id": said.address.upper(), "mac_type": int(said.address_type != "public"), "rssi": heard.rssi_dbm}
    for company, data in said.manufacturer.items():
        values["manufacturerdata"] = (company.to_bytes(2, "little") + data).hex()
    for uuid, data in said.service_data.items():
        values |= {"servicedatauuid": uuid, "servicedata": data.hex()}
    return f"home/{heard.receiver}/BTtoMQTT/{values['id'].replace(':', '')}", _json(values)


def advertising_data(said: Advertisement) -> bytes:
    """AD structures (Core Specification Supplement, Part A): flags, services of 16 bits, their data, manufacturer data."""
    data = _FLAGS
    for uuid in said.services:
        data += bytes([3, 0x03]) + bytes.fromhex(uuid)[::-1]
    for uuid, content in said.service_data.items():
        data += bytes([3 + len(content), 0x16]) + bytes.fromhex(uuid)[::-1] + content
    for company, content in said.manufacturer.items():
        data += bytes([3 + len(content), 0xFF]) + company.to_bytes(2, "little") + content
    return data


def _iso(t_wall_ns: int) -> str:
    return datetime.fromtimestamp(t_wall_ns // NS_PER_S, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{t_wall_ns % NS_PER_S:09d}Z"


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


FORMATS: Final[Mapping[str, Callable[[Sighting, int], Message]]] = {
    "espresense": espresense,
    "minew-g1": minew_g1,
    "impinj-r700": impinj_r700,
    "theengs": theengs,
}
TOPICS: Final = ("espresense/devices/#", "/gw/+/status", "impinj/+/events", "home/+/BTtoMQTT/+")
