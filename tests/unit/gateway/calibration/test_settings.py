"""Settings, as a site states them and as they hold."""

from __future__ import annotations

from datetime import UTC, datetime

from device_profiles.profile import Presence
from gateway.calibration.settings import Settings, calibration_of, settings_of, with_calibration
from gateway.site import Site
from gateway.site.calibrations import Calibration


def test_what_is_found_is_stated_and_read_back_and_what_the_profile_has_is_left_to_it() -> None:
    presence, made = Presence(margin_db=5.0, confirm_min_s=2.0), datetime(2026, 11, 29, 15, tzinfo=UTC)
    for found in (Settings({"a": -12}, 3.0, 1.0, 1.5), Settings({}, 5.0, 2.0, 0.0)):
        stated = calibration_of("ibeacon", found, presence, made)
        assert settings_of(presence, stated) == found
        assert stated.made == made
    assert (stated.margin_db, stated.confirm_s) == (None, None)


def test_settings_with_an_offset_of_0_are_those_without() -> None:
    assert Settings({"a": 0, "b": 3}).key == Settings({"b": 3}).key != Settings({"a": 3}).key


def test_a_calibration_takes_the_place_of_the_one_for_its_profile() -> None:
    stated = Calibration(profile="ibeacon", back_s=1.0)
    site = Site.model_validate({"brand": "b", "stores": [
        {"name": "s", "zones": [{"name": "a"}], "calibrations": [{"profile": "ibeacon"}, {"profile": "staff-badge"}]}
    ]})  # fmt: skip
    assert with_calibration(site, "s", stated).stores[0].calibrations == (Calibration(profile="staff-badge"), stated)
