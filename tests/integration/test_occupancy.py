"""Polled occupancy from devices' messages to rows: an agent's sources and core, a broker, a gateway, two databases, a question."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from device_profiles.devices.feed import FeedMessage
from device_profiles.registry import shipped
from edge_agent.clock import Moment
from edge_agent.core import Core
from edge_agent.keys import SubjectKeys
from edge_agent.sources.feeds import FeedReader
from edge_agent.sources.mqtt_vendor import MqttVendor
from footfall.cli import build
from footfall.config import check
from gateway.sinks.influxdb.reader import InfluxReader
from simulators.parts.broker import EmbeddedBroker
from tests.support.real_parts import Bucket
from tests.support.running_gateway import Place, influx_sink

S = 1_000_000_000
SOURCE = {
    "kind": "mqtt_vendor", "name": "sensors", "topics": ["#"], "zones": {"hall": "entrance", "shop/shelf/people": "shelf"},
}  # fmt: skip
SAID = (
    ("zigbee2mqtt/hall", '{"occupancy":true,"battery":91}'),
    ("shop/shelf/people", "3"),
    ("shop/shelf/people", "3"),
    ("shop/shelf/people", "0"),
    ("zigbee2mqtt/hall", '{"occupancy":false}'),
    ("shop/elsewhere", "5"),
)


def events() -> list[dict[str, Any]]:
    """What an agent makes of the messages, as the events in its frames."""
    reader, core = FeedReader(check(SOURCE, MqttVendor, "source"), shipped()), Core("b", {}, shipped(), SubjectKeys())
    for second, (topic, payload) in enumerate(SAID, 1):
        for heard in reader.read(FeedMessage(topic, payload.encode()), second * S):
            core.hear(heard)
    bodies = core.tick(Moment(10 * S, 10 * S, True), flush=True) + core.finish(Moment(11 * S, 11 * S, True))
    assert core.dropped_total == {"feed.zone": 1}
    return [json.loads(more["event"]) for body in bodies for more in body.extra.values()]


def test_what_sensors_see_is_stored_in_the_file_and_answered(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    folder = tmp_path / "place"
    with Place(folder, embedded_broker) as place:
        answered(place, folder, None)


def test_what_sensors_see_is_stored_in_influxdb_and_answered(tmp_path: Path, embedded_broker: EmbeddedBroker, influxdb: Bucket) -> None:
    folder = tmp_path / "place"
    with Place(folder, embedded_broker, influx_sink(influxdb, folder)) as place:
        answered(place, folder, InfluxReader(influxdb.url, influxdb.name, influxdb.token))


def answered(place: Place, folder: Path, reader: InfluxReader | None) -> None:
    begun = datetime.now(UTC) - timedelta(minutes=5)
    place.events(*({**event, "time": (begun + timedelta(seconds=number)).isoformat()} for number, event in enumerate(events())))
    place.events({"kind": "occupancy", "zone": "nowhere", "people": 1})
    place.until(lambda: place.gateway.status()["balance"]["in_total"] == 5, "all events")
    balance = place.settle(reader)
    assert (balance["in_total"], balance["written_total"], balance["quarantined_total"], balance["dropped_total"]) == (5, 4, 1, {})
    asked = ["query", "occupancy", "--config", str(folder / "gateway.toml"), "--store", "s3", "--format", "json"]
    printed = CliRunner().invoke(build(), asked)
    assert printed.exit_code == 0, printed.output
    rows = json.loads(printed.stdout)
    found = [(row["zone"], row["sensor"], row["reports"], row["people_most"], row["people_last"]) for row in rows]
    assert found == [("entrance", "hall", 2, None, 0), ("shelf", "shop.shelf.people", 2, 3, 0)]
    assert [round(row[name], 1) for row in rows for name in ("watched_s", "occupied_s")] == [3.0, 3.0, 1.0, 1.0]
