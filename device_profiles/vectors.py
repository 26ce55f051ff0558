"""A profile's vectors: readings as tables of a TOML file, and whether decoding a message yields them.

    { kind = "seen", identifier = "…", rssi_dbm = -59, values = { battery_pct = 98 } }
    { kind = "counted", entered = 12, left = 9, cumulative = true, door = "1" }
    { kind = "relayed", receiver = "ac233fc00001", advertisement = { address = "c3:00:00:01:02:03", manufacturer = { 004c = "0215…" } } }

`kind` and the fields of the dataclass that are not at their default; bytes are hex, a company identifier is 4 hex digits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields
from math import isclose
from typing import Any

from device_profiles.advertisement import Advertisement
from device_profiles.device import Device
from device_profiles.profile import READINGS, Vector
from device_profiles.reading import Reading
from footfall.errors import ProfileError


def difference(device: Device, vector: Vector) -> str:
    """Return how the readings of the vector's message differ from the vector's, key first; "" if they do not."""
    try:
        message = device.message(vector.input)
    except ValueError as error:
        return f"input: {error}"
    try:
        readings = device.decode(message)
    except ProfileError as error:
        refusal = f"the message is refused as {error.reason!r}: {error}"
        return "" if error.reason == vector.error else f"error: {refusal}" if vector.error else f"readings: {refusal}"
    if vector.error:
        return f"error: {vector.error!r} is expected, but the message is read as {_text(readings)}"
    if not device.specificity(message):
        return "input: [device] does not match this message: no message like it would ever be given to this profile"
    return _unlike(readings, vector.readings)


def to_values(reading: Reading) -> dict[str, Any]:
    """Return a reading as a vector writes it."""
    kind = next(kind for kind, made in READINGS.items() if isinstance(reading, made))
    return {"kind": kind, **_changed(reading)}


def _unlike(readings: Sequence[Reading], wanted: Sequence[Mapping[str, Any]]) -> str:
    if len(readings) != len(wanted):
        return f"readings: {len(wanted)} are expected, {len(readings)} come: {_text(readings)}"
    for i, (reading, expected) in enumerate(zip(readings, wanted, strict=True)):
        found = to_values(reading)
        for key in sorted(found.keys() | expected.keys()):
            if not _same(found.get(key), expected.get(key)):
                return f"readings.{i}.{key}: {expected.get(key, 'nothing')!r} is expected, {found.get(key, 'nothing')!r} comes"
    return ""


def _text(readings: Sequence[Reading]) -> str:
    return f"{[to_values(reading) for reading in readings]}"


def _same(one: object, other: object) -> bool:
    """Return whether values are equal: floats to nine digits; a bool equals no number."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, float) or isinstance(other, float):
        return isinstance(one, int | float) and isinstance(other, int | float) and isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return one == other


def _changed(value: Reading | Advertisement) -> dict[str, Any]:
    """Return the compared fields that differ from their defaults, in a form that TOML can hold; those without a default always."""
    compared = [field for field in fields(value) if field.compare]
    values = {field.name: getattr(value, field.name) for field in compared if getattr(value, field.name) != _default(field)}
    return {name: _plain(item) for name, item in values.items()}


def _default(field: Field[Any]) -> object:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _plain(item: Any) -> Any:
    if isinstance(item, Advertisement):
        return _changed(item)
    if isinstance(item, bytes):
        return item.hex()
    if isinstance(item, Mapping):
        return {f"{key:04x}" if isinstance(key, int) else key: _plain(value) for key, value in item.items()}
    return [_plain(value) for value in item] if isinstance(item, tuple | list) else item
