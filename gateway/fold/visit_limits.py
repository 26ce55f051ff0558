"""What makes a visit, by store, zone and profile: how long a silence ends it or is an absence, and which level is inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_S
from gateway.fold.codes import Codes
from gateway.fold.profile_limits import ProfileLimits
from gateway.site.recorded import RecordedSite

if TYPE_CHECKING:  # who reads what the fold stored loads no profiles
    from device_profiles.registry import Registry

IDLE_NS: Final = 1800 * NS_PER_S
REENTRY_NS: Final = 120 * NS_PER_S
"""Of stores that no estate in force names."""
ANY_DBM: Final = -(1 << 15)
"""The level of a zone or profile that states none: whoever is heard is inside."""


class VisitLimits(ProfileLimits):
    """Codes of stores and zones (`store/zone`), with what the fold asks of each about visits, as arrays by code."""

    def __init__(self, registry: Registry) -> None:
        super().__init__(registry)
        self.stores, self.zones = Codes(), Codes()
        self.timeout_ns: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self.reentry_ns: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        """By store: who was away for longer within a visit came in again."""
        self.least_absence_ns = 0
        """No visit ends, and nobody comes in again, after a shorter silence."""
        self.zone_entrance_dbm: npt.NDArray[np.int16] = np.zeros(0, np.int16)
        self._entrance_of_zone: dict[str, int] = {}
        """By name of a zone, where it states a level."""
        self._profile_entrance_dbm: npt.NDArray[np.int16] = np.zeros(0, np.int16)
        self._profiles_state_levels: Final = any(profile.presence.entrance_dbm is not None for profile in registry.values())

    def limit_visits(self, site: RecordedSite) -> None:
        """Put what an estate states of visits in force; all its zones have codes by then. Stores that left it keep their own."""
        self.timeout_ns = self._of_stores({each.name: each.idle_timeout_s for each in site.stores}, self.timeout_ns, IDLE_NS)
        self.reentry_ns = self._of_stores({each.name: each.reentry_s for each in site.stores}, self.reentry_ns, REENTRY_NS)
        self.least_absence_ns = min(self.timeout_ns.min(initial=IDLE_NS).item(), self.reentry_ns.min(initial=REENTRY_NS).item())
        for store in site.stores:
            for zone in store.zones:
                self._entrance_of_zone.pop(key := f"{store.name}/{zone.name}", None)
                if zone.entrance_dbm is not None:
                    self._entrance_of_zone[key] = round(zone.entrance_dbm)
        self.zone_entrance_dbm = self._levels_of_zones(self.zones.names)

    def _of_stores(self, stated_s: Mapping[str, float], before_ns: npt.NDArray[np.int64], default_ns: int) -> npt.NDArray[np.int64]:
        """Return spans of stores, ns by code: as stated, else as they were."""
        known = dict(zip(self.stores.names, before_ns.tolist(), strict=False))
        stated = {name: round(seconds * NS_PER_S) for name, seconds in stated_s.items()}
        return np.array([stated.get(name, known.get(name, default_ns)) for name in self.stores.names], np.int64)

    def _levels_of_zones(self, keys: list[str]) -> npt.NDArray[np.int16]:
        return np.array([self._entrance_of_zone.get(key, ANY_DBM) for key in keys], np.int16)

    def limit_zones(self, keys: list[str]) -> None:
        """Take zones that are new, by `store/zone`, in the order of their codes."""
        self.zone_entrance_dbm = np.append(self.zone_entrance_dbm, self._levels_of_zones(keys))

    @property
    def states_entrance_levels(self) -> bool:
        """Return whether any zone or profile states from which level on somebody is inside."""
        return self._profiles_state_levels or bool(self._entrance_of_zone)

    def entrance_dbm(self, zone: npt.NDArray[Any], profile: npt.NDArray[Any]) -> npt.NDArray[np.int16]:
        """Return from which level on somebody is inside: as the zone states it, else the profile."""
        if len(self._profile_entrance_dbm) != len(self.profiles):
            self._profile_entrance_dbm = np.array([self._level_of_profile(key) for key in self.profiles.names], np.int16)
        of_zone = self.zone_entrance_dbm[zone]
        found: npt.NDArray[np.int16] = np.where(of_zone != ANY_DBM, of_zone, self._profile_entrance_dbm[profile])
        return found

    def _level_of_profile(self, key: str) -> int:
        profile = self._registry.get(key.rpartition("/")[2])
        stated = profile.presence.entrance_dbm if profile else None
        return ANY_DBM if stated is None else round(stated)

    def dump_visit_limits(self) -> dict[str, Any]:
        """Return what `load_visit_limits` takes back."""
        return {"reentry_ns": self.reentry_ns.tolist(), "entrance_dbm": self._entrance_of_zone}

    def load_visit_limits(self, values: Mapping[str, Any]) -> None:
        """Go on from what `dump_visit_limits` returned; {} of an earlier release. The stores have their codes by then."""
        self.timeout_ns = np.full(len(self.stores), IDLE_NS)
        self.reentry_ns = np.full(len(self.stores), REENTRY_NS)
        known = values.get("reentry_ns", ())
        self.reentry_ns[: len(known)] = known
        self._entrance_of_zone.update(values.get("entrance_dbm", {}))
