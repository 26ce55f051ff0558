"""XML as devices send it: what is nearly XML is read, and a fault is named by its place."""

from __future__ import annotations

import pytest

from device_profiles.decoders.xml_documents import xml_document
from footfall.errors import ProfileError


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        (b"<a>Hats & Coats</a>", "Hats & Coats"),
        (b"<a>a &amp; b &lt;&#65;&#x42; && c</a>", "a & b <AB && c"),
        (b"<a><![CDATA[x & y]]></a>", "x & y"),
        (b"\xef\xbb\xbf\n<a>1</a>", "1"),
        (b'\n\n <?xml version="1.0"?><a>1</a>\r\n\0\0\0', "1"),
        ('<?xml version="1.0" encoding="GB2312"?><a>正门</a>'.encode("gb2312"), "正门"),
        ("<?xml version='1.0' encoding='gbk'?><a>東門</a>".encode("gbk"), "東門"),
        ('<?xml version="1.0" encoding="UTF-8"?><a>正门</a>'.encode("gbk"), "正门"),
        ('<?xml version="1.0" encoding="windows-1251"?><a>вход</a>'.encode("cp1251"), "вход"),
        ('<?xml version="1.0" encoding="UTF-16"?><a>é</a>'.encode("utf-16"), "é"),
    ],
)  # fmt: skip
def test_what_cameras_send_is_read(payload: bytes, value: str) -> None:
    assert xml_document(payload) == {"a": value}


@pytest.mark.parametrize(
    ("payload", "place"),
    [
        (b"<a>\n  <b>1</c>\n</a>", "mismatched tag, line 2, column 9"),
        (b"\n\n<a>\n<b></a>", "mismatched tag, line 4, column 6"),
        (b"  <a></b>", "mismatched tag, line 1, column 8"),
        (b"<a>x & y & z</b>", "mismatched tag, line 1, column 15"),
        (b"<a><b>", "no element found, line 1, column 7"),
        (b"<a>&nbsp;</a>", "undefined entity, line 1, column 4"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "its encoding 'klingon' is none of those that are read"),
        (b"<a>\n\xff\xff</a>", "bytes that are no text in utf-8, line 2"),
    ],
)
def test_a_fault_is_named_by_its_place_in_what_was_sent(payload: bytes, place: str) -> None:
    with pytest.raises(ProfileError) as caught:
        xml_document(payload)
    assert (caught.value.reason, str(caught.value)) == ("feed.xml", f"not XML: {place}")
