"""Uplinks of network servers, and what Milesight's counters put into them."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.decoders.lorawan import subject, uplink
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


@pytest.mark.parametrize(
    ("message", "of"),
    [
        ({"end_device_ids": {"dev_eui": EUI.upper()}, "join_accept": {}}, EUI),
        ({"deviceInfo": {"devEui": EUI}, "level": "ERROR"}, EUI),
        ({"devEUI": EUI, "margin": 10}, EUI),
        ({"end_device_ids": {"device_id": "x"}, "join_accept": {}}, None),
        ([], None),
    ],
)
def test_whom_an_event_beside_uplinks_is_about(message: Any, of: str | None) -> None:
    assert subject(message) == of
    assert ("lines" in unwrap(message)) == (of is not None)


def test_another_maker_s_event_is_left_as_it_is() -> None:
    other = {"deviceInfo": {"devEui": "a84041ffff000001"}, "devAddr": "01"}
    assert unwrap(other) is other


def test_an_uplink_without_an_eui_is_refused() -> None:
    with pytest.raises(ProfileError, match="EUI"):
        uplink({"deviceInfo": {"devEui": "24e1"}, "data": ""})


def lines(*people: tuple[str, int], kind: str = "total") -> list[dict[str, Any]]:
    return [{"line": "1", "way": way, kind: count} for way, count in people]


@pytest.mark.parametrize(("more", "unread"), [("77770003D209000000", ["7777"]), ("03D2", ["03d2"]), ("03", ["03"]), ("", [])])
def test_a_channel_that_is_not_known_or_cut_off_is_named_and_ends_the_reading(more: str, unread: list[str]) -> None:
    found = unwrap(chirpstack(bytes.fromhex("03D20500000004D206000000" + more)))
    assert (found["lines"], found["unread"]) == (lines(("in", 5), ("out", 6)), unread)


@pytest.mark.parametrize("before", ["0AEF7B3AF164", "FFFEFF", "02820F00", "048E01", "04A801", "046864", "08F40000"])
def test_what_is_no_count_hides_none_after_it(before: str) -> None:
    found = unwrap(chirpstack(bytes.fromhex(before + "04CC12001600")))
    assert (found["lines"], found["regions"], found["unread"]) == (lines(("in", 18), ("out", 22)), [], [])


@pytest.mark.parametrize("values", [{"decoded": {"line_1_total_in": 5}}, {"battery": 99}, {"line1_total_in": 5}, {}])
def test_bytes_are_read_where_the_object_has_no_counts(values: dict[str, Any]) -> None:
    found = unwrap(chirpstack(bytes.fromhex("03D20500000004D206000000"), object=values))
    assert found["lines"] == lines(("in", 5), ("out", 6))


@pytest.mark.parametrize("payload", ["7777", "03D20500000077770000", "017564", ""])
def test_an_object_with_counts_is_read_where_the_bytes_have_none_or_are_not_all_known(payload: str) -> None:
    found = unwrap(chirpstack(bytes.fromhex(payload), object={"occupancy": "vacant"}))
    assert (found["lines"], found["regions"], found["unread"]) == ([], [{"region": "all", "occupied": "vacant"}], [])


def test_bytes_that_are_all_known_count_before_an_object() -> None:
    found = unwrap(
        chirpstack(bytes.fromhex("04C9020200" + "02"), object={"people_counter_all": 2, "region_count": 2, "region_0": 1, "region_1": 1})
    )
    assert [(region["region"], region.get("occupied")) for region in found["regions"]] == [
        ("all", None),
        ("1.occupied", 0),
        ("2.occupied", 1),
    ]


@pytest.mark.parametrize("name", ["regions", "region_0", "region_status"])
def test_what_decoders_are_known_to_misread_is_named(name: str) -> None:
    found = unwrap(chirpstack(object={"people_counter_all": 2, name: [1]}))
    assert (found["regions"], found["unread"]) == ([{"region": "all", "people": 2}], [name])


@pytest.mark.parametrize("values", [{"people_entered": 3}, {"line_total_in_1": 3}, {"door_count": 3}])
def test_numbers_like_counts_by_unknown_names_are_named(values: dict[str, Any]) -> None:
    assert unwrap(chirpstack(object=values))["unread"] == list(values)


@pytest.mark.parametrize(
    "values", [{"battery": 9}, {"people_count_change_report_enable": "enable"}, {"period_count_alarm": "threshold_alarm"}]
)
def test_what_reports_no_counts_is_a_sign_of_life(values: dict[str, Any]) -> None:
    found = unwrap(chirpstack(object=values))
    assert (found["lines"], found["regions"], found["unread"]) == ([], [], [])


@pytest.mark.parametrize(("history", "size"), [("0A00000001" + "00" * 8, 13), ("0A00000010" + "00" * 3, 8), ("0A00000003" + "00" * 4, 9)])
def test_what_was_counted_while_the_network_was_away_hides_nothing_after_it(history: str, size: int) -> None:
    assert len(history) == 2 * size
    found = unwrap(chirpstack(bytes.fromhex("20CE" + history + "03D205000000")))
    assert (found["lines"], found["unread"]) == (lines(("in", 5)), [])


def test_another_maker_s_in_and_out_are_none_of_ours() -> None:
    other = {"deviceInfo": {"devEui": "a84041ffff000001"}, "object": {"in": 1, "out": 2}}
    assert unwrap(other) is other


def test_children_are_among_all_people() -> None:
    found = unwrap(chirpstack(bytes.fromhex("05CC0300010013CC02000100")))
    assert found["lines"] == lines(("in", 3), ("out", 1), kind="period")
    found = unwrap(chirpstack(object={"line_1_total_in": 3, "line_1_total_out": 1, "line_1_child_total_in": 2, "region_1_child_count": 1}))
    assert (found["lines"], found["regions"]) == (lines(("in", 3), ("out", 1)), [])


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


@pytest.mark.parametrize("name", ["devEUI", "devEui", "dev_eui"])
def test_values_that_a_gateway_has_decoded_are_read(name: str) -> None:
    said = {name: EUI.upper(), "time": "2026-03-12T11:25:01Z", "line_1_total_in": 72, "line_1_total_out": 70, "battery": 99}
    lines = [{"line": "1", "way": "in", "total": 72}, {"line": "1", "way": "out", "total": 70}]
    assert unwrap(said) == {"dev_eui": EUI, "time": said["time"], "lines": lines, "regions": [], "unread": []}
    for inner in ("data", "decoded"):
        assert unwrap({name: EUI, inner: {"line_1_total_in": 72, "line_1_total_out": 70}})["lines"] == lines
    assert unwrap({name: EUI, "people_now_in": 3})["unread"] == ["people_now_in"]
    other = {name: "a84041ffff000001", "temperature": 20}
    assert unwrap(other) is other
