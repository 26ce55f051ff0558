"""Uplinks of network servers, and what Milesight's counters put into them."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.decoders.lorawan import uplink
from device_profiles.decoders.milesight_lorawan import unwrap
from footfall.errors import ProfileError

EUI = "24e124716d490001"


def chirpstack(payload: bytes = b"", **more: Any) -> dict[str, Any]:
    return {"deviceInfo": {"devEui": EUI}, "data": base64.b64encode(payload).decode(), "time": "2026-03-12T11:25:01Z", **more}


@pytest.mark.parametrize(
    "message",
    [
        {"end_device_ids": {"dev_eui": EUI.upper()}, "uplink_message": {"frm_payload": "AQI="}},
        chirpstack(b"\x01\x02"),
        {"devEUI": EUI, "data": "AQI=", "rxInfo": []},
        {"devEUI": base64.b64encode(bytes.fromhex(EUI)).decode(), "data": "AQI=", "objectJSON": "{}"},
        {"DevEUI_uplink": {"DevEUI": EUI.upper(), "payload_hex": "0102"}},
        {"cmd": "rx", "EUI": "24-E1-24-71-6D-49-00-01", "data": "0102", "ts": 1773314701000},
    ],
)
def test_every_network_server_gives_the_same_uplink(message: dict[str, Any]) -> None:
    up = uplink(message)
    assert up is not None
    assert (up.dev_eui, up.payload) == (EUI, b"\x01\x02")


@pytest.mark.parametrize("message", [[], 3, {}, {"end_device_ids": {"dev_eui": EUI}, "join_accept": {}}, {"EUI": EUI, "cmd": "txd"}])
def test_what_is_no_uplink_is_none(message: Any) -> None:
    assert uplink(message) is None


def test_an_uplink_without_an_eui_is_refused() -> None:
    with pytest.raises(ProfileError, match="EUI"):
        uplink({"deviceInfo": {"devEui": "24e1"}, "data": ""})


def test_channels_after_one_that_is_not_known_are_left_out() -> None:
    found = unwrap(chirpstack(bytes.fromhex("03D20500000004D20600000077770003D209000000")))
    assert found["lines"] == [{"line": "1", "total": {"in": 5, "out": 6}}]


def test_children_are_among_all_people() -> None:
    found = unwrap(chirpstack(bytes.fromhex("05CC0300010013CC02000100")))
    assert found["lines"] == [{"line": "1", "period": {"in": 3, "out": 1}}]
    found = unwrap(chirpstack(object={"line_1_total_in": 3, "line_1_total_out": 1, "line_1_child_total_in": 2, "region_1_child_count": 1}))
    assert (found["lines"], found["regions"]) == ([{"line": "1", "total": {"in": 3, "out": 1}}], [])


def test_another_maker_s_uplink_is_left_as_it_is() -> None:
    other = {"deviceInfo": {"devEui": "a84041ffff000001"}, "data": "AQI=", "object": {"TempC_SHT": 21.5}}
    assert unwrap(other) is other


@given(st.binary(max_size=60))
def test_any_bytes_are_a_table_or_a_profile_error(payload: bytes) -> None:
    try:
        found = unwrap(chirpstack(payload))
    except ProfileError as error:
        assert error.reason == "feed.lorawan"  # noqa: PT017 # it need not be raised
    else:
        assert found["dev_eui"] == EUI
