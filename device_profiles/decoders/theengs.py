"""Theengs Gateway and OpenMQTTGateway: `{base}/{gateway}/BTtoMQTT/{address}`, one device a message.

What was in the air is relayed as far as they report it: an iBeacon that they have decoded (`uuid`, `major`, `minor`, `txpower`), the
bytes of `manufacturerdata` (company identifier first, least byte first) and `servicedata` with `servicedatauuid` (both sent only
with `pubadvdata`, OpenMQTTGateway), else the address alone. With `presenceUseBeaconUuid` the address is in `mac`. `mac_type` is 0 for
a public address, 1 for a random one.
Sources: docs.openmqttgateway.com/use/ble.html, gateway.theengs.io.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from device_profiles.advertisement import AddressType, Advertisement, random_type, short_uuid
from device_profiles.decoders import scalars
from device_profiles.decoders.ibeacon_frame import ibeacon
from device_profiles.decoders.paths import PathScope
from device_profiles.reading import Relayed
from footfall.errors import ProfileError

_DEFAULT_POWER_DBM: Final = -59


def decode(scope: PathScope, receiver: str) -> Relayed:
    if not isinstance(scope.item, dict):
        raise ProfileError("feed.type", "not an object")
    values = scope.item
    address, rssi_dbm = scalars.mac(values.get("mac", values.get("id"))), scalars.rssi_dbm(values.get("rssi"))
    address_type = _address_type(address, values.get("mac_type"))
    if {"uuid", "major", "minor"} <= values.keys():
        parts = (scalars.count(values["major"]), scalars.count(values["minor"]))
        power_dbm = scalars.rssi_dbm(values.get("txpower", _DEFAULT_POWER_DBM))
        advertisement = ibeacon(address, rssi_dbm, scalars.text(values["uuid"]).lower(), *parts, power_dbm)
        return Relayed(replace(advertisement, address_type=address_type), receiver)
    name = scalars.text(values["name"]) if values.get("name") else ""
    advertisement = Advertisement(address, rssi_dbm, address_type, name, _manufacturer(values), _service_data(values))
    return Relayed(advertisement, receiver)


def _address_type(address: str, mac_type: object) -> AddressType:
    return "public" if mac_type == 0 else random_type(address) if mac_type == 1 else "unknown"


def _manufacturer(values: Mapping[str, Any]) -> dict[int, bytes]:
    data = scalars.hex_bytes(values.get("manufacturerdata", ""))
    return {int.from_bytes(data[:2], "little"): data[2:]} if len(data) >= 2 else {}


def _service_data(values: Mapping[str, Any]) -> dict[str, bytes]:
    if "servicedatauuid" not in values or "servicedata" not in values:
        return {}
    uuid = scalars.text(values["servicedatauuid"]).lower().removeprefix("0x")
    return {short_uuid(uuid): scalars.hex_bytes(values["servicedata"])}
