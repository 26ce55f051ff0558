"""Presence of each identifier in each zone, from sightings. Pure: time is an argument, on one axis in nanoseconds.

    Presences(rows: list[Row], zones: Mapping[receiver, zone], limits, subject_of, max_slots=50_000, sku_of={}, receivers={}, rules={})
        .hear(receiver, profile, identifier, t_ns, rssi_dbm) -> bool   # False: no slot was free
        .expire(now_ns)                                                # exits of those not heard for their timeout
        .close(which)                                                  # exits and forgets at once

A presence lasts while it is heard. ENTER comes when a receiver's level reaches `enter_dbm`, EXIT when none was at `exit_dbm` or above for
a timeout: three times the longest recent gap, within the profile's bounds. So a weak but steady signal is one presence. An EXIT bears the
time of the last sighting that counted. How often `expire` is called changes when an EXIT is emitted, never what it contains.

Every row has the level of its zone (edge_agent/levels.py); where the zone has several receivers, `extra` has theirs as `levels`. A STAY
comes every `stay_s`, and early when the level moved by `step_db` since the last row, or that was the ENTER, whose level is of a single
sighting; at most every `step_s`.
ENTER, EXIT and one STAY an hour name goods in clear.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, NamedTuple

from edge_agent.levels import STRONGEST, ReceiverLimits, ZoneRule
from edge_agent.presence_slots import GAPS_TO_TRUST, Group, PresenceLimits, Reception
from footfall.frames import Kind, is_goods_text
from footfall.units import NS_PER_S

NAMED_EVERY_NS: Final = 3600 * NS_PER_S
"""Interval at which STAY repeats EPC and SKU, so that a consumer that lost state recovers."""
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


NEVER_DUE_NS: Final = 1 << 62


class Presences:
    """Appends rows to `rows`. At most `max_slots` (identifier, zone) pairs are remembered, each until it is silent for `timeout_max_s`."""

    def __init__(
        self,
        rows: list[EvidenceRow],
        zones: Mapping[str, str],
        limits: Mapping[str, PresenceLimits],
        subject_of: Callable[[str, str], int],
        max_slots: int = 50_000,
        sku_of: Mapping[str, Callable[[str], str]] | None = None,
        receivers: Mapping[str, ReceiverLimits] | None = None,
        rules: Mapping[str, ZoneRule] | None = None,
    ) -> None:
        """`sku_of`: for each profile of goods, a function from identifier to SKU ("": not known). `rules`: of zones, else the strongest."""
        self.rows = rows
        self._zones = zones
        self._limits = limits
        self._subject_of: Final = subject_of
        self._max_slots: Final = max_slots
        self._sku_of = dict(sku_of or {})
        self._receivers = dict(receivers or {})
        self._rules = dict(rules or {})
        self._groups: Final[dict[tuple[str, str], Group]] = {}
        self._receptions: Final[dict[tuple[str, str], Reception]] = {}
        self._slots_total = 0
        self._due: Final[dict[int, dict[Group, list[int]]]] = {}
        self._due_s: Final[list[int]] = []

    def __len__(self) -> int:
        return self._slots_total

    @property
    def scheduled_expiries(self) -> int:
        """Return how many slots have a check of their timeout scheduled; each has at most one."""
        return sum(len(slots) for groups in self._due.values() for slots in groups.values())

    @property
    def due_ns(self) -> int:
        """Return up to when `expire` does nothing while nothing is heard."""
        return self._due_s[0] * NS_PER_S if self._due_s else NEVER_DUE_NS

    def hear(self, receiver: str, profile: str, identifier: str, t_ns: int, rssi_dbm: int) -> bool:
        """Take a sighting. One older than the last counts as of the same time. Return False if no slot was free."""
        reception = self._receptions.get((receiver, profile)) or self._reception(receiver, profile)
        group = reception.group
        slot = group.slots.get(identifier)
        if slot is None:
            if self._slots_total >= self._max_slots:
                return False
            slot = self._open(group, identifier, t_ns)
        last_ns = group.last_ns[slot]
        if t_ns > last_ns:
            if t_ns - group.heard_ns[slot] > group.limits.min_ns:
                self._silence(group, slot, t_ns)
            group.last_ns[slot] = t_ns
        else:
            t_ns = last_ns
        level_dbm = reception.levels.take(slot, t_ns, rssi_dbm + reception.offset_db, group.limits.level)
        if level_dbm >= reception.exit_dbm:
            self._counts(reception, slot, t_ns, level_dbm)
        return True

    def _counts(self, reception: Reception, slot: int, t_ns: int, level_dbm: float) -> None:
        """Take a sighting that counts, with the level at its receiver; emit the row that it asks for, if any."""
        group = reception.group
        limits = group.limits
        gap_ns = t_ns - group.heard_ns[slot]
        if gap_ns:
            group.heard_ns[slot] = t_ns
            if gap_ns <= limits.max_ns:
                if group.gaps[slot] < GAPS_TO_TRUST:
                    group.gaps[slot] += 1
                peak_ns = group.peak_ns[slot] * PEAK_KEPT
                group.peak_ns[slot] = gap_ns if gap_ns > peak_ns else peak_ns
        if group.present[slot]:
            reception.counted[slot] += 1
            row_ns = group.row_ns[slot]
            since_ns = t_ns - row_ns
            if since_ns < limits.step_ns:
                return
            if not group.is_alone:
                level_dbm = group.level_dbm(slot)
            is_first = row_ns == group.entered_ns[slot]
            if is_first or since_ns >= limits.stay_ns or not -limits.step_db < level_dbm - group.row_dbm[slot] < limits.step_db:
                self._stay(group, slot, level_dbm)
        elif level_dbm >= reception.enter_dbm:
            reception.counted[slot] = 1
            self._enter(group, slot)

    def expire(self, now_ns: int) -> None:
        """Emit EXIT for those whose timeout has passed, at most a second late; forget those silent for the longest timeout.

        The cost grows with what falls due, not with all slots.
        """
        while self._due_s and self._due_s[0] * NS_PER_S < now_ns:
            for group, slots in self._due.pop(heapq.heappop(self._due_s)).items():
                for slot in slots:
                    self._expire(group, slot, now_ns)

    def close(self, which: Callable[[int], bool] = lambda subject: True) -> None:
        """Forget all subjects for which `which` is true; emit EXIT for those of them that are present."""
        for group in self._groups.values():
            self._close(group, which)

    def _close(self, group: Group, which: Callable[[int], bool]) -> None:
        for slot in list(group.slots.values()):
            if which(group.subjects[slot]):
                if group.present[slot]:
                    self._exit(group, slot)
                self._forget(group, slot)

    def change(
        self, zones: Mapping[str, str], limits: Mapping[str, PresenceLimits], sku_of: Mapping[str, Callable[[str], str]],
        receivers: Mapping[str, ReceiverLimits], rules: Mapping[str, ZoneRule], others: Collection[str],
    ) -> None:  # fmt: skip
        """Go on with other receivers, limits and rules, and `others` as profiles that are not what they were.

        Who is present in a zone under a profile for which nothing changes stays present. All others leave, and enter when they are heard.
        """
        before = {key: self._made_of(*key) for key in self._groups}
        self._zones, self._limits, self._sku_of = zones, limits, dict(sku_of)
        self._receivers, self._rules = dict(receivers), dict(rules)
        gone = {key for key in before if key[1] in others or key[1] not in limits or before[key] != self._made_of(*key)}
        for key in gone:
            self._close(self._groups.pop(key), lambda subject: True)
        for name, reception in list(self._receptions.items()):
            if (reception.group.zone, reception.group.profile) in gone:
                del self._receptions[name]

    def _made_of(self, zone: str, profile: str) -> object:
        """Return what decides about a zone under a profile."""
        heard_by = {name: self._receivers.get(name, ReceiverLimits()) for name, heard in self._zones.items() if heard == zone}
        return heard_by, self._rules.get(zone, STRONGEST), self._limits.get(profile)

    def _reception(self, receiver: str, profile: str) -> Reception:
        group = self._groups.get((self._zones[receiver], profile)) or self._group(self._zones[receiver], profile)
        limits = self._receivers.get(receiver, ReceiverLimits())
        return self._receptions.setdefault((receiver, profile), Reception(receiver, group, limits))

    def _group(self, zone: str, profile: str) -> Group:
        receivers = sum(each == zone for each in self._zones.values())
        is_mean = self._rules.get(zone, STRONGEST) != STRONGEST
        group = Group(zone, profile, self._limits[profile], receivers, is_mean=is_mean, sku_of=self._sku_of.get(profile))
        return self._groups.setdefault((zone, profile), group)

    def _open(self, group: Group, identifier: str, t_ns: int) -> int:
        """Return a new slot. Of one that is in another zone, too, the identifier is in memory once, and the subject made once."""
        known = [other for other in self._groups.values() if other.profile == group.profile and identifier in other.slots]
        if known:
            elsewhere = known[0].slots[identifier]
            slot = group.open(known[0].identifiers[elsewhere], known[0].subjects[elsewhere], t_ns)
        else:
            slot = group.open(identifier, self._subject_of(group.profile, identifier), t_ns)
        self._slots_total += 1
        self._wake(group, slot, t_ns + group.limits.min_ns)
        return slot

    def _forget(self, group: Group, slot: int) -> None:
        group.close(slot)
        self._slots_total -= 1

    def _wake(self, group: Group, slot: int, t_ns: float) -> None:
        """Schedule a check of the slot for the end of the second of `t_ns`. Every slot is scheduled once."""
        due_s = int(t_ns // NS_PER_S) + 1
        if due_s not in self._due:
            self._due[due_s] = {}
            heapq.heappush(self._due_s, due_s)
        self._due[due_s].setdefault(group, []).append(slot)

    def _expire(self, group: Group, slot: int, now_ns: int) -> None:
        if group.is_over[slot]:
            group.free(slot)
            return
        until_ns = group.heard_ns[slot] + group.timeout_ns(slot)
        if group.present[slot] and until_ns < now_ns:
            self._exit(group, slot)
        forget_ns = group.last_ns[slot] + group.limits.max_ns
        if forget_ns < now_ns:
            self._forget(group, slot)
            group.free(slot)
        else:
            self._wake(group, slot, until_ns if group.present[slot] else forget_ns)

    def _silence(self, group: Group, slot: int, t_ns: int) -> None:
        """Before a sighting at `t_ns`, do what `expire` would have done just then."""
        if group.present[slot] and t_ns - group.heard_ns[slot] > group.timeout_ns(slot):
            self._exit(group, slot)
        if t_ns - group.last_ns[slot] > group.limits.max_ns:
            group.forget(slot, t_ns)

    def _enter(self, group: Group, slot: int) -> None:
        group.present[slot] = True
        group.entered_ns[slot] = group.heard_ns[slot]
        self._emit(Kind.ENTER, group, slot, group.level_dbm(slot), _named(group, slot) | _levels(group, slot))

    def _stay(self, group: Group, slot: int, level_dbm: float) -> None:
        phase_ns = group.subjects[slot] % NAMED_EVERY_NS  # not all of them at once
        is_due = (group.heard_ns[slot] + phase_ns) // NAMED_EVERY_NS > (group.row_ns[slot] + phase_ns) // NAMED_EVERY_NS
        self._emit(Kind.STAY, group, slot, level_dbm, _named(group, slot) | _levels(group, slot) if is_due else _levels(group, slot))

    def _exit(self, group: Group, slot: int) -> None:
        """The row also counts the sightings since the last row, and repeats that row's level."""
        self._emit(Kind.EXIT, group, slot, group.row_dbm[slot], _named(group, slot))
        group.present[slot] = False

    def _emit(self, kind: Kind, group: Group, slot: int, level_dbm: float, extra: Mapping[str, Any]) -> None:
        t_ns, subject, sightings = group.heard_ns[slot], group.subjects[slot], group.take_counted(slot)
        dwell_s = (t_ns - group.entered_ns[slot]) / NS_PER_S
        row = EvidenceRow(kind, t_ns, subject, group.zone, group.profile, _int8(level_dbm), sightings, dwell_s, extra=extra or None)
        self.rows.append(row)
        group.row_ns[slot], group.row_dbm[slot] = t_ns, level_dbm


def _levels(group: Group, slot: int) -> dict[str, Any]:
    """Return the level of each receiver that hears it, dBm, as `levels`; nothing where the zone has one receiver."""
    if group.is_alone:
        return {}
    levels = {receiver: _int8(level_dbm) for receiver, level_dbm in group.levels_dbm(slot).items()}
    return {"levels": {receiver: dbm for receiver, dbm in levels.items() if dbm > group.limits.level.floor_dbm}}


def _named(group: Group, slot: int) -> dict[str, Any]:
    """Return the plain fields of a row of goods; nothing of anybody else."""
    sku_of, epc = group.sku_of, group.identifiers[slot]
    return {"epc": epc, "sku": sku_of(epc)} if sku_of is not None and is_goods_text(epc) else {}


def _int8(dbm: float) -> int:
    return max(-128, min(127, round(dbm)))
