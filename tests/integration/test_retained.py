"""Frames and events that were published to be retained: refused when they come, and known again whenever the broker repeats them."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from footfall.frames import Kind
from gateway.state.quarantine.store import Quarantine
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.mosquitto import Mosquitto
from tests.support.accept_inputs import body, frame
from tests.support.running_gateway import Place

SCAN = b'{"kind":"touch","what":"scan","zone":"shelf"}'
RETAINED = {
    "footfall/1/s3/till/events": SCAN,
    "footfall/1/s1/x/frames": frame(1, body(Kind.IN, zones=("entrance", "main"))),
}


def publish(port: int, retain: bool) -> None:
    client = Client(CallbackAPIVersion.VERSION2, "vendor", protocol=MQTTv5)
    client.connect("127.0.0.1", port)
    client.loop_start()
    for topic, payload in RETAINED.items():
        client.publish(topic, payload, 1, retain).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


@pytest.mark.parametrize("kind", ["embedded_broker", "mosquitto"])
def test_what_is_retained_is_refused_once_and_never_stored_twice(tmp_path: Path, request: pytest.FixtureRequest, kind: str) -> None:
    """rumqttd does not mark a message as retained that comes for the first time: there it is stored, once."""
    broker: EmbeddedBroker | Mosquitto = request.getfixturevalue(kind)
    with Place(tmp_path / "gateway", broker) as place:
        publish(broker.port, retain=True)
        publish(broker.port, retain=False)
        place.until(lambda: place.gateway.status()["balance"]["in_total"] >= 4, "all of them")
        balance = {}
        for _ in range(2):
            place.gateway.process.stop()
            place.start()
            time.sleep(1.0)
            place.until(place.gateway.is_settled, "all to be in the database")
            balance = place.gateway.status()["balance"]
        with closing(Quarantine(place.folder / "state" / "quarantine.db")) as quarantine:
            refused = sorted(entry.topic for entry in quarantine.entries(reason="retained"))
            assert len(refused) == len(quarantine.entries())
        stored = [key[0] for key in place.stored()]
        told = 1 if kind == "mosquitto" else 2
        assert (stored.count("touch"), stored.count("door")) == (told, 1)
        assert refused == (sorted(RETAINED) if kind == "mosquitto" else ["footfall/1/s1/x/frames"])
        assert (balance["written_total"], balance["pending"]) == (told + 1, 0)
