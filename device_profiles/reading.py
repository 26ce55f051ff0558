"""What a device reports, decoded by its profile: who was seen, how many passed, what it relays for other devices.

Bytes that a profile cannot decode raise `ProfileError`; no reading stands for an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from device_profiles.advertisement import Advertisement

Value = bool | int | float | str
LONGEST_IDENTIFIER: Final = 200
NOTHING: Final[Mapping[str, Value]] = MappingProxyType({})


@dataclass(slots=True)  # a frozen one takes four times as long to make, and thousands are made a second
class Seen:
    """An identifier was seen. It is raw, and canonical for its type: one thing always has the same identifier."""

    identifier: str
    profile: str = ""
    """The profile of the identifier, if a device reports for others, such as a scanner that decoded an iBeacon; "": its own."""
    rssi_dbm: int | None = None
    """None: the transport reports it, or it is unknown."""
    receiver: str = ""
    """The antenna, radio or node that the message names; "": the message names none."""
    t_wall_ns: int = 0
    """The device's own time, ns since 1970; 0 where it reports none."""
    values: Mapping[str, Value] = field(default_factory=lambda: NOTHING)
    """Other measured values, by name with unit: `battery_mv`, `temperature_c`, `tx_power_dbm`."""


@dataclass(frozen=True, slots=True)
class Counted:
    """People through a door, in one of two forms that must never be added up.

    `cumulative`: `entered` and `left` are totals since the device's counter began; the agent computes differences.
    Otherwise they are those of a period, identified by its end.
    """

    entered: int
    left: int
    cumulative: bool
    door: str = ""
    """The line, channel or door that the message names; "": the message names none."""
    t_wall_ns: int = 0
    """The end of a period, ns since 1970; 0 where the device reports none."""
    period_s: float = 0.0
    serial: str = ""
    """Identifies a report that may be repeated: an equal serial of the same device and door is the same report. "": none."""
    values: Mapping[str, Value] = field(default_factory=lambda: NOTHING)
    trigger: bool = False
    """Whether a later report of the same device counts these people again: they count at a door that is named for this line alone."""


@dataclass(frozen=True, slots=True)
class Occupied:
    """How many people a sensor sees at a place now, without knowing who."""

    people: int
    """Of a sensor that does not count, 1 if somebody is there."""
    counted: bool = True
    place: str = ""
    """What the message calls the sensor, or the part of its picture; "": it has no name there."""
    t_wall_ns: int = 0


@dataclass(frozen=True, slots=True)
class Numbered:
    """A bare number: what it counts stands in the settings of whoever reads it, under its place."""

    number: int
    place: str


@dataclass(frozen=True, slots=True)
class Relayed:
    """A gateway relays an advertisement as received: the advertisement's own profile decides whose it is."""

    advertisement: Advertisement
    receiver: str = ""
    t_wall_ns: int = 0


@dataclass(frozen=True, slots=True)
class RelayedTag:
    """A reader that publishes by itself read a tag: the profiles of EPCs decide whose it is."""

    epc: bytes
    receiver: str = ""
    rssi_dbm: int | None = None
    t_wall_ns: int = 0


@dataclass(frozen=True, slots=True)
class Unread:
    """One item of a message could not be read: it is counted under `reason`, and the other items are kept."""

    reason: str
    fault: str = field(default="", compare=False)
    """What is wrong with it, in words, with the path of the value."""


Reading = Seen | Counted | Occupied | Numbered | Relayed | RelayedTag | Unread


def is_canonical(identifier: str) -> bool:
    """Return whether it is a valid identifier: printable, without blanks around it, at most LONGEST_IDENTIFIER characters."""
    return 0 < len(identifier) <= LONGEST_IDENTIFIER and identifier.isprintable() and identifier == identifier.strip()
