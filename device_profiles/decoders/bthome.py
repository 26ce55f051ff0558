"""BTHome version 2: service data of UUID fcd2, a list of measurements, also encrypted. Source: https://bthome.io/format and /encryption.

    sender(data, address) -> address                  # the one that the message contains, if any: that of a device behind a repeater
    decode(data, address, bind_key) -> Values         # of the sender and its key

From its second occurrence in a message, a measurement bears a number: `button_code`, `button_2_code`. `packet_id` numbers messages.
`replay_count` is the counter of an encrypted one, which only grows. To detect replays compare it with the last: nothing here has a
memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Final

from device_profiles.decoders.scaling import scaling
from device_profiles.reading import Value
from footfall.errors import ProfileError

UUID: Final = "fcd2"
TAG_BYTES: Final = 4
COUNTER_BYTES: Final = 4
_ENCRYPTED: Final = 0x01
_WITH_MAC: Final = 0x02
_MAC_BYTES: Final = 6
_FIRST: Final = 1
"""The byte with version and flags comes before all else."""
_UUID_BYTES: Final = b"\xd2\xfc"


def sender(data: bytes, address: str) -> str:
    """Return the address that the message contains, lowest byte first, else `address`. Raise ProfileError `bthome.short`."""
    if not data or not data[0] & _WITH_MAC:
        return address
    if len(data) < _FIRST + _MAC_BYTES:
        raise ProfileError("bthome.short", f"{len(data)} bytes cannot hold the address")
    return data[_FIRST + _MAC_BYTES - 1 : 0 : -1].hex(":")


def decode(data: bytes, address: str, bind_key: bytes | None) -> dict[str, Value]:
    """Return what the service data reports of the device at `address`, its `sender`.

    Raise ProfileError: `bthome.version` for another version than 2, `bthome.key` without the key of an encrypted message,
    `bthome.decrypt` for a wrong key, `bthome.plain` for a message in clear of a device with a key, since anybody can send it,
    `bthome.short` for a message that ends too early. An object that is not in the table ends the message: objects are sent in the
    order of their numbers, so all before it counts.
    """
    if not data:
        raise ProfileError("bthome.short", "the message is empty")
    if data[0] >> 5 != 2:
        raise ProfileError("bthome.version", f"version {data[0] >> 5} is not supported")
    begin = _FIRST + _MAC_BYTES * bool(data[0] & _WITH_MAC)
    if not data[0] & _ENCRYPTED:
        if bind_key is not None:
            raise ProfileError("bthome.plain", "in clear, of a device that has a bind key: somebody else may have sent it")
        return _objects(data[begin:])
    if bind_key is None:
        raise ProfileError("bthome.key", "encrypted, and there is no bind key for this address")
    values = _objects(_decrypted(data, begin, address, bind_key))
    return values | {"replay_count": int.from_bytes(data[-TAG_BYTES - COUNTER_BYTES : -TAG_BYTES], "little")}


def _decrypted(data: bytes, begin: int, address: str, bind_key: bytes) -> bytes:
    """Return the plain bytes. The nonce is address, UUID as sent, first byte, counter; ciphertext, counter, tag are from `begin` on."""
    if len(data) < begin + COUNTER_BYTES + TAG_BYTES:
        raise ProfileError("bthome.short", f"{len(data)} bytes cannot hold counter and tag")
    counter, tag = data[-TAG_BYTES - COUNTER_BYTES : -TAG_BYTES], data[-TAG_BYTES:]
    nonce = bytes.fromhex(address.replace(":", "")) + _UUID_BYTES + data[:1] + counter
    from cryptography.exceptions import InvalidTag  # loads OpenSSL, which only a process with a bind key needs
    from cryptography.hazmat.primitives.ciphers.aead import AESCCM

    try:
        return AESCCM(bind_key, tag_length=TAG_BYTES).decrypt(nonce, data[begin : -TAG_BYTES - COUNTER_BYTES] + tag, None)
    except InvalidTag:
        raise ProfileError("bthome.decrypt", "the bind key of this address does not open it") from None


def _objects(data: bytes) -> dict[str, Value]:
    values: dict[str, Value] = {}
    at, end = 0, len(data)
    while at < end:
        number = data[at]
        if number not in _READERS:
            break
        name, size, read = _READERS[number]
        if not size:
            size = 1 + (_LENGTHS.get(number, _as_stated)(data[at + 1]) if at + 1 < end else 0)
        after = at + 1 + size
        if after > end:
            raise ProfileError("bthome.short", f"object {number:#04x} needs {size} bytes, {end - at - 1} are left")
        values[_numbered(number, values) if name in values else name] = read(data[at + 1 : after])
        at = after
    return values


def _numbered(number: int, values: Mapping[str, Value]) -> str:
    """Return the name with the next number: `button_2_code`, `button_3_code` …"""
    name, unit = _OBJECTS[number][:2]
    names = (_named(f"{name}_{i}", unit) for i in count(2))
    return next(name for name in names if name not in values)


def _named(name: str, unit: str) -> str:
    return f"{name}_{unit}" if unit else name


def _reader(kind: str, factor: float) -> Callable[[bytes], Value]:
    """Return the function that reads the object's bytes."""
    if kind in _KINDS:
        return _KINDS[kind]
    signed, scaled = kind == "signed", scaling(factor)
    if scaled is None:
        return lambda data: int.from_bytes(data, "little", signed=signed)
    return lambda data: scaled(int.from_bytes(data, "little", signed=signed))


def _flags(*names: str, first: int) -> dict[int, tuple[str, str, int, str, float]]:
    return {first + i: (name, "", 1, "flag", 1.0) for i, name in enumerate(names)}


_DIMMER_SIGNS: Final[Mapping[int, int]] = {1: -1, 2: 1}
"""Steps to the left count below zero."""


def _as_stated(length: int) -> int:
    return length


_LENGTHS: Final[Mapping[int, Callable[[int], int]]] = {0x3B: lambda length: 1 + (length & 0x1F)}
"""Objects whose own length counts otherwise: a command has its code, and arguments whose number is in five bits."""
_KINDS: Final[Mapping[str, Callable[[bytes], Value]]] = {
    "flag": lambda data: data[0] != 0,
    "version": lambda data: ".".join(str(part) for part in reversed(data)),
    "dimmer": lambda data: data[1] * _DIMMER_SIGNS.get(data[0], 0),
    "text": lambda data: data[1:].decode("utf-8", "replace"),
    "raw": lambda data: data[1:].hex(),
}
_OBJECTS: Final[Mapping[int, tuple[str, str, int, str, float]]] = {
    0x00: ("packet", "id", 1, "unsigned", 1),
    0x01: ("battery", "pct", 1, "unsigned", 1),
    0x02: ("temperature", "c", 2, "signed", 0.01),
    0x03: ("humidity", "pct", 2, "unsigned", 0.01),
    0x04: ("pressure", "hpa", 3, "unsigned", 0.01),
    0x05: ("illuminance", "lux", 3, "unsigned", 0.01),
    0x06: ("mass", "kg", 2, "unsigned", 0.01),
    0x07: ("mass", "kg", 2, "unsigned", 0.0045359237),
    0x08: ("dewpoint", "c", 2, "signed", 0.01),
    0x09: ("events", "count", 1, "unsigned", 1),
    0x0A: ("energy", "kwh", 3, "unsigned", 0.001),
    0x0B: ("power", "w", 3, "unsigned", 0.01),
    0x0C: ("voltage", "v", 2, "unsigned", 0.001),
    0x0D: ("pm2_5", "ugm3", 2, "unsigned", 1),
    0x0E: ("pm10", "ugm3", 2, "unsigned", 1),
    **_flags("generic", "power_on", "opening", first=0x0F),
    0x12: ("co2", "ppm", 2, "unsigned", 1),
    0x13: ("tvoc", "ugm3", 2, "unsigned", 1),
    0x14: ("moisture", "pct", 2, "unsigned", 0.01),
    **_flags(
        "battery_low", "battery_charging", "carbon_monoxide", "cold", "connected", "door_open", "garage_door_open", "gas", "heat",
        "light", "unlocked", "moist", "motion", "moving", "occupied", "plugged_in", "present", "problem", "running", "safe", "smoke",
        "sound", "tampered", "vibration", "window_open", first=0x15,
    ),
    0x2E: ("humidity", "pct", 1, "unsigned", 1),
    0x2F: ("moisture", "pct", 1, "unsigned", 1),
    0x3A: ("button", "code", 1, "unsigned", 1),
    0x3B: ("command", "", 0, "raw", 1),
    0x3C: ("dimmer_steps", "count", 2, "dimmer", 1),
    0x3D: ("events", "count", 2, "unsigned", 1),
    0x3E: ("events", "count", 4, "unsigned", 1),
    0x3F: ("rotation", "deg", 2, "signed", 0.1),
    0x40: ("distance", "mm", 2, "unsigned", 1),
    0x41: ("distance", "m", 2, "unsigned", 0.1),
    0x42: ("duration", "s", 3, "unsigned", 0.001),
    0x43: ("current", "a", 2, "unsigned", 0.001),
    0x44: ("speed", "m_s", 2, "unsigned", 0.01),
    0x45: ("temperature", "c", 2, "signed", 0.1),
    0x46: ("uv", "index", 1, "unsigned", 0.1),
    0x47: ("volume", "l", 2, "unsigned", 0.1),
    0x48: ("volume", "ml", 2, "unsigned", 1),
    0x49: ("flow", "m3_h", 2, "unsigned", 0.001),
    0x4A: ("voltage", "v", 2, "unsigned", 0.1),
    0x4B: ("gas", "m3", 3, "unsigned", 0.001),
    0x4C: ("gas", "m3", 4, "unsigned", 0.001),
    0x4D: ("energy", "kwh", 4, "unsigned", 0.001),
    0x4E: ("volume", "l", 4, "unsigned", 0.001),
    0x4F: ("water", "l", 4, "unsigned", 0.001),
    0x50: ("t_unix", "s", 4, "unsigned", 1),
    0x51: ("acceleration", "m_s2", 2, "unsigned", 0.001),
    0x52: ("rotation", "deg_s", 2, "unsigned", 0.001),
    0x53: ("text", "", 0, "text", 1),
    0x54: ("raw", "", 0, "raw", 1),
    0x55: ("stored", "l", 4, "unsigned", 0.001),
    0x56: ("conductivity", "us_cm", 2, "unsigned", 1),
    0x57: ("temperature", "c", 1, "signed", 1),
    0x58: ("temperature", "c", 1, "signed", 0.35),
    0x59: ("events", "count", 1, "signed", 1),
    0x5A: ("events", "count", 2, "signed", 1),
    0x5B: ("events", "count", 4, "signed", 1),
    0x5C: ("power", "w", 4, "signed", 0.01),
    0x5D: ("current", "a", 2, "signed", 0.001),
    0x5E: ("direction", "deg", 2, "unsigned", 0.01),
    0x5F: ("precipitation", "mm", 2, "unsigned", 0.1),
    0x60: ("channel", "id", 1, "unsigned", 1),
    0x61: ("rotation", "deg_s", 2, "unsigned", 6),
    0x62: ("speed", "m_s", 4, "signed", 0.000001),
    0x63: ("acceleration", "m_s2", 4, "signed", 0.000001),
    0x64: ("light_level", "", 1, "unsigned", 1),
    0x65: ("settings_revision", "", 1, "unsigned", 1),
    0xF0: ("device_type", "code", 2, "unsigned", 1),
    0xF1: ("firmware", "version", 4, "version", 1),
    0xF2: ("firmware", "version", 3, "version", 1),
}  # fmt: skip
"""Object -> name, unit, bytes (0: the object has its own length), kind, what one of the raw number is."""

_READERS: Final[Mapping[int, tuple[str, int, Callable[[bytes], Value]]]] = {
    number: (_named(name, unit), size, _reader(kind, factor)) for number, (name, unit, size, kind, factor) in _OBJECTS.items()
}
