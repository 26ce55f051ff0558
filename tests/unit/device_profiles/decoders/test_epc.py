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


SIX_BITS = {char: ord(char) & 63 for char in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/# "}


def adi(cage: str, part: str, serial: str, after: str = "") -> bytes:
    """Return an ADI-var, filled up with zeros to a whole word."""
    bits = f"{0x3B:08b}{3:06b}" + "".join(f"{SIX_BITS[char]:06b}" for char in cage) + _six(part) + _six(serial) + after
    size = -(-len(bits) // 16) * 16
    return int(bits.ljust(size, "0"), 2).to_bytes(size // 8)


def _six(text: str) -> str:
    return "".join(f"{SIX_BITS[char]:06b}" for char in text) + "000000"


@pytest.mark.parametrize("zeros", ["", "0000", "000000000000"])
def test_the_aircraft_part_of_the_standard_has_its_name(zeros: str) -> None:
    meaning = explain(bytes.fromhex("3b0e0cf5e76c9047759ad00373dc7602e7200" + "000" + zeros))
    assert (meaning.scheme, meaning.uri) == ("adi", "urn:epc:id:adi:35962.PQ7VZ4.M37GXB92")
    assert adi(" 35962", "PQ7VZ4", "M37GXB92").hex() == "3b0e0cf5e76c9047759ad00373dc7602e7200000"


@given(
    st.text("ABCDEFGH123", min_size=5, max_size=6),
    st.text("ABCXYZ019-/", min_size=0, max_size=32),
    st.booleans(),
    st.text("ABCXYZ019-/", min_size=1, max_size=29),
)
def test_every_aircraft_part_has_the_name_that_was_written(cage: str, part: str, is_whole: bool, serial: str) -> None:
    serial = "#" * is_whole + serial
    meaning = explain(adi(cage.rjust(6), part, serial))
    named = f"urn:epc:id:adi:{cage}.{part.replace('/', '%2F')}.{serial.replace('/', '%2F').replace('#', '%23')}"
    assert (meaning.scheme, meaning.uri) == (("adi", named) if part or is_whole else ("raw", ""))


@pytest.mark.parametrize(
    "epc",
    [
        adi(" 35962", "", "M37"),
        adi(" 35962", "PQ7", ""),
        adi(" 35962", "PQ7", "M#7"),
        adi(" 35962", "P#7", "M37"),
        adi(" 35O62", "PQ7", "M37"),
        adi("  5962", "PQ7", "M37"),
        adi(" 35962", "PQ7" * 11, "M37"),
        adi(" 35962", "PQ7", "M37" * 11),
        adi(" 35962", "PQ7", "M37", after="1"),
        adi(" 35962", "PQ7", "M37")[:8],
        b"\x3b",
        b"\x3b\x0e",
    ],
    ids=lambda epc: epc.hex(),
)
def test_what_is_no_valid_aircraft_part_is_raw(epc: bytes) -> None:
    assert explain(epc) == RAW
