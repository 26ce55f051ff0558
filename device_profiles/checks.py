"""Mistakes in a profile beyond its form: in its vectors, what they yield, and other profiles that match its messages.

mistakes(profile, registry) -> ["vectors.0: readings.0.identifier: …", …]     each: the key, what is wrong, what is allowed
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from device_profiles.device import Device
from device_profiles.profile import Profile
from device_profiles.reading import LONGEST_IDENTIFIER, Counted, Occupied, Reading, Seen, Value, is_canonical
from device_profiles.registry import Registry
from device_profiles.vectors import difference

UNITS: Final = frozenset(
    {
        "db",
        "dbm",
        "v",
        "mv",
        "a",
        "ma",
        "w",
        "kw",
        "wh",
        "kwh",
        "va",
        "c",
        "k",
        "percent",
        "pct",
        "ppm",
        "ugm3",
        "ug_m3",
        "pa",
        "hpa",
        "lux",
        "ns",
        "ms",
        "s",
        "min",
        "h",
        "m",
        "cm",
        "mm",
        "km_h",
        "m_s",
        "m_s2",
        "ms2",
        "mg",
        "g",
        "kg",
        "deg",
        "deg_s",
        "dps",
        "rad",
        "hz",
        "khz",
        "mhz",
        "bytes",
        "l",
        "ml",
        "m3",
        "m3_h",
        "l_h",
        "us_cm",
        "ratio",
        "index",
        "occupancy",
        "people",
    }
)
QUANTITIES: Final = frozenset(
    {
        "acceleration",
        "battery",
        "current",
        "distance",
        "duration",
        "energy",
        "humidity",
        "illuminance",
        "interval",
        "power",
        "pressure",
        "rssi",
        "speed",
        "temperature",
        "uptime",
        "voltage",
        "weight",
    }
)
"""Quantities that need a unit in their name, even as whole numbers; counts and codes need none."""


def mistakes(profile: Profile, registry: Registry) -> list[str]:
    """Return the mistakes of `profile` among those of `registry`, which may contain it; [] without any."""
    if profile.device is None:
        return ["vectors: without [device] no message can be decoded: describe it, or leave the vectors out"] if profile.vectors else []
    found = [f"vectors.{i}: {mistake}" for i in range(len(profile.vectors)) for mistake in _vector(profile, profile.device, i, registry)]
    if not any(vector.readings for vector in profile.vectors):
        found.append("vectors: at least one with `readings` is needed, of a message that this device sent")
    return found


def wrong(reading: Reading, registry: Registry) -> Iterator[str]:
    """Yield the mistakes of readings that no profile may return for any message."""
    match reading:
        case Seen(identifier=identifier, profile=name, values=values):
            if not is_canonical(identifier):
                yield f"identifier: must be 1 to {LONGEST_IDENTIFIER} printable characters without blanks around, is {identifier!r}"
            if name and name not in registry:
                yield f"profile: there is no profile {name!r}"
            yield from _values(values)
        case Counted(entered=entered, left=left, values=values):
            if entered < 0 or left < 0:
                yield f"entered, left: must not be negative, are {entered} and {left}"
            yield from _values(values)
        case Occupied(people=people):
            if people < 0:
                yield f"people: must not be negative, is {people}"
        case _:
            pass


def _vector(profile: Profile, device: Device, i: int, registry: Registry) -> Iterator[str]:
    vector = profile.vectors[i]
    if unlike := difference(device, vector):
        yield unlike
        return
    message = device.message(vector.input)
    if not vector.error:
        yield from (f"readings: {mistake}" for reading in device.decode(message) for mistake in wrong(reading, registry))
    if not device.is_assigned:
        yield from _rivals(profile, device.specificity(message), registry.takers(device.transport, message))


def _rivals(profile: Profile, own: int, takers: Sequence[tuple[int, Profile]]) -> Iterator[str]:
    for specificity, rival in takers:
        if rival.name != profile.name and own and specificity >= own:
            how = "as specific" if specificity == own else "more specific"
            yield (
                f"input: the profile {rival.name!r} takes this message as well and is {how} ({specificity}, this one {own}):"
                " ask for more in [device], or give this profile that one's name to replace it"
            )


def _values(values: Mapping[str, Value]) -> Iterator[str]:
    for name, value in values.items():
        if not isinstance(value, bool | str) and not _has_unit(name) and (isinstance(value, float) or QUANTITIES & set(name.split("_"))):
            yield f"values.{name}: the name of a measure must end in its unit, such as _c, _percent, _mv, _s"
        if isinstance(value, float) and value - value != 0:
            yield f"values.{name}: must be a finite number, is {value}"


def _has_unit(name: str) -> bool:
    return any(f"_{name}".endswith(f"_{unit}") for unit in UNITS)
