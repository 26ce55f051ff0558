"""Messages that several profiles take: the one that reads something reads them."""

from __future__ import annotations

import json

import pytest

from device_profiles.devices.feed import FeedMessage
from device_profiles.reading import RelayedTag
from device_profiles.registry import shipped
from edge_agent.sources.feed_profiles import readings_of
from footfall.errors import ProfileError

TAG = {"idHex": "E2003411B802011383257C3D", "peakRssi": -47, "antenna": 2}


def said(payload: object) -> FeedMessage:
    return FeedMessage("", json.dumps(payload).encode())


@pytest.mark.parametrize("other", [{"reader_name": "FX9600F0B1E4"}, {"isHeartBeat": True}], ids=["counted as unread", "a heartbeat"])
def test_a_message_that_one_profile_does_not_read_is_read_by_another_that_does(other: dict[str, object]) -> None:
    message = said({"data": TAG, "timestamp": "2026-09-11T10:00:00.000Z", "type": "SIMPLE", **other})
    assert [profile.name for _, profile in shipped().takers("feed", message)] == ["impinj-speedway-connect", "zebra-iotc"]
    profile, readings = readings_of(shipped(), "feed", message)
    assert profile.name == "zebra-iotc"
    (tag,) = readings
    assert isinstance(tag, RelayedTag)
    assert tag.epc.hex() == "e2003411b802011383257c3d"


def test_what_no_other_profile_reads_is_refused_for_the_reason_of_the_best() -> None:
    with pytest.raises(ProfileError, match="tag_reads") as caught:
        readings_of(shipped(), "feed", said({"mac_address": "12:12:12:12:12:12", "people_in": 3, "component": "RC", "eventNum": 3}))
    assert caught.value.reason == "feed.tags"


def test_a_heartbeat_of_the_best_profile_stays_a_sign_of_life() -> None:
    profile, readings = readings_of(shipped(), "feed", said({"isHeartBeat": True}))
    assert (profile.name, list(readings)) == ("impinj-speedway-connect", [])


@pytest.mark.parametrize("key", ["component", "script"])
def test_a_key_of_another_maker_makes_no_heartbeat(key: str) -> None:
    message = said({key: "script:1", "id": 1, "event": "shelly-blu", "info": {"data": {"rssi": -43}}})
    with pytest.raises(ProfileError) as caught:
        readings_of(shipped(), "feed", message)
    assert caught.value.reason == "feed.unknown"
