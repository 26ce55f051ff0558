"""What is remembered of each identifier in each zone, and of each receiver's share in it."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from device_profiles.profile import Presence
from edge_agent.levels import LevelLimits, Levels, ReceiverLimits, zone_level_dbm
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
    """One profile in one zone, and as columns by slot the state of each identifier there; `slots` has the slot of each.

    `last_ns`: its latest sighting; `heard_ns`: the latest strong enough to count. A slot that is over has no identifier.
    `gaps` counts the first GAPS_TO_TRUST. `mean_of`: over how many receivers its power is averaged; 0: the strongest is the zone's.
    """

    __slots__ = (
        "_free", "entered_ns", "gaps", "heard_ns", "identifiers", "is_alone", "is_over", "last_ns", "limits", "mean_of", "peak_ns",
        "present", "profile", "receptions", "row_dbm", "row_ns", "sku_of", "slots", "subjects", "zone",
    )  # fmt: skip

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
        self.slots: dict[str, int] = {}
        self.identifiers: list[str] = []
        self._free: list[int] = []
        self.subjects = array("Q")
        self.last_ns, self.heard_ns, self.entered_ns, self.row_ns = (array("q") for _ in range(4))
        self.peak_ns, self.row_dbm = array("d"), array("d")
        self.gaps = array("B")
        self.present, self.is_over = bytearray(), bytearray()

    def open(self, identifier: str, subject: int, t_ns: int) -> int:
        """Return a slot that is as new at a time."""
        if not self._free:
            self._grow()
        slot = self._free.pop()
        self.slots[identifier] = slot
        self.identifiers[slot] = identifier
        self.is_over[slot] = False
        self.subjects[slot] = subject
        self.forget(slot, t_ns)
        return slot

    def _grow(self) -> None:
        slot = len(self.identifiers)
        self.identifiers.append("")
        for column in (self.subjects, self.last_ns, self.heard_ns, self.entered_ns, self.row_ns, self.gaps):
            column.append(0)
        self.present.append(False)
        self.is_over.append(False)
        self.peak_ns.append(0.0)
        self.row_dbm.append(0.0)
        for reception in self.receptions:
            reception.grow(1)
        self._free.append(slot)

    def close(self, slot: int) -> None:
        """End a slot. It is used again only once it is freed: a check of its timeout may still be due."""
        del self.slots[self.identifiers[slot]]
        self.identifiers[slot] = ""
        self.is_over[slot] = True

    def free(self, slot: int) -> None:
        self._free.append(slot)

    def forget(self, slot: int, t_ns: int) -> None:
        """Be as new at a time."""
        self.last_ns[slot] = self.heard_ns[slot] = t_ns
        self.present[slot] = False
        self.entered_ns[slot] = self.row_ns[slot] = self.gaps[slot] = 0
        self.peak_ns[slot] = self.row_dbm[slot] = 0.0
        for reception in self.receptions:
            reception.forget(slot)

    def take_counted(self, slot: int) -> int:
        """Return how many sightings count since the last row, and count anew.

        Several receivers hear the same messages: what dulls one level mostly dulls all, and each has noise of its own. So their sightings
        count as the mean of all and of those of the receiver that had most: docs/accuracy.md has how this was found.
        """
        counted = [each.counted[slot] for each in self.receptions]
        for each in self.receptions:
            each.counted[slot] = 0
        return counted[0] if len(counted) == 1 else (max(counted) + sum(counted) + 1) // 2

    def timeout_ns(self, slot: int) -> float:
        limits = self.limits
        if self.gaps[slot] < GAPS_TO_TRUST:
            return limits.max_ns
        return min(max(TIMEOUT_GAPS * self.peak_ns[slot], limits.min_ns), limits.max_ns)

    def levels_dbm(self, slot: int) -> dict[str, float]:
        """Return the level at each receiver that heard it, at the latest sighting that counts."""
        t_ns, limits = self.heard_ns[slot], self.limits.level
        return {each.receiver: each.levels.at(slot, t_ns, limits) for each in self.receptions if each.levels.sightings[slot]}

    def level_dbm(self, slot: int) -> float:
        """Return the zone's level at the latest sighting that counts."""
        return zone_level_dbm(list(self.levels_dbm(slot).values()), self.limits.level, self.mean_of)


class Reception:
    """What one receiver hears of one profile, by slot of its zone. `counted`: its sightings since the last row that were strong enough."""

    __slots__ = ("counted", "enter_dbm", "exit_dbm", "group", "levels", "offset_db", "receiver")

    def __init__(self, receiver: str, group: Group, limits: ReceiverLimits) -> None:
        self.receiver = receiver
        self.group = group
        self.offset_db = limits.offset_db
        self.enter_dbm = max(group.limits.enter_dbm, limits.min_dbm)
        self.exit_dbm = max(group.limits.exit_dbm, limits.min_dbm)
        self.levels, self.counted = Levels(), array("I")
        self.grow(len(group.identifiers))
        group.receptions.append(self)

    def grow(self, slots: int) -> None:
        """Add slots of which nothing is known."""
        self.levels.grow(slots)
        self.counted.frombytes(bytes(slots * self.counted.itemsize))

    def forget(self, slot: int) -> None:
        """Know nothing of a slot."""
        self.levels.forget(slot)
        self.counted[slot] = 0
