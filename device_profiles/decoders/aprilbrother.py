"""April Brother BLE Gateway 4: `devices` is a list of frames of bytes, in JSON as hex.

A frame: advertising type (1 byte), address (6, as it is read), RSSI + 256 (1), advertising data.
Source: wiki.aprbrother.com, "User Guide For AB BLE Gateway V4", Data Format.
"""

from __future__ import annotations

from typing import Final

from device_profiles.advertisement import parse_advertising_data
from device_profiles.decoders import scalars
from device_profiles.decoders.paths import PathScope
from device_profiles.reading import Relayed
from footfall.errors import ProfileError

HEAD_BYTES: Final = 8
MAX_BYTES: Final = 512


def decode(scope: PathScope, receiver: str) -> Relayed:
    frame = scope.item if isinstance(scope.item, bytes) else scalars.hex_bytes(scope.item, MAX_BYTES)
    if not HEAD_BYTES <= len(frame) <= MAX_BYTES:
        raise ProfileError("feed.frame", f"a frame has {HEAD_BYTES} to {MAX_BYTES} bytes")
    return Relayed(parse_advertising_data(frame[HEAD_BYTES:], frame[1:7].hex(":"), frame[7] - 256), receiver)
