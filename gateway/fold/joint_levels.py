"""Levels of zones that several agents or receivers decide together: areas, and zones whose level is the mean power of their agents.

Such a store's slots know every level (`joint_places.py`), the owner's too. A zone's level is that of its agents by its rule. Areas take
the place of the zones that they explain: an area is heard as loud as the loudest of these, less what its probability is below 1, in dB.
So areas compete with each other by their probabilities, and with other zones of the store by the plain rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from math import log10
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from footfall.frames import Kind
from gateway.fold import heard_zones
from gateway.fold.decision_rules import follow
from gateway.fold.heard_zones import Heard
from gateway.fold.joint_places import JointPlaces
from gateway.fold.sighted import sighted_alone
from gateway.fold.state import State
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import DECIDED, LEADS, SETTLES
from gateway.fold.zone_areas import AreaFilter
from gateway.fold.zone_levels import HeardRow, ZoneLevels
from gateway.fold.zone_rules import GONE_DBM, Standing, ZoneLimits


class _JointLevel(NamedTuple):
    """Of a zone: by all who hear it."""

    dbm: float
    time_ns: int
    """Of the latest row."""


class JointLevels(ZoneLevels):
    """Read and write the levels of one slot at a time, for slots of stores with areas for their profile or zones of mean power."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._places: Final[JointPlaces] = state.joint_places
        self._areas: Final = AreaFilter(state)

    def begin(self, slot: int) -> None:
        super().begin(slot)
        self._places.forget([slot])

    def is_own(self, slot: int, row: HeardRow) -> bool:
        """Return whether a row is of the owner, or of any zone that explains areas while one of them is the owner."""
        owner, model = self._state.tracks.zone.item(slot), self._areas.model_of(slot)
        return row.zone == owner or (model is not None and owner in model.zones and row.zone in model.place_of)

    def standing(self, slot: int, time_ns: int) -> Standing:
        s, owner = self._state.tracks, self._state.tracks.zone.item(slot)
        heard_ns = s.own_ns.item(slot) if s.contest.item(slot) == LEADS else s.zone_ns.item(slot)
        return Standing(owner, self._level_dbm(slot, owner, time_ns), time_ns - heard_ns, time_ns - s.since_ns.item(slot))

    def hear(self, slot: int, row: HeardRow, limits: ZoneLimits) -> None:
        s = self._state.tracks
        self.hear_other(slot, row, limits)
        s.level_dbm[slot], s.owner_agent[slot] = self._level_dbm(slot, s.zone.item(slot), row.time_ns), NO_CODE

    def hear_other(self, slot: int, row: HeardRow, limits: ZoneLimits) -> None:
        s, known = self._state.tracks, self._places.find(slot, row.zone, row.agent)
        if known is not None and row.kind != Kind.ENTER and s.contest.item(slot) != DECIDED:
            self._count(slot, row, row.time_ns - known.time_ns)
        if row.kind == Kind.EXIT:
            self._places.free(slot, row.zone, row.agent)
            return
        self._places.put(slot, Heard(row.zone, row.agent, row.rssi_dbm, row.time_ns))
        model = self._areas.model_of(slot)
        if model is not None and row.zone in model.place_of:
            self._areas.weigh(slot, row, self._heard(slot, row.time_ns))

    def late_exit(self, slot: int, zone: int, agent: int, time_ns: int) -> None:
        known = self._places.find(slot, zone, agent)
        if known is not None and known.time_ns <= time_ns:
            self._places.free(slot, zone, agent)

    def loudest(self, slot: int, time_ns: int, limits: ZoneLimits) -> Heard | None:
        """Return the loudest zone beside the owner; of equal ones that which leads, else the first area, else the first by name."""
        s, rank, model = self._state.tracks, self._state.estate.ranks().zone, self._areas.model_of(slot)
        areas = model.zones if model else ()
        owner, lead_zone = s.zone.item(slot) if s.contest.item(slot) != SETTLES else NO_CODE, s.lead_zone.item(slot)
        levels = self._levels(slot, time_ns)
        order = {zone: areas.index(zone) - len(areas) if zone in areas else rank.item(zone) for zone in levels}
        found = [(level.dbm, zone == lead_zone, -order[zone], zone) for zone, level in levels.items() if zone != owner]
        if not found:
            return None
        dbm, *_, zone = max(found)
        return Heard(zone, NO_CODE, round(dbm), levels[zone].time_ns)

    def beside_dbm(self, slot: int, zone: int, time_ns: int, limits: ZoneLimits) -> int:
        return max((round(level.dbm) for other, level in self._levels(slot, time_ns).items() if other != zone), default=GONE_DBM)

    def keep(self, slot: int) -> None:
        """Keep nothing: all levels stand beside each other."""

    def promote(self, slot: int, zone: int) -> int:
        s, last_ns = self._state.tracks, self._state.tracks.last_ns.item(slot)
        heard_zones.forget_beyond(s, slot)
        level = self._levels(slot, last_ns).get(zone)
        s.level_dbm[slot], s.owner_agent[slot] = GONE_DBM if level is None else round(level.dbm), NO_CODE
        return 0 if level is None else level.time_ns

    def _level_dbm(self, slot: int, zone: int, time_ns: int) -> int:
        level = self._levels(slot, time_ns).get(zone)
        return GONE_DBM if level is None else round(level.dbm)

    def _levels(self, slot: int, time_ns: int) -> Mapping[int, _JointLevel]:
        """Of all that may own the subject."""
        heard, model = self._heard(slot, time_ns), self._areas.model_of(slot)
        if model is None:
            return heard
        levels = {zone: level for zone, level in heard.items() if zone not in model.place_of and zone not in model.zones}
        explaining = [level for zone, level in heard.items() if zone in model.place_of]
        if explaining:
            dbm, time_ns = max(level.dbm for level in explaining), max(level.time_ns for level in explaining)
            levels |= {zone: _JointLevel(dbm + 10 * log10(p), time_ns) for zone, p in self._areas.probabilities(slot).items()}
        return levels

    def _heard(self, slot: int, time_ns: int) -> Mapping[int, _JointLevel]:
        """Of each zone with receivers, by its rule over the agents whose level is fresh."""
        estate = self._state.estate
        tracks = self._state.tracks
        stale_ns = follow(estate.limits_of[tracks.profile.item(slot)], sighted_alone(tracks, slot)).stale_ns
        by_zone: defaultdict[int, list[Heard]] = defaultdict(list)
        for at in self._places.of(slot):
            if time_ns - at.time_ns <= stale_ns:
                by_zone[at.zone].append(at)
        return {zone: _joined(its, zone in estate.joint.mean_power_zones) for zone, its in by_zone.items()}


def take_joint_places(state: State, was_joint: npt.NDArray[np.bool_]) -> None:
    """Keep all levels of the stores in which they decide together from now on; `was_joint` is by store, before."""
    s, estate, places = state.tracks, state.estate, state.joint_places
    places.change(lambda slot, heard: heard if estate.joint.decide(s.store.item(slot), s.profile.item(slot)) else None)
    new = estate.joint.stores.copy()
    new[: len(was_joint)] &= ~was_joint
    for slot in np.flatnonzero((s.store[: s.size] != NO_CODE) & new[s.store[: s.size]]).tolist():
        known = [at for at in heard_zones.heard_at(s, slot) if at.zone != NO_CODE]
        if s.zone.item(slot) != NO_CODE and s.level_dbm.item(slot) != GONE_DBM:
            heard_ns = s.own_ns.item(slot) if s.contest.item(slot) == LEADS else s.zone_ns.item(slot)
            known.append(Heard(s.zone.item(slot), s.owner_agent.item(slot), s.level_dbm.item(slot), heard_ns))
        for at in known if estate.joint.decide(s.store.item(slot), s.profile.item(slot)) else ():
            places.put(slot, at)


def _joined(its: list[Heard], is_mean_power: bool) -> _JointLevel:
    latest_ns, loudest_dbm = max(at.time_ns for at in its), max(at.dbm for at in its)
    if not is_mean_power or len(its) == 1:
        return _JointLevel(loudest_dbm, latest_ns)
    powers = sorted(10 ** ((at.dbm - loudest_dbm) / 10) for at in its)  # in one order, since sums of floats depend on it
    return _JointLevel(loudest_dbm + 10 * log10(sum(powers) / len(powers)), latest_ns)
