"""The examples of GS1 EPC Tag Data Standard 2.3, appendix E.3, and what is none of its schemes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.decoders.epc import explain
from device_profiles.decoders.epc_plus import LINK, PLUS, explain_plus


@pytest.mark.parametrize(
    ("epc", "scheme", "path", "digits"),
    [
        ("f73795211411234538566cb0afc4", "sgtin+", "/01/79521141123453/21/32a%2Fb", "9521141123453"),
        ("fb342cde795211411234538566cb0afc40", "dsgtin+", "/01/79521141123453/21/32a%2Fb?17=220630", "9521141123453"),
        ("f900952012345678912350", "sscc+", "/00/095201234567891235", "95201234567891235"),
        ("f2395211411234548566cb0afc40", "sgln+", "/414/9521141123454/254/32a%2Fb", "9521141123454"),
        ("f13095211411234548566cb0afc4", "grai+", "/8003/0952114112345432a%2Fb", "9521141123454"),
        ("fa3952114132e83c2bf100", "giai+", "/8004/952114132a%2Fb", "952114132a/b"),
        ("f439521141123456789060", "gsrn+", "/8018/952114112345678906", "952114112345678906"),
        ("f539521141123456789060", "gsrnp+", "/8017/952114112345678906", "952114112345678906"),
        ("f6395211411234540458b8", "gdti+", "/253/95211411234545678", "9521141123454"),
        ("f0395211415e87a145bafb4d19a8c0e4", "cpi+", "/8010/95211415PQ7%2FZ43/8011/12345", "95211415PQ7/Z43"),
        ("f839521141678909509338", "sgcn+", "/255/952114167890904711", "9521141678909"),
        ("f3309521141123454010266ae27fdf35", "itip+", "/8006/095211411234540102/21/rif981", "95211411234540102"),
        ("fd3795211411234538566cb0afc525065f1876f0d996d800", "sgtin++", "/01/79521141123453/21/32a%2Fb", "9521141123453"),
        ("fc342cde795211411234538566cb0afc525065f1876f0d996d80", "dsgtin++", "/01/79521141123453/21/32a%2Fb?17=220630", "9521141123453"),
        ("ef009520123456789123592832f8c3b786ccb6c0", "sscc++", "/00/095201234567891235", "95201234567891235"),
        ("e9395211411234548566cb0afc525065f1876f0d996d8000", "sgln++", "/414/9521141123454/254/32a%2Fb", "9521141123454"),
        ("eb3095211411234548566cb0afc525065f1876f0d996d800", "grai++", "/8003/0952114112345432a%2Fb", "9521141123454"),
        ("ee3952114132e83c2bf1494197c61dbc3665b600", "giai++", "/8004/952114132a%2Fb", "952114132a/b"),
        ("e7395211411234567890692832f8c3b786ccb6c0", "gsrn++", "/8018/952114112345678906", "952114112345678906"),
        ("e8395211411234567890692832f8c3b786ccb6c0", "gsrnp++", "/8017/952114112345678906", "952114112345678906"),
        ("ed309521141123454010266ae27fdf3592832f8c3b786ccb6c00", "itip++", "/8006/095211411234540102/21/rif981", "95211411234540102"),
    ],
)
def test_the_standard_s_examples(epc: str, scheme: str, path: str, digits: str) -> None:
    meaning = explain_plus(bytes.fromhex(epc))
    assert meaning is not None
    assert (meaning.scheme, meaning.uri, meaning.digits) == (scheme, LINK + path, digits)


def sgtin(serial: str) -> bytes:
    """An SGTIN+ with a serial in bits."""
    bits = f"{0xF7:08b}0011" + "".join(f"{int(digit):04b}" for digit in "79521141123453") + serial
    bits += "0" * (-len(bits) % 16)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


@pytest.mark.parametrize(
    ("serial", "text"),
    [
        (f"000{5:05b}{42:017b}", "00042"),
        (f"001{4:05b}{0xBEEF:016b}", "BEEF"),
        (f"010{4:05b}{0xBEEF:016b}", "beef"),
        (f"011{3:05b}{1:06b}{27:06b}{62:06b}", "Bb-"),
        (f"101{4:05b}{1600 * 1 + 40 * 2 + 3 + 1:016b}{1600 * 30 + 1:016b}", "ABC0"),
    ],
)
def test_every_encoding_of_a_text(serial: str, text: str) -> None:
    meaning = explain_plus(sgtin(serial))
    assert meaning is not None
    assert meaning.uri == f"{LINK}/01/79521141123453/21/{text}"


@pytest.mark.parametrize(
    "epc",
    [
        b"",
        b"\xf7",
        bytes.fromhex("f737952a1411234538566cb0afc4"),  # a digit above 9
        bytes.fromhex("f73795211411234538566c"),  # cut off
        sgtin(f"000{0:05b}"),  # no serial
        sgtin(f"011{21:05b}" + "0" * 126),  # of 21 characters
        sgtin(f"110{3:05b}" + "0" * 60),  # an encoding that is reserved
        sgtin(f"100{1:05b}{0:07b}"),  # no character of GS1
        sgtin(f"000{1:05b}{15:04b}"),  # 15 in one digit
        sgtin(f"101{2:05b}{1600 * 1 + 40 * 2 + 3 + 1:016b}"),  # three characters instead of two
        bytes.fromhex("fb372cde795211411234538566cb0afc40"),  # no kind of date
        bytes.fromhex("e20034120131f800"),  # no such header
    ],
)
def test_what_is_not_valid_is_none(epc: bytes) -> None:
    assert explain_plus(epc) is None


@given(st.sampled_from(sorted(PLUS)), st.binary(max_size=62))
def test_nothing_is_raised_for_any_bytes(header: int, rest: bytes) -> None:
    meaning = explain(bytes([header]) + rest)
    assert meaning.scheme in (PLUS[header][0], "raw")
