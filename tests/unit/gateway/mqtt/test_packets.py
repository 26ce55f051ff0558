"""The short way for PUBLISH and PUBACK writes byte for byte what paho writes, however the bytes are cut."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import Client, MQTTMessageInfo, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from gateway.mqtt.packets import BufferedSocket, PublishPacket, decode_publish, encode_puback, encode_publish

topics = st.text(st.characters(codec="utf-8", exclude_characters="\0#+"), min_size=1, max_size=300)


def by_paho(topic: str, payload: bytes, qos: int, retain: bool, is_v5: bool) -> bytes:
    """What paho writes for it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5 if is_v5 else MQTTv311)
        client._sock = ours
        ours.setblocking(True)
        client._send_publish(7, topic.encode(), payload, qos, retain, info=MQTTMessageInfo(7))
        ours.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: theirs.recv(1 << 16), b""))


@contextmanager
def buffered() -> Iterator[tuple[BufferedSocket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        yield BufferedSocket(ours), theirs


def heard_by_paho(packet: bytes, is_v5: bool) -> list[tuple[str, bytes, int, bool]]:
    """Topic, payload, QoS and retain of the messages that paho reads from bytes."""
    heard: list[tuple[str, bytes, int, bool]] = []
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5 if is_v5 else MQTTv311)
        client.on_message = lambda _client, _data, message: heard.append((message.topic, message.payload, message.qos, message.retain))
        client._sock = ours
        ours.setblocking(False)
        theirs.sendall(packet)
        while client.loop_read() == 0 and not heard:
            pass
    return heard


@given(topics, st.binary(max_size=20_000), st.booleans(), st.booleans())
def test_publish_is_written_as_paho_writes_it(topic: str, payload: bytes, is_v5: bool, retain: bool) -> None:
    assert encode_publish(topic, payload, is_v5, retain) == by_paho(topic, payload, 0, retain, is_v5)


@given(topics, st.binary(max_size=20_000), st.booleans(), st.booleans())
def test_publish_is_read_by_paho_with_its_retain_bit(topic: str, payload: bytes, is_v5: bool, retain: bool) -> None:
    assert heard_by_paho(encode_publish(topic, payload, is_v5, retain), is_v5) == [(topic, payload, 0, retain)]


@given(
    st.lists(st.tuples(topics, st.binary(max_size=400), st.sampled_from([0, 1]), st.booleans()), min_size=1, max_size=6),
    st.booleans(),
    st.lists(st.integers(1, 700), max_size=20),
)
def test_publishes_are_read_back_however_they_are_cut(said: list[tuple[str, bytes, int, bool]], is_v5: bool, cuts: list[int]) -> None:
    stream = b"".join(by_paho(topic, payload, qos, retain, is_v5) for topic, payload, qos, retain in said)
    heard = []
    with buffered() as (sock, far):
        at = 0
        for size in (*cuts, len(stream)):
            far.sendall(stream[at : at + size])
            at += size
            assert sock.fill()
            while (packet := sock.next_packet())[1] is not None:
                heard.append(decode_publish(packet[0], packet[1], is_v5))
    assert heard == [PublishPacket(topic, payload, retain, 7 if qos else 0) for topic, payload, qos, retain in said]


def test_other_packets_stay_for_paho() -> None:
    with buffered() as (sock, far):
        far.sendall(b"\xd0\x00")  # PINGRESP
        assert sock.fill()
        assert sock.next_packet() == (0xD0, None)
        assert sock.recv(1) + sock.recv(1) == b"\xd0\x00"
        assert sock.next_packet() == (0, None)
        with pytest.raises(BlockingIOError):
            sock.recv(1)


def test_a_packet_that_is_not_whole_stays() -> None:
    with buffered() as (sock, far):
        far.sendall(b"\x20\x03\x00")  # CONNACK, two bytes missing
        assert sock.fill()
        assert sock.next_packet() == (0, None)
        far.sendall(b"\x00\x00")
        assert sock.fill()
        assert sock.next_packet() == (0x20, None)


def test_the_end_of_the_connection_is_reported() -> None:
    with buffered() as (sock, far):
        far.close()
        assert not sock.fill()


def test_what_is_sent_waits_for_flush() -> None:
    with buffered() as (sock, far):
        assert sock.send(encode_puback(258)) == 4
        assert sock.wants_write()
        far.setblocking(False)
        with pytest.raises(BlockingIOError):
            far.recv(10)
        sock.flush()
        assert far.recv(10) == b"\x40\x02\x01\x02"
        assert not sock.wants_write()
