"""Advertisements between bleak, profiles and bytes. Pure.

    from_bleak(device, data) -> Advertisement                # what bleak calls back with
    key_of(device, data)                                     # equal where `from_bleak` is equal, and cheaper
    structures(advertisement) -> list[(AD type, data)]       # as they are in the air
    advertising_data(advertisement) -> bytes

BlueZ keeps an advertisement as properties, not as bytes. `advertising_data` makes bytes of the same meaning, but their order, flags and
split between advertisement and scan response differ from the device's own.
AD types: Bluetooth Assigned Numbers, 2.3; formats: Supplement to the Core Specification, part A, 1.
"""

from __future__ import annotations

import marshal
from typing import TYPE_CHECKING, Final

from device_profiles.advertisement import AddressType, Advertisement, random_type, short_uuid

if TYPE_CHECKING:  # for its types alone: an agent without BLE does not hold bleak in memory
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData

AD_FLAGS, AD_NAME, AD_TX_POWER, AD_APPEARANCE, AD_MANUFACTURER = 0x01, 0x09, 0x0A, 0x19, 0xFF
_AD_SERVICES: Final = {4: 0x03, 8: 0x05, 36: 0x07}
"""AD type of a complete list of service UUIDs, by the length of their text."""
_AD_SERVICE_DATA: Final = {4: 0x16, 8: 0x20, 36: 0x21}
_BASE: Final = "-0000-1000-8000-00805f9b34fb"
"""The end of every UUID that has a short form (Core 5.4, vol 3, part B, 2.5.1)."""
_NO_REFERENCES: Final = 2
"""The version of marshal whose bytes depend on nothing but the content; later ones refer to objects that were there before."""


def long_uuid(uuid: str) -> str:
    """Return any UUID in its form of 36 characters, as D-Bus has it."""
    return uuid if len(uuid) == 36 else uuid.rjust(8, "0") + _BASE


def address_type(address: str, kind: str) -> AddressType:
    """Return the type of an address; `kind` is BlueZ's: public or random."""
    return random_type(address.lower()) if kind == "random" else "public" if kind == "public" else "unknown"


def from_bleak(device: BLEDevice, data: AdvertisementData) -> Advertisement:
    """Return the advertisement without RSSI, on which no meaning depends: the same device and data give equal ones."""
    properties = device.details["props"]
    return Advertisement(
        address=device.address.lower(),
        address_type=address_type(device.address, properties.get("AddressType", "")),
        name=data.local_name or "",
        manufacturer=data.manufacturer_data,
        service_data={short_uuid(uuid): content for uuid, content in data.service_data.items()},
        services=tuple(map(short_uuid, data.service_uuids)),
        tx_power_dbm=data.tx_power,
        appearance=properties.get("Appearance"),
    )


def key_of(device: BLEDevice, data: AdvertisementData) -> bytes:
    """Return a cache key: equal for equal content, and smaller than a tuple of it.

    Companies are numbers and services texts; a device's address type and appearance never change.
    """
    content = (
        device.address,
        data.local_name,
        data.tx_power,
        *data.manufacturer_data.items(),
        *data.service_data.items(),
        *data.service_uuids,
    )
    return marshal.dumps(content, _NO_REFERENCES)


def structures(advertisement: Advertisement) -> list[tuple[int, bytes]]:
    """Return the AD structures as (type, data); none contains the address."""
    found = []
    for length, ad_type in _AD_SERVICES.items():
        if uuids := [uuid for uuid in advertisement.services if len(uuid) == length]:
            found.append((ad_type, b"".join(map(_uuid_bytes, uuids))))
    found += [(AD_MANUFACTURER, company.to_bytes(2, "little") + data) for company, data in advertisement.manufacturer.items()]
    found += [(_AD_SERVICE_DATA[len(uuid)], _uuid_bytes(uuid) + data) for uuid, data in advertisement.service_data.items()]
    if advertisement.tx_power_dbm is not None:
        found.append((AD_TX_POWER, advertisement.tx_power_dbm.to_bytes(1, "little", signed=True)))
    if advertisement.appearance is not None:
        found.append((AD_APPEARANCE, advertisement.appearance.to_bytes(2, "little")))
    if advertisement.name:
        found.append((AD_NAME, advertisement.name.encode()))
    return found


def advertising_data(advertisement: Advertisement) -> bytes:
    return b"".join(bytes([len(data) + 1, ad_type]) + data for ad_type, data in structures(advertisement) if len(data) < 255)


def _uuid_bytes(uuid: str) -> bytes:
    return bytes.fromhex(uuid.replace("-", ""))[::-1]
