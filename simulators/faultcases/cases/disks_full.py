"""Disks that are full: an agent's card, the gateway's disk, the journal's quota; and a flood of plain events."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from typing import Final

from simulators.faultcases.case import case
from simulators.faultcases.disks import SmallDisk
from simulators.faultcases.gateways import Gateway
from simulators.faultcases.scene import Scene
from simulators.faultcases.wire import Wire
from simulators.parts.mosquitto import Mosquitto

MIB: Final = 1 << 20


@case()
def card_full(scene: Scene) -> None:
    """A box's card is full to the last byte: what is on it is still sent, status names it, and rows given up are stored as a gap."""
    broker = scene.broker()
    gateway = scene.gateway(broker)
    disk = SmallDisk(scene, "card", 8 * MIB)
    box = scene.box(broker, spool={"path": str(disk.folder / "spool.db")})
    box.feed(crossings=10)
    box.wait_sent()
    gateway.stop()
    box.feed(crossings=20)
    box.wait_spooled()
    disk.fill()
    gateway.start()
    scene.until(lambda: len(gateway.doors()) >= 30, "what is on the full card to be sent", 60)
    box.feed(crossings=10, over_s=3.0)
    scene.named(gateway, "card_full")
    disk.empty()
    time.sleep(6)
    box.feed(crossings=10)
    box.wait_sent(60)
    scene.judge(gateway, gap_rows=True)


@case()
def gateway_disk_full(scene: Scene) -> None:
    """The gateway's disk is full: it stays up, status names it, and it resumes by itself when there is room."""
    broker = scene.broker()
    disk = SmallDisk(scene, "disk", 48 * MIB)
    gateway = scene.gateway(broker, state_dir=str(disk.folder / "state"), sink={"kind": "sqlite", "path": str(disk.folder / "footfall.db")})
    gateway.database = disk.folder / "footfall.db"
    box = scene.box(broker)
    box.feed(crossings=10)
    box.wait_sent()
    disk.fill()
    box.feed(crossings=100, over_s=10.0)
    scene.named(gateway, "not_ready", "sink_down", "journal_full")
    time.sleep(12)  # a checkpoint comes, too
    scene.expect(gateway.is_running, "stuck", f"the gateway has ended: {gateway.log()[-500:]}")
    disk.empty()
    if not gateway.is_running:
        gateway.start()
    box.feed(crossings=10)
    box.wait_sent(60)
    scene.judge(gateway)


def _events(first: int, number: int, fat_bytes: int) -> bytes:
    filler = [{"sku": f"{k:03d}" + "x" * 100, "n": 1} for k in range(fat_bytes // 125)]
    events = [{"kind": "touch", "what": "scan", "id": f"e{k}", "ref": f"e{k}", "items": filler} for k in range(first, first + number)]
    return json.dumps(events).encode()


@case(limit_s=240)
def quota_passed(scene: Scene) -> None:
    """The journal is at 110 % of its quota for longer than two keepalives: the gateway keeps its connections, and then all is stored."""
    broker = scene.broker()
    gateway = scene.gateway(broker, journal={"max_bytes": 2 * MIB})
    box = scene.box(broker)
    box.feed(crossings=10)
    box.wait_sent()
    scene.settled(gateway)
    lost: set[str] = set()
    with closing(sqlite3.connect(gateway.database, isolation_level=None)) as lock, Wire(broker.port, "s1", "till") as till:
        lock.execute("BEGIN EXCLUSIVE")
        for number in range(60):
            till.publish("events", _events(number * 20, 20, 2000))
            till.listen(0.05)
        box.feed(crossings=30, over_s=30.0)
        until_s = time.monotonic() + 100
        while time.monotonic() < until_s:
            till.listen(0.5)
            lost |= {text for code, text in gateway.problems().items() if code == "broker_lost"}
        lock.execute("ROLLBACK")
    scene.expect(not lost, "stuck", f"the broker was lost: {lost}")
    box.wait_sent(120)
    _expect_touches(scene, gateway, 1200, 60)
    scene.judge(gateway)
    _expect_one_connection(scene, gateway, broker)


SMALL_EVENTS: Final = 300_000


@case(limit_s=400)
def many_plain_events(scene: Scene) -> None:
    """Small plain events come faster than they are taken, for longer than a keepalive: nothing lost or doubled, no connection ended."""
    broker = scene.broker(max_queued_messages=0)
    gateway = scene.gateway(broker)
    box = scene.box(broker)
    lost: set[str] = set()
    with Wire(broker.port, "s1", "till") as till:
        for first in range(0, SMALL_EVENTS, 1000):
            till.publish("events", _events(first, 1000, 0))
            till.listen(0.001)
        box.feed(crossings=20, over_s=5.0)
        until_s = time.monotonic() + 200
        while gateway.status().get("balance", {}).get("in_total", 0) < SMALL_EVENTS and time.monotonic() < until_s:
            lost |= {text for code, text in gateway.problems().items() if code == "broker_lost"}
            till.listen(0.5)
    scene.expect(not lost, "stuck", f"the broker was lost: {lost}")
    _expect_touches(scene, gateway, SMALL_EVENTS, 60)
    box.wait_sent(60)
    scene.judge(gateway)
    _expect_one_connection(scene, gateway, broker)


def _expect_one_connection(scene: Scene, gateway: Gateway, broker: Mosquitto) -> None:
    """The gateway connected once, and that connection did not end: status may have missed it. The broker ends: so it writes its log."""
    scene.expect("no connection to the broker" not in gateway.log(), "stuck", f"the broker was lost: {gateway.log()[-300:]}")
    broker.stop()
    log = (broker.folder / "mosquitto.log").read_text(errors="replace")
    for name in ("gateway-frames", "gateway-events"):
        n = log.count(f" as {name} ")
        scene.expect(n == 1, "stuck", f"{name} connected {n} times")


def _expect_touches(scene: Scene, gateway: Gateway, wanted: int, limit_s: float) -> None:
    deadline_s = time.monotonic() + limit_s
    refs: list[str] = []
    while time.monotonic() < deadline_s:
        refs = [row["ref"] for row in gateway.rows("touch")]
        if len(set(refs)) >= wanted:
            break
        time.sleep(1)
    scene.expect(len(set(refs)) == wanted, "lost", f"{len(set(refs))} of {wanted} events are stored")
    scene.expect(len(refs) == len(set(refs)), "doubled", f"{len(refs) - len(set(refs))} events are stored twice")
