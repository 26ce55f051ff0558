"""Zones that no receiver of site.toml hears, and stores that nobody calibrated."""

from __future__ import annotations

from typing import Any

from gateway.site import Site
from gateway.site.unheard import uncalibrated_stores, unheard_zones, zones_without_level

ZONES = [{"name": "door"}, {"name": "hall", "aliases": [{"name": "floor", "until": "2026-01-31"}]}, {"name": "between"}]
AREAS = [{"zone": zone, "profile": "ibeacon", "level_dbm": {"door": -60, "hall": -70}} for zone in ("between", "floor")]


def unheard(receivers: dict[str, str], **more: Any) -> list[str]:
    store = {"name": "s", "zones": ZONES, "agents": [{"name": "x", "receivers": receivers}]} | more
    return unheard_zones(Site.model_validate({"brand": "b", "stores": [store]}).stores[0])


def test_zones_without_receivers_are_named_in_their_order() -> None:
    assert unheard({"r1": "hall"}) == ["door", "between"]


def test_an_area_needs_no_receiver_of_its_own_under_any_of_its_names() -> None:
    assert unheard({"r1": "door"}, areas=AREAS) == []


def test_a_store_that_lists_no_receivers_leaves_nothing_to_be_known() -> None:
    assert unheard({}) == []


def test_a_store_of_several_zones_is_calibrated_by_a_calibration_or_by_areas() -> None:
    stores = [
        {"name": "plain", "zones": ZONES},
        {"name": "one-zone", "zones": ZONES[:1]},
        {"name": "calibrated", "zones": ZONES, "calibrations": [{"profile": "ibeacon"}]},
        {"name": "areas", "zones": ZONES, "areas": AREAS},
    ]
    assert uncalibrated_stores(Site.model_validate({"brand": "b", "stores": stores})) == ["plain"]


def without_level(*zones: dict[str, Any], receivers: dict[str, str] | None = None) -> list[str]:
    store = {"name": "s", "zones": zones, "agents": [{"name": "x", "receivers": receivers or {}}]}
    return zones_without_level(Site.model_validate({"brand": "b", "stores": [store]}))


def test_zones_without_an_entrance_level_are_named_where_another_zone_has_one() -> None:
    door, hall, street = {"name": "door", "entrance_dbm": -70}, {"name": "hall"}, {"name": "street", "type": "outside"}
    assert without_level(door, hall, street) == ["s/hall"]
    assert without_level(door, hall | {"entrance_dbm": -75}, street) == []
    assert without_level({"name": "door"}, hall, street) == []


def test_a_zone_that_no_receiver_hears_needs_no_entrance_level() -> None:
    zones = {"name": "door", "entrance_dbm": -70}, {"name": "hall"}, {"name": "depot"}
    assert without_level(*zones, receivers={"r1": "door", "r2": "hall"}) == ["s/hall"]
