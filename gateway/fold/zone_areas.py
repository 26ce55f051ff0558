"""Areas that no receiver has to itself: which of them a subject is in, by the levels of all zones with receivers together.

A forward filter: each area has a probability. As time passes, a subject may have gone to any other area. Each row weighs the areas by how
likely the levels of the moment are in them, Gaussians on their mean and on the differences from it. Probabilities, in dB, take the place
of levels: the area that is ahead leads, and owns the subject by the same rule as a zone does (`zone_contest.py`).
"""

from __future__ import annotations

from math import log10
from typing import Final

from footfall.frames import Kind
from footfall.units import NS_PER_S
from gateway.fold import heard_zones
from gateway.fold.area_model import LEAST_P, AreaModel
from gateway.fold.heard_zones import Heard
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import LEADS, SETTLES
from gateway.fold.zone_levels import HeardRow, ZoneLevels
from gateway.fold.zone_rules import Standing, ZoneLimits

FLOOR_DBM: Final = -100.0
"""The level of a zone that does not hear the subject: about the least that receivers report."""
WEIGHT_A_SIGHTING: Final = 0.3
"""Levels of neighbouring sightings stray together, so each counts for so much of an independent one."""


class AreaLevels(ZoneLevels):
    """Probabilities of areas in place of levels of zones, for slots whose profile has areas in the store."""

    def is_own(self, slot: int, row: HeardRow) -> bool:
        """Return True: whichever zone hears the subject, its area has it, until another leads."""
        return True

    def standing(self, slot: int, time_ns: int) -> Standing:
        s, owner = self._state.tracks, self._state.tracks.zone.item(slot)
        heard_ns = s.own_ns.item(slot) if s.contest.item(slot) == LEADS else s.zone_ns.item(slot)
        return Standing(owner, self._level_dbm(slot, owner), time_ns - heard_ns, time_ns - s.since_ns.item(slot))

    def hear(self, slot: int, row: HeardRow, limits: ZoneLimits) -> None:
        self.hear_other(slot, row, limits)

    def hear_other(self, slot: int, row: HeardRow, limits: ZoneLimits) -> None:
        super().hear_other(slot, row, limits)
        if row.kind != Kind.EXIT:
            self._weigh(slot, row, limits)

    def loudest(self, slot: int, time_ns: int, limits: ZoneLimits) -> Heard | None:
        """Return the likeliest area beside the owner, with its probability in dB as its level."""
        s = self._state.tracks
        owner = s.zone.item(slot) if s.contest.item(slot) != SETTLES else NO_CODE
        found = [(p, -n) for n, p in enumerate(s.area_p[slot].tolist()) if n < len(self._zones(slot)) and self._zones(slot)[n] != owner]
        p, n = max(found)
        return Heard(self._zones(slot)[-n], NO_CODE, _db(p), time_ns)

    def keep(self, slot: int) -> None:
        """Keep nothing: probabilities of all areas stand beside each other."""

    def promote(self, slot: int, zone: int) -> int:
        s = self._state.tracks
        heard_zones.forget_beyond(s, slot)
        s.level_dbm[slot], s.owner_agent[slot] = self._level_dbm(slot, zone), NO_CODE
        return max(at.time_ns for at in heard_zones.heard_at(s, slot))

    def _weigh(self, slot: int, row: HeardRow, limits: ZoneLimits) -> None:
        """Each zone sends a row of the same moment, so a row counts for its share of an observation."""
        s, model = self._state.tracks, self._model(slot)
        n = len(model.zones)
        p, before_ns = s.area_p[slot, :n].tolist(), s.area_ns.item(slot)
        p = model.predicted(p, max(row.time_ns - before_ns, 0) / NS_PER_S) if before_ns and sum(p) else [1 / n] * n
        fresh = [at for at in heard_zones.heard_at(s, slot) if row.time_ns - at.time_ns <= limits.stale_ns]
        heard = {at.zone: at.dbm for at in sorted(fresh, key=lambda at: at.dbm)}  # of several agents in a zone the loudest
        silent = None if s.contest.item(slot) == SETTLES else FLOOR_DBM  # at first a zone may not have had the time to be heard
        levels = [heard.get(zone, silent) for zone in model.heard]
        weight = min(1.0, WEIGHT_A_SIGHTING * row.sightings) / len(model.heard)
        s.area_p[slot, :n], s.area_ns[slot] = model.weighed(p, levels, weight), row.time_ns

    def _level_dbm(self, slot: int, zone: int) -> int:
        zones = self._zones(slot)
        return _db(self._state.tracks.area_p[slot].tolist()[zones.index(zone)]) if zone in zones else _db(LEAST_P)

    def _zones(self, slot: int) -> tuple[int, ...]:
        return self._model(slot).zones

    def _model(self, slot: int) -> AreaModel:
        s = self._state.tracks
        return self._state.estate.areas[s.store.item(slot), s.profile.item(slot)]


def _db(p: float) -> int:
    return round(10 * log10(max(p, LEAST_P)))
