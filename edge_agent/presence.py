"""Presence of each identifier in each zone, from sightings. Pure: time is an argument, on one axis in nanoseconds.

    Presences(rows: list[Row], bounds_of, subject_of, max_slots=50_000, sku_of={})
        .hear(zone, profile, identifier, t_ns, rssi_dbm) -> bool   # False: no slot was free
        .expire(now_ns)                                            # exits of those not heard for their timeout
        .close(which)                                              # exits and forgets at once

A level rises at once with the RSSI and decays with `tau_s`. ENTER when it reaches `enter_dbm`, EXIT when it falls below `exit_dbm` or
nothing was heard for a timeout: three times the longest recent gap, within the profile's bounds. An EXIT bears the
time of the last sighting. How often `expire` is called changes when an EXIT is emitted, never what it contains.

ENTER, EXIT and one STAY an hour name goods in clear. Their STAYs may be rare. So one comes early, with the level, if that rose by the
profile's margin since the last row, or fell by twice that: the item came near, or is far away.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp
from typing import Any, Final, NamedTuple

from device_profiles.profile import Presence
from footfall.frames import Kind, is_goods_text
from footfall.units import NS_PER_S

GAPS_TO_TRUST: Final = 4
"""Until this many gaps are known, the timeout is the profile's longest."""
TIMEOUT_GAPS: Final = 3.0
NAMED_EVERY_NS: Final = 3600 * NS_PER_S
"""Interval at which STAY repeats EPC and SKU, so that a consumer that lost state recovers."""
FAR_MARGINS: Final = 2.0
"""Fall of the level, in margins, that a tag at rest does not exceed."""
PEAK_KEPT: Final = 1.0 - 1.0 / 256
"""Factor by which the longest gap decays with each further gap: it is forgotten over some hundred sightings."""


class EvidenceRow(NamedTuple):
    """One row of a frame. `zone` and `profile` are names, `n` is its count; `t_ns` is on the axis of its maker."""

    kind: Kind
    t_ns: int
    subject: int = 0
    zone: str = ""
    profile: str = ""
    rssi_dbm: int = 0
    n: int = 0
    value: float = 0.0
    t_wall_ns: int = 0
    extra: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class PresenceLimits:
    """A profile's presence section in nanoseconds."""

    enter_dbm: float
    exit_dbm: float
    tau_ns: float
    min_ns: int
    max_ns: int
    stay_ns: int
    margin_db: float

    @staticmethod
    def of(presence: Presence) -> PresenceLimits:
        return PresenceLimits(
            presence.enter_dbm,
            presence.exit_dbm,
            presence.tau_s * NS_PER_S,
            round(presence.timeout_min_s * NS_PER_S),
            round(presence.timeout_max_s * NS_PER_S),
            round(presence.stay_s * NS_PER_S),
            presence.margin_db,
        )


class _Slot:
    """The state of one identifier in one zone."""

    __slots__ = (
        "entered_ns", "gaps", "group", "identifier", "last_ns", "level_dbm", "peak_ns", "present", "row_dbm", "row_ns", "sightings",
        "subject", "sum_dbm",
    )  # fmt: skip

    def __init__(self, group: _Group, identifier: str, subject: int, t_ns: int) -> None:
        self.group = group
        self.identifier = identifier
        self.subject = subject
        self.last_ns = t_ns
        self.forget()

    def forget(self) -> None:
        self.present = False
        self.level_dbm = -200.0
        self.entered_ns = self.row_ns = self.gaps = self.sightings = self.sum_dbm = 0
        self.peak_ns = self.row_dbm = 0.0

    def timeout_ns(self) -> float:
        bounds = self.group.bounds
        if self.gaps < GAPS_TO_TRUST:
            return bounds.max_ns
        return min(max(TIMEOUT_GAPS * self.peak_ns, bounds.min_ns), bounds.max_ns)


class _Group:
    """The slots of one profile in one zone, by identifier."""

    __slots__ = ("bounds", "profile", "sku_of", "slots", "zone")

    def __init__(self, zone: str, profile: str, bounds: PresenceLimits, sku_of: Callable[[str], str] | None) -> None:
        self.zone = zone
        self.profile = profile
        self.bounds = bounds
        self.sku_of = sku_of
        self.slots: dict[str, _Slot] = {}


class Presences:
    """Appends rows to `rows`. At most `max_slots` (identifier, zone) pairs are remembered, each until it is silent for `timeout_max_s`."""

    def __init__(
        self,
        rows: list[EvidenceRow],
        bounds: Mapping[str, PresenceLimits],
        subject_of: Callable[[str, str], int],
        max_slots: int = 50_000,
        sku_of: Mapping[str, Callable[[str], str]] | None = None,
    ) -> None:
        """`sku_of`: for each profile of goods, a function from identifier to SKU ("": not known)."""
        self.rows = rows
        self._bounds: Final = bounds
        self._subject_of: Final = subject_of
        self._max_slots: Final = max_slots
        self._sku_of: Final = dict(sku_of or {})
        self._groups: Final[dict[tuple[str, str], _Group]] = {}
        self._slots_total = 0
        self._due: Final[dict[int, list[_Slot]]] = {}
        self._due_s: Final[list[int]] = []

    def __len__(self) -> int:
        return self._slots_total

    @property
    def scheduled_expiries(self) -> int:
        """Return how many slots have a check of their timeout scheduled; each has at most one."""
        return sum(map(len, self._due.values()))

    def hear(self, zone: str, profile: str, identifier: str, t_ns: int, rssi_dbm: int) -> bool:
        """Take a sighting. One older than the last counts as of the same time. Return False if no slot was free."""
        group = self._groups.get((zone, profile)) or self._group(zone, profile)
        slot = group.slots.get(identifier) or self._open(group, identifier, t_ns)
        if slot is None:
            return False
        bounds = group.bounds
        gap_ns = t_ns - slot.last_ns
        if gap_ns > 0:
            if gap_ns > bounds.min_ns:
                self._silence(slot, gap_ns)
            slot.last_ns = t_ns
            if gap_ns <= bounds.max_ns:
                slot.gaps += 1
                peak_ns = slot.peak_ns * PEAK_KEPT
                slot.peak_ns = gap_ns if gap_ns > peak_ns else peak_ns
        else:
            gap_ns, t_ns = 0, slot.last_ns
        level_dbm = slot.level_dbm
        if rssi_dbm >= level_dbm:
            level_dbm = rssi_dbm
        elif gap_ns:
            level_dbm = rssi_dbm + (level_dbm - rssi_dbm) * exp(-gap_ns / bounds.tau_ns)
        slot.level_dbm = level_dbm
        if slot.present:
            self._sighted(slot, bounds, t_ns, rssi_dbm)
        elif level_dbm >= bounds.enter_dbm:
            self._enter(slot)
        return True

    def _sighted(self, slot: _Slot, bounds: PresenceLimits, t_ns: int, rssi_dbm: int) -> None:
        """Count a sighting of one present; emit EXIT or STAY where its level or the time since its last row asks for it."""
        slot.sightings += 1
        slot.sum_dbm += rssi_dbm
        level_dbm = slot.level_dbm
        if level_dbm < bounds.exit_dbm:
            self._exit(slot)
        elif t_ns - slot.row_ns >= bounds.stay_ns:
            self._stay(slot)
        elif slot.group.sku_of is not None and not -FAR_MARGINS * bounds.margin_db < level_dbm - slot.row_dbm < bounds.margin_db:
            self._stay(slot, level_dbm)

    def expire(self, now_ns: int) -> None:
        """Emit EXIT for those whose timeout has passed, at most a second late; forget those silent for the longest timeout.

        The cost grows with what falls due, not with all slots.
        """
        while self._due_s and self._due_s[0] * NS_PER_S < now_ns:
            for slot in self._due.pop(heapq.heappop(self._due_s)):
                if slot.group.slots.get(slot.identifier) is slot:
                    self._expire(slot, now_ns)

    def close(self, which: Callable[[int], bool] = lambda subject: True) -> None:
        """Forget all subjects for which `which` is true; emit EXIT for those of them that are present."""
        for slot in [slot for group in self._groups.values() for slot in group.slots.values() if which(slot.subject)]:
            if slot.present:
                self._exit(slot)
            self._forget(slot)

    def _group(self, zone: str, profile: str) -> _Group:
        return self._groups.setdefault((zone, profile), _Group(zone, profile, self._bounds[profile], self._sku_of.get(profile)))

    def _open(self, group: _Group, identifier: str, t_ns: int) -> _Slot | None:
        """Return a new slot; None if all are taken."""
        if self._slots_total >= self._max_slots:
            return None
        slot = group.slots[identifier] = _Slot(group, identifier, self._subject_of(group.profile, identifier), t_ns)
        self._slots_total += 1
        self._wake(slot, t_ns + group.bounds.min_ns)
        return slot

    def _forget(self, slot: _Slot) -> None:
        del slot.group.slots[slot.identifier]
        self._slots_total -= 1

    def _wake(self, slot: _Slot, t_ns: float) -> None:
        """Schedule a check of the slot for the end of the second of `t_ns`. Every slot is scheduled once."""
        due_s = int(t_ns // NS_PER_S) + 1
        if due_s not in self._due:
            self._due[due_s] = []
            heapq.heappush(self._due_s, due_s)
        self._due[due_s].append(slot)

    def _expire(self, slot: _Slot, now_ns: int) -> None:
        if slot.present and slot.last_ns + slot.timeout_ns() < now_ns:
            self._exit(slot)
        if slot.last_ns + slot.group.bounds.max_ns < now_ns:
            self._forget(slot)
        else:
            self._wake(slot, slot.last_ns + (slot.timeout_ns() if slot.present else slot.group.bounds.max_ns))

    def _silence(self, slot: _Slot, gap_ns: int) -> None:
        """Before a sighting after `gap_ns`, do what `expire` would have done just then."""
        if slot.present and gap_ns > slot.timeout_ns():
            self._exit(slot)
        if gap_ns > slot.group.bounds.max_ns:
            slot.forget()

    def _enter(self, slot: _Slot) -> None:
        slot.present = True
        slot.entered_ns = slot.row_ns = slot.last_ns
        slot.row_dbm = slot.level_dbm
        slot.sightings = slot.sum_dbm = 0
        group, rssi_dbm = slot.group, _int8(slot.level_dbm)
        self.rows.append(EvidenceRow(Kind.ENTER, slot.last_ns, slot.subject, group.zone, group.profile, rssi_dbm, 1, extra=_named(slot)))

    def _stay(self, slot: _Slot, reported_dbm: float | None = None) -> None:
        phase_ns = slot.subject % NAMED_EVERY_NS  # not all of them at once
        is_due = (slot.last_ns + phase_ns) // NAMED_EVERY_NS > (slot.row_ns + phase_ns) // NAMED_EVERY_NS
        row = self._evidence(Kind.STAY, slot, _named(slot) if is_due else None)
        self.rows.append(row if reported_dbm is None else row._replace(rssi_dbm=_int8(reported_dbm)))
        slot.row_ns, slot.row_dbm = slot.last_ns, slot.level_dbm
        slot.sightings = slot.sum_dbm = 0

    def _exit(self, slot: _Slot) -> None:
        """The row also counts the sightings since the last row, so that counts add up."""
        self.rows.append(self._evidence(Kind.EXIT, slot, _named(slot)))
        slot.present = False

    @staticmethod
    def _evidence(kind: Kind, slot: _Slot, extra: Mapping[str, str] | None) -> EvidenceRow:
        mean_dbm = slot.sum_dbm / slot.sightings if slot.sightings else slot.level_dbm
        dwell_s = (slot.last_ns - slot.entered_ns) / NS_PER_S
        group, rssi_dbm = slot.group, _int8(mean_dbm)
        return EvidenceRow(kind, slot.last_ns, slot.subject, group.zone, group.profile, rssi_dbm, slot.sightings, dwell_s, extra=extra)


def _named(slot: _Slot) -> Mapping[str, str] | None:
    """Return the plain fields of a row of goods; None for anybody else."""
    sku_of, epc = slot.group.sku_of, slot.identifier
    return {"epc": epc, "sku": sku_of(epc)} if sku_of is not None and is_goods_text(epc) else None


def _int8(dbm: float) -> int:
    return max(-128, min(127, round(dbm)))
