"""Bytes of messages as values: what is read, what is refused, and that nothing else happens."""

from __future__ import annotations

import json
import time

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.decoders.documents import MAX_BYTES, DocumentFormat, document
from footfall.errors import ProfileError

BILLION = (
    b'<!DOCTYPE lolz [<!ENTITY a "lol">'
    + b"".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">'.encode() for i in range(9))
    + b"]><a>&j;</a>"
)


@pytest.mark.parametrize(
    ("form", "payload", "reason"),
    [
        ("json", b"", "feed.json"),
        ("json", b"{", "feed.json"),
        ("json", b'{"a": NaN}', "feed.json"),
        ("json", b'{"a": -Infinity}', "feed.json"),
        ("json", b"[" * 200_000, "feed.json"),
        ("json", b'{"a":' * 100_000, "feed.json"),
        ("json", b'"\xff"', "feed.json"),
        ("json", b"1" * 5_000, "feed.json"),
        ("json", b" " * (MAX_BYTES + 1), "feed.size"),
        ("xml", b"", "feed.xml"),
        ("xml", b"<a>", "feed.xml"),
        ("xml", b"<a></b>", "feed.xml"),
        ("xml", BILLION, "feed.xml"),
        ("xml", b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "feed.xml"),
        ("xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "feed.xml"),
        ("xml", b"<a>&b;</a>", "feed.xml"),
        ("xml", b"<a>" * 100 + b"</a>" * 100, "feed.xml"),
        ("xml", b"<r>" + b"<a/>" * 20_001 + b"</r>", "feed.xml"),
        ("xml", b'<?xml version="1.0" encoding="klingon"?><a/>', "feed.xml"),
        ("msgpack", b"", "feed.msgpack"),
        ("msgpack", b"\xdd\xff\xff\xff\xff", "feed.msgpack"),
        ("msgpack", b"\x91" * 100_000, "feed.msgpack"),
        ("msgpack", msgpack.packb(msgpack.ExtType(1, b"x")), "feed.msgpack"),
    ],
)
def test_what_is_no_document_is_refused_at_once(form: DocumentFormat, payload: bytes, reason: str) -> None:
    began_s = time.thread_time()
    with pytest.raises(ProfileError) as caught:
        document(payload, form)
    assert caught.value.reason == reason
    assert time.thread_time() - began_s < 1.0, "seconds of this thread's CPU"


def test_xml_is_its_local_names() -> None:
    text = b'<?xml version="1.0"?><e:r xmlns:e="urn:x" v="1"><e:a> 1 </e:a><b><c/><c>2</c></b><e:a>3</e:a><e:a/></e:r>'
    assert document(text, "xml") == {"r": {"a": ["1", "3", ""], "b": {"c": ["", "2"]}}}


def test_xml_in_the_encoding_that_it_declares() -> None:
    assert document('<?xml version="1.0" encoding="iso-8859-1"?><a>é</a>'.encode("iso-8859-1"), "xml") == {"a": "é"}


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False), st.lists))
def test_json_is_read_as_it_is(value: object) -> None:
    assert document(json.dumps(value).encode(), "json") == value


@given(st.binary(max_size=300), st.sampled_from(["json", "xml", "msgpack"]))
def test_any_bytes_are_a_document_or_a_profile_error(payload: bytes, form: DocumentFormat) -> None:
    reason = ""
    try:
        document(payload, form)
    except ProfileError as error:
        reason = error.reason
    assert reason in ("", f"feed.{form}")


def test_json_may_be_one_value_a_line_and_be_padded_with_zeros() -> None:
    assert document(b'{"a":1}\n{"a":2}\r\n\n\0\0', "json") == [{"a": 1}, {"a": 2}]
    assert document('{"name":"正门"}'.encode("gbk"), "json") == {"name": "正门"}
    with pytest.raises(ProfileError, match="line 2 is none"):
        document(b'{"a":1}\n{"a":', "json")


@pytest.mark.parametrize(
    ("payload", "value"),
    [(b"3", 3), (b" 12.5\n", 12.5), (b'"7"', 7), (b"-1\0", -1), (b"ON", "ON"), (b"true", True), (b"False", False), (b"1e5", "1e5")],
)
def test_a_bare_value_is_a_number_a_truth_or_a_word(payload: bytes, value: object) -> None:
    found = document(payload, "value")
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("payload", [b"", b" ", b'{"a":1}', b"[1]", b"<a/>", b"a\x07", b"1" * 65])
def test_what_is_no_bare_value_is_refused(payload: bytes) -> None:
    with pytest.raises(ProfileError) as caught:
        document(payload, "value")
    assert caught.value.reason == "feed.value"
