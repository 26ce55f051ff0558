"""An iBeacon that another device has decoded, encoded again as advertised, so that the beacons' profiles decide whose it is."""

from __future__ import annotations

from typing import Final

from device_profiles.advertisement import Advertisement
from footfall.errors import ProfileError

APPLE: Final = 0x004C
MAX_PART: Final = 0xFFFF


def ibeacon(address: str, rssi_dbm: int | None, uuid: str, major: int, minor: int, power_dbm: int) -> Advertisement:
    """Return the advertisement (Apple, Proximity Beacon Specification R1). `power_dbm`: at 1 m. Raise ProfileError `feed.ibeacon`."""
    digits = uuid.replace("-", "")
    if len(digits) != 32 or not 0 <= major <= MAX_PART or not 0 <= minor <= MAX_PART or not -128 <= power_dbm <= 127:
        raise ProfileError("feed.ibeacon", "no iBeacon has such parts")
    try:
        name = bytes.fromhex(digits)
    except ValueError:
        raise ProfileError("feed.ibeacon", "no iBeacon has such a UUID") from None
    if len(name) != 16:  # fromhex skips blanks
        raise ProfileError("feed.ibeacon", "no iBeacon has such a UUID")
    frame = b"\x02\x15" + name + major.to_bytes(2, "big") + minor.to_bytes(2, "big") + power_dbm.to_bytes(1, "big", signed=True)
    return Advertisement(address, rssi_dbm, manufacturer={APPLE: frame})
