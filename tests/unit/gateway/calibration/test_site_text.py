"""The text of site.toml gets a calibration, and keeps all else."""

from __future__ import annotations

import tomllib

import pytest

from gateway.calibration.site_text import with_calibration_text
from gateway.site import Site
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
FOUND = Calibration(profile="ibeacon", offset_db={"in": -12}, back_s=1.5)


def test_the_store_gets_it_and_comments_and_order_stay() -> None:
    text = with_calibration_text(TEXT, "first", FOUND)
    assert Site.model_validate(tomllib.loads(text)).by_name["first"].calibrations == (FOUND,)
    assert [line for line in text.splitlines() if line in TEXT.splitlines()] == TEXT.splitlines()
    assert "[[stores.calibrations]]" in text
    assert "offset_db = {in = -12}" in text


def test_one_for_the_same_profile_is_replaced_with_its_comments_and_others_stay() -> None:
    both = with_calibration_text(with_calibration_text(TEXT, "first", FOUND), "first", Calibration(profile="ble-tag"))
    text = with_calibration_text(both.replace("back_s = 1.5", "back_s = 1.5 # measured"), "first", FOUND.model_copy(update={"back_s": 2.0}))
    assert [each.back_s for each in Site.model_validate(tomllib.loads(text)).stores[0].calibrations] == [2.0, 0.0]
    assert "back_s = 2.0 # measured" in text


@pytest.mark.parametrize("written", ['calibrations = [{ profile = "ble-tag" }]', 'calibrations = [{ profile = "ibeacon", back_s = 1.0 }]'])
def test_a_list_on_one_line_is_extended(written: str) -> None:
    text = with_calibration_text(TEXT.replace('name = "second"', f'name = "second"\n{written}'), "second", FOUND)
    assert FOUND in Site.model_validate(tomllib.loads(text)).by_name["second"].calibrations
