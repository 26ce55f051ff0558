"""AltBeacon and Eddystone-UID that another device has decoded, encoded again as advertised; iBeacon is in ibeacon_frame.py.

Sources: AltBeacon Protocol Specification v1.0; https://github.com/google/eddystone/tree/master/eddystone-uid.
"""

from __future__ import annotations

from typing import Final

from device_profiles.advertisement import Advertisement
from device_profiles.decoders.ibeacon_frame import APPLE, ibeacon

RADIUS_NETWORKS: Final = 0x0118
EDDYSTONE: Final = "feaa"
_FIRST_METRE_DB: Final = 41
"""Eddystone states the power at 0 m: so much above that at 1 m."""


def altbeacon(address: str, rssi_dbm: int | None, uuid: str, major: int, minor: int, power_dbm: int) -> Advertisement:
    """Return the advertisement, of any company's AltBeacon, as Radius Networks' own. Raise ProfileError `feed.ibeacon`."""
    parts = ibeacon(address, rssi_dbm, uuid, major, minor, power_dbm).manufacturer[APPLE][2:]
    return Advertisement(address, rssi_dbm, manufacturer={RADIUS_NETWORKS: b"\xbe\xac" + parts})


def eddystone_uid(address: str, rssi_dbm: int | None, namespace: bytes, instance: bytes, power_dbm: int) -> Advertisement:
    """Return the advertisement. `namespace`: 10 bytes, `instance`: 6; `power_dbm`: at 1 m."""
    power = min(power_dbm + _FIRST_METRE_DB, 127).to_bytes(1, "big", signed=True)
    return Advertisement(address, rssi_dbm, service_data={EDDYSTONE: b"\x00" + power + namespace + instance})
