"""Register maps: every type of number, what cannot be, and what is read in one request."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from device_profiles.devices.modbus import Block, Modbus
from device_profiles.reading import Counted
from footfall.errors import ProfileError


def device(**registers: dict[str, Any]) -> Modbus:
    return Modbus.model_validate({"transport": "modbus", "registers": registers or {"entered": {"address": 0}}})


@pytest.mark.parametrize(
    ("register", "words", "number"),
    [
        ({"type": "u16"}, [65_535], 65_535),
        ({"type": "u32"}, [1, 4464], 70_000),
        ({"type": "u32", "words": "low-first"}, [4464, 1], 70_000),
        ({"type": "u64"}, [0, 1, 0, 5], (1 << 32) + 5),
        ({"type": "u64", "words": "low-first"}, [5, 0, 1, 0], (1 << 32) + 5),
        ({"type": "bcd16"}, [0x1234], 1234),
        ({"type": "bcd32"}, [0x0012, 0x3456], 123_456),
        ({"type": "bcd32", "words": "low-first"}, [0x3456, 0x0012], 123_456),
    ],
)
def test_types(register: dict[str, Any], words: list[int], number: int) -> None:
    counter = device(entered={"address": 7, **register})
    message = counter.message({"holding": {"7": words}})
    assert counter.decode(message) == [Counted(number, 0, True)]
    assert counter.encode({"entered": number}) == message


@pytest.mark.parametrize(
    ("register", "words", "reason"),
    [
        ({"type": "u32"}, [1], "modbus.missing"),
        ({"type": "bcd16"}, [0x12A4], "modbus.bcd"),
        ({"absent": [65_535]}, [65_535], "modbus.absent"),
        ({"most": 1000}, [1001], "modbus.range"),
        ({"bad_bits": 0x0003}, [0x0102], "modbus.status"),
        ({"equals": 6050}, [6051], "modbus.model"),
    ],
)
def test_what_cannot_be(register: dict[str, Any], words: list[int], reason: str) -> None:
    counter = device(entered={"address": 9}, status={"address": 0, **register})
    message = counter.message({"holding": {"0": words, "9": [5]}})
    with pytest.raises(ProfileError) as refused:
        counter.decode(message)
    assert refused.value.reason == reason
    assert counter.specificity(message) == 0 or reason not in ("modbus.missing", "modbus.bcd", "modbus.model")


def test_other_registers_are_values_under_their_names() -> None:
    counter = device(
        entered={"address": 0},
        left={"address": 1, "table": "input"},
        serial={"address": 2},
        battery_mv={"address": 3, "scale": 0.5},
        uptime_s={"address": 4},
    )
    message = counter.message({"holding": {"0": [5], "2": [77, 6001, 9]}, "input": {"1": [6]}})
    assert counter.decode(message) == [Counted(5, 6, True, serial="77", values={"battery_mv": 3000.5, "uptime_s": 9})]


def test_registers_that_touch_are_read_at_once_and_holes_are_not() -> None:
    counter = device(
        left={"address": 2, "type": "u32"},
        entered={"address": 0, "type": "u32"},
        status={"address": 5},
        serial={"address": 4, "table": "input"},
    )
    assert counter.blocks == (Block("holding", 0, 4), Block("holding", 5, 1), Block("input", 4, 1))
    many = device(entered={"address": 0}, **{f"value{i}_s": {"address": i} for i in range(1, 200)})
    assert many.blocks == (Block("holding", 0, 125), Block("holding", 125, 75))


@pytest.mark.parametrize(
    ("registers", "said"),
    [
        ({"status": {"address": 0}}, "must have entered, left or both"),
        ({"entered": {"address": 65_535, "type": "u32"}}, "entered: its last word lies behind address 65535"),
        ({"entered": {"address": 0, "scale": 2.0}}, "entered: people have no scale"),
        ({"entered": {"address": 70_000}}, "less than or equal to 65535"),
        ({"entered": {"address": 0, "type": "float"}}, "type"),
        ({"entered": {"adress": 0}}, "adress"),
        ({}, "at least 1 item"),
    ],
)
def test_a_map_with_a_mistake_names_which(registers: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Modbus.model_validate({"transport": "modbus", "registers": registers})


@pytest.mark.parametrize(
    "values", [{"coils": {"0": [1]}}, {"holding": [1]}, {"holding": {"0": [65_536]}}, {"holding": {"x": [1]}}, {"holding": {"0": 7}}]
)
def test_vectors_with_a_mistake(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be|invalid literal"):
        device().message(values)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.dictionaries(st.integers(0, 20) | st.text(max_size=9), inner),
)


@given(ANYTHING | st.fixed_dictionaries({"holding": st.dictionaries(st.integers(0, 12), st.integers(-5, 70_000) | st.none())}))
def test_it_is_total(message: Any) -> None:
    counter = device(entered={"address": 0, "type": "bcd32"}, left={"address": 4, "type": "u64"}, serial={"address": 9, "most": 500})
    assert counter.specificity(message) >= 0
    try:
        (counted,) = counter.decode(message)
    except ProfileError:
        return
    assert isinstance(counted, Counted)
    assert min(counted.entered, counted.left) >= 0
