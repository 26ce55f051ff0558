"""What a vendor's messages leave in the log."""

from __future__ import annotations

import pytest
from paho.mqtt.client import MQTTMessage

from device_profiles.registry import shipped
from edge_agent.clock import SystemClock
from edge_agent.sources.mqtt_vendor import MqttVendor, shown_topic
from edge_agent.sources.source import Heard
from footfall.config import check
from footfall.units import NS_PER_S


class StandingClock(SystemClock):
    now_ns = 0

    def boot_ns(self) -> int:
        return self.now_ns


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
        "source cameras: feed.xml, the first of its kind, on cameras/1: not XML: mismatched tag, line 2, column 6",
        "source cameras: feed.json, the first of its kind, on cameras/1: "
        "not JSON: Expecting property name enclosed in double quotes, line 1, column 2",
    ]
    assert len(heard) == 3
    assert source.reader.unexplained_total == {"feed.xml": 2, "feed.json": 1}


def test_devices_that_nothing_explains_are_named_after_a_minute_unless_something_else_is_heard() -> None:
    clock = StandingClock()
    settings = {"kind": "mqtt_vendor", "name": "cameras", "topics": ["#"], "zone": "hall"}
    source = check(settings, MqttVendor, "source").source(clock, shipped())

    def take(payload: bytes, now_s: int, topic: bytes = b"cameras/1") -> dict[str, str]:
        clock.now_ns = now_s * NS_PER_S
        message = MQTTMessage(topic=topic)
        message.payload = payload
        source._take(message, lambda heard: None)
        return source.lasting_refusals()

    assert take(b"<a>", 10) == take(b"<a>", 69) == {}
    assert take(b"<a>", 70) == {"feed.xml": "cameras: messages that nothing explains, 3 times in 60 s"}
    assert take(b"3", 71) == {}, "a number of people is explained: others may publish beside it what they like"
    assert take(b"<a>", 72) == {}


@pytest.mark.parametrize(
    ("topic", "shown"),
    [
        ("zigbee2mqtt/Hall Motion", "zigbee2mqtt/Hall Motion"),
        ("espresense/devices/irk:ann/kitchen", "espresense/devices/…/kitchen"),
        ("home/OMG/BTtoMQTT/AABBCCDDEEFF", "home/OMG/BTtoMQTT/…"),
        ("gw/aa-bb-cc-dd-ee-ff/up", "gw/…/up"),
        ("till/+8613800000000", "till/…"),
        ("shop/ann@example.com/x", "shop/…/x"),
        ("a\nb/c", "…/c"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_topic_in_the_log_names_nobody(topic: str, shown: str) -> None:
    assert shown_topic(topic) == shown
