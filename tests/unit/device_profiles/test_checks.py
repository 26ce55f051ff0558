"""What the invariants of profiles are made of finds what it is for."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from device_profiles.advertisement import Advertisement
from device_profiles.checks import mistakes, wrong
from device_profiles.profile import Profile
from device_profiles.reading import Counted, Reading, Relayed, RelayedTag, Seen, Unread
from device_profiles.registry import Registry, shipped
from device_profiles.vectors import difference, to_values
from footfall.config import check

TAG = """
name = "{name}"
title = "t"
identifier_type = "epc"
identifier_class = "goods"
[device]
transport = "epc"
epc_prefixes = ["{prefix}"]
[[vectors]]
origin = "simulated: here"
input = {{ epc = "e20034120131f800" }}
readings = [{{ kind = "seen", identifier = "e20034120131f800", values = {{ scheme = "raw" }} }}]
"""


def tag(name: str, prefix: str) -> Profile:
    return check(tomllib.loads(TAG.format(name=name, prefix=prefix)), Profile, name)


def vectored(**vector: Any) -> str:
    profile = check(tomllib.loads(TAG.format(name="a", prefix="e2")) | {"vectors": [{"origin": "simulated: here", **vector}]}, Profile, "a")
    assert profile.device is not None
    return difference(profile.device, profile.vectors[0])


def test_two_that_ask_for_as_much_are_rivals_and_one_that_asks_for_more_is_none() -> None:
    one, other, more = tag("one", "e200"), tag("other", "e200"), tag("more", "e20034")
    registry = Registry({profile.name: profile for profile in (one, other, more)})
    assert [found.partition(" and is ")[2].partition(" (")[0] for found in mistakes(one, registry)] == ["more specific", "as specific"]
    assert mistakes(more, registry) == []
    assert mistakes(one, Registry({"one": one})) == []
    takers = registry.takers("epc", one.device.message({"epc": "e20034120131f800"}))  # type: ignore[union-attr] # it has one
    assert [profile.name for _, profile in takers] == ["more", "one", "other"]
    assert Registry({"one": one, "other": other}).best("epc", one.device.message({"epc": "e20034120131f800"})) is one  # type: ignore[union-attr] # it has one
    assert registry.best("epc", one.device.message({"epc": "ff"})) is None  # type: ignore[union-attr] # it has one
    assert registry.best("zigbee", object()) is None


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        (Seen("x", values={"temperature_c": 21.5, "packet": 7, "open": True, "label": "battery"}), ""),
        (Seen("x", profile="ibeacon"), ""),
        (Seen("x", profile="nobody"), "profile: there is no profile 'nobody'"),
        (Seen(" x"), "identifier: must be 1 to 200 printable characters"),
        (Seen("x" * 201), "identifier: must be"),
        (Seen("x", values={"temperature": 21}), "values.temperature: the name of a measure must end in its unit"),
        (Seen("x", values={"speed_of_light": 3e8}), "values.speed_of_light: the name"),
        (Seen("x", values={"ratio_c": float("nan")}), "values.ratio_c: must be a finite number"),
        (Seen("x", values={"ratio_c": float("inf")}), "values.ratio_c: must be a finite number"),
        (Counted(1, -1, True), "entered, left: must not be negative"),
        (Counted(1, 0, False, values={"battery": 1}), "values.battery"),
        (Relayed(Advertisement("aa")), ""),
        (RelayedTag(b"\x01"), ""),
        (Unread("x"), ""),
    ],
)
def test_what_no_profile_may_yield_is_found(reading: Reading, said: str) -> None:
    found = list(wrong(reading, shipped()))
    assert found == [] if not said else found[0].startswith(said)


@pytest.mark.parametrize(
    ("vector", "said"),
    [
        ({"input": {"epc": "e201"}, "readings": [{"kind": "seen", "identifier": "e201", "values": {"scheme": "raw"}}]}, ""),
        ({"input": {"epc": ""}, "error": "epc.length"}, ""),
        ({"input": {"epc": ""}, "error": "epc.size"}, "error: the message is refused as 'epc.length'"),
        ({"input": {"epc": ""}}, "readings: the message is refused as 'epc.length'"),
        ({"input": {"epc": "e201"}, "error": "epc.length"}, "error: 'epc.length' is expected, but the message is read as"),
        ({"input": {"epc": "e201"}}, "readings: 0 are expected, 1 come"),
        (
            {"input": {"epc": "e201"}, "readings": [{"kind": "unread", "reason": "x"}]},
            "readings.0.identifier: 'nothing' is expected, 'e201' comes",
        ),
        (
            {"input": {"epc": "3074"}, "readings": [{"kind": "seen", "identifier": "3074", "values": {"scheme": "raw"}}]},
            "input: [device] does not",
        ),
        ({"input": {"epv": "e201"}}, "input: epv: allowed are epc, pc"),
        ({"input": {"epc": "zz"}}, "input: "),
    ],
)
def test_a_vector_that_is_not_so_is_found(vector: dict[str, Any], said: str) -> None:
    found = vectored(**vector)
    assert found.startswith(said)
    assert bool(found) == bool(said)


@pytest.mark.parametrize(
    ("reading", "values"),
    [
        (Counted(1, 0, True), {"kind": "counted", "entered": 1, "left": 0, "cumulative": True}),
        (Unread("x"), {"kind": "unread", "reason": "x"}),
        (RelayedTag(b"\xe2\x00", rssi_dbm=-60), {"kind": "relayed_tag", "epc": "e200", "rssi_dbm": -60}),
        (
            Relayed(Advertisement("aa", manufacturer={0x4C: b"\x02"}, services=("feaa",)), "r"),
            {"kind": "relayed", "advertisement": {"address": "aa", "manufacturer": {"004c": "02"}, "services": ["feaa"]}, "receiver": "r"},
        ),
    ],
)
def test_readings_are_written_as_a_vector_has_them(reading: Reading, values: dict[str, Any]) -> None:
    assert to_values(reading) == values
