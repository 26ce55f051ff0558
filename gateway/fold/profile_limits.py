"""Profiles as small numbers, with what each allows an owner: one code for a profile, and one more for each store that calibrated it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from device_profiles.profile import Presence
from device_profiles.registry import Registry
from gateway.fold.codes import Codes
from gateway.fold.presence_limits import NO_LIMITS, UNCALIBRATED, decision_limits_of, limits_of
from gateway.fold.zone_rules import DecisionLimits, ZoneLimits
from gateway.site.recorded import RecordedCalibration, RecordedSite

UNKNOWN_PROFILE: Final = ""
VISITORS: Final = frozenset({"person", "staff"})


class ProfileLimits:
    """Codes of profiles, with their class and limits as columns by code. A calibrated profile is `store/profile`."""

    def __init__(self, registry: Registry) -> None:
        self._registry: Final = registry
        self._calibrations: dict[str, RecordedCalibration] = {}
        self.calibrated_stores: frozenset[str] = frozenset()
        self.profiles: Final = Codes()
        self.profile_class: Final[list[str]] = []
        self.profile_visits: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        self.profile_goods: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        self.limits_of: list[ZoneLimits] = []
        """Of each profile alone, in Python's numbers."""
        self.decided_within_of: list[DecisionLimits] = []
        self._set_limits()

    def calibrate(self, site: RecordedSite) -> None:
        """Put the calibrations of an estate in force."""
        self._calibrations = {f"{store.name}/{each.profile}": each for store in site.stores for each in store.calibrations}
        self.calibrated_stores = frozenset(store.name for store in site.stores if store.calibrations)
        self._set_limits()

    def profile(self, name: str, store: str = "") -> int:
        """Return the code of a profile in a store.

        One that this release does not know is kept as presence, but opens no visit.
        """
        known = name if name in self._registry else UNKNOWN_PROFILE
        own = f"{store}/{known}"
        return self.add_profile(own if own in self._calibrations else known)

    def add_profile(self, key: str) -> int:
        """Return the code of a profile, or of one as a store calibrated it (`store/profile`)."""
        code = self.profiles.of(key)
        if code == len(self.profile_class):
            profile = self._registry.get(key.rpartition("/")[2])
            self.profile_class.append(profile.identifier_class if profile else "unknown")
            self.profile_visits = np.append(self.profile_visits, self.profile_class[-1] in VISITORS)
            self.profile_goods = np.append(self.profile_goods, self.profile_class[-1] == "goods")
            self._set_limits()
        return code

    def _set_limits(self) -> None:
        """As columns by code, too."""
        found = [(self._presence(key), self._calibrations.get(key, UNCALIBRATED)) for key in self.profiles.names]
        self.limits_of = [limits_of(presence, each) if presence else NO_LIMITS for presence, each in found]
        self.decided_within_of = [decision_limits_of(presence or Presence(), each) for presence, each in found]
        self.limits = ZoneLimits(*_columns(self.limits_of, NO_LIMITS))
        """By profile."""
        self.decided_within = DecisionLimits(*_columns(self.decided_within_of, DecisionLimits(0, 0, 0, 0)))

    def _presence(self, key: str) -> Presence | None:
        profile = self._registry.get(key.rpartition("/")[2])
        return profile.presence if profile else None


def _columns(rows: Sequence[Sequence[Any]], like: Sequence[Any]) -> list[npt.NDArray[Any]]:
    return [np.array([row[n] for row in rows], np.asarray(one).dtype) for n, one in enumerate(like)]
