"""A database that refuses what it is given, and comes right."""

from __future__ import annotations

import time

from simulators.faultcases.case import case
from simulators.faultcases.scene import Scene


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
    box.feed(crossings=40, over_s=2.0)
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
