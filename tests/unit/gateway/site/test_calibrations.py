"""Calibrations of a store: which are refused, and what the journal has of them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gateway.site import Site
from gateway.site.recorded import read_site, record_site

ZONES = [{"name": "sales", "aliases": [{"name": "shop", "until": "2026-01-31"}]}, {"name": "street", "type": "outside"}]


def site(*calibrations: dict[str, Any], **store: Any) -> Site:
    return Site.model_validate({"brand": "b", "stores": [{"name": "s", "zones": ZONES, "calibrations": calibrations} | store]})


@pytest.mark.parametrize(
    ("calibrations", "message"),
    [
        ([{"profile": "ibeacon", "offset_db": {"sale": 3}}], "names zone 'sale': did you mean 'sales'?"),
        ([{"profile": "ibeacon"}, {"profile": "ibeacon"}], "two calibrations for profile 'ibeacon'"),
        (
            [{"profile": "ibeacon", "offset_db": {"sales": -4}, "score": 0.9}, {"profile": "ibeacon", "offset_db": {"sales": 8}}],
            "(of no date, score 0.9 and of no date, score None), which differ by up to 12 dB",
        ),
        ([{"profile": "ibeacon", "offset_db": {"sales": 90}}], "less than or equal to 60"),
    ],
)
def test_a_calibration_that_cannot_be_is_refused(calibrations: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        site(*calibrations)
    assert message in str(refused.value)


def test_the_journal_has_a_calibration_under_every_name_of_a_zone_and_of_the_store() -> None:
    read = read_site(record_site(site({"profile": "ibeacon", "offset_db": {"sales": -4}, "back_s": 1.5}, aliases=[
        {"name": "old", "until": "2026-02-28"}])))  # fmt: skip
    found = {store.name: store.calibrations for store in read.stores}
    assert set(found) == {"s", "old"}
    for (calibration,) in found.values():
        assert (calibration.profile, calibration.offset_db) == ("ibeacon", {"sales": -4, "shop": -4})
        assert (calibration.margin_db, calibration.confirm_s, calibration.back_s) == (None, None, 1.5)


def test_a_store_without_calibrations_is_recorded_as_it_was_before_there_were_any() -> None:
    assert b"calibrations" not in record_site(site())
