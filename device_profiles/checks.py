"""What is wrong with a profile beyond its form: its vectors, what they yield, and who else takes its messages.

mistakes(profile, registry) -> ["vectors.0: readings.0.identifier: …", …]     each: the key, what is wrong, what is allowed
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from device_profiles.device import Device
from device_profiles.profile import Profile
from device_profiles.reading import Counted, Reading, Relayed, Seen, Value
from device_profiles.registry import Registry
from device_profiles.vectors import difference

LONGEST_IDENTIFIER: Final = 200
UNITS: Final = frozenset(
    {
        "dbm",
        "db",
        "mv",
        "v",
        "ma",
        "a",
        "w",
        "wh",
        "kwh",
        "c",
        "k",
        "pct",
        "percent",
        "ppm",
        "ugm3",
        "pa",
        "hpa",
        "lux",
        "s",
        "ms",
        "ns",
        "min",
        "h",
        "m",
        "cm",
        "mm",
        "m_s",
        "m_s2",
        "mg",
        "g",
        "kg",
        "deg",
        "rad",
        "hz",
        "khz",
        "mhz",
        "bytes",
        "l",
        "ml",
        "m3",
        "m3_h",
        "total",
        "count",
        "id",
        "index",
        "version",
        "code",
        "level",
        "event",
        "sequence",
        "channel",
    }
)
"""What the name of a number ends in: its unit, or what kind of bare number it is."""


def mistakes(profile: Profile, registry: Registry) -> list[str]:
    """Everything wrong with `profile` among those of `registry`, which may hold it or not; [] if nothing is."""
    if profile.device is None:
        return ["vectors: without [device] no message can be decoded: say how, or leave the vectors out"] if profile.vectors else []
    found = [f"vectors.{i}: {mistake}" for i in range(len(profile.vectors)) for mistake in _vector(profile, profile.device, i, registry)]
    if not any(vector.readings for vector in profile.vectors):
        found.append("vectors: at least one with `readings` is needed, of a message that this device sent")
    return found


def wrong(reading: Reading, registry: Registry) -> Iterator[str]:
    """What no profile may yield, whatever the message."""
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
        case Relayed():
            pass


def is_canonical(identifier: str) -> bool:
    return 0 < len(identifier) <= LONGEST_IDENTIFIER and identifier.isprintable() and identifier == identifier.strip()


def _vector(profile: Profile, device: Device, i: int, registry: Registry) -> Iterator[str]:
    vector = profile.vectors[i]
    if unlike := difference(device, vector):
        yield unlike
        return
    message = device.message(vector.input)
    if not vector.error:
        yield from (f"readings: {mistake}" for reading in device.decode(message) for mistake in wrong(reading, registry))
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
        if not isinstance(value, bool | str) and not any(name.endswith(f"_{unit}") or name == unit for unit in UNITS):
            yield f"values.{name}: the name of a number must end in its unit, such as _c, _pct, _mv, _total, _count"
        if isinstance(value, float) and value - value != 0:
            yield f"values.{name}: must be a finite number, is {value}"
