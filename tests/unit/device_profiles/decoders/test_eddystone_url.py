from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.decoders.eddystone_url import expand, shorten


@pytest.mark.parametrize(
    ("data", "url"),
    [
        (b"\x03getpareto\x07", "https://getpareto.com"),
        (b"\x00example\x0dx", "http://www.example.govx"),
        (b"\x01a\x00b#c", "https://www.a.com/b"),
        (b"\x01a\x00b#d\x00", "https://www.a.com/b"),
        (b"\x01a\x00b#\x7f", ""),
        (b"\x02", "http://"),
        (b"", ""),
        (b"\x04a", ""),
        (b"\x03a\x0e", ""),
        (b"\x03a b", ""),
        (b"\x03a\x7f", ""),
    ],
)
def test_the_short_form_is_expanded_and_what_is_reserved_is_none(data: bytes, url: str) -> None:
    assert expand(data) == url


@given(st.binary(max_size=20))
def test_any_bytes_give_text_that_can_be_printed(data: bytes) -> None:
    assert expand(data).isprintable()


@given(st.sampled_from(["http://", "https://", "http://www.", "https://www."]), st.text("abcXYZ019./-_~%", min_size=1, max_size=30))
def test_a_url_that_was_decoded_is_encoded_as_what_is_expanded_to_it(scheme: str, rest: str) -> None:
    assert expand(shorten(scheme + rest)) == scheme + rest


@pytest.mark.parametrize("url", ["", "ftp://a", "getpareto.com", "https://a b", "https://\u00e9", "https://a\n"])
def test_what_no_beacon_can_send_is_none(url: str) -> None:
    assert shorten(url) == b""
