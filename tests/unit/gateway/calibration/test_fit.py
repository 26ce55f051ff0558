"""What a fit finds of walks, and what it proposes."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest

from device_profiles.profile import Presence
from footfall.errors import ConfigError
from footfall.units import NS_PER_S
from gateway.calibration.contest import Settings
from gateway.calibration.fit import Fit, fit_walks, parts_of
from gateway.calibration.stated import calibrate, calibration_of, settings_of, with_calibration
from gateway.calibration.walks import LevelRow, Walk
from gateway.site import Site
from gateway.site.calibrations import Calibration

STALE_NS = 5 * NS_PER_S
STAY_S = 20
ZONES = ("inside", "outside")


def walk(name: str, louder_db: float, late_s: float = 0.0, stays: int = 4, noise_db: float = 1.0) -> Walk:
    """Somebody goes in and out every 20 s. Receivers inside are louder by so much, and levels follow so late."""
    random, rows, truth = Random(name), [], []
    for tenth in range(0, stays * STAY_S * 10, 2):
        at_s = tenth / 10
        truth.append((round(at_s * NS_PER_S), ZONES[int(at_s // STAY_S) % 2]))
        if tenth % 10 == 0:
            heard = ZONES[int(max(at_s - late_s, 0) // STAY_S) % 2]
            for zone in ZONES:
                dbm = -60 - 10 * (zone != heard) + louder_db * (zone == "inside") + random.gauss(0, noise_db)
                rows.append(LevelRow(round(at_s * NS_PER_S) + 1, zone, "x", dbm))
    return Walk(name, rows, truth)


def fit(*walks: Walk) -> Fit:
    return fit_walks(walks, Settings(), STALE_NS)


def test_receivers_that_are_louder_are_set_off_by_it() -> None:
    found = fit(*(walk(name, louder_db=14) for name in "abc"))
    assert found.wins
    assert sum(db * (1 if zone == "outside" else -1) for zone, db in found.settings.offset_db.items()) == pytest.approx(14, abs=2)
    assert found.right(found.before) == pytest.approx(0.5, abs=0.05)
    assert found.right(found.score) > 0.95


def test_levels_that_follow_late_are_stamped_back_by_it() -> None:
    assert fit(*(walk(name, louder_db=0, late_s=2) for name in "abc")).settings.back_s == pytest.approx(2, abs=0.5)


def test_no_offset_is_proposed_where_receivers_are_alike() -> None:
    assert fit(*(walk(name, louder_db=0) for name in "abc")).settings.offset_db == {}


def test_walks_that_contradict_each_other_win_nothing_since_each_is_judged_by_the_others() -> None:
    found = fit(walk("a", louder_db=14), walk("b", louder_db=-14))
    assert not found.wins
    assert found.gain <= 0


def test_a_change_is_confirmed_no_sooner_than_half_of_what_holds_today() -> None:
    found = fit_walks([walk(name, louder_db=14) for name in "abc"], Settings(confirm_s=6.0), STALE_NS)
    assert found.settings.confirm_s in (3.0, 6.0)


def test_one_walk_is_cut_in_the_middle_of_stays_and_each_part_crosses_a_border() -> None:
    whole = walk("a", louder_db=14, stays=12)
    parts = parts_of(whole)
    assert 2 <= len(parts) <= 5
    assert [moment for part in parts for moment in part.truth] == list(whole.truth)
    assert all(len(part.zones()) == 2 for part in parts)
    assert calibrate([whole], Presence()).wins


def test_a_walk_that_crosses_one_border_is_refused_and_so_is_a_carrier_that_nobody_heard() -> None:
    with pytest.raises(ConfigError, match="cross every border twice"):
        calibrate([walk("a", louder_db=14, stays=2)], Presence())
    with pytest.raises(ConfigError, match="was not heard"):
        calibrate([Walk("a", [], [(0, "inside")])], Presence())


def test_what_is_found_is_stated_and_read_back_as_what_holds_today() -> None:
    found = fit(*(walk(name, louder_db=14) for name in "abc"))
    made = datetime(2026, 11, 29, 15, tzinfo=UTC)
    stated = calibration_of("ibeacon", found, made)
    assert settings_of(Presence(), stated) == found.settings
    assert (stated.made, stated.score_before) == (made, round(found.right(found.before), 3))
    site = Site.model_validate({"brand": "b", "stores": [
        {"name": "s", "zones": [{"name": zone} for zone in ZONES], "calibrations": [{"profile": "ibeacon"}, {"profile": "staff-badge"}]}
    ]})  # fmt: skip
    assert with_calibration(site, "s", stated).stores[0].calibrations == (Calibration(profile="staff-badge"), stated)
