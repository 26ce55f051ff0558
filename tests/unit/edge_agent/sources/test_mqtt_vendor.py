"""What a vendor's messages leave in the log."""

from __future__ import annotations

import pytest
from paho.mqtt.client import MQTTMessage

from device_profiles.registry import shipped
from edge_agent.clock import SystemClock
from edge_agent.sources.mqtt_vendor import MqttVendor
from edge_agent.sources.source import Heard
from footfall.config import check


def test_the_first_message_that_nothing_explains_is_logged_with_its_fault_and_those_like_it_are_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = check({"kind": "mqtt_vendor", "name": "cameras", "topics": ["#"]}, MqttVendor, "source").source(SystemClock(), shipped())
    heard: list[Heard] = []
    for payload in (b"<a>\n<b></a>", b"<a>", b"{"):
        message = MQTTMessage(topic=b"cameras/1")
        message.payload = payload
        source._take(message, heard.append)
    assert [record.getMessage() for record in caplog.records] == [
        "source cameras: feed.xml, the first of its kind: not XML: mismatched tag, line 2, column 6",
        "source cameras: feed.json, the first of its kind: not JSON: Expecting property name enclosed in double quotes, line 1, column 2",
    ]
    assert len(heard) == 3
    assert source.reader.unexplained_total == {"feed.xml": 2, "feed.json": 1}
