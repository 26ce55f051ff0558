"""From profiles to a fit, and from a fit to what `site.toml` states of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from device_profiles.profile import Presence
from footfall.errors import ConfigError
from footfall.units import NS_PER_S
from gateway.calibration.contest import Settings
from gateway.calibration.fit import Fit, fit_walks, parts_of
from gateway.calibration.walks import Walk
from gateway.fold.presence_limits import STALE_PERIODS
from gateway.site import Site
from gateway.site.calibrations import Calibration


def settings_of(presence: Presence, calibration: Calibration | None = None) -> Settings:
    """Return what holds today for a profile, in a store that may be calibrated for it."""
    stated = calibration or Calibration(profile="none")
    return Settings(
        dict(stated.offset_db),
        presence.margin_db if stated.margin_db is None else stated.margin_db,
        presence.confirm_min_s if stated.confirm_s is None else stated.confirm_s,
        stated.back_s,
    )


def calibrate(walks: Sequence[Walk], presence: Presence, calibration: Calibration | None = None) -> Fit:
    """Return the fit of walks; a single one is cut in parts. Raise ConfigError if no border is crossed, or nothing is heard."""
    judged = [walk for walk in walks if walk.rows and walk.truth]
    if not judged:
        raise ConfigError("the carrier was not heard on any walk: look whether its profile is right and its battery is full")
    parts = parts_of(judged[0]) if len(judged) == 1 else judged
    if len(parts) < 2:
        raise ConfigError("the walk crosses one border at most, so nothing can be left out to judge by: cross every border twice")
    return fit_walks(parts, settings_of(presence, calibration), stale_ns_of(presence))


def stale_ns_of(presence: Presence) -> int:
    """Return after how long a silence a level counts no more."""
    return round(STALE_PERIODS * presence.stay_s * NS_PER_S)


def calibration_of(profile: str, fit: Fit, made: datetime | None = None) -> Calibration:
    """Return what a site states of a fit."""
    found = fit.settings
    return Calibration(
        profile=profile,
        offset_db=dict(found.offset_db),
        margin_db=found.margin_db,
        confirm_s=found.confirm_s,
        back_s=found.back_s,
        made=made,
        score_before=round(fit.right(fit.before), 3),
        score=round(fit.right(fit.score), 3),
    )


def with_calibration(site: Site, store: str, calibration: Calibration) -> Site:
    """Return the estate with a calibration of a store, instead of the one for the same profile that it may have."""
    stores = tuple(
        each if each.name != store else each.model_copy(update={"calibrations": (*_others(each.calibrations, calibration), calibration)})
        for each in site.stores
    )
    return site.model_copy(update={"stores": stores})


def _others(calibrations: Sequence[Calibration], new: Calibration) -> list[Calibration]:
    return [each for each in calibrations if each.profile != new.profile]
