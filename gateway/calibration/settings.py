"""What a calibration finds, between what a profile allows and what `site.toml` states of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from device_profiles.profile import Presence
from gateway.site import Site, Store
from gateway.site.calibrations import Calibration

Key = tuple[tuple[tuple[str, int], ...], float, float, float]


@dataclass(frozen=True, slots=True)
class Settings:
    """Offsets by zone, and how a change is decided and stamped. `confirm_s` is the shortest time that a change is confirmed."""

    offset_db: Mapping[str, int] = field(default_factory=dict)
    margin_db: float = 3.0
    confirm_s: float = 2.0
    back_s: float = 0.0

    @property
    def key(self) -> Key:
        """Return the same for the same settings, to be hashed; an offset of 0 is none."""
        offsets = tuple(sorted((zone, db) for zone, db in self.offset_db.items() if db))
        return offsets, self.margin_db, self.confirm_s, self.back_s


def settings_of(presence: Presence, calibration: Calibration | None = None) -> Settings:
    """Return what holds today for a profile, in a store that may be calibrated for it."""
    stated = calibration or Calibration(profile="none")
    return Settings(
        dict(stated.offset_db),
        presence.margin_db if stated.margin_db is None else stated.margin_db,
        presence.confirm_min_s if stated.confirm_s is None else stated.confirm_s,
        stated.back_s,
    )


def calibration_of(profile: str, settings: Settings, presence: Presence, made: datetime | None = None) -> Calibration:
    """Return what a site states of settings: what is as the profile has it is left to the profile."""
    return Calibration(
        profile=profile,
        offset_db={zone: db for zone, db in settings.offset_db.items() if db},
        margin_db=None if settings.margin_db == presence.margin_db else settings.margin_db,
        confirm_s=None if settings.confirm_s == presence.confirm_min_s else settings.confirm_s,
        back_s=settings.back_s,
        made=made,
    )


def calibrated(store: Store, calibration: Calibration) -> Store:
    """Return a store with a calibration, instead of the one for the same profile that it may have."""
    return store.model_copy(update={"calibrations": (*_others(store.calibrations, calibration), calibration)})


def with_calibration(site: Site, store: str, calibration: Calibration) -> Site:
    """Return the estate with a calibration of a store."""
    stores = tuple(each if each.name != store else calibrated(each, calibration) for each in site.stores)
    return site.model_copy(update={"stores": stores})


def _others(calibrations: Sequence[Calibration], new: Calibration) -> list[Calibration]:
    return [each for each in calibrations if each.profile != new.profile]
