"""ESPresense: `espresense/devices/{id}/{node}`, what one node hears of one device, its RSSI already smoothed.

`id` shows how the node knows the device, best first (ESPresense, BleFingerprint.h and .cpp):

- an alias that its owner gave (`idType` 250), `known:…` (an address that was enrolled), `irk:…` (a phone whose owner gave its key):
  the device itself, by that id;
- `iBeacon:uuid-major-minor`, `altBeacon:uuid-major-minor`, `eddy:namespace-instance`: relayed as the beacon that it was. The firmware
  writes the fifth byte of an Eddystone namespace twice;
- `phone:galaxy` and other words that no firmware makes, of nodes that send no `idType`: an alias too;
- `name:…`, what a device calls itself, from an address that a phone may use and change: known by that name for a day, as espresense-name,
  since each of its addresses would be somebody new. Its owner gave it to nobody, and two people may have the same;
- anything else (`apple:1005:9-24`, `msft:cdp`) names a kind of device: relayed by its address, of which `idType` has the type only where
  nothing better was found: 55 public, 5 static, 1 any other random one.
"""

from __future__ import annotations

import re
from typing import Final

from device_profiles.advertisement import AddressType, Advertisement, random_type
from device_profiles.decoders import scalars
from device_profiles.decoders.beacon_frames import altbeacon, eddystone_uid
from device_profiles.decoders.ibeacon_frame import ibeacon
from device_profiles.decoders.paths import PathScope
from device_profiles.reading import NOTHING, Reading, Relayed, Seen
from footfall.errors import ProfileError

ALIAS: Final = 250
PUBLIC: Final = 55
RANDOM: Final = (1, 5)
_ENROLLED: Final = ("known:", "irk:")
_NAMED: Final = "name:"
_NAMED_PROFILE: Final = "espresense-name"
_OWNERS_WORDS: Final = ("phone:", "watch:", "tablet:", "laptop:", "keys:", "wallet:", "person:", "tag:")
"""With which aliases begin, as ESPresense's documents write them; no id that the firmware makes does."""
_MAY_BE_A_PHONE: Final = frozenset("01234567")
"""How addresses begin that change; others are public or static (device_profiles/profiles/ble-thing.toml)."""
_BEACON: Final = re.compile(r"(iBeacon|altBeacon):([0-9a-fA-F-]{36})-(\d{1,5})-(\d{1,5})", re.ASCII)
_EDDYSTONE: Final = re.compile(r"eddy:([0-9a-f]{8})([0-9a-f]{2})(?:\2)?([0-9a-f]{10})-([0-9a-f]{12})", re.ASCII | re.IGNORECASE)
_BEACONS: Final = {"iBeacon": ibeacon, "altBeacon": altbeacon}
_DEFAULT_POWER_DBM: Final = -59


def decode(scope: PathScope, receiver: str) -> Reading:
    if not isinstance(scope.item, dict):
        raise ProfileError("feed.type", "not an object")
    values = scope.item
    name, rssi_dbm = scalars.text(values.get("id")), scalars.rssi_dbm(values.get("rssi"))
    power_dbm = scalars.rssi_dbm(values["rssi@1m"]) if "rssi@1m" in values else None
    power = _DEFAULT_POWER_DBM if power_dbm is None else power_dbm
    if found := _BEACON.fullmatch(name):
        address = scalars.mac(values.get("mac"))
        return Relayed(_BEACONS[found[1]](address, rssi_dbm, found[2].lower(), int(found[3]), int(found[4]), power), receiver)
    if found := _EDDYSTONE.fullmatch(name):
        namespace, instance = bytes.fromhex(found[1] + found[2] + found[3]), bytes.fromhex(found[4])
        return Relayed(eddystone_uid(scalars.mac(values.get("mac")), rssi_dbm, namespace, instance, power), receiver)
    if _is_enrolled(name, values.get("idType")):
        return Seen(name.lower(), rssi_dbm=rssi_dbm, receiver=receiver, values={"power_dbm": power_dbm} if power_dbm else NOTHING)
    address = scalars.mac(values.get("mac"))
    if name.startswith((_NAMED, *_OWNERS_WORDS)) and address[0] in _MAY_BE_A_PHONE and values.get("idType") not in (PUBLIC, *RANDOM):
        return Seen(name.lower(), _NAMED_PROFILE, rssi_dbm, receiver)
    return Relayed(Advertisement(address, rssi_dbm, _address_type(address, values.get("idType"))), receiver)


def _is_enrolled(name: str, id_type: object) -> bool:
    return id_type == ALIAS or name.startswith(_ENROLLED) or (id_type is None and name.startswith(_OWNERS_WORDS))


def _address_type(address: str, id_type: object) -> AddressType:
    return "public" if id_type == PUBLIC else random_type(address) if id_type in RANDOM else "unknown"
