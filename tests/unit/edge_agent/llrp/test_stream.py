"""Messages out of a stream: in any pieces the same, and garbage ends it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.llrp.codec import HEADER
from edge_agent.llrp.stream import LONGEST, Splitter
from footfall.errors import ProfileError

MESSAGES = [HEADER.pack(1 << 10 | 62, 10 + n, n) + bytes([n]) * n for n in (0, 1, 200, 0, 37)]


@given(st.lists(st.integers(0, sum(map(len, MESSAGES))), max_size=12))
def test_pieces_do_not_matter(cuts: list[int]) -> None:
    stream = b"".join(MESSAGES)
    places = [0, *sorted(cuts), len(stream)]
    splitter = Splitter()
    found = [message for a, b in itertools.pairwise(places) for message in splitter.feed(stream[a:b])]
    assert found == MESSAGES
    assert splitter.waiting == 0


def test_half_a_message_waits() -> None:
    splitter = Splitter()
    assert list(splitter.feed(MESSAGES[2][:50])) == []
    assert splitter.waiting == 50


@pytest.mark.parametrize(
    "garbage", [b"GET / HTTP/1.1", b"\xff" * 10, HEADER.pack(1 << 10 | 62, 9, 0), HEADER.pack(1 << 10 | 62, LONGEST + 1, 0)]
)
def test_garbage_after_a_message_ends_the_stream(garbage: bytes) -> None:
    splitter = Splitter()
    messages = splitter.feed(MESSAGES[1] + garbage)
    assert next(messages) == MESSAGES[1]
    with pytest.raises(ProfileError) as caught:
        next(messages)
    assert caught.value.reason in {"llrp.header", "llrp.length"}
    with pytest.raises(ProfileError):
        list(splitter.feed(b""))


@given(st.binary(max_size=300))
def test_any_bytes_are_messages_a_rest_or_a_profile_error(data: bytes) -> None:
    splitter = Splitter()
    try:
        found = b"".join(splitter.feed(data))
    except ProfileError:
        return
    assert found == data[: len(found)]
    assert len(found) + splitter.waiting == len(data)
