"""Documents in bodies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sources.http_body import MAX_PARTS, documents
from footfall.errors import ContractError
from simulators.devices.http_push_formats import FORMATS, PICTURE, Counter

FORM = 'multipart/form-data; boundary="b o"'


def part(content: bytes, head: bytes = b"") -> bytes:
    return b"--b o\r\n" + (head + b"\r\n" if head else b"") + b"\r\n" + content + b"\r\n"


def test_a_body_of_one_document_is_it() -> None:
    for content_type in ("", "application/json", "text/xml; charset=utf-8", "nonsense", "multipart"):
        assert documents(content_type, b"--b\r\n\r\n{}") == [b"--b\r\n\r\n{}"]


def test_pictures_are_left_out() -> None:
    pictures = part(b"\xff\xd8\r\n\r\n", b"content-type: IMAGE/jpeg") + part(b"", b"X: y\r\nContent-Type:video/mp4")
    body = part(b"<a/>", b"Content-Type: application/xml") + pictures + part(b"{}") + b"--b o--"
    assert documents(FORM, body) == [b"<a/>", b"{}"]


def test_what_a_camera_sends() -> None:
    total, (content_type, body) = FORMATS["hikvision-people-counting"].posts(Counter(1, to_ns=10**18))
    assert PICTURE in body
    (document,) = documents(content_type, body)
    assert document.startswith(b"<?xml")
    assert document.endswith(b"</EventNotificationAlert>")
    assert documents(*total) == [total[1]]


@pytest.mark.parametrize("content_type", [FORM, "multipart/form-data", "multipart/mixed; boundary=another", "text/xml", ""])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_parts_are_read_by_their_own_boundary_whatever_the_label_and_the_ends_of_lines(content_type: str, end: bytes) -> None:
    body = part(b"<a/>", b"Content-Type: application/xml") + part(b"\xff\xd8\xff\xe0", b"Content-Type: image/jpeg") + b"--b o--\r\n"
    assert documents(content_type, body.replace(b"\r\n", end)) == [b"<a/>"]
    assert documents(content_type, end + body.replace(b"\r\n", end)) == [b"<a/>"]


def test_a_document_that_is_labelled_as_parts_or_as_a_picture_is_the_document() -> None:
    assert documents("multipart/form-data; boundary=x", b"\r\n<a/>") == [b"\r\n<a/>"]
    assert documents(FORM, part(b"<a/>", b"Content-Type: image/jpeg") + part(b"\x89PNG..", b"Content-Type: text/xml") + b"--b o--") == [
        b"<a/>"
    ]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b""),
        (FORM, b""),
        (FORM, b"nothing"),
        (FORM, b"--b o\r\nno end of a head"),
        (FORM, b"--b o\r\n" + b"x" * 9_000 + b"\r\n\r\n{}"),
        (FORM, part(b"{}") * (MAX_PARTS + 1) + b"--b o--"),
    ],
)
def test_parts_that_cannot_be_distinguished_are_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(ContractError) as caught:
        documents(content_type, body)
    assert caught.value.reason == "http.multipart"


PICTURES = (b"\xff\xd8\xff", b"\x89PNG")


@given(
    st.lists(
        st.binary(max_size=60).filter(lambda content: b"--b o" not in content and not content.startswith(PICTURES)), min_size=1, max_size=4
    )
)
def test_documents_are_the_bytes_that_were_sent(contents: list[bytes]) -> None:
    body = b"".join(part(content, b"Content-Type: application/octet-stream") for content in contents) + b"--b o--"
    assert documents(FORM, body) == contents


@pytest.mark.parametrize("begin", PICTURES)
def test_a_picture_that_is_labelled_as_a_document_is_left_out(begin: bytes) -> None:
    picture = part(begin + b"...", b"Content-Type: application/octet-stream")
    assert documents(FORM, picture + part(b"{}") + b"--b o--") == [b"{}"]


def test_parts_within_parts_are_refused() -> None:
    for kind in (b"multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n{}\r\n--x--", b"message/rfc822\r\n\r\nA: b\r\n\r\n{}"):
        head, _, content = kind.partition(b"\r\n\r\n")
        with pytest.raises(ContractError, match="parts itself"):
            documents(FORM, part(content, b"Content-Type: " + head) + b"--b o--")


def test_parts_nested_without_end_are_refused() -> None:
    deep = b"".join(b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (i, i + 1) for i in range(3000))
    with pytest.raises(ContractError):
        documents("multipart/mixed; boundary=b0", deep)


@given(st.text(max_size=60), st.binary(max_size=200))
def test_any_body_is_documents_or_a_contract_error(content_type: str, body: bytes) -> None:
    reason = ""
    for kind in (content_type, f"multipart/{content_type}", f"multipart/x; boundary={content_type}"):
        try:
            documents(kind, body)
        except ContractError as error:
            reason = error.reason
    assert reason in ("", "http.multipart")


@pytest.mark.parametrize("boundary", ["punycode''é", "undefined''x", "a\0b'en'x", "idna''%ff%ff"])
def test_a_boundary_in_a_charset_that_is_none_is_refused(boundary: str) -> None:
    with pytest.raises(ContractError, match=r"without a boundary|parts"):
        documents(f"multipart/mixed; boundary*0*={boundary}; boundary*={boundary}", b"x")
