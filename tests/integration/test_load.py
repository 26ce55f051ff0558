"""The load generator over real brokers: what it reports as sent is what arrives, in order, and receipts are obeyed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from footfall.errors import ConfigError, SinkUnavailable
from footfall.frames import decode_body, decode_frame
from footfall.receipts import Receipt, encode_receipt
from footfall.topics import Topic, parse_topic, wildcard
from simulators.load import Generator
from simulators.load_frames import Load
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.mosquitto import Mosquitto
from simulators.parts.process import free_port
from tests.support.waiting import PATIENCE_S


class Listener:
    """A subscriber that keeps the marks of a gateway: only `mark + 1` counts. `deaf` frames are not heard the first time."""

    def __init__(self, receipts: bool = False, deaf: frozenset[int] = frozenset()) -> None:
        self.marks: dict[str, int] = {}
        self.rows = self.arrived = self.most_ahead = 0
        self._receipts, self._deaf = receipts, set(deaf)
        self._lock = threading.Lock()

    def hear(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        header, data = decode_frame(message.payload)
        body = decode_body(data)
        agent, topic = header.agent, parse_topic(message.topic)
        assert (topic.store, topic.agent) == (header.store, header.agent)
        with self._lock:
            self.arrived += 1
            if self.arrived in self._deaf:
                return
            mark = self.marks.get(agent, 0)
            self.most_ahead = max(self.most_ahead, header.seq - mark)
            if header.seq == mark + 1:
                self.marks[agent] = header.seq
                self.rows += len(body)
            upto = self.marks.get(agent, 0)
        if self._receipts:
            receipt = Receipt(header.epoch, upto, time.time_ns(), "journal", (1,))
            client.publish(str(Topic(header.store, agent, "receipts")), encode_receipt(receipt), 0)

    @contextmanager
    def listening(self, port: int) -> Iterator[Listener]:
        client = Client(CallbackAPIVersion.VERSION2, "listener")
        subscribed = threading.Event()
        client.on_message = self.hear
        client.on_subscribe = lambda *_: subscribed.set()
        client.connect("127.0.0.1", port)
        client.loop_start()
        client.subscribe(wildcard("frames"), 1)
        assert subscribed.wait(PATIENCE_S)
        try:
            yield self
        finally:
            client.disconnect()
            client.loop_stop()

    def await_rows(self, rows: int) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while self.rows < rows and time.monotonic() < deadline:
            time.sleep(0.02)
        assert self.rows == rows


def test_everything_arrives_in_order_through_mosquitto(mosquitto: Mosquitto) -> None:
    with Listener().listening(mosquitto.port) as listener:
        sent = Generator(Load(stores=5), "127.0.0.1", mosquitto.port, frames=40, rate=800).run()
        assert (sent.frames, sent.rows, sent.acked, sent.resent) == (800, 24_000, 800, 0)
        assert sent.seconds > 0.9, "800 frames at 800 a second; a busy machine takes longer"
        listener.await_rows(24_000)


def test_everything_arrives_through_the_embedded_broker(embedded_broker: EmbeddedBroker) -> None:
    with Listener().listening(embedded_broker.port_v4) as listener:
        sent = Generator(Load(stores=2, rows=10), "127.0.0.1", embedded_broker.port_v4, frames=20, rate=400).run()
        assert sent.acked == sent.frames == 160
        listener.await_rows(1600)


def test_receipts_are_obeyed_and_what_was_lost_is_sent_again(mosquitto: Mosquitto) -> None:
    with Listener(receipts=True, deaf=frozenset({3, 50})).listening(mosquitto.port) as listener:
        sent = Generator(Load(stores=1), "127.0.0.1", mosquitto.port, frames=30, window=4).run()
        assert sent.receipted == 120
        assert sent.resent > 0
        assert sent.frames == 120 + sent.resent
        assert listener.most_ahead <= 4
        listener.await_rows(3600)


def test_no_broker_is_reported() -> None:
    with pytest.raises(SinkUnavailable, match="no MQTT broker answers"):
        Generator(Load(), "127.0.0.1", free_port(), frames=1)


def test_a_load_that_cannot_be_is_refused() -> None:
    with pytest.raises((ConfigError, ValueError), match="even number"):
        Generator(Load(rows=5), "127.0.0.1", 1, frames=1)
