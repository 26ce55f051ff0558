"""Where a request ends."""

from __future__ import annotations

import http.client
import io
from email.message import Message

import pytest

from footfall.http_framing import BoundedHead, Framing, framing


def headers(*pairs: tuple[str, str]) -> Message:
    message = Message()
    for name, value in pairs:
        message.add_header(name, value)
    return message


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], Framing.EMPTY),
        ([("Content-Length", "0")], Framing.EMPTY),
        ([("content-length", "12")], Framing.SIZED),
        ([("Content-Length", " 12\t")], Framing.SIZED),
        ([("Transfer-Encoding", "chunked")], Framing.CHUNKED),
        ([("Transfer-Encoding", "gzip, chunked")], Framing.CHUNKED),
        ([("Transfer-Encoding", "chunked"), ("Content-Length", "5")], Framing.WRONG),
        ([("Content-Length", "5"), ("Content-Length", "6")], Framing.WRONG),
        ([("Content-Length", "5"), ("Content-Length", "5")], Framing.WRONG),
        *(([("Content-Length", text)], Framing.WRONG) for text in ("-1", "+5", "5, 5", "0x5", "1e3", "5.0", "", "٣", "9" * 16, "five")),
    ],
)
def test_the_end_of_a_body_is_stated_in_one_way(pairs: list[tuple[str, str]], expected: Framing) -> None:
    assert framing(headers(*pairs)) is expected


def test_a_head_is_bounded_as_a_whole() -> None:
    line = b"X-Y: " + b"z" * 93 + b"\r\n"
    fits = BoundedHead(io.BytesIO(line * 10), 1000)
    assert [fits.readline(65_537) for _ in range(10)] == [line] * 10
    too_long = BoundedHead(io.BytesIO(line * 11), 1000)
    assert [too_long.readline(65_537) for _ in range(10)] == [line] * 10
    with pytest.raises(http.client.LineTooLong):
        too_long.readline(65_537)
