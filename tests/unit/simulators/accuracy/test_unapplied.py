"""A calibration that a recording does not get is told, since its figures are those of a store without one."""

from __future__ import annotations

from gateway.site import Agent, Store, Zone
from gateway.site.areas import Area
from gateway.site.calibrations import Calibration
from simulators.accuracy.unapplied import unapplied

KNOWN = ("ble-tag", "ibeacon")
STORE = Store(name="shop", zones=(Zone(name="hall"), Zone(name="yard")), agents=(Agent(name="a", receivers={"r": "hall", "s": "yard"}),))
CALIBRATED = STORE.model_copy(update={"calibrations": (Calibration(profile="ble-tag", offset_db={"hall": 3}),)})


def test_a_carrier_of_another_profile_gets_no_calibration() -> None:
    assert unapplied(CALIBRATED, {"t1": "ble-tag"}, KNOWN) == []
    assert unapplied(CALIBRATED, {"t1": "ble-tag", "t2": "ibeacon", "t3": "ibeacon"}, KNOWN) == [
        "The calibration of store 'shop' is for profile 'ble-tag', and not applied to t2, t3, heard under 'ibeacon': state `profile` in the"
        " mapping if that is wrong, or calibrate for it."
    ]


def test_nor_does_it_get_areas() -> None:
    levels = {"hall": -60, "yard": -70}
    areas = tuple(Area(zone=zone, profile="ibeacon", level_dbm=levels) for zone in levels)
    (line,) = unapplied(STORE.model_copy(update={"areas": areas}), {"t1": "ble-tag"}, KNOWN)
    assert line.startswith("The areas of store 'shop' are for profile 'ibeacon', and not applied to t1, heard under 'ble-tag'")


def test_a_store_without_any_has_nothing_to_tell() -> None:
    assert unapplied(STORE, {"t1": "ble-tag"}, KNOWN) == []


def test_one_that_was_made_with_other_receivers_is_told_too() -> None:
    old = Calibration(profile="ble-tag", offset_db={"hall": 3}, receivers={"a/r": "hall"})
    (line,) = unapplied(STORE.model_copy(update={"calibrations": (old,)}), {"t1": "ble-tag"}, KNOWN)
    assert line == "store 'shop' is calibrated for 'ble-tag' with other receivers: a/s came since."
