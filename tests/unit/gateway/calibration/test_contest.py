"""The contest that a fit calls: it decides as the gateway does."""

from __future__ import annotations

import pytest

from footfall.units import NS_PER_S
from gateway.calibration.contest import Settings, changes_of
from gateway.calibration.walks import LevelRow
from tests.support.shop_stories import Shop, left, seen

STALE_NS = 11 * NS_PER_S
Row = tuple[float, str, int | None]

STORIES: list[list[Row]] = [
    [(0, "a", -60), (9, "a", -60), (10, "b", -50), (20, "b", -50), (25, "b", -50)],
    [(0, "a", -60), (9, "b", -58), (14, "a", -60), (16, "b", -58)],
    [(0, "a", -60), (9, "b", -55), (12, "a", -50), (16, "b", -58), (22, "b", -58)],
    [(0, "a", -60), (5, "a", -60), (6, "a", None), (7, "b", -80), (20, "b", -80)],
]


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("calibrated", [False, True])
def test_it_gives_the_zones_that_the_gateway_gives(story: list[Row], calibrated: bool) -> None:
    """A settling time of 2 s, as beacons have that are heard often, and none of the stamps back."""
    shop = Shop().calibrate() if calibrated else Shop()
    for at_s, zone, dbm in story:
        shop.hear(left("ann", zone, at_s) if dbm is None else seen("ann", zone, at_s, dbm=dbm))
    settings = Settings({"a": -12}, 1.0, 4.0) if calibrated else Settings({}, 3.0, 8.0)
    end = [LevelRow(100 * NS_PER_S, story[-1][1], "x", None)]
    found = changes_of([LevelRow(round(at_s * NS_PER_S), zone, "x", dbm) for at_s, zone, dbm in story] + end, settings, STALE_NS)
    assert [each.zone for each in found] == shop.close().zones_of("ann")
