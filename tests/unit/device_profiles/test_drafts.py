from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.drafts import hex_bytes, json_paths, to_toml

KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
PLAIN = st.one_of(
    st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.text(st.characters(exclude_categories=["Cs"]))
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    PLAIN, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)), max_leaves=12
)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_what_is_written_is_read_back(values: dict[str, Any]) -> None:
    assert tomllib.loads(to_toml(values)) == values


@pytest.mark.parametrize("text", ["0x02 01:1A", "02,01,1a", " 02011a\n", "02-01-1a"])
def test_hex_is_taken_as_people_paste_it(text: str) -> None:
    assert hex_bytes(text) == b"\x02\x01\x1a"


@pytest.mark.parametrize("text", ["", "0x", "abc", "0g", "ab cd e"])
def test_what_is_no_hex_is_reported(text: str) -> None:
    with pytest.raises(ValueError, match="even number of hex digits"):
        hex_bytes(text)


def test_paths_lead_to_the_plain_values_of_a_document() -> None:
    document = {"a": {"b": 1}, "list": [{"c": None}, {"c": 2}], "empty": [], "d": "x"}
    assert dict(json_paths(document)) == {"a.b": 1, "list[].c": None, "d": "x"}
