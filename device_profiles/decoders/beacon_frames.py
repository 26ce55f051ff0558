"""AltBeacon and Eddystone that another device has decoded, encoded again as advertised; iBeacon is in ibeacon_frame.py.

Sources: AltBeacon Protocol Specification v1.0; https://github.com/google/eddystone.
"""

from __future__ import annotations

from typing import Final

from device_profiles.advertisement import Advertisement
from device_profiles.decoders import eddystone_url as urls
from device_profiles.decoders.ibeacon_frame import APPLE, ibeacon
from footfall.errors import ProfileError

RADIUS_NETWORKS: Final = 0x0118
EDDYSTONE: Final = "feaa"
NAMESPACE_BYTES: Final = 10
INSTANCE_BYTES: Final = 6
_FIRST_METRE_DB: Final = 41
"""Eddystone states the power at 0 m: so much above that at 1 m."""
_NO_VOLTAGE: Final = b"\0\0"
_NO_TEMPERATURE: Final = b"\x80\0"


def altbeacon(address: str, rssi_dbm: int | None, uuid: str, major: int, minor: int, power_dbm: int) -> Advertisement:
    """Return the advertisement, of any company's AltBeacon, as Radius Networks' own. Raise ProfileError `feed.ibeacon`."""
    parts = ibeacon(address, rssi_dbm, uuid, major, minor, power_dbm).manufacturer[APPLE][2:]
    return Advertisement(address, rssi_dbm, manufacturer={RADIUS_NETWORKS: b"\xbe\xac" + parts})


def eddystone_uid(address: str, rssi_dbm: int | None, namespace: bytes, instance: bytes, power_dbm: int) -> Advertisement:
    """Return the advertisement. `namespace`: 10 bytes, `instance`: 6; `power_dbm`: at 1 m."""
    return Advertisement(address, rssi_dbm, service_data={EDDYSTONE: b"\x00" + _at_0m(power_dbm) + namespace + instance})


def eddystone_url(address: str, rssi_dbm: int | None, url: str, power_dbm: int) -> Advertisement:
    """Return the advertisement. `power_dbm`: at 1 m. Raise ProfileError `feed.eddystone` for a text that begins like no URL."""
    if not (data := urls.shorten(url)):
        raise ProfileError("feed.eddystone", "no URL of Eddystone begins so")
    return Advertisement(address, rssi_dbm, service_data={EDDYSTONE: b"\x10" + _at_0m(power_dbm) + data})


def eddystone_tlm(address: str, rssi_dbm: int | None) -> Advertisement:
    """Return an advertisement that has no values: it shows alone that the beacon was heard."""
    return Advertisement(address, rssi_dbm, service_data={EDDYSTONE: b"\x20\x00" + _NO_VOLTAGE + _NO_TEMPERATURE + bytes(8)})


def _at_0m(power_dbm: int) -> bytes:
    return min(power_dbm + _FIRST_METRE_DB, 127).to_bytes(1, "big", signed=True)
