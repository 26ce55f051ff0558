"""What site.toml states in vain."""

from __future__ import annotations

from typing import Any

from gateway.site import Site
from gateway.site.questionable import alike_areas, reentries_too_late


def site(**store: Any) -> Site:
    zones = [{"name": "floor"}, {"name": "fitting"}]
    return Site.model_validate({"brand": "b", "stores": [{"name": "shop", "zones": zones} | store]})


def area(zone: str, level_dbm: float, profile: str = "ibeacon") -> dict[str, Any]:
    return {"zone": zone, "profile": profile, "level_dbm": {"floor": level_dbm}}


def test_areas_of_a_profile_with_the_same_levels_are_named() -> None:
    assert alike_areas(site(areas=[area("floor", -60), area("fitting", -60)])) == ["shop: floor and fitting for ibeacon"]
    assert alike_areas(site(areas=[area("floor", -60), area("fitting", -70)])) == []
    tags = [area("floor", -80, "ble-tag"), area("fitting", -60, "ble-tag")]
    assert alike_areas(site(areas=[area("floor", -60), area("fitting", -70), *tags])) == []


def test_a_reentry_after_the_end_of_the_visit_is_named_where_it_is_stated() -> None:
    assert reentries_too_late(site(reentry_s=5000)) == ["shop"]
    assert reentries_too_late(site(reentry_s=300)) == []
    assert reentries_too_late(site(idle_timeout_s=60)) == []
