"""Frames in the packets that a broker takes."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.parts import HEADER_BYTES, body_bytes, packet_bytes, payloads
from footfall.frames import MAX_PARTS, DecidedTime, Header, crc32_of, decode_frame, encode_frame

TOPIC = f"footfall/1/{'s' * 64}/{'a' * 64}/frames"
MOST = (1 << 63) - 1
LONG = Header(
    "s" * 64, "a" * 64, "e" * 64, MOST, MOST, "b" * 64, MOST, MOST, MOST, MOST,
    journal="j" * 64, receipted=MOST, receipted_ns=MOST, times_n=MOST, boots_apart_ns=MOST, decided=DecidedTime(1 << 60, 1 << 60, 4),
)  # fmt: skip


@given(st.binary(max_size=60_000), st.integers(2_000, 70_000))
def test_parts_fit_and_joined_are_the_body(body: bytes, max_bytes: int) -> None:
    packets = payloads(LONG, body, TOPIC, max_bytes, in_parts=True)
    assert all(packet_bytes(TOPIC, packet) <= max_bytes for packet in packets)
    read = [decode_frame(packet) for packet in packets]
    assert b"".join(piece for _, piece in read) == body
    assert [(header.part, header.parts) for header, _ in read] == [(i, len(packets)) for i in range(len(packets))]
    assert {crc32_of(packet) for packet in packets} == {zlib.crc32(body)}


def test_what_fits_stays_whole_and_what_finds_no_way_waits() -> None:
    body = b"x" * 30_000
    whole = [encode_frame(LONG, body)]
    assert payloads(LONG, body, TOPIC, None, in_parts=True) == whole
    assert payloads(LONG, body, TOPIC, packet_bytes(TOPIC, whole[0]), in_parts=True) == whole
    assert payloads(LONG, body, TOPIC, 20_000, in_parts=False) == []
    assert payloads(LONG, body, TOPIC, 500, in_parts=True) == []
    assert len(payloads(LONG, body, TOPIC, packet_bytes(TOPIC, whole[0]) - 1, in_parts=True)) == 2
    assert len(payloads(LONG, b"x" * 900_000, TOPIC, 2_048, in_parts=True)) <= MAX_PARTS


@pytest.mark.parametrize("max_bytes", [3_000, 20_000, 131_072])
def test_a_body_made_to_fit_goes_as_one_packet(max_bytes: int) -> None:
    assert len(encode_frame(LONG, b"")) < HEADER_BYTES
    assert len(payloads(LONG, b"x" * body_bytes(TOPIC, max_bytes), TOPIC, max_bytes, in_parts=False)) == 1
