"""What is remembered of each identifier in each zone, and of each receiver's share in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from device_profiles.profile import Presence
from edge_agent.levels import Level, LevelLimits, ReceiverLimits, zone_level_dbm
from footfall.units import NS_PER_S

GAPS_TO_TRUST: Final = 4
"""Until this many gaps are known, the timeout is the profile's longest."""
TIMEOUT_GAPS: Final = 3.0


@dataclass(frozen=True, slots=True)
class PresenceLimits:
    """A profile's presence section in nanoseconds."""

    enter_dbm: float
    exit_dbm: float
    level: LevelLimits
    min_ns: int
    max_ns: int
    stay_ns: int
    step_ns: int
    step_db: float

    @staticmethod
    def of(presence: Presence) -> PresenceLimits:
        return PresenceLimits(
            presence.enter_dbm,
            presence.exit_dbm,
            LevelLimits(presence.tau_s * NS_PER_S, presence.tau_max_s * NS_PER_S, presence.exit_dbm),
            round(presence.timeout_min_s * NS_PER_S),
            round(presence.timeout_max_s * NS_PER_S),
            round(presence.stay_s * NS_PER_S),
            round(presence.step_s * NS_PER_S),
            presence.step_db,
        )


class Group:
    """One profile in one zone. `mean_of`: over how many receivers its power is averaged; 0: the strongest is the zone's."""

    __slots__ = ("is_alone", "limits", "mean_of", "profile", "receptions", "sku_of", "zone")

    def __init__(
        self, zone: str, profile: str, limits: PresenceLimits, receivers: int, *, is_mean: bool, sku_of: Callable[[str], str] | None
    ) -> None:
        self.zone = zone
        self.profile = profile
        self.limits = limits
        self.is_alone = receivers == 1
        self.mean_of = receivers if is_mean else 0
        self.sku_of = sku_of
        self.receptions: list[Reception] = []

    def slot(self, identifier: str) -> Slot | None:
        """Return the slot of an identifier that any of the receivers heard."""
        found = (reception.levels.get(identifier) for reception in self.receptions)
        return next((level.slot for level in found if level is not None), None)


class Slot:
    """The state of one identifier in one zone. `last_ns`: its latest sighting; `heard_ns`: the latest strong enough to count.

    Each receiver that heard it has a level that names the slot; a slot that no level names is over.
    """

    __slots__ = (
        "entered_ns", "gaps", "group", "heard_ns", "identifier", "last_ns", "peak_ns", "present", "row_dbm", "row_ns", "sightings",
        "subject",
    )  # fmt: skip

    def __init__(self, group: Group, identifier: str, subject: int, t_ns: int) -> None:
        self.group = group
        self.identifier = identifier
        self.subject = subject
        self.forget(t_ns)

    def is_kept(self) -> bool:
        return self.group.slot(self.identifier) is self

    def levels(self) -> list[HeardLevel]:
        """Return its level at each receiver that heard it."""
        found = (reception.levels.get(self.identifier) for reception in self.group.receptions)
        return [level for level in found if level is not None]

    def forget(self, t_ns: int) -> None:
        """Be as new at a time."""
        self.last_ns = self.heard_ns = t_ns
        self.present = False
        self.entered_ns = self.row_ns = self.gaps = self.sightings = 0
        self.peak_ns = self.row_dbm = 0.0
        for level in self.levels():
            level.forget()

    def timeout_ns(self) -> float:
        limits = self.group.limits
        if self.gaps < GAPS_TO_TRUST:
            return limits.max_ns
        return min(max(TIMEOUT_GAPS * self.peak_ns, limits.min_ns), limits.max_ns)

    def level_dbm(self) -> float:
        """Return the zone's level at the latest sighting that counts."""
        group = self.group
        return zone_level_dbm(self.levels(), self.heard_ns, group.limits.level, group.mean_of)


class HeardLevel(Level):
    """An identifier as one receiver hears it, with its slot in the receiver's zone."""

    __slots__ = ("slot",)

    def __init__(self, slot: Slot, t_ns: int) -> None:
        super().__init__(t_ns)
        self.slot = slot


class Reception:
    """What one receiver hears of one profile, by identifier."""

    __slots__ = ("enter_dbm", "exit_dbm", "group", "levels", "offset_db", "receiver")

    def __init__(self, receiver: str, group: Group, limits: ReceiverLimits) -> None:
        self.receiver = receiver
        self.group = group
        self.offset_db = limits.offset_db
        self.enter_dbm = max(group.limits.enter_dbm, limits.min_dbm)
        self.exit_dbm = max(group.limits.exit_dbm, limits.min_dbm)
        self.levels: dict[str, HeardLevel] = {}
        group.receptions.append(self)
