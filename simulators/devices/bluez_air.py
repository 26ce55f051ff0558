"""What a device with a given identifier has in the air. Pure: one identifier, one advertisement, always the same.

    advertisement_of(sighting) -> Advertisement
    slots_of(sighting, n) -> Advertisement             # of a card with two slots each n-th message is that of the next slot

An identifier may not contain its device's address. Such devices get a static random address made from the identifier.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b
from typing import Final
from uuid import UUID

from device_profiles.advertisement import Advertisement
from device_profiles.registry import shipped
from edge_agent.sources.ble_advertisement import address_type
from edge_agent.sources.source import Sighting

APPLE: Final = 0x004C
EDDYSTONE: Final = "feaa"
POWER_DBM: Final = -59
_REMEMBERED: Final = 65_536
_EACH: Final = 4


def advertisement_of(sighting: Sighting) -> Advertisement:
    """ValueError if nothing in the air has such an identifier."""
    return _of(shipped()[sighting.profile].identifier_type if sighting.profile in shipped() else "", sighting.identifier)


def slots_of(sighting: Sighting, n: int) -> Advertisement:
    """Return the `n`-th message of a device: of every fourth iBeacon each second one is Eddystone-TLM, without the identity."""
    advertisement = advertisement_of(sighting)
    if n % 2 and APPLE in advertisement.manufacturer and has_two_slots(sighting.identifier):
        return replace(advertisement, manufacturer={}, service_data={EDDYSTONE: _telemetry(n)}, services=(EDDYSTONE,))
    return advertisement


def has_two_slots(identifier: str) -> bool:
    return blake2b(identifier.encode(), digest_size=1).digest()[0] % _EACH == 0


def _telemetry(n: int) -> bytes:
    """Eddystone-TLM: 3,000 mV, 21 degrees, messages and tenths of seconds since it began."""
    return b"\x20\x00" + (3000).to_bytes(2, "big") + b"\x15\x00" + n.to_bytes(4, "big") + (5 * n).to_bytes(4, "big")


@lru_cache(_REMEMBERED)
def _of(identifier_type: str, identifier: str) -> Advertisement:
    encode = _ENCODERS.get(identifier_type)
    if encode is None:
        raise ValueError(f"no BLE device has an identifier of type {identifier_type!r}: {', '.join(sorted(_ENCODERS))} have")
    return encode(identifier)


def _static_address(identifier: str) -> str:
    """Its two highest bits are set."""
    digest = blake2b(identifier.encode(), digest_size=6).digest()
    return bytes([digest[0] | 0xC0, *digest[1:]]).hex(":")


def _ibeacon(identifier: str) -> Advertisement:
    """`uuid:major:minor`, as Apple's Proximity Beacon Specification R1 has it."""
    uuid, major, minor = identifier.split(":")
    data = b"\x02\x15" + UUID(uuid).bytes + int(major).to_bytes(2, "big") + int(minor).to_bytes(2, "big")
    data += POWER_DBM.to_bytes(1, "big", signed=True)
    return Advertisement(_static_address(identifier), address_type="static", manufacturer={APPLE: data})


def _eddystone_uid(identifier: str) -> Advertisement:
    """20 hex digits of namespace and 12 of instance; the power is that at 0 m, 41 dB more (Eddystone-UID specification)."""
    name = bytes.fromhex(identifier.replace(":", "").replace("-", ""))
    if len(name) != 16:
        raise ValueError(f"an Eddystone-UID has 16 bytes, not {len(name)}")
    frame = b"\x00" + (POWER_DBM + 41).to_bytes(1, "big", signed=True) + name + b"\x00\x00"
    return Advertisement(_static_address(identifier), address_type="static", service_data={EDDYSTONE: frame}, services=(EDDYSTONE,))


def _address(identifier: str) -> Advertisement:
    if len(bytes.fromhex(identifier.replace(":", ""))) != 6:
        raise ValueError(f"{len(identifier)} characters are no address")
    return Advertisement(identifier, address_type=address_type(identifier, "random"))


_ENCODERS: Final[Mapping[str, Callable[[str], Advertisement]]] = {
    "ibeacon": _ibeacon,
    "eddystone-uid": _eddystone_uid,
    "mac": _address,
}
