"""Areas in site.toml: what contradicts itself is refused, with what would work."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gateway.site import Site
from gateway.site.recorded import read_site, record_site

ZONES = [{"name": name} for name in ("door", "hall", "inside", "vestibule", "outside")]


def area(zone: str, door: float, hall: float, profile: str = "ble-tag", **more: Any) -> dict[str, Any]:
    return {"zone": zone, "profile": profile, "level_dbm": {"door": door, "hall": hall}, **more}


INSIDE, VESTIBULE = area("inside", -80, -60), area("vestibule", -65, -70)


def site(*areas: dict[str, Any]) -> Site:
    return Site.model_validate({"brand": "b", "stores": [{"name": "s1", "zones": ZONES, "areas": areas}]})


def test_areas_are_journaled_with_their_levels() -> None:
    (store,) = read_site(record_site(site(INSIDE, area("vestibule", -65, -70, shape_sd_db=3.5)))).stores
    assert [(each.zone, each.level_dbm["hall"], each.shape_sd_db, each.memory_s) for each in store.areas] == [
        ("inside", -60.0, 5.0, 300.0),
        ("vestibule", -70.0, 3.5, 300.0),
    ]


@pytest.mark.parametrize(
    ("areas", "message"),
    [
        ((INSIDE,), "areas of store 's1' for 'ble-tag': name two to 6 zones, each once; there are inside"),
        ((INSIDE, INSIDE), "each once; there are inside, inside"),
        ((INSIDE, area("vestibul", -65, -70)), "name zone 'vestibul': did you mean 'vestibule'?"),
        ((INSIDE, {**VESTIBULE, "level_dbm": {"door": -65.0}}), "of 'vestibule' must name the zones that 'inside' names: ['door', 'hall']"),
        ((INSIDE, {**VESTIBULE, "level_dbm": {"door": -65.0, "hal": -60.0}}), "name zone 'hal': did you mean 'hall'? Its zones"),
        ((INSIDE, area("vestibule", -65, -70, profile="ibeacon")), "for 'ble-tag': name two to 6 zones"),
    ],
)  # fmt: skip
def test_areas_that_cannot_be_weighed_are_refused_with_what_would_work(areas: tuple[dict[str, Any], ...], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        site(*areas)
    assert message in str(refused.value)


RENAMED = [{"name": "door", "aliases": [{"name": "gate", "until": "2026-01-31"}]}, *ZONES[1:]]


def renamed(*areas: dict[str, Any]) -> Site:
    return Site.model_validate({"brand": "b", "stores": [{"name": "s1", "zones": RENAMED, "areas": areas}]})


def test_areas_follow_a_zone_through_its_names() -> None:
    """Rows have the name of their time, whichever of them the areas state."""
    by_old = [{**each, "level_dbm": {"gate": each["level_dbm"]["door"], "hall": each["level_dbm"]["hall"]}} for each in (INSIDE, VESTIBULE)]
    for areas in ((INSIDE, VESTIBULE), by_old, (by_old[0], VESTIBULE)):
        for area_ in read_site(record_site(renamed(*areas))).stores[0].areas:
            assert set(area_.level_dbm) == {"door", "hall"}
            assert area_.earlier == {"gate": "door"}


def test_one_zone_by_two_names_is_refused_in_areas() -> None:
    twice = [{**each, "level_dbm": {**each["level_dbm"], "gate": -70.0}} for each in (INSIDE, VESTIBULE)]
    with pytest.raises(ValidationError, match="names one zone by two names"):
        renamed(*twice)
    with pytest.raises(ValidationError, match="each once; there are door, gate"):
        renamed(area("door", -60, -70), area("gate", -70, -60))
