"""What a device reports, once its profile has decoded it: who was there, how many passed, what it relays for others.

No reading stands for an error: bytes that a profile does not explain are a `ProfileError`.
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
    """An identifier was there. It is raw, and canonical for its type: the same thing always reads the same."""

    identifier: str
    profile: str = ""
    """Whose identifier it is, where a device reports for others, such as a scanner that decoded an iBeacon; "": its own profile's."""
    rssi_dbm: int | None = None
    """None: the transport knows it, or nobody does."""
    receiver: str = ""
    """The antenna, radio or node that the message names; "": the message names none."""
    t_wall_ns: int = 0
    """The device's own time, ns since 1970; 0 where it reports none."""
    values: Mapping[str, Value] = field(default_factory=lambda: NOTHING)
    """What else it measured, by name with unit: `battery_mv`, `temperature_c`, `tx_power_dbm`."""


@dataclass(frozen=True, slots=True)
class Counted:
    """People through a door, in one of two ways that must never be added up.

    `cumulative`: `entered` and `left` are totals since the device's counter began; deltas are the agent's business.
    Else they are those of a period, which is named by its end.
    """

    entered: int
    left: int
    cumulative: bool
    door: str = ""
    """The line, channel or door that the message names; "": the message names none."""
    t_wall_ns: int = 0
    """For a period: its end. 0 where the device reports none."""
    period_s: float = 0.0
    serial: str = ""
    """Of a report that may be sent again: the same serial of the same device and door is the same report. "": none."""
    values: Mapping[str, Value] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Relayed:
    """A gateway passes on an advertisement as it was in the air: its own profile decides whose it is."""

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
    """One item among others of a message could not be read: counted under `reason`, and the others are not lost for it."""

    reason: str


Reading = Seen | Counted | Relayed | RelayedTag | Unread


def is_canonical(identifier: str) -> bool:
    """Return whether it can name anything: printable, without blanks around it, and of no more than LONGEST_IDENTIFIER characters."""
    return 0 < len(identifier) <= LONGEST_IDENTIFIER and identifier.isprintable() and identifier == identifier.strip()
