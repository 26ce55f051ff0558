"""An agent that moves, a store that gets another name, and somebody who writes where he never was."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

from simulators.faultcases.agents import ZONES
from simulators.faultcases.case import case
from simulators.faultcases.scene import Scene, estate
from simulators.faultcases.wire import IN, Wire, body


def _now_text() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@case(is_short=True)
def agent_moves(scene: Scene) -> None:
    """An agent with a backlog moves to another store: what it heard in the old one is counted there."""
    broker = scene.broker()
    site = estate({"s1": ["a1"], "s2": ["a2"]})
    gateway = scene.gateway(broker, site=site)
    box = scene.box(broker)
    box.feed(crossings=10)
    box.wait_sent()
    gateway.stop()
    box.feed(crossings=20)
    box.wait_spooled()
    box.stop()
    time.sleep(1)
    moved = _now_text()
    time.sleep(1.5)
    first, second = site["stores"]
    moving = {
        **site,
        "stores": [
            {**first, "agents": [{"name": "a1", "to": moved}]},
            {**second, "agents": [*second["agents"], {"name": "a1", "from": moved}]},
        ],
    }
    gateway.write_site(moving)
    gateway.start()
    box.move("s2")
    box.start()
    box.feed(crossings=10)
    box.wait_sent()
    scene.judge(gateway)


@case()
def store_of_others(scene: Scene) -> None:
    """An agent claims rows for a store that was never its own: they are not counted there, and status names it."""
    broker = scene.broker()
    gateway = scene.gateway(broker, site=estate({"s1": ["a1"], "s2": ["a2"]}))
    with Wire(broker.port, "s1", "a1") as wire:
        wire.hello()
        row = {"kind": IN, "t_boot_ns": wire.boot_ns(), "count": 7}
        wire.send_unasked(body(wire.boot, [row], 0, store="s2"))
        wire.listen(2)
        wire.rows = 1
        number = scene.passed("s1", "a1", time.time_ns())
        wire.frame([{"kind": IN, "t_boot_ns": wire.boot_ns(), "count": number}])
    scene.until(lambda: sum(gateway.status()["quarantine"].values()) >= 1, "its rows to be in quarantine", 20)
    scene.judge(gateway)


@case(is_short=True)
def store_renamed(scene: Scene) -> None:
    """A store gets another name while rows are under way: stragglers, spooled frames and what was refused meanwhile are taken."""
    broker = scene.broker()
    site = estate({"s1": ["a1", "till"]})
    gateway = scene.gateway(broker, site=site)
    box = scene.box(broker)
    box.feed(crossings=10)
    box.wait_sent()
    gateway.stop()
    box.feed(crossings=10)  # spooled under the old name
    box.wait_spooled()
    time.sleep(1)
    renamed = _now_text()
    time.sleep(1.5)
    store = {**site["stores"][0], "name": "s9"}
    gateway.write_site({**site, "stores": [store]})  # the alias is forgotten at first
    gateway.start()
    time.sleep(4)
    gateway.stop()
    gateway.write_site({**site, "stores": [{**store, "aliases": [{"name": "s1", "until": renamed}]}]})
    gateway.start()
    done = gateway.footfall("quarantine", "replay", "--topic", "footfall/1/s1/*", "--config", "gateway.toml")
    scene.note(done.stdout + done.stderr)
    box.store_told = "s9"
    box.feed(crossings=10)  # still configured as s1
    box.wait_sent(60)
    box.move("s9")
    box.stop()
    box.start()
    box.feed(crossings=10)
    box.wait_sent(60)
    scene.judge(gateway)


@case()
def agent_renamed(scene: Scene) -> None:
    """An agent gets another name, its spool stays: no row is doubled, and what it spooled under the old name is taken."""
    broker = scene.broker()
    site = estate({"s1": ["a1"]})
    gateway = scene.gateway(broker, site=site)
    box = scene.box(broker)
    box.feed(crossings=10)
    box.wait_sent()
    gateway.stop()
    box.feed(crossings=10)
    box.wait_spooled()
    box.stop()
    time.sleep(1)
    renamed = _now_text()
    time.sleep(1.5)
    agent = {"name": "b1", "aliases": [{"name": "a1", "until": renamed}]}
    gateway.write_site({**site, "stores": [{**site["stores"][0], "agents": [agent]}]})
    gateway.start()
    other = scene.box(broker, agent="b1", start=False, spool={"path": str(box.spool)})
    other.set_clock(boot="a1-boot-1")
    other.start()
    other.feed(crossings=10)
    other.wait_sent(60)
    scene.judge(gateway)


@case()
def names_of_before(scene: Scene) -> None:
    """A zone and a door get other names: plain events under the old ones are taken, under the old name if they are of before."""
    broker = scene.broker()
    site = estate({"s1": ["a1", "till"]})
    renamed = _now_text()
    time.sleep(1.1)
    zones = [{"name": "racks", "aliases": [{"name": "shelf", "until": renamed}]}, {"name": ZONES[0]}]
    store = {**site["stores"][0], "zones": zones}
    gateway = scene.gateway(broker, site={**site, "stores": [store]})
    before = datetime.fromtimestamp(datetime.fromisoformat(renamed).timestamp() - 5, UTC).isoformat()
    events = [
        {"kind": "touch", "what": "scan", "zone": "shelf", "ref": "after", "time": datetime.now(UTC).isoformat()},
        {"kind": "touch", "what": "scan", "zone": "shelf", "ref": "before", "time": before},
        {"kind": "touch", "what": "scan", "zone": "racks", "ref": "new", "time": datetime.now(UTC).isoformat()},
    ]
    with Wire(broker.port, "s1", "till") as till:
        till.publish("events", json.dumps(events).encode())
        till.listen(1)
    scene.until(lambda: gateway.status()["balance"]["in_total"] >= 3, "them to come in")
    scene.settled(gateway)
    found = {row["ref"]: row["zone"] for row in gateway.rows("touch")}
    wanted = {"after": "racks", "before": "shelf", "new": "racks"}
    scene.expect(found == wanted, "lost", f"zones by event: {found}, not {wanted}")
