"""Profiles as small numbers, with what each allows an owner: one code for a profile, and one more for each store that calibrated it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from gateway.fold.codes import Codes
from gateway.fold.decision_rules import DecisionLimits
from gateway.fold.presence_limits import NO_LIMITS, UNCALIBRATED, decision_limits_of, limits_of
from gateway.fold.zone_rules import ZoneLimits
from gateway.site.recorded import RecordedCalibration, RecordedSite

if TYPE_CHECKING:  # who reads what the fold stored loads no profiles
    from device_profiles.registry import Registry

UNKNOWN_PROFILE: Final = ""
VISITORS: Final = frozenset({"person", "staff"})
_ROOM: Final = 16
"""For so many codes the columns have room at first."""


class ProfileLimits:
    """Codes of profiles, with their class and limits as columns by code. A calibrated profile is `store/profile`.

    Columns have room beyond the last code, so that a chain of calibrated stores costs each code once.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry: Final = registry
        self._calibrations: dict[str, RecordedCalibration] = {}
        self._with_areas: frozenset[str] = frozenset()
        """Profiles that have areas in a store, as `store/profile`."""
        self.calibrated_stores: frozenset[str] = frozenset()
        self.profiles: Final = Codes()
        self.profile_class: Final[list[str]] = []
        self.profile_visits: npt.NDArray[np.bool_] = np.zeros(_ROOM, np.bool_)
        self.profile_goods: npt.NDArray[np.bool_] = np.zeros(_ROOM, np.bool_)
        self.profile_calibrated: npt.NDArray[np.bool_] = np.zeros(_ROOM, np.bool_)
        """Whether it is a store's own, with a calibration in force."""
        self.limits_of: Final[list[ZoneLimits]] = []
        """Of each profile alone, in Python's numbers."""
        self.decided_within_of: Final[list[DecisionLimits]] = []
        self.limits = ZoneLimits(*[np.zeros(_ROOM, np.asarray(one).dtype) for one in NO_LIMITS])
        """By profile."""
        self.decided_within = DecisionLimits(*[np.zeros(_ROOM, np.int64) for _ in DecisionLimits._fields])

    def calibrate(self, site: RecordedSite) -> frozenset[str]:
        """Put the calibrations of an estate in force, and those of the one before out of it; return the stores whose differ."""
        before, had_areas = self._calibrations, self._with_areas
        areas = {f"{store.name}/{area.profile}": area.profile for store in site.stores for area in store.areas}
        self._with_areas = frozenset(areas)
        self._calibrations = {key: RecordedCalibration(profile=profile) for key, profile in areas.items()}
        self._calibrations |= {f"{store.name}/{each.profile}": each for store in site.stores for each in store.calibrations}
        self.calibrated_stores = frozenset(store.name for store in site.stores if store.calibrations or store.areas)
        differ = {key for key in before.keys() | self._calibrations.keys() if before.get(key) != self._calibrations.get(key)}
        differ |= had_areas ^ self._with_areas
        for code, key in enumerate(self.profiles.names):
            if key in differ:
                self._set_limits(code, key)
        return frozenset(key.partition("/")[0] for key in differ)

    def profile(self, name: str, store: str = "") -> int:
        """Return the code of a profile in a store.

        One that this release does not know is kept as presence, but opens no visit.
        """
        known = name if name in self._registry else UNKNOWN_PROFILE
        own = f"{store}/{known}"
        return self.add_profile(own if own in self._calibrations else known)

    def profile_in_force(self, code: int, store: str) -> int:
        """Return the code that a profile has now in a store, which may have calibrated it since, or do so no more."""
        return self.profile(self.profiles.names[code].rpartition("/")[2], store)

    def add_profile(self, key: str) -> int:
        """Return the code of a profile, or of one as a store calibrated it (`store/profile`)."""
        code = self.profiles.of(key)
        if code == len(self.profile_class):
            profile = self._registry.get(key.rpartition("/")[2])
            self.profile_class.append(profile.identifier_class if profile else "unknown")
            self.limits_of.append(NO_LIMITS)
            self.decided_within_of.append(DecisionLimits(0, 0, 0, 0))
            self._make_room(code)
            self.profile_visits[code] = self.profile_class[-1] in VISITORS
            self.profile_goods[code] = self.profile_class[-1] == "goods"
            self._set_limits(code, key)
        return code

    def _set_limits(self, code: int, key: str) -> None:
        """Of one profile, as numbers and in the columns."""
        from device_profiles.profile import Presence  # only a process that folds has profiles

        profile, calibration = self._registry.get(key.rpartition("/")[2]), self._calibrations.get(key, UNCALIBRATED)
        presence, has_areas = profile.presence if profile else None, key in self._with_areas
        self.limits_of[code] = limits_of(presence, calibration, has_areas) if presence else NO_LIMITS
        self.decided_within_of[code] = decision_limits_of(presence or Presence(), calibration, has_areas)
        self.profile_calibrated[code] = key in self._calibrations or has_areas
        for columns, row in ((self.limits, self.limits_of[code]), (self.decided_within, self.decided_within_of[code])):
            for column, value in zip(columns, row, strict=True):
                column[code] = value

    def _make_room(self, code: int) -> None:
        if code < len(self.profile_visits):
            return
        self.profile_visits, self.profile_goods = _doubled(self.profile_visits), _doubled(self.profile_goods)
        self.profile_calibrated = _doubled(self.profile_calibrated)
        self.limits = ZoneLimits(*map(_doubled, self.limits))
        self.decided_within = DecisionLimits(*map(_doubled, self.decided_within))


def _doubled(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.concatenate([column, np.zeros_like(column)])
