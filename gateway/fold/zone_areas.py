"""Areas that no receiver has to itself: which of them a subject is in, by the levels of all zones with receivers together.

A forward filter: each area has a probability. As time passes, a subject may have gone to any other area. Each row weighs the areas by how
likely the levels of the moment are in them, Gaussians on their mean and on the differences from it. What areas make of levels, and how
they compete with other zones, is in `joint_levels.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from footfall.units import NS_PER_S
from gateway.fold.area_model import LEAST_P, AreaModel
from gateway.fold.state import State
from gateway.fold.tables.tracks import SETTLES
from gateway.fold.zone_levels import HeardRow

FLOOR_DBM: Final = -100.0
"""The level of a zone that does not hear the subject: about the least that receivers report."""
WEIGHT_A_SIGHTING: Final = 0.3
"""Levels of neighbouring sightings stray together, so each counts for so much of an independent one."""


class HasLevel(Protocol):
    """A zone that hears a subject."""

    @property
    def dbm(self) -> float: ...


class AreaFilter:
    """Keep the probabilities of areas, for slots whose profile has areas in the store."""

    def __init__(self, state: State) -> None:
        self._state: Final = state

    def model_of(self, slot: int) -> AreaModel | None:
        """Return the areas of a slot's profile in its store; None if there are none."""
        s, areas = self._state.tracks, self._state.estate.joint.areas
        return areas.get((s.store.item(slot), s.profile.item(slot))) if areas else None

    def probabilities(self, slot: int) -> Mapping[int, float]:
        """Return the probability of each area, never 0. Before anything was weighed all are alike."""
        model = self.model_of(slot)
        return {} if model is None else {zone: max(p, LEAST_P) for zone, p in zip(model.zones, self._p(slot, model), strict=True)}

    def weigh(self, slot: int, row: HeardRow, heard: Mapping[int, HasLevel]) -> None:
        """Take a row of a zone that explains areas, given the fresh level of each zone.

        Each zone sends a row of the same moment, so a row counts for its share of an observation.
        """
        s, model = self._state.tracks, self.model_of(slot)
        if model is None:
            return
        p, before_ns = self._p(slot, model), s.area_ns.item(slot)
        if before_ns:
            p = model.predicted(p, max(row.time_ns - before_ns, 0) / NS_PER_S)
        at = {model.place_of[zone]: level.dbm for zone, level in heard.items() if zone in model.place_of}
        silent = None if s.contest.item(slot) == SETTLES else FLOOR_DBM  # at first a zone may not have had the time to be heard
        levels = [at.get(place, silent) for place in range(len(model.heard))]
        weight = min(1.0, WEIGHT_A_SIGHTING * row.sightings) / len(model.heard)
        s.area_p[slot, : len(p)], s.area_ns[slot] = model.weighed(p, levels, weight), row.time_ns

    def _p(self, slot: int, model: AreaModel) -> list[float]:
        n = len(model.zones)
        p: list[float] = self._state.tracks.area_p[slot, :n].tolist()
        return p if self._state.tracks.area_ns.item(slot) and any(p) else [1 / n] * n
