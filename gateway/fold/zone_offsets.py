"""What calibrations add to the level at which a zone hears a profile, before zones are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.fold.tables.hash_index import HashIndex
from gateway.site.recorded import RecordedSite

_ABOVE: Final = 1 << 10
"""Added to an offset where it is kept, since an index has no negative numbers."""


class ZoneOffsets:
    """Of one estate in force: a profile that no calibration names has none.

    An offset is found by the codes of profile and zone together. Each is put there once, when its profile gets a code.
    """

    def __init__(self, site: RecordedSite | None = None) -> None:
        self._stated: Final[Mapping[str, Mapping[str, int]]] = {
            f"{store.name}/{each.profile}": {f"{store.name}/{zone}": offset_db for zone, offset_db in each.offset_db.items() if offset_db}
            for store in (site.stores if site else ())
            for each in store.calibrations
        }
        self._by_codes: Final = HashIndex()

    def learn(self, profiles: Iterable[tuple[int, str]], zone_code: Callable[[str], int]) -> None:
        """Take the codes of profiles (`store/profile` if calibrated); `zone_code` returns that of a zone, `store/zone`."""
        for profile, key in profiles:
            for zone, offset_db in self._stated.get(key, {}).items():
                self._by_codes.set(profile << 32 | zone_code(zone), offset_db + _ABOVE)

    def of(self, profile: npt.NDArray[Any], zone: npt.NDArray[Any]) -> npt.NDArray[np.int16]:
        """Return what is added to each level; `profile` and `zone` are codes."""
        if not len(self._by_codes):
            return np.zeros(zone.shape, np.int16)
        codes = profile.astype(np.uint64) << np.uint64(32) | zone.astype(np.uint32)
        found = self._by_codes.get_many(codes.ravel()).reshape(zone.shape)
        offsets: npt.NDArray[np.int16] = np.where(found < 0, 0, found - _ABOVE).astype(np.int16)
        return offsets

    def __bool__(self) -> bool:
        """Return whether any profile has an offset."""
        return len(self._by_codes) > 0
