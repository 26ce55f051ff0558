"""The gateway that every tutorial shows, a peer to measure against: paho, json, pydantic, Point, the batching write API.

    python -m benchmarks.tutorial_gateway BROKER_PORT URL TOKEN ORG BUCKET

One event a message, nothing on disk: what is in memory when it ends is lost, and so is what InfluxDB does not take for long.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write.point import Point
from influxdb_client.client.write_api import WriteOptions
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from pydantic import BaseModel


class Presence(BaseModel):
    time_ms: int
    store: str
    zone: str
    agent: str
    kind: str
    subject: str
    profile: str
    rssi_dbm: int
    dwell_s: float
    time_quality: str
    time_width_ms: int
    lag_ms: int

    def point(self) -> Any:
        point: Any = Point("presence")  # type: ignore[no-untyped-call] # the client leaves it untyped
        point.tag("store", self.store).tag("zone", self.zone).tag("agent", self.agent).tag("kind", self.kind)
        point.field("subject", self.subject).field("profile", self.profile).field("rssi_dbm", self.rssi_dbm)
        point.field("dwell_s", self.dwell_s).field("time_quality", self.time_quality)
        point.field("time_width_ms", self.time_width_ms).field("lag_ms", self.lag_ms)
        return point.time(self.time_ms * 1_000_000)


class Touch(BaseModel):
    id: str
    time: datetime
    what: str
    zone: str
    channel: str
    identifiers: list[str]
    staff_id: str
    ref: str
    amount: float

    def point(self, store: str, agent: str) -> Any:
        point: Any = Point("touch")  # type: ignore[no-untyped-call] # the client leaves it untyped
        point.tag("store", store).tag("zone", self.zone).tag("agent", agent).tag("what", self.what)
        point.tag("channel", self.channel).field("subject", self.identifiers[0]).field("ref", self.ref)
        point.field("staff_id", self.staff_id).field("amount", self.amount)
        return point.time(self.time)


def main() -> None:
    port, url, token, org, bucket = sys.argv[1:6]
    database: Any = InfluxDBClient(url=url, token=token, org=org)
    writer = database.write_api(write_options=WriteOptions(batch_size=5000, flush_interval=200))

    def on_connect(client: Client, *_: Any) -> None:
        client.subscribe([("footfall/1/+/+/bench", 1), ("footfall/1/+/+/events", 1)])

    def on_message(client: Client, userdata: Any, message: MQTTMessage) -> None:
        _, _, store, agent, leaf = message.topic.split("/")
        values = json.loads(message.payload)
        point = Presence(**values).point() if leaf == "bench" else Touch(**values).point(store, agent)
        writer.write(bucket=bucket, org=org, record=point)

    client = Client(CallbackAPIVersion.VERSION2, "tutorial")
    client.on_connect = on_connect
    client.on_message = on_message
    client.connect("127.0.0.1", int(port))
    client.loop_forever()


if __name__ == "__main__":
    main()
