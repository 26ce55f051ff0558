from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.beacons import BeaconRule, OwnBeacon, packed, unpacked

OURS = "f7826da6-4fa2-4e98-8024-bc5b71e0893e"
OTHER = "e2c56db5-dffb-48d2-b060-d0f5a71096e0"
own = st.lists(st.builds(OwnBeacon, st.uuids().map(str), st.booleans(), st.booleans()), max_size=64).map(tuple)


def test_without_a_list_every_beacon_is_the_brand_s() -> None:
    assert BeaconRule().identifier(f"{OTHER}:1:2") == f"{OTHER}:1:2"
    assert BeaconRule().own == ()


@pytest.mark.parametrize(
    ("beacon", "said"),
    [
        (OwnBeacon(OURS), "7:21"),
        (OwnBeacon(OURS, minor=False), "7:*"),
        (OwnBeacon(OURS, major=False), "*:21"),
        (OwnBeacon(OURS, major=False, minor=False), "*:*"),
    ],
)
def test_a_part_that_is_a_measurement_names_nobody(beacon: OwnBeacon, said: str) -> None:
    rule = BeaconRule([beacon])
    assert rule.identifier(f"{OURS}:7:21") == f"{OURS}:{said}"
    assert rule.identifier(rule.identifier(f"{OURS}:7:21")) == f"{OURS}:{said}"
    assert rule.identifier(f"{OTHER}:7:21") == ""


@given(own)
def test_a_receipt_has_them_whole(beacons: tuple[OwnBeacon, ...]) -> None:
    assert unpacked(packed(beacons)) == beacons


@pytest.mark.parametrize(
    "value", [None, "x", [1], [[b"short", 3]], [[bytes(16), 4]], [[bytes(16), -1]], [[bytes(16)]], [[bytes(16), 3]] * 65]
)
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="beacon"):
        unpacked(value)
