"""A profile's presence section as the numbers of the rule of zones, in nanoseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from footfall.units import NS_PER_S
from gateway.fold.decision_rules import STALE_PERCENT, WEAK_CONFIRMS, DecisionLimits
from gateway.fold.zone_rules import ZoneLimits
from gateway.site.recorded import RecordedCalibration

if TYPE_CHECKING:  # who reads what the fold stored loads no profiles
    from device_profiles.profile import Presence

NO_LIMITS: Final = ZoneLimits(0, 0, 0, 0.0)
"""Of a profile that this release does not know."""


UNCALIBRATED: Final = RecordedCalibration(profile="")
AREA_MARGIN_DB: Final = 6.0
"""Between areas, whose levels are probabilities: the likelier one is four times as likely."""
AREA_CONFIRM_PERCENT: Final = 50
"""Of the confirm times: probabilities have weighed what was heard over time, and a confirm time counts it again."""


def limits_of(presence: Presence, calibration: RecordedCalibration = UNCALIBRATED, has_areas: bool = False) -> ZoneLimits:
    """Return what a profile allows an owner, in a store that may have calibrated it, or have areas for it."""
    return ZoneLimits(
        gap_ns=_ns(presence.timeout_max_s + presence.stay_s),
        stale_ns=_ns(STALE_PERCENT / 100 * presence.stay_s),
        holdoff_ns=_ns(presence.holdoff_s),
        margin_db=_first(calibration.margin_db, AREA_MARGIN_DB if has_areas else presence.margin_db),
    )


def decision_limits_of(presence: Presence, calibration: RecordedCalibration = UNCALIBRATED, has_areas: bool = False) -> DecisionLimits:
    """Return within which bounds a profile's zones are decided."""
    return DecisionLimits(
        settle_min_ns=_ns(presence.settle_min_s),
        settle_max_ns=_ns(presence.settle_max_s),
        confirm_min_ns=_ns(presence.confirm_min_s),
        confirm_max_ns=_ns(presence.confirm_max_s),
        back_ns=_ns(calibration.back_s),
        confirm_percent=confirm_percent_of(presence, calibration, has_areas),
        weak_confirms=1 if has_areas else WEAK_CONFIRMS,
    )


def confirm_percent_of(presence: Presence, calibration: RecordedCalibration, has_areas: bool = False) -> int:
    """Return how much of the profile's confirm times a calibration leaves: it states the shortest, and all others follow."""
    if calibration.confirm_s is None or not presence.confirm_min_s:
        return AREA_CONFIRM_PERCENT if has_areas else 100
    return round(100 * calibration.confirm_s / presence.confirm_min_s)


def _first(stated: float | None, otherwise: float) -> float:
    return otherwise if stated is None else stated


def _ns(seconds: float) -> int:
    return round(seconds * NS_PER_S)
