"""The texts of GS1's encodings: any character that the standard allows, wherever it stands."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.decoders.epc import RAW, explain
from simulators.fuzz.rare import GS1_CHARS, tag


@pytest.mark.parametrize(
    ("epc", "uri", "sku"),
    [
        ("3674257bf6b7a657b260c9a3162c000000000000000000000000", "urn:epc:id:sgtin:0614141.712345.%2F2024110", "70614141123451"),
        ("3674257bf6b7a657c10000000000000000000000000000000000", "urn:epc:id:sgtin:0614141.712345.%2FA", "70614141123451"),
        ("3674257bf6b7a65cd8c1c00000000000000000000000000000", "raw", ""),
    ],
)
def test_a_serial_that_begins_with_a_slash_is_a_serial(epc: str, uri: str, sku: str) -> None:
    meaning = explain(bytes.fromhex(epc))
    assert (meaning.uri or meaning.scheme, meaning.sku) == (uri, sku)


@given(st.integers(0, 1 << 64))
def test_every_valid_tag_names_what_was_put_into_it(seed: int) -> None:
    drawn = tag(Random(seed))
    meaning = explain(drawn.epc)
    assert (meaning.scheme, meaning.uri) == (drawn.scheme, drawn.uri)
    assert meaning.company_prefix == drawn.parts[0]


@given(st.text(GS1_CHARS, min_size=1, max_size=20))
def test_a_serial_of_any_characters_in_any_place(serial: str) -> None:
    bits = 0
    for char in serial:
        bits = bits << 7 | ord(char)
    numbers = int.from_bytes(bytes.fromhex("3674257bf6b7a640")) >> 6
    epc = (numbers << 140 | bits << 140 - 7 * len(serial)) << 10
    meaning = explain(epc.to_bytes(26))
    assert meaning.sku == "70614141123451"
    assert meaning.uri.startswith("urn:epc:id:sgtin:0614141.712345.")


@pytest.mark.parametrize("text", ["A\0B", "#", "$", "@", " ", "", "`"])
def test_what_is_no_text_of_the_standard_is_raw(text: str) -> None:
    bits = 0
    for char in text:
        bits = bits << 7 | ord(char)
    numbers = int.from_bytes(bytes.fromhex("3674257bf6b7a640")) >> 6
    epc = (numbers << 140 | bits << 140 - 7 * len(text)) << 10
    assert explain(epc.to_bytes(26)) == RAW
