"""The text of site.toml gets a calibration, and keeps all else."""

from __future__ import annotations

import tomllib

import pytest

from gateway.calibration.site_text import with_areas_text, with_calibration_text
from gateway.site import Site
from gateway.site.areas import Area
from gateway.site.calibrations import Calibration

TEXT = """# the estate
brand = "b"

[[stores]]
name = "first"   # the old one
zones = [{ name = "in" }, { name = "out", type = "outside" }]

[[stores.agents]]
name = "box" # behind the till
receivers = { r1 = "in" }

[[stores]]
name = "second"
zones = [{ name = "in" }]
"""
FOUND = Calibration(profile="ibeacon", offset_db={"in": -12}, back_s=1.5, receivers={"box/r1": "in"})


def test_the_store_gets_it_and_comments_and_order_stay() -> None:
    text = with_calibration_text(TEXT, "first", FOUND)
    assert Site.model_validate(tomllib.loads(text)).by_name["first"].calibrations == (FOUND,)
    before = [line for line in TEXT.splitlines() if line]
    assert [line for line in text.splitlines() if line in before] == before
    assert "[[stores.calibrations]]" in text
    assert "offset_db = {in = -12}" in text
    assert 'receivers = {"box/r1" = "in"}' in text


def test_one_for_the_same_profile_is_replaced_with_its_comments_and_others_stay() -> None:
    both = with_calibration_text(with_calibration_text(TEXT, "first", FOUND), "first", Calibration(profile="ble-tag"))
    text = with_calibration_text(both.replace("back_s = 1.5", "back_s = 1.5 # measured"), "first", FOUND.model_copy(update={"back_s": 2.0}))
    assert [each.back_s for each in Site.model_validate(tomllib.loads(text)).stores[0].calibrations] == [2.0, 0.0]
    assert "back_s = 2.0 # measured" in text


@pytest.mark.parametrize("written", ['calibrations = [{ profile = "ble-tag" }]', 'calibrations = [{ profile = "ibeacon", back_s = 1.0 }]'])
def test_a_list_on_one_line_is_extended(written: str) -> None:
    text = with_calibration_text(TEXT.replace('name = "second"', f'name = "second"\n{written}'), "second", FOUND)
    assert FOUND in Site.model_validate(tomllib.loads(text)).by_name["second"].calibrations


def test_comments_before_the_next_store_stay_there() -> None:
    text = TEXT.replace('\n[[stores]]\nname = "second"', '\n# ---\n# the second, on the hill\n[[stores]]\nname = "second"')
    for number in (1, 2):
        text = with_calibration_text(text, "first", Calibration(profile=f"profile-{number}"))
        assert '\n# ---\n# the second, on the hill\n[[stores]]\nname = "second"' in text
        assert text.index("[[stores.calibrations]]") < text.index("# ---")
    site = Site.model_validate(tomllib.loads(text))
    assert [len(store.calibrations) for store in site.stores] == [2, 0]


def test_a_table_that_is_no_store_stays_behind_the_last_one() -> None:
    text = with_calibration_text(TEXT + '\n# who works here\n[[staff]]\nstaff_id = "7"\n', "second", FOUND)
    site = Site.model_validate(tomllib.loads(text))
    assert (site.by_name["second"].calibrations, len(site.staff)) == ((FOUND,), 1)
    assert "\n# who works here\n[[staff]]" in text


def test_areas_take_the_place_of_those_of_their_profile_more_are_added_and_fewer_are_left() -> None:
    text = TEXT.replace(
        'name = "second"\nzones = [{ name = "in" }]', 'name = "second"\nzones = [{ name = "in" }, { name = "b" }, { name = "c" }]'
    )
    three = [Area(zone=zone, profile="ibeacon", level_dbm={"in": -60.0 - at}) for at, zone in enumerate(("in", "b", "c"))]
    once = with_areas_text(text, "second", "ibeacon", three)
    assert Site.model_validate(tomllib.loads(once)).by_name["second"].areas == tuple(three)
    again = with_areas_text(once, "second", "ibeacon", three[1:])
    assert Site.model_validate(tomllib.loads(again)).by_name["second"].areas == tuple(three[1:])
    both = with_areas_text(again, "second", "ble-tag", [each.model_copy(update={"profile": "ble-tag"}) for each in three[:2]])
    assert [area.profile for area in Site.model_validate(tomllib.loads(both)).by_name["second"].areas] == ["ibeacon"] * 2 + ["ble-tag"] * 2
