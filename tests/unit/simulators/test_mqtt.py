"""The small MQTT encoder and decoder, against the standard's own examples and against themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators import mqtt


@pytest.mark.parametrize(
    ("length", "digits"),
    [(0, "00"), (127, "7f"), (128, "8001"), (16_383, "ff7f"), (16_384, "808001"), (2_097_151, "ffff7f"), (268_435_455, "ffffff7f")],
)
def test_remaining_length_as_in_table_2_4(length: int, digits: str) -> None:
    assert mqtt.remaining_length(length).hex() == digits


@given(st.lists(st.tuples(st.text("abc/", min_size=1, max_size=300), st.binary(max_size=20_000)), max_size=5), st.integers(1, 50))
def test_packets_come_back_however_the_stream_is_cut(messages: list[tuple[str, bytes]], step: int) -> None:
    stream = b"".join(mqtt.publish(topic, 1 + k, payload) for k, (topic, payload) in enumerate(messages))
    incoming, found = mqtt.Incoming(), []
    for at in range(0, len(stream), step * 997):
        found += [packet.message() for packet in incoming.feed(stream[at : at + step * 997])]
    assert found == messages


@given(st.integers(0, 30), st.integers(1, 17))
def test_acks_are_counted_however_they_arrive(count: int, step: int) -> None:
    stream = b"".join(mqtt.packet(mqtt.PUBACK, k.to_bytes(2, "big")) for k in range(1, count + 1))
    incoming = mqtt.Incoming()
    assert sum(incoming.acks(stream[at : at + step]) for at in range(0, len(stream), step)) == count


def test_longer_acks_count_too() -> None:
    assert mqtt.Incoming().acks(b"\x40\x03\x00\x01\x10\x40\x02\x00\x02") == 2
