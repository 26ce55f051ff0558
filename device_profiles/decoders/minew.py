"""Minew gateways in JSON mode: one device that was heard, as `rawData`, or as what the gateway has decoded itself.

`"type": "iBeacon"` has `ibeaconUuid`, `ibeaconMajor`, `ibeaconMinor` and `ibeaconTxPower` in place of `rawData`: they are encoded again as
advertised. Other decoded kinds, such as its own `S1`, have measured values alone: the address shows that it is there.
"""

from __future__ import annotations

from typing import Final

from device_profiles.advertisement import Advertisement, parse_advertising_data
from device_profiles.decoders import scalars
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
    return parse_advertising_data(scalars.hex_bytes(values.get("rawData") or ""), address, rssi_dbm)
