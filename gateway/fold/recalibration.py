"""New calibrations of stores: who is being heard there has their limits and offsets at once, from the SITE record on.

Levels that were heard before are set off anew, those of rows that still wait too: two levels that are compared have offsets of one
calibration.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.fold.estate_index import Estate
from gateway.fold.heard_zones import Heard
from gateway.fold.joint_places import JointPlaces
from gateway.fold.reorder_buffer import AS_THE_SLOT, Evidence
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.items import Items
from gateway.fold.tables.tracks import Tracks
from gateway.fold.zone_offsets import ZoneOffsets
from gateway.fold.zone_rules import GONE_DBM

Array = npt.NDArray[Any]


class Recalibration:
    """From the offsets of the estate before to those of the estate in force, in the stores whose calibrations differ."""

    def __init__(self, estate: Estate, stores: frozenset[int], before: ZoneOffsets) -> None:
        self._estate: Final = estate
        self._stores: Final = np.array(sorted(stores), np.int32)
        self._before: Final = before

    def take_tracks(self, tracks: Tracks, places: JointPlaces) -> None:
        """Put it in force for people who are being heard."""
        slots = self._concerned(tracks.store[: tracks.size])
        was, now = self._profiles(tracks.store[slots], tracks.profile[slots])
        tracks.profile[slots] = now
        tracks.level_dbm[slots] = self._levels(tracks.level_dbm[slots], was, now, tracks.zone[slots])
        tracks.heard_dbm[slots] = self._levels(tracks.heard_dbm[slots], was[:, None], now[:, None], tracks.heard_zone[slots])
        profiles = dict(zip(slots.tolist(), zip(was, now, strict=True), strict=True))
        places.change(lambda slot, heard: self._shifted(heard, *profiles[slot]) if slot in profiles else heard)

    def take_items(self, items: Items) -> None:
        """Put it in force for goods."""
        slots = self._concerned(items.store[: items.size])
        was, now = self._profiles(items.store[slots], items.profile[slots])
        items.profile[slots] = now
        for levels in (items.heard_dbm, items.heard_lowest_dbm, items.usual_dbm):
            levels[slots] = self._levels(levels[slots], was[:, None], now[:, None], items.heard_zone[slots])

    def of_waiting(self, rows: Evidence, store: npt.NDArray[np.int32]) -> Evidence:
        """Return rows that wait, each of a store, as they would be had they come now."""
        which = self._concerned(store)
        which = which[rows.profile[which] != AS_THE_SLOT]
        was, now = self._profiles(store[which], rows.profile[which])
        profile, rssi_dbm = rows.profile.copy(), rows.rssi_dbm.copy()
        profile[which], rssi_dbm[which] = now, self._levels(rssi_dbm[which], was, now, rows.zone[which])
        return replace(rows, profile=profile, rssi_dbm=rssi_dbm)

    def _concerned(self, store: npt.NDArray[np.int32]) -> npt.NDArray[np.intp]:
        return np.flatnonzero(np.isin(store, self._stores))

    def _profiles(self, store: Array, profile: Array) -> tuple[Array, Array]:
        """Codes before and now."""
        pairs, which = np.unique(np.stack([store.astype(np.int64), profile.astype(np.int64)]), axis=1, return_inverse=True)
        names = self._estate.stores.names
        now = [self._estate.profile_in_force(code, names[each]) for each, code in pairs.T.tolist()]
        return profile, np.array(now, profile.dtype)[which.reshape(len(profile))]

    def _shifted(self, heard: Heard, was: np.uint16, now: np.uint16) -> Heard:
        dbm, zone = np.array([heard.dbm], np.int16), np.array([heard.zone])
        return heard._replace(dbm=int(self._levels(dbm, np.array([was]), np.array([now]), zone)[0]))

    def _levels(self, dbm: Array, was: Array, now: Array, zone: Array) -> Array:
        was, now = np.broadcast_to(was, zone.shape), np.broadcast_to(now, zone.shape)
        shifted = dbm + self._estate.offsets.of(now, zone) - self._before.of(was, zone)
        return np.where((zone == NO_CODE) | (dbm == GONE_DBM), dbm, shifted)
