"""Values of messages in the form that readings have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.decoders import scalars
from footfall.errors import ProfileError

READERS: dict[str, Callable[[Any], Any]] = {
    "text": scalars.text,
    "number": scalars.number,
    "count": scalars.count,
    "rssi": scalars.rssi_dbm,
    "mac": scalars.mac,
    "hex": scalars.hex_bytes,
    "base64": scalars.base64_bytes,
    "name": scalars.name,
    "epc": lambda value: scalars.epc(value, "hex"),
}


@pytest.mark.parametrize(
    ("reader", "value", "found"),
    [
        ("text", 7, "7"),
        ("number", "-70.5", -70.5),
        ("count", "4", 4),
        ("count", 4.0, 4),
        ("rssi", -81.1, -81),
        ("rssi", "-86", -86),
        ("mac", "AC233FC001EA", "ac:23:3f:c0:01:ea"),
        ("mac", "ac-23-3f-c0-01-ea", "ac:23:3f:c0:01:ea"),
        ("hex", "", b""),
        ("base64", "ftqQOAUQAnEAAsCu", bytes.fromhex("7EDA9038051002710002C0AE")),
        ("base64", "_-8", b"\xff\xef"),
        ("name", "84:24:8D:F1:0A:E0", "84248df10ae0"),
        ("name", "Main Warehouse / 2", "main-warehouse-2"),
        ("name", "axis:Platform/ObjectAnalytics/Device1Scenario2", "device1scenario2"),
        ("name", "大门", "577c189b"),
        ("name", "x" * 100, "x" * 64),
        ("epc", "3034257BF7194E4000001A85", bytes.fromhex("3034257bf7194e4000001a85")),
    ],
)
def test_forms(reader: str, value: Any, found: Any) -> None:
    assert READERS[reader](value) == found


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        ("text", ""), ("text", "a\nb"), ("text", "x" * 201), ("text", True), ("text", 1 << 60),
        ("number", True), ("number", "1e5"), ("number", "0x10"), ("number", float("nan")), ("number", float("inf")), ("number", 10**400),
        ("count", -1), ("count", 1.5), ("count", None),
        ("rssi", -129), ("rssi", 21), ("rssi", "loud"),
        ("mac", "ac:23:3f:c0:01"), ("mac", "zz:23:3f:c0:01:ea"), ("mac", 7),
        ("hex", "abc"), ("hex", "zz"), ("hex", "aa bb"), ("hex", "é"), ("hex", "aa" * 513),
        ("base64", "!"), ("base64", "a"), ("base64", "é"),
        ("epc", ""), ("epc", "aa"), ("epc", "aa" * 64),
    ],
)  # fmt: skip
def test_other_forms_are_refused(reader: str, value: Any) -> None:
    with pytest.raises(ProfileError) as caught:
        READERS[reader](value)
    assert caught.value.reason.startswith("feed.")


ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.lists(st.integers()))


@given(st.sampled_from(sorted(READERS)), ANYTHING)
def test_anything_is_a_value_or_a_profile_error(reader: str, value: Any) -> None:
    reason = "feed."
    try:
        READERS[reader](value)
    except ProfileError as error:
        reason = error.reason
    assert reason.startswith("feed.")


def test_names_of_other_scripts_stay_apart_and_those_with_accents_are_as_they_were() -> None:
    doors = ["前门", "后门", "1号门", "1号窗", "zigbee.前门.in", "zigbee.后门.in", "Door 1", "Küche", "Tür – 1"]
    assert len(set(map(scalars.name, doors))) == len(doors)
    assert [scalars.name(door) for door in doors[-3:]] == ["door-1", "k-che", "t-r-1"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("4oARYGAAAgpmgfI_", "e28011606000020a6681f23f"),
        ("E28011606000020A6681F23F", "e28011606000020a6681f23f"),
        ("e200001234567890", "e200001234567890"),
        ("ABCDabcdABCDabcd", "00108369b71d00108369b71d"),
    ],
)
def test_an_epc_that_is_hex_alone_is_no_base64(text: str, found: str) -> None:
    assert scalars.epc(text, "base64").hex() == found
