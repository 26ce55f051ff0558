"""What a device sends and what it means, as data: one TOML file a profile; device_profiles/registry.py finds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from device_profiles.devices.kinds import AnyDevice
from device_profiles.reading import Counted, Numbered, Occupied, Reading, Relayed, RelayedTag, Seen, Unread
from footfall.config import Section

IdentifierClass = Literal["person", "staff", "goods", "asset", "nobody"]
READINGS: Final[Mapping[str, type[Reading]]] = {
    "seen": Seen,
    "counted": Counted,
    "occupied": Occupied,
    "numbered": Numbered,
    "relayed": Relayed,
    "relayed_tag": RelayedTag,
    "unread": Unread,
}
Dbm = Annotated[float, Field(ge=-127, le=20)]


class Presence(Section):
    """How sightings of such a device become presence; the bounds suit a typical device of the profile.

    A presence lasts while it is heard. A level is the filtered RSSI of edge_agent/levels.py.
    """

    enter_dbm: Dbm = -90.0
    """The level at which a presence begins."""
    exit_dbm: Dbm = -97.0
    """A weaker level is as good as silence."""
    entrance_dbm: Dbm | None = None
    """The level from which on somebody is inside a store; who never reaches it passes by. None: whoever is heard is inside."""
    tau_s: Annotated[float, Field(gt=0, le=60)] = 1.5
    """Shortest memory of a level; it is five intervals of the identifier if that is longer."""
    tau_max_s: Annotated[float, Field(gt=0, le=600)] = 10.0
    """Longest memory of a level."""
    timeout_min_s: Annotated[float, Field(gt=0, le=3600)] = 5.0
    timeout_max_s: Annotated[float, Field(gt=0, le=3600)] = 60.0
    stay_s: Annotated[float, Field(gt=0, le=600)] = 5.0
    """Longest time between two rows of a presence that is heard."""
    step_db: Annotated[float, Field(gt=0, le=30)] = 1.5
    """A level that moved so far since the last row is reported before `stay_s`."""
    step_s: Annotated[float, Field(gt=0, le=600)] = 0.5
    """Shortest time between two rows of a presence."""
    margin_db: Annotated[float, Field(ge=0, le=30)] = 5.0
    """How much stronger another zone must be to become the subject's owner."""
    holdoff_s: Annotated[float, Field(ge=0, le=60)] = 2.0
    """Shortest time that an owner keeps an item; people's zones are confirmed instead."""
    settle_min_s: Annotated[float, Field(ge=0, le=60)] = 2.0
    """How long the gateway weighs all zones before it decides the first one: five sightings, within these bounds."""
    settle_max_s: Annotated[float, Field(ge=0, le=60)] = 5.0
    confirm_min_s: Annotated[float, Field(ge=0, le=120)] = 2.0
    """How long another zone must lead before the change is decided: eight sightings, within these bounds."""
    confirm_max_s: Annotated[float, Field(ge=0, le=120)] = 8.0

    @model_validator(mode="after")
    def _hysteresis(self) -> Presence:
        if self.exit_dbm > self.enter_dbm:
            raise ValueError("exit_dbm must not be above enter_dbm, or presence would flap")
        if self.timeout_min_s > self.timeout_max_s:
            raise ValueError("timeout_min_s must not be above timeout_max_s")
        if self.settle_min_s > self.settle_max_s or self.confirm_min_s > self.confirm_max_s:
            raise ValueError("settle_min_s must not be above settle_max_s, nor confirm_min_s above confirm_max_s")
        if self.tau_s > self.tau_max_s:
            raise ValueError("tau_s must not be above tau_max_s: it is the shortest memory of a level, tau_max_s the longest")
        return self


class CounterLimits(Section):
    """What distinguishes people from implausible changes in a counter's totals; edge_agent/counters.py has the rules."""

    most_per_min: Annotated[float, Field(gt=0, le=100_000)] = 300.0
    """Most people in one direction per minute since the last reading; more are implausible. Less than a minute counts as one."""
    rolls_over_at: tuple[Annotated[int, Field(ge=10, le=1 << 64)], ...] = (1 << 16, 1 << 32)
    """The value at which totals wrap to 0; several if the width is unknown. Empty: they never wrap."""
    settle_s: Annotated[float, Field(ge=0, le=3600)] = 5.0
    """How long totals must continue from one that fell or jumped before it is accepted; nobody is lost meanwhile."""
    survives_reboot: bool = True
    """Whether totals survive a restart of the device. Used only if readings have `uptime_s`."""


class Vector(Section):
    """A message whose meaning is known. `origin` is `capture: …`, `documentation: …`, `specification: …` or `simulated: …`."""

    origin: Annotated[str, Field(pattern=r"^(capture|documentation|specification|simulated): .")]
    input: dict[str, Any]
    """The message, in the form of the transport's `message`."""
    readings: tuple[dict[str, Any], ...] = ()
    """`kind` (seen, counted, relayed) and the fields of each reading that are not at their default; device_profiles/vectors.py."""
    error: str = ""
    """The reason of the ProfileError that decoding must raise instead."""

    @model_validator(mode="after")
    def _one_outcome(self) -> Vector:
        if self.error and self.readings:
            raise ValueError("a message has readings or is an error, never both")
        for i, values in enumerate(self.readings):
            kind = str(values.get("kind"))
            if kind not in READINGS:
                raise ValueError(f"readings.{i}.kind: must be one of {', '.join(READINGS)}, is {kind!r}")
            allowed = [field.name for field in fields(READINGS[kind])]
            for key in values.keys() - {"kind"}:
                if key not in allowed:
                    raise ValueError(f"readings.{i}.{key}: {kind} has no such field; allowed are {', '.join(allowed)}")
        return self


class Profile(Section):
    """One device model. `name` is its file's name."""

    name: str
    title: Annotated[str, Field(min_length=1, max_length=160)]
    identifier_type: Annotated[str, Field(pattern=r"^[a-z0-9._-]{1,32}\z")]
    identifier_class: IdentifierClass
    consented: bool = False
    """Whether its owner consented: its subject is lasting. Without consent a subject lasts a day."""
    by_uuid: bool = False
    """Whether `beacons` of site.toml decides whose they are: anybody may have such beacons, and the identifier is `uuid:major:minor`."""
    presence: Presence = Presence()
    counter: CounterLimits = CounterLimits()
    device: AnyDevice | None = None
    """None: identifiers arrive decoded, in a recording or from another device."""
    vectors: tuple[Vector, ...] = ()

    @property
    def identifies_nobody(self) -> bool:
        """Return whether its messages, alone, are nobody's presence."""
        return self.device is not None and self.device.identifies_nobody

    def sku(self, identifier: str) -> str:
        """Return the article that an identifier of goods names; "" if it names none."""
        return "" if self.device is None else self.device.sku(identifier)
