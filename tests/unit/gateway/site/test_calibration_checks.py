"""Calibrations and areas that do nothing, or were made for other receivers."""

from __future__ import annotations

from typing import Any

from gateway.site import Site
from gateway.site.calibration_checks import calibration_faults, came_since, receivers_of

PROFILES = ("ibeacon", "ble-tag")


def site(receivers: dict[str, str], **store: Any) -> Site:
    zones = [{"name": "floor"}, {"name": "fitting"}]
    agents = [{"name": "box", "receivers": receivers}]
    return Site.model_validate({"brand": "b", "stores": [{"name": "shop", "zones": zones, "agents": agents} | store]})


def faults(receivers: dict[str, str], **store: Any) -> list[tuple[str, str]]:
    return [(fault.code, fault.what) for fault in calibration_faults(site(receivers, **store), PROFILES)]


def tuned(**receivers: str) -> list[dict[str, Any]]:
    return [{"profile": "ibeacon", "receivers": {f"box/{name}": zone for name, zone in receivers.items()}}]


def test_a_profile_that_there_is_not_is_named_with_the_nearest_of_calibrations_and_of_areas_once() -> None:
    level_dbm = {"floor": -60.0}
    areas = [{"zone": zone, "profile": "ble-tga", "level_dbm": level_dbm} for zone in ("floor", "fitting")]
    assert faults({}, calibrations=[{"profile": "ibaecon"}], areas=areas) == [
        ("calibration_unused", "calibration of store 'shop': there is no profile 'ibaecon': did you mean 'ibeacon'?"),
        ("calibration_unused", "areas of store 'shop': there is no profile 'ble-tga': did you mean 'ble-tag'?"),
    ]


def test_a_calibration_is_stale_once_a_receiver_came_is_gone_or_hears_another_zone() -> None:
    assert faults({"r1": "floor", "r2": "fitting"}, calibrations=tuned(r1="floor", r2="fitting")) == []
    ((code, what),) = faults({"r1": "fitting", "r3": "floor"}, calibrations=tuned(r1="floor", r2="fitting"))
    assert code == "calibration_stale"
    assert "box/r3 came since; box/r2 is gone; box/r1 hears fitting, then floor" in what


def test_of_a_calibration_without_receivers_nothing_is_known() -> None:
    assert faults({"r1": "floor"}, calibrations=[{"profile": "ibeacon"}]) == []


def test_a_receiver_whose_levels_come_though_the_calibration_does_not_know_it_is_named() -> None:
    store = site({"r1": "floor"}, calibrations=tuned(r1="floor")).stores[0]
    assert list(came_since(store, {("box", "r1", "floor")})) == []
    (fault,) = came_since(store, {("box", "r1", "floor"), ("box", "r9", "floor")})
    assert "box/r9 came since" in fault.what
    assert receivers_of(store) == {"box/r1": "floor"}
