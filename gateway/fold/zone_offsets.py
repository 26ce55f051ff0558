"""What calibrations add to the level at which a zone hears a profile, before zones are compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gateway.site.recorded import RecordedSite


class ZoneOffsets:
    """By name as calibrations state them, and by code as rows have them. A profile that no calibration names has none."""

    def __init__(self) -> None:
        self._stated: dict[tuple[str, str], int] = {}
        self._table: npt.NDArray[np.int16] = np.zeros((0, 0), np.int16)

    def apply(self, site: RecordedSite) -> None:
        """Put the calibrations of an estate in force, and those of the one before out of it."""
        self._stated = {
            (f"{store.name}/{each.profile}", f"{store.name}/{zone}"): offset_db
            for store in site.stores
            for each in store.calibrations
            for zone, offset_db in each.offset_db.items()
            if offset_db
        }
        self._table = np.zeros((0, 0), np.int16)

    def add(
        self, dbm: npt.NDArray[np.int16], profile: npt.NDArray[Any], zone: npt.NDArray[Any], profiles: Sequence[str], zones: Sequence[str]
    ) -> npt.NDArray[np.int16]:
        """Return levels with their offsets; `profile` and `zone` are codes, `profiles` and `zones` the names that have them."""
        if not self._stated:
            return dbm
        if self._table.shape != (len(profiles), len(zones)):
            self._table = self._by_code(profiles, zones)
        found: npt.NDArray[np.int16] = dbm + self._table[profile, zone]
        return found

    def _by_code(self, profiles: Sequence[str], zones: Sequence[str]) -> npt.NDArray[np.int16]:
        table = np.zeros((len(profiles), len(zones)), np.int16)
        profile_code, zone_code = ({name: code for code, name in enumerate(names)} for names in (profiles, zones))
        for (profile, zone), offset_db in self._stated.items():
            if profile in profile_code and zone in zone_code:
                table[profile_code[profile], zone_code[zone]] = offset_db
        return table
