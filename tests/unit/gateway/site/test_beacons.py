from __future__ import annotations

from typing import Any

import pytest

from footfall.beacons import BeaconRule, OwnBeacon
from footfall.config import check
from footfall.errors import ConfigError
from gateway.accept.events import Pseudonymiser
from gateway.site import Site
from gateway.site.beacons import own_beacons
from gateway.site.recorded import record_site

OURS, BADGES = "f7826da6-4fa2-4e98-8024-bc5b71e0893e", "e2c56db5-dffb-48d2-b060-d0f5a71096e0"
STAFF = [{"staff_id": "s1", "identifiers": [f"ibeacon:{BADGES}:1:2", "member:7"]}]


def site(**values: Any) -> Site:
    return check({"brand": "acme", "stores": [], **values}, Site, "site.toml")


def test_an_estate_without_beacons_states_none() -> None:
    assert own_beacons(site()) == own_beacons(site(staff=STAFF)) == ()


def test_beacons_are_the_brand_s_by_their_uuid() -> None:
    beacons = [{"uuid": OURS.upper(), "identified_by": ["uuid", "major"]}]
    assert own_beacons(site(beacons=beacons)) == (OwnBeacon(OURS, True, False),)


def test_staff_s_and_assets_beacons_are_the_brand_s_too() -> None:
    found = own_beacons(
        site(beacons=[{"uuid": OURS}], staff=STAFF, assets=[f"ibeacon:{OURS}:1:1", f"altbeacon:{BADGES}:1:1", "ibeacon:u:1:1"])
    )
    assert found == (OwnBeacon(OURS), OwnBeacon(BADGES))


@pytest.mark.parametrize(
    ("beacons", "wrong"),
    [
        ([{"uuid": "f7826da6"}], "no UUID: 32 hex digits"),
        ([{"uuid": OURS}, {"uuid": OURS.replace("-", "")}], "twice"),
        ([{"uuid": OURS, "identified_by": ["serial"]}], "identified_by"),
        ([{"uuid": f"{n:032x}"} for n in range(65)], "65 UUIDs of beacons; agents take 64"),
    ],
)
def test_mistakes_are_named(beacons: list[dict[str, Any]], wrong: str) -> None:
    with pytest.raises(ConfigError, match=wrong):
        site(beacons=beacons)


def test_the_journal_has_none_of_it() -> None:
    assert OURS.encode() not in record_site(site(beacons=[{"uuid": OURS}]))


def test_a_till_that_writes_a_beacon_whole_means_the_one_that_agents_hear() -> None:
    pseudonyms = Pseudonymiser(b"secret")
    before = pseudonyms.subject(f"ibeacon:{OURS}:7:21")
    pseudonyms.beacons = BeaconRule([OwnBeacon(OURS, minor=False)])
    assert pseudonyms.subject(f"ibeacon:{OURS}:7:21") == pseudonyms.subject(f"ibeacon:{OURS}:7:*") != before
    assert pseudonyms.subject(f"ibeacon:{BADGES}:1:2") == Pseudonymiser(b"secret").subject(f"ibeacon:{BADGES}:1:2")
    assert pseudonyms.subject("member:7") == Pseudonymiser(b"secret").subject("member:7")
