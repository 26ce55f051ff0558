"""Whom a live calibration hears."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.beacons import BeaconRule, OwnBeacon
from footfall.errors import ConfigError
from footfall.pseudonyms import lasting_subject, type_key
from gateway.config import GatewayConfig
from simulators.calibration.live import profile_of, subject_of_beacon
from simulators.calibration.live_walk import LiveWalk

SECRET = b"a brand's secret, for tests only"


def test_the_beacon_has_the_subject_that_agents_give_it(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(SECRET)
    config = GatewayConfig(brand_secret_file=tmp_path / "secret")
    assert subject_of_beacon(config, "ibeacon:u:1:2", BeaconRule()) == lasting_subject(type_key(SECRET, "ibeacon"), "ibeacon", "u:1:2")


def test_a_part_that_is_a_measurement_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(SECRET)
    config, uuid = GatewayConfig(brand_secret_file=tmp_path / "secret"), "f7826da6-4fa2-4e98-8024-bc5b71e0893e"
    heard = lasting_subject(type_key(SECRET, "ibeacon"), "ibeacon", f"{uuid}:7:*")
    assert subject_of_beacon(config, f"ibeacon:{uuid}:7:21", BeaconRule([OwnBeacon(uuid, minor=False)])) == heard


def test_without_a_type_or_a_secret_it_is_refused_with_what_to_do() -> None:
    with pytest.raises(ConfigError, match="write type:value"):
        subject_of_beacon(GatewayConfig(), "u1", BeaconRule())
    with pytest.raises(ConfigError, match="brand_secret_file"):
        subject_of_beacon(GatewayConfig(), "ibeacon:u1", BeaconRule())


def test_a_beacon_that_nobody_heard_is_named() -> None:
    with pytest.raises(ConfigError, match="no agent heard the beacon"):
        profile_of(LiveWalk(5))
