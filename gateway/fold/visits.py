"""Visits: a person's stay in a store, closed by an idle timeout. The visits of one fan's devices, and of late evidence, are one.

Each track of evidence makes segments in time order. Projection joins those of one person that lie within the timeout of each
other: the one with the least key stays and stands for all, the others are void and name the one into which they were merged. What is stored
depends on the set of visits and links alone, not on the order in which they became known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_MINUTE, NS_PER_S
from gateway.fold.arrivals import Arrivals
from gateway.fold.estate_index import seconds_of
from gateway.fold.link_index import Changed
from gateway.fold.minute_counts import TRAFFIC_COLUMN
from gateway.fold.rebuilt_visits import RebuiltVisits
from gateway.fold.state import State
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.unlinked_visits import UnlinkedVisits
from gateway.fold.visit_fans import Renamed, VisitFans
from gateway.fold.visit_groups import VisitGroups
from gateway.fold.visit_parts import Cut, VisitParts
from gateway.fold.visit_rows import CLOSED, OPEN, Segment, TrafficContribution, VisitKey, emit, joined, number_of_zones
from gateway.fold.visit_segments import EVER_NS, VisitSegments, opened_ns
from gateway.fold.visit_touches import NO_TOUCHES, touches_of_visit
from gateway.fold.watermarks import Watermarks
from gateway.fold.whose import Whose
from gateway.identity.facts import is_registered

RETIRE_NS: Final = 900 * NS_PER_S
"""How long after its visit's timeout a slot is kept; what comes later meets its person's visits in the ledger.

Agents that were heard within ten minutes hold the watermark back, so this is for those that come back after an outage.
"""


class Visits:
    """Opens, extends and closes the visit of a slot, and keeps traffic, ledger and points in step."""

    def __init__(self, state: State, watermarks: Watermarks) -> None:
        self._state: Final = state
        self._watermarks: Final = watermarks
        self._segments: Final = VisitSegments(state)
        self._regroup: set[int] = set()
        self.whose: Final = Whose(state, self._segments)
        self.groups: Final = VisitGroups(state, self._segments, self.whose)
        self.arrivals: Final = Arrivals(state)
        self.unlinked: Final = UnlinkedVisits(state, self._segments)
        self._fans: Final = VisitFans(state, self._segments, self.whose)
        self.parts: Final = VisitParts(state, self._segments, self.whose, self._fans)
        self.rebuilt: Final = RebuiltVisits(state, self._segments, self.groups, self._fans, self.parts, self._project_each)

    def save(self) -> None:
        """Write what is kept to the store."""
        self._segments.save()

    def dump(self) -> dict[str, Any]:
        return self._segments.dump() | {"lent": self.whose.dump()}

    def load(self, values: Mapping[str, Any] | Sequence[Any]) -> None:
        self._segments.load(values)
        self.whose.load(values.get("lent", ()) if isinstance(values, Mapping) else ())

    # Evidence, in the order of a slot's time

    def evidence(self, slot: int, time_ns: int, key_ns: int, agent: int, zone: int) -> None:
        """Take evidence inside the store, not before its visit's last: extend the visit, or close it and open the next."""
        state, tracks = self._state, self._state.tracks
        if tracks.v_state[slot] and time_ns - int(tracks.v_last_ns[slot]) <= int(state.estate.timeout_ns[tracks.store[slot]]):
            self._extend(slot, time_ns, zone)
            return
        if tracks.v_state[slot]:
            if tracks.v_state[slot] == OPEN:
                self.close(slot)
            self._reach()
            self._project(slot)
            self._segments.grouped.pop(self._segments.key_of(slot), None)
        fan = self.whose.fan_of(int(tracks.subject[slot]), int(tracks.store[slot]), opened_ns(key_ns))
        self._segments.begin(self._segments.writer, slot, time_ns, key_ns, agent, state.estate.zone_bit(zone), state.fan_code(fan))
        self._segments.changed[slot] = None
        if is_registered(fan):
            self.arrivals.announce(self._segments.key_of(slot), zone)

    def decide_zone(self, slot: int, zone: int) -> None:
        """Count a zone among those of the slot's visit."""
        self._segments.add_zone(slot, self._state.estate.zone_bit(zone))
        if self._state.tracks.v_part_of_ns[slot]:
            self._change(slot)

    def _extend(self, slot: int, time_ns: int, zone: int) -> None:
        tracks = self._state.tracks
        if tracks.v_state[slot] == CLOSED:
            with self._segments.changing(slot):
                tracks.v_state[slot] = OPEN
        self._segments.hear(slot, time_ns)
        self._fans.heard(slot)
        tracks.v_last_ns[slot] = time_ns
        tracks.v_zones[slot] |= tracks.v_zones.dtype.type(self._state.estate.zone_bit(zone))
        minute, before = time_ns // NS_PER_MINUTE, int(tracks.v_minute[slot])
        if minute <= before:
            return
        tracks.v_minute[slot] = minute
        if tracks.v_grouped[slot]:
            self._segments.changed[slot] = None
        elif tracks.v_counted[slot]:
            known, anonymous = self._state.fans.known(tracks.v_fan[slot]), bool(tracks.v_anonymous[slot])
            self._segments.count_minutes(int(tracks.store[slot]), before + 1, minute, known, anonymous)

    def extend_many(self, slots: npt.NDArray[np.int32], times_ns: npt.NDArray[np.int64], zones: npt.NDArray[np.int32]) -> None:
        """Extend visits that are open and not grouped by evidence within the timeout, one row a track."""
        s = self._state.tracks
        self._segments.hear_many(slots, times_ns)
        s.v_last_ns[slots] = times_ns
        s.v_zones[slots] |= self._state.estate.zone_bits(zones)
        self.advance(slots)

    def advance(self, slots: npt.NDArray[np.int32]) -> None:
        """Count the minutes that the evidence of slots, none of them grouped, has reached since."""
        self._fans.heard_many(slots)
        s = self._state.tracks
        last = s.v_last_ns[slots] // NS_PER_MINUTE
        moved = (s.v_state[slots] == OPEN) & (last > s.v_minute[slots])
        slots, last = slots[moved], last[moved]
        counted = s.v_counted[slots]
        owners, first = s.store[slots], s.v_minute[slots] + 1
        known, anonymous = counted & self._state.fans.known(s.v_fan[slots]), counted & s.v_anonymous[slots]
        for name, rows in (("visits_open", counted), ("known_open", known), ("anonymous_open", anonymous)):
            self._state.traffic.add_spans(owners[rows], first[rows], last[rows], TRAFFIC_COLUMN[name])
        s.v_minute[slots] = last

    def earlier(self, slot: int, time_ns: int) -> None:
        """Let a visit begin before its opening event; its key stays."""
        with self._segments.changing(slot):
            self._segments.absences.earlier(slot, time_ns)
            self._state.tracks.v_start_ns[slot] = time_ns
        self._fans.heard(slot)
        self._regroup.add(slot)

    def within(self, slot: int, time_ns: int) -> None:
        """Take late evidence between the begin of a visit and its latest: its subject was not away then."""
        if self._segments.absences.is_away(slot, time_ns):
            with self._segments.changing(slot):
                self._segments.absences.fill(slot, time_ns)

    def close(self, slot: int) -> None:
        """Close the visit of a subject whom nobody heard within the timeout: it ended with its last evidence."""
        self._segments.end(self._segments.writer, slot)
        self._change(slot)

    def _change(self, slot: int) -> None:
        """Take that a track's visit changed: the zones of its earlier parts may have, too."""
        self._segments.changed[slot] = None
        if self._state.tracks.v_part_of_ns[slot]:
            self.parts.again.add(slot)

    def may_close_alone(self, slots: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Return which of these open visits no other depends on: they are closed as columns."""
        s = self._state.tracks
        alone: npt.NDArray[np.bool_] = (
            ~s.v_grouped[slots]
            & (s.v_part_of_ns[slots] == 0)
            & (s.v_fan[slots] == NO_CODE)
            & ~s.out_of_order[slots]
            & (s.next[slots] == NO_CODE)
        )
        alone &= ~self.may_be_retired_many(s.store[slots], s.v_start_ns[slots]) & ~self.whose.are_lent(s.subject[slots])
        if self._regroup:
            regroup = np.zeros(s.size, np.bool_)
            regroup[list(self._regroup)] = True
            alone &= ~regroup[slots]
        return alone

    def may_be_retired(self, store: int, time_ns: int) -> bool:
        """Return whether tracks of that time may have been freed already: the evidence is of a long backlog."""
        return time_ns < int(self._watermarks.by_store[store]) - RETIRE_NS

    def may_be_retired_many(self, stores: npt.NDArray[np.int32], times_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Return the same for columns of one row a track."""
        late: npt.NDArray[np.bool_] = times_ns < self._watermarks.by_store[stores] - RETIRE_NS
        return late

    def forget(self, slot: int) -> None:
        """Drop what is remembered of a slot that is about to be freed."""
        self._fans.forget(slot)
        self._segments.changed.pop(slot, None)
        self._regroup.discard(slot)
        self._segments.grouped.pop(self._segments.key_of(slot), None)
        self._segments.absences.begin(slot)
        self.parts.again.discard(slot)

    # Projection

    def project(self) -> None:
        """Emit every visit that changed since the last call."""
        self._reach()
        self._project_changed()
        self._segments.save()

    def _project_changed(self) -> None:
        for slot in list(self._segments.changed):
            if slot in self._segments.changed:  # it may have been emitted with its group
                self._project(slot)

    def _reach(self) -> None:
        """Cut the visits of tracks that have reached a handover, and let nobody have those that have reached a withdrawal."""
        heard = self._fans.take_heard()
        for slot in [*self.parts.again, *(slot for slot in heard if self.parts.is_passed(slot))]:
            self._cut(slot)
        self._rename(self._fans.withdrawn(heard))

    def _cut(self, slot: int) -> None:
        if cut := self.parts.cut_track(slot):
            store = self._state.tracks.store.item(slot)
            self._take_cut(store, cut)
            self._segments.changed[slot] = None

    def _take_cut(self, store: int, cut: Cut) -> None:
        self.rebuilt.replace(store, cut.gone, cut.come, cut.kept)
        if cut.was:
            self._project_each(store, self.groups.near(store, cut.was.fan, cut.was), set())

    def touched(self, store: int, fan: str, time_ns: int) -> None:
        """Emit the visit again to which the fan's touches at a time belong, after they changed."""
        self._segments.save()
        for segment in self.groups.touched(store, fan, time_ns):
            self._project_around(store, self._again(store, segment))

    def relink(self, changes: Sequence[Changed]) -> None:
        """Give each visit of subjects its fan after their standings changed, and group anew what that concerns."""
        self._segments.save()
        for each in changes:
            self._cut_again(each)
        self._rename([renamed for each in changes for renamed in self._fans.moved(each)])
        self._project_changed()
        self._segments.save()

    def _cut_again(self, changed: Changed) -> None:
        subject = int(changed.name, 16)
        if subject not in self._state.links.handed:
            return
        tracks, stores = self._state.tracks, self._segments.stores_changed(changed)
        for slot in [slot for slot in tracks.chain(subject) if tracks.store.item(slot) in stores]:
            is_near = tracks.v_start_ns[slot] <= changed.to_ns and tracks.v_last_ns[slot] >= changed.from_ns
            if tracks.v_state[slot] and (is_near or tracks.v_part_of_ns[slot]):  # a track has the last part alone
                self._cut(slot)
        for store in stores:
            for cut in self.parts.cut_stored(changed.name, store, changed.from_ns, changed.to_ns):
                self._take_cut(store, cut)

    def _rename(self, moved: Sequence[Renamed]) -> None:
        for _, segment, fan in moved:
            self._segments.set_fan(replace(segment), fan)
        shown: set[VisitKey] = set()
        for store, segment, fan in moved:
            for each in sorted({segment.fan, fan}):
                self._project_each(store, self.groups.near(store, each, segment), shown)
            self._project_each(store, [self._again(store, segment)], shown)
        self._segments.save()

    def repeat(self, subject: str) -> None:
        """Emit every visit of the subject once more, as it is now."""
        self._segments.save()
        for store in self._segments.stores_of(subject):
            self._project_each(store, self._segments.in_span([subject], store, -EVER_NS, EVER_NS), set())
        self._segments.save()

    def _project_each(self, store: int, segments: Iterable[Segment], shown: set[VisitKey]) -> None:
        """Emit the visits of segments, but those that were emitted already: the keys of all their segments are in `shown`."""
        for segment in segments:
            if segment.key not in shown:
                shown.update(each.key for each in self._project_around(store, self._again(store, segment)))

    def _again(self, store: int, segment: Segment) -> Segment:
        found = self._segments.in_span([segment.subject], store, segment.start_ns, segment.last_ns)
        return next(other for other in found if other.key == segment.key)

    def _project(self, slot: int) -> None:
        self._segments.changed.pop(slot, None)
        regroup = slot in self._regroup
        self._regroup.discard(slot)
        if regroup or self._may_be_grouped(slot):
            self._project_around(int(self._state.tracks.store[slot]), self._segments.of_track(slot))
        else:
            self._emit(self._segments.of_track(slot), None, None)

    def _may_be_grouped(self, slot: int) -> bool:
        tracks, fan = self._state.tracks, int(self._state.tracks.v_fan[slot])
        if (
            tracks.v_grouped[slot]
            or tracks.v_part_of_ns[slot]
            or self.may_be_retired(int(tracks.store[slot]), int(tracks.v_start_ns[slot]))
            or len(tracks.tracks_of(int(tracks.subject[slot]), int(tracks.store[slot]))) > 1
        ):
            return True
        return fan >= 0 and (len(self._state.links.subjects_of(self._state.fan_name(fan))) > 1 or self.groups.is_bridged(slot))

    def _project_around(self, store: int, segment: Segment) -> list[Segment]:
        """Group the person's visits that are within the timeout of this one, and of each other; return them."""
        self._segments.save()
        group = self.groups.of(store, segment)
        for each in group:
            self._segments.changed.pop(each.slot, None)
        agents = self._state.estate.agents.names  # codes follow the order in which sites named them
        primary = min(group, key=lambda each: (each.key.key_ns, agents[each.key.agent]))
        for each in group:
            self._emit(each, primary if len(group) > 1 else None, group if len(group) > 1 else None)
        self._segments.save()
        return group

    # Rows

    def _emit(self, segment: Segment, primary: Segment | None, group: list[Segment] | None) -> None:
        """Emit one segment as it is to be stored: on its own, for its group, or merged into its primary."""
        self.whose.visit_changed(segment)
        key, is_grouped = segment.key, group is not None
        is_primary = primary is None or primary.key == key
        whole = joined(segment, group) if group is not None and is_primary else segment
        entries = self.groups.entries_ns(key.store, group if group and is_primary else [segment])
        counted = TrafficContribution.of_staff(entries) if is_primary and segment.staff else None
        if is_primary and not segment.staff:
            last_minute = max(self._last_minute(part) for part in (group or [segment]))
            first, seconds = whole.start_ns // NS_PER_MINUTE, seconds_of(whole.start_ns, whole.last_ns)
            counted = TrafficContribution(first, last_minute, is_registered(segment.fan), not whole.is_open, seconds, segment.anonymous)
        self._recount(segment, counted, is_grouped)
        touches = touches_of_visit(self._state, segment.fan, key.store, whole.start_ns, whole.last_ns) if is_primary else NO_TOUCHES
        merged_into = "" if is_primary or primary is None else f"{primary.key.key_ns}/{self._state.estate.agents.names[primary.key.agent]}"
        row = self._segments.keep(segment, counted, is_grouped)
        shown = row._replace(start_ns=whole.start_ns, last_ns=whole.last_ns, open=int(whole.is_open))
        known, zones = is_registered(segment.fan), number_of_zones(whole.zones)
        emit(self._segments.writer, shown._asdict(), zones, len(entries), known, touches, merged_into)
        if is_primary:
            self.arrivals.project(whole, group or [segment])

    def _last_minute(self, segment: Segment) -> int:
        return int(self._state.tracks.v_minute[segment.slot]) if segment.slot != NO_CODE else segment.last_ns // NS_PER_MINUTE

    def _recount(self, segment: Segment, new: TrafficContribution | None, grouped: bool) -> None:
        if segment.counted != new:
            self._segments.count(segment.key.store, segment.counted, -1)
            self._segments.count(segment.key.store, new, 1)
        if segment.slot != NO_CODE:
            self._state.tracks.v_staff[segment.slot] = segment.staff
            self._state.tracks.v_grouped[segment.slot] = grouped
            if grouped:
                self._segments.grouped[segment.key] = new
            else:
                self._segments.grouped.pop(segment.key, None)
