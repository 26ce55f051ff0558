"""A database that refuses what it is given, and comes right."""

from __future__ import annotations

import json
import time

from simulators.faultcases.case import case
from simulators.faultcases.scene import Scene
from simulators.faultcases.wire import Wire


@case(limit_s=200)
def type_refused(scene: Scene) -> None:
    """InfluxDB has a field of another type: measurement and field are named; once it is mended, a command brings the points back."""
    broker = scene.broker()
    influx = scene.influx()
    influx.write(b'door,store=x,door=x,agent=x in="a text" 1700000000000000000\n', influx.bucket)
    now_ns = time.time_ns()
    # The type of a field is fixed for a shard, which is a week of the database: this one.
    influx.write(f'door,store=x,door=x,agent=x in="a text" {now_ns}\n'.encode(), influx.bucket)
    gateway = scene.gateway(broker, influx=influx)
    box = scene.box(broker)
    box.feed(crossings=1500, over_s=3.0)
    box.wait_sent()
    said = scene.named(gateway, "sink_refused", "sink_down")
    scene.expect(not said or ("door" in said and "in" in said), "silent", f"measurement and field are not named: {said}")
    level = [problem["level"] for problem in gateway.status()["problems"] if problem["code"] == "sink_refused"]
    scene.expect(level == ["broken"], "silent", f"sink_refused is {level}")
    influx.influxql('DROP MEASUREMENT "door"', influx.bucket)
    for command in (("quarantine", "rewrite"), ("quarantine", "replay", "--reason", "sink.refused")):
        done = gateway.footfall(*command, "--config", "gateway.toml")
        scene.note(f"{command}: {done.returncode} {done.stdout}{done.stderr}")
        if done.returncode == 0:
            break
    scene.judge(gateway, limit_s=40)


@case()
def items_as_documented(scene: Scene) -> None:
    """The articles of a sale are stored as the documents show them."""
    broker = scene.broker()
    gateway = scene.gateway(broker)
    items = [{"sku": "A1", "n": 1}, {"sku": "B2", "n": 2}]
    with Wire(broker.port, "s1", "till") as till:
        till.publish("events", json.dumps({"kind": "touch", "what": "scan", "items": items}).encode())
        till.listen(1)
    scene.until(lambda: gateway.database.exists() and gateway.rows("touch"), "it to be stored")
    stored = gateway.rows("touch")[0]["items"]
    scene.expect(json.loads(stored) == items, "lost", f"touch.items is {stored}")
