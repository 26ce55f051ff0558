"""Areas of walks: the levels of every zone that hears, in each zone that was walked."""

from __future__ import annotations

from random import Random

import pytest

from footfall.units import NS_PER_S
from gateway.calibration.areas import FLOOR_DBM, fit_areas
from gateway.calibration.walks import LevelRow, Walk
from gateway.site import Site

STALE_NS = 5 * NS_PER_S
LEVELS = {"hall": (-60, -80), "lobby": (-66, -66), "yard": (-80, -60)}


def walk(zone: str, louder_db: float = 0.0, noise_db: float = 2.0, heard: tuple[str, ...] = ("hall", "yard")) -> Walk:
    random = Random(f"{zone} {louder_db}")
    rows = [
        LevelRow(second * NS_PER_S, name, "x", dbm + louder_db + random.gauss(0, noise_db))
        for second in range(300)
        for name, dbm in zip(("hall", "yard"), LEVELS[zone], strict=True)
        if name in heard
    ]
    return Walk(zone, rows, [(second * NS_PER_S, zone) for second in range(300)])


def test_an_area_has_the_mean_level_of_every_zone_that_hears_though_it_has_no_receiver() -> None:
    areas = {area.zone: area for area in fit_areas([walk(zone) for zone in LEVELS], "ibeacon", STALE_NS)}
    assert set(areas) == set(LEVELS)
    for zone, (hall, yard) in LEVELS.items():
        assert areas[zone].level_dbm == pytest.approx({"hall": hall, "yard": yard}, abs=0.5)


def test_carriers_that_differ_in_power_spread_the_mean_and_not_the_shape() -> None:
    (area, *_) = fit_areas([walk(zone, louder_db) for zone in LEVELS for louder_db in (-6, 6)], "ibeacon", STALE_NS)
    assert area.mean_sd_db == pytest.approx(6, abs=1)
    assert area.shape_sd_db == pytest.approx(2, abs=0.7)


def test_a_zone_that_does_not_hear_the_carrier_is_at_the_floor() -> None:
    areas = {area.zone: area for area in fit_areas([walk("hall", heard=("hall",)), walk("lobby")], "ibeacon", STALE_NS)}
    assert areas["hall"].level_dbm["yard"] == FLOOR_DBM


def test_what_is_fitted_is_what_a_site_may_state() -> None:
    areas = fit_areas([walk(zone) for zone in LEVELS], "ibeacon", STALE_NS, memory_s=1.0)
    zones = [{"name": zone} for zone in LEVELS]
    site = Site.model_validate({"brand": "b", "stores": [{"name": "s", "zones": zones, "areas": [area.model_dump() for area in areas]}]})
    assert [area.memory_s for area in site.stores[0].areas] == [1.0] * 3
