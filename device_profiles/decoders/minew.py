"""Minew gateways in JSON mode: one device that was heard, as `rawData`, or as what the gateway has decoded itself.

`"type": "iBeacon"` has `ibeaconUuid`, `ibeaconMajor`, `ibeaconMinor` and `ibeaconTxPower` in place of `rawData`, and an Eddystone type the
parts of its kind: they are encoded again as advertised. The names of these parts differ between firmwares, so the word in them decides.
Eddystone without an identity shows that a beacon is there, not who. Other decoded kinds, such as its own `S1` and `Info`, have measured
values alone: the address shows that a thing is there.
"""

from __future__ import annotations

from typing import Final

from device_profiles.advertisement import Advertisement, parse_advertising_data
from device_profiles.decoders import scalars
from device_profiles.decoders.beacon_frames import INSTANCE_BYTES, NAMESPACE_BYTES, eddystone_tlm, eddystone_uid, eddystone_url
from device_profiles.decoders.ibeacon_frame import ibeacon
from device_profiles.decoders.paths import PathScope
from device_profiles.decoders.timestamps import to_ns
from device_profiles.reading import Relayed
from footfall.errors import ProfileError

_DEFAULT_POWER_DBM: Final = -59


def decode(scope: PathScope, receiver: str) -> Relayed:
    if not isinstance(scope.item, dict):
        raise ProfileError("feed.type", "not an object")
    values = scope.item
    address, rssi_dbm = scalars.mac(values.get("mac")), scalars.rssi_dbm(values.get("rssi"))
    time = values.get("timestamp")
    return Relayed(_advertisement(values, address, rssi_dbm), receiver, 0 if time is None else to_ns(time, "any"))


def _advertisement(values: dict[str, object], address: str, rssi_dbm: int) -> Advertisement:
    if "ibeaconUuid" in values:
        power = values.get("ibeaconTxPower")
        power_dbm = _DEFAULT_POWER_DBM if power is None else scalars.rssi_dbm(power)
        major, minor = (scalars.count(values.get(key)) for key in ("ibeaconMajor", "ibeaconMinor"))
        return ibeacon(address, rssi_dbm, scalars.text(values["ibeaconUuid"]).lower(), major, minor, power_dbm)
    if str(values.get("type", "")).lower().startswith("eddystone") and not values.get("rawData"):
        return _eddystone(values, address, rssi_dbm)
    return parse_advertising_data(scalars.hex_bytes(values.get("rawData") or ""), address, rssi_dbm)


def _eddystone(values: dict[str, object], address: str, rssi_dbm: int) -> Advertisement:
    namespace, instance, url = (_named(values, part) for part in ("namespace", "instance", "url"))
    if namespace or instance or str(values["type"]).lower().endswith("uid"):
        parts = scalars.hex_bytes(namespace), scalars.hex_bytes(instance)
        if (len(parts[0]), len(parts[1])) != (NAMESPACE_BYTES, INSTANCE_BYTES):
            raise ProfileError("feed.eddystone", "a UID has a namespace of 10 bytes and an instance of 6")
        return eddystone_uid(address, rssi_dbm, *parts, _DEFAULT_POWER_DBM)
    if url:
        return eddystone_url(address, rssi_dbm, scalars.text(url), _DEFAULT_POWER_DBM)
    return eddystone_tlm(address, rssi_dbm)


def _named(values: dict[str, object], part: str) -> object:
    return next((value for name, value in values.items() if part in name.lower() and value), "")
