"""Visits: a person's stay in a store, closed by an idle timeout. The visits of one fan's devices, and of late evidence, are one.

Each lane of evidence makes plain visits in time order. Projection joins those of one person that lie within the timeout of each
other: the one with the least key stays and speaks for all, the others are void and say into which they were merged. What is stored
depends on the set of visits and links alone, not on the order in which they became known.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_MINUTE, NS_PER_MS, NS_PER_S
from gateway.fold.estate_index import seconds_of
from gateway.fold.minute_counts import T
from gateway.fold.state import State
from gateway.fold.tables.hash_index import NOBODY
from gateway.fold.unlinked_visits import LoneVisits
from gateway.fold.visit_segments import CLOSED, EVER_NS, OPEN, Counted, Member, PlainVisits, opened_ns
from gateway.fold.watermarks import Watermarks
from gateway.point_rows import VisitPoint

RETIRE_NS: Final = 900 * NS_PER_S
"""How long after its visit's timeout a slot is kept; what comes later meets its person's visits in the ledger.

Agents that were heard within ten minutes hold the watermark back, so this is for those that come back after an outage.
"""


class Visits:
    """Opens, extends and closes the visit of a slot, and keeps traffic, ledger and points in step."""

    def __init__(self, state: State, watermarks: Watermarks) -> None:
        self._state: Final = state
        self._watermarks: Final = watermarks
        self._plain: Final = PlainVisits(state)
        self._regroup: set[int] = set()
        self.lone: Final = LoneVisits(state, self._plain)

    def save(self) -> None:
        """Into the ledger."""
        self._plain.save()

    def dump(self) -> list[list[object]]:
        return self._plain.dump()

    def load(self, values: Iterable[tuple[list[int], list[object] | None]]) -> None:
        self._plain.load(values)

    # Evidence, in the order of a slot's time

    def evidence(self, slot: int, time_ns: int, key_ns: int, agent: int, zone: int) -> None:
        """The slot's subject was heard inside the store, not before its visit's last evidence."""
        state, slots = self._state, self._state.slots
        if slots.v_state[slot] and time_ns - int(slots.v_last_ns[slot]) <= int(state.estate.timeout_ns[slots.store[slot]]):
            self._extend(slot, time_ns, zone)
            return
        if slots.v_state[slot]:
            if slots.v_state[slot] == OPEN:
                self.close(slot)
            self._project(slot)
            self._plain.grouped.pop(self._plain.vid(slot), None)
        fan = state.identity.fan_of(int(slots.subject[slot]), opened_ns(key_ns))
        slots.v_state[slot], slots.v_key_ns[slot], slots.v_agent[slot] = OPEN, key_ns, agent
        slots.v_start_ns[slot], slots.v_last_ns[slot] = time_ns, time_ns
        slots.v_minute[slot], slots.v_zones[slot] = time_ns // NS_PER_MINUTE, state.estate.zone_bit(zone)
        slots.v_fan[slot], slots.v_grouped[slot] = state.fan_code(fan), False
        slots.v_counted[slot] = not slots.staff[slot]
        self._plain.count(int(slots.store[slot]), self._plain.own_count(slot), 1)
        self._plain.changed[slot] = None

    def _extend(self, slot: int, time_ns: int, zone: int) -> None:
        state, slots = self._state, self._state.slots
        if slots.v_state[slot] == CLOSED:
            with self._plain.changing(slot):
                slots.v_state[slot] = OPEN
        slots.v_last_ns[slot] = time_ns
        slots.v_zones[slot] |= slots.v_zones.dtype.type(state.estate.zone_bit(zone))
        minute, before = time_ns // NS_PER_MINUTE, int(slots.v_minute[slot])
        if minute <= before:
            return
        slots.v_minute[slot] = minute
        if slots.v_grouped[slot]:
            self._plain.changed[slot] = None
        elif slots.v_counted[slot]:
            store = int(slots.store[slot])
            state.traffic.add_span(store, before + 1, minute, T["visits_open"], 1)
            if slots.v_fan[slot] >= 0:
                state.traffic.add_span(store, before + 1, minute, T["known_open"], 1)

    def extend_many(self, slots: npt.NDArray[np.int32], times_ns: npt.NDArray[np.int64], zones: npt.NDArray[np.int32]) -> None:
        """Their subjects were heard again within the timeout, in visits that are open and not grouped; one row a slot."""
        s = self._state.slots
        s.v_last_ns[slots] = times_ns
        s.v_zones[slots] |= self._state.estate.zone_bits(zones)
        self.advance(slots)

    def advance(self, slots: npt.NDArray[np.int32]) -> None:
        """Count the minutes that the evidence of slots, none of them grouped, has reached since."""
        s = self._state.slots
        last = s.v_last_ns[slots] // NS_PER_MINUTE
        moved = (s.v_state[slots] == OPEN) & (last > s.v_minute[slots])
        slots, last = slots[moved], last[moved]
        counted = s.v_counted[slots]
        owners, first = s.store[slots], s.v_minute[slots] + 1
        self._state.traffic.add_spans(owners[counted], first[counted], last[counted], T["visits_open"])
        known = counted & (s.v_fan[slots] >= 0)
        self._state.traffic.add_spans(owners[known], first[known], last[known], T["known_open"])
        s.v_minute[slots] = last

    def earlier(self, slot: int, time_ns: int) -> None:
        """The visit began earlier than its opening event; its key stays."""
        with self._plain.changing(slot):
            self._state.slots.v_start_ns[slot] = time_ns
        self._regroup.add(slot)

    def close(self, slot: int) -> None:
        """Nobody heard the subject within the timeout; it ended with its last evidence."""
        with self._plain.changing(slot):
            self._state.slots.v_state[slot] = CLOSED

    def may_close_alone(self, slots: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Of open visits: which have nothing to do with any other and need not be asked about one by one."""
        s = self._state.slots
        alone: npt.NDArray[np.bool_] = ~s.v_grouped[slots] & (s.v_fan[slots] == NOBODY) & ~s.late[slots] & (s.next[slots] == NOBODY)
        alone &= ~self.are_late(s.store[slots], s.v_start_ns[slots])
        if self._regroup:
            regroup = np.zeros(s.size, np.bool_)
            regroup[list(self._regroup)] = True
            alone &= ~regroup[slots]
        return alone

    def is_late(self, store: int, time_ns: int) -> bool:
        """Whether slots of that time may be gone already, because an agent tells long afterwards what it heard."""
        return time_ns < int(self._watermarks.by_store[store]) - RETIRE_NS

    def are_late(self, stores: npt.NDArray[np.int32], times_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """`is_late` of many."""
        late: npt.NDArray[np.bool_] = times_ns < self._watermarks.by_store[stores] - RETIRE_NS
        return late

    def forget(self, slot: int) -> None:
        """The slot is about to be freed."""
        self._plain.changed.pop(slot, None)
        self._regroup.discard(slot)
        self._plain.grouped.pop(self._plain.vid(slot), None)

    # Projection

    def project(self) -> None:
        """Say every visit that changed since the last call."""
        for slot in list(self._plain.changed):
            if slot in self._plain.changed:  # it may have been said with its group
                self._project(slot)
        self._plain.save()

    def touched(self, store: int, fan: str, time_ns: int) -> None:
        """The fan's touches at a time changed: say the visit that they belong to again."""
        timeout = int(self._state.estate.timeout_ns[store])
        self._plain.save()
        for member in self._plain.members(self._state.identity.subjects_of(fan), store, time_ns - timeout, time_ns):
            if member.fan == fan:
                self._project_around(store, member)

    def relink(self, subject: str) -> None:
        """After links of the subject changed: who made each of its visits, as of its opening, and with whom it is one."""
        state = self._state
        self._plain.save()
        stores = {int(state.slots.store[slot]) for slot in state.slots.chain(int(subject, 16))}
        stores |= {state.estate.stores.of(row.store) for row in state.ledger.visits_of(subject)}
        for store in sorted(stores):
            found = self._plain.members([subject], store, -EVER_NS, EVER_NS)
            fans = [(member.fan, state.identity.fan_of(subject, opened_ns(member.vid[1]))) for member in found]
            for member, (before, after) in zip(found, fans, strict=True):
                if before != after:
                    self._plain.set_fan(member, after)
            for member, changed in zip(found, fans, strict=True):
                for fan in sorted({*changed} - {""}):
                    self._project_near(store, fan, self._again(store, member))
                self._project_around(store, self._again(store, member))
        self._plain.save()

    def _project_near(self, store: int, fan: str, near: Member) -> None:
        """A fan's other visits around this one's span may have gained or lost it."""
        timeout = int(self._state.estate.timeout_ns[store])
        for other in self._plain.members(self._state.identity.subjects_of(fan), store, near.start_ns - timeout, near.last_ns + timeout):
            if other.fan == fan and other.vid != near.vid:
                self._project_around(store, self._again(store, other))

    def _again(self, store: int, member: Member) -> Member:
        found = self._plain.members([member.subject], store, member.start_ns, member.last_ns)
        return next(other for other in found if other.vid == member.vid)

    def _project(self, slot: int) -> None:
        self._plain.changed.pop(slot, None)
        regroup = slot in self._regroup
        self._regroup.discard(slot)
        if regroup or self._may_be_grouped(slot):
            self._project_around(int(self._state.slots.store[slot]), self._plain.member(slot))
        else:
            self._say(self._plain.member(slot), None, None)

    def _may_be_grouped(self, slot: int) -> bool:
        slots, fan = self._state.slots, int(self._state.slots.v_fan[slot])
        if (
            slots.v_grouped[slot]
            or self.is_late(int(slots.store[slot]), int(slots.v_start_ns[slot]))
            or len(slots.lanes(int(slots.subject[slot]), int(slots.store[slot]))) > 1
        ):
            return True
        return fan >= 0 and len(self._state.identity.subjects_of(self._state.fan_name(fan))) > 1

    def _project_around(self, store: int, member: Member) -> None:
        """Group the person's visits that are within the timeout of this one, and of each other."""
        self._plain.save()
        group = self._group(store, member)
        for each in group:
            if each.slot != NOBODY:
                self._plain.changed.pop(each.slot, None)
        agents = self._state.estate.agents.names  # the codes follow the order in which sites named them
        speaker = min(group, key=lambda each: (each.vid[1], agents[each.vid[2]]))
        for each in group:
            self._say(each, speaker if len(group) > 1 else None, group if len(group) > 1 else None)
        self._plain.save()

    def _group(self, store: int, member: Member) -> list[Member]:
        subjects = self._state.identity.subjects_of(member.fan) if member.fan else [member.subject]
        timeout = int(self._state.estate.timeout_ns[store])
        start, last = member.start_ns, member.last_ns
        while True:
            near = self._plain.members(subjects, store, start - timeout, last + timeout)
            group = [each for each in near if (each.fan == member.fan if member.fan else not each.fan)]
            first, final = min(each.start_ns for each in group), max(each.last_ns for each in group)
            if (first, final) == (start, last):
                return group
            start, last = first, final

    # Rows

    def _say(self, member: Member, speaker: Member | None, group: list[Member] | None) -> None:
        """One plain visit as it is to be stored: on its own, speaking for its group, or merged into its speaker."""
        state, estate = self._state, self._state.estate
        store, key_ns, agent = member.vid
        speaks = speaker is None or speaker.vid == member.vid
        parts = group if group is not None and speaks else [member]
        start_ns, last_ns = min(m.start_ns for m in parts), max(m.last_ns for m in parts)
        is_open, zones = any(m.is_open for m in parts), 0
        for part in parts:
            zones |= part.zones
        staff = member.staff
        counted = None
        if speaks and not staff:
            last_minute = max(self._last_minute(m) for m in parts)
            counted = Counted(start_ns // NS_PER_MINUTE, last_minute, bool(member.fan), not is_open, seconds_of(start_ns, last_ns))
        self._recount(member, counted, group is not None)
        touches, transactions, amount = self._touches(member.fan, store, start_ns, last_ns) if speaks else (0, 0, 0.0)
        merged = "" if speaks or speaker is None else f"{speaker.vid[1]}/{estate.agents.names[speaker.vid[2]]}"
        # How far one that is not over has got is a matter of when one looks: it is stored as at its beginning.
        seconds, zones_seen = (0.0, 1) if is_open else (seconds_of(start_ns, last_ns), zones.bit_count())
        state.said.say(
            VisitPoint(
                time_ns=key_ns, agent=estate.agents.names[agent], store=estate.stores.names[store], subject=member.subject, fan=member.fan,
                known=bool(member.fan), is_staff=staff, open=is_open, started_ms=start_ns // NS_PER_MS, seconds=seconds, zones=zones_seen,
                touches=touches, transactions=transactions, amount=amount, void=bool(merged), merged_into=merged,
            )
        )  # fmt: skip
        self._plain.keep(member, counted, group is not None)

    def _last_minute(self, member: Member) -> int:
        return int(self._state.slots.v_minute[member.slot]) if member.slot != NOBODY else member.last_ns // NS_PER_MINUTE

    def _touches(self, fan: str, store: int, start_ns: int, last_ns: int) -> tuple[int, int, float]:
        if not fan:
            return 0, 0, 0.0
        timeout = int(self._state.estate.timeout_ns[store])
        rows = self._state.ledger.touches_of_fan(fan, self._state.estate.stores.names[store], start_ns, last_ns + timeout)
        bodies = [json.loads(row.body) for row in rows]
        sales = [body["amount"] for body in bodies if body["what"] == "transaction"]
        return len(bodies), len(sales), round(sum(sales), 6)

    def _recount(self, member: Member, new: Counted | None, grouped: bool) -> None:
        if member.counted != new:
            self._plain.count(member.vid[0], member.counted, -1)
            self._plain.count(member.vid[0], new, 1)
        if member.slot != NOBODY:
            self._state.slots.v_grouped[member.slot] = grouped
            if grouped:
                self._plain.grouped[member.vid] = new
            else:
                self._plain.grouped.pop(member.vid, None)
