from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import ConfigError
from simulators.files import address, toml_text

LEAVES = st.one_of(
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8", exclude_characters="\x7f")),
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab -é", min_size=1), inner, max_size=3), max_leaves=12
)


@given(st.dictionaries(st.text("abc.", min_size=1), VALUES, max_size=5))
def test_toml_reads_back(values: dict[str, object]) -> None:
    assert tomllib.loads(toml_text(values)) == values


def test_what_toml_cannot_hold_is_a_bug() -> None:
    with pytest.raises(TypeError):
        toml_text({"a": None})


def test_addresses() -> None:
    assert address("broker.example") == ("broker.example", 1883)
    assert address("127.0.0.1:18831") == ("127.0.0.1", 18831)


@pytest.mark.parametrize("text", ["", ":1883", "host:", "host:x", "host:0", "host:65536"])
def test_no_address(text: str) -> None:
    with pytest.raises(ConfigError, match="HOST:PORT"):
        address(text)
