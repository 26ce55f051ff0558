"""Shelly BLU devices, as Shelly's own scripts publish them: BTHome v2 that they have decoded, encoded again as advertised.

Only the number of a report (`pid`) and the battery's level are encoded; buttons and sensors are not about presence. With
`encryption` the script could not read the message, and only the mark of an encrypted one is encoded.
Sources: the scripts ble-shelly-blu.js and blu-publisher.js in Shelly's script examples; bthome.io/format.
"""

from __future__ import annotations

from typing import Final

from device_profiles.advertisement import Advertisement
from device_profiles.decoders import scalars
from device_profiles.decoders.paths import PathScope
from device_profiles.reading import Relayed
from footfall.errors import ProfileError

BTHOME: Final = "fcd2"
_OBJECTS: Final = {"pid": 0x00, "battery": 0x01}
_PLAIN: Final = 0x40
_ENCRYPTED: Final = 0x41


def decode(scope: PathScope, receiver: str) -> Relayed:
    if not isinstance(scope.item, dict):
        raise ProfileError("feed.type", "not an object")
    values = scope.item
    address, rssi_dbm = scalars.mac(values.get("address")), scalars.rssi_dbm(values.get("rssi"))
    data = bytes([_ENCRYPTED if values.get("encryption") is True else _PLAIN])
    for name, code in _OBJECTS.items():
        if name in values and data[0] == _PLAIN:
            data += bytes([code, scalars.count(values[name]) & 0xFF])
    return Relayed(Advertisement(address, rssi_dbm, service_data={BTHOME: data}), receiver)
