"""Rows of one time: two epochs of one agent, and events of one millisecond."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from functools import partial

from footfall.units import NS_PER_S
from simulators.faultcases.case import case
from simulators.faultcases.gateways import Gateway
from simulators.faultcases.scene import Scene
from simulators.faultcases.wire import IN, Wire

ROWS = 100


@case(is_short=True)
def equal_device_times(scene: Scene) -> None:
    """Two runs of an agent send rows with the same devices' times: 200 sent, 200 stored."""
    broker = scene.broker()
    gateway = scene.gateway(broker)
    begin_ns = (time.time_ns() // NS_PER_S - 3600) * NS_PER_S
    for epoch in ("run-1", "run-2"):
        with Wire(broker.port, "s1", "a1", epoch) as wire:
            wire.hello()
            times_ns = [begin_ns + k * NS_PER_S for k in range(ROWS)]
            numbers = [scene.passed("s1", "a1", t_ns) for t_ns in times_ns]
            now_ns = wire.boot_ns()
            rows = [
                {"kind": IN, "t_boot_ns": now_ns, "count": number, "t_wall_ns": t_ns}
                for number, t_ns in zip(numbers, times_ns, strict=True)
            ]
            wire.frame(rows[: ROWS // 2])
            wire.frame(rows[ROWS // 2 :])
    scene.judge(gateway)


@case(is_short=True)
def events_of_one_millisecond(scene: Scene) -> None:
    """Counts of one door, publisher and millisecond, each with its id, again after the state was lost: each is stored once."""
    broker = scene.broker()
    gateway = scene.gateway(broker)
    at_ns = time.time_ns() // 1_000_000 * 1_000_000 - 5 * NS_PER_S
    events = []
    for k in range(60):
        number = scene.passed("s1", "till", at_ns)
        at = datetime.fromtimestamp(at_ns // 1_000_000 / 1000, UTC).isoformat(timespec="milliseconds")
        events.append({"kind": "count", "id": f"c{k}", "time": at, "door": "main", "in": number})
    for wiped in (False, True):
        if wiped:
            gateway.stop()
            for path in gateway.state.iterdir():
                path.unlink()
            gateway.start()
            events = events[20:]  # those whose publisher does not know that they came
        with Wire(broker.port, "s1", "till") as till:
            till.publish("events", json.dumps(events).encode())
            till.listen(1.0)
        scene.until(partial(_has_come_in, gateway, len(events)), "the counts to come in")
        scene.settled(gateway)
    scene.judge(gateway)


def _has_come_in(gateway: Gateway, rows: int) -> bool:
    return int(gateway.status()["balance"]["in_total"]) >= rows
