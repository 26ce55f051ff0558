"""One bad thing, and its neighbours: a tag, an agent's flood, rubbish."""

from __future__ import annotations

import base64
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgpack

from edge_agent.sources.source import Crossing, Sighting
from simulators.devices.http_push import PushCamera
from simulators.devices.llrp import LlrpReader
from simulators.faultcases.agents import Box
from simulators.faultcases.case import case
from simulators.faultcases.gateways import Gateway
from simulators.faultcases.oracle import judge_doors
from simulators.faultcases.scene import Scene, estate
from simulators.faultcases.wire import ENTER, Wire, body

BAD_TAGS: Final = ("3674257bf6b7a657b260c9a3162c000000000000000000000000", "3674257bf6b7a657c10000000000000000000000000000000000")
"""Legal SGTIN-198, whose serial numbers begin with `/`."""
GOOD_TAG: Final = "3074257bf7194e4000001a85"
GTINS: Final = {BAD_TAGS[0]: "70614141123451", BAD_TAGS[1]: "70614141123451", GOOD_TAG: "80614141123458"}
PROMPT_S: Final = 12.0
"""From an agent's hearing until it is in the database, beside a neighbour that floods."""
MEMORY_BYTES: Final = 700 << 20


@case()
def tag_by_llrp(scene: Scene) -> None:
    """A legal tag with a rare serial number is read by an LLRP reader: it is goods like others, and the reader is heard on."""
    broker = scene.broker()
    gateway = scene.gateway(broker)
    with LlrpReader(["reader.1"], doors=["main"]) as reader:
        source = {"name": "reader", "receivers": {"reader.1": "shelf"}, **reader.settings()}
        box = scene.box(broker, sources=[source])
        scene.until(lambda: box.health()["sources"]["reader"]["state"] == "ok", "the reader to be heard")
        deadline_s = time.monotonic() + 40
        while _skus(gateway) != GTINS and time.monotonic() < deadline_s:
            for tag in (*BAD_TAGS, GOOD_TAG):
                reader.say(Sighting(0, "reader.1", "garment-tag", tag, -50))
            time.sleep(0.5)
        _expect_tags(scene, gateway)
        source_health = box.health()["sources"]["reader"]
        scene.expect(source_health["restarts_total"] == 0, "stuck", f"the reader's source began anew: {source_health}")


@case()
def tag_by_http(scene: Scene) -> None:
    """The same tag is pushed by HTTP: the camera on the same port goes on, and the tag is goods like others."""
    broker = scene.broker()
    gateway = scene.gateway(broker)
    with PushCamera("xovis", ["main"]) as camera:
        source = {"name": "push", "receivers": {"r700.1": "shelf"}, **camera.settings()}
        box = scene.box(broker, sources=[source])
        scene.until(lambda: "push" in box.health().get("sources", {}), "the port to listen")
        time.sleep(1)
        for _ in range(12):
            for tag in (*BAD_TAGS, GOOD_TAG):
                _push_tag(camera, tag)
            time.sleep(0.4)
        number = scene.passed("s1", "a1", time.time_ns())
        camera.say(Crossing(0, "main", number, 0))
        scene.sent.tolerance_ns = 10_000_000_000
        scene.until(lambda: gateway.database.exists() and _skus(gateway), "any goods", 30)
        time.sleep(3)
        _expect_tags(scene, gateway)
        scene.judge(gateway)


def _push_tag(camera: PushCamera, tag: str) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    seen = {"epc": base64.b64encode(bytes.fromhex(tag)).decode(), "antennaPort": 1, "peakRssiCdbm": -5000}
    event = {"timestamp": now, "hostname": "r700", "eventType": "tagInventory", "tagInventoryEvent": seen}
    connection = http.client.HTTPConnection("127.0.0.1", camera.port, timeout=10)
    try:
        headers = {"Authorization": f"Bearer {camera.secret}", "Content-Type": "application/json"}
        connection.request("POST", "/push", json.dumps([event]).encode(), headers)
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return
    finally:
        connection.close()


def _skus(gateway: Gateway) -> dict[str, str]:
    return {row["epc"]: row["sku"] for row in gateway.rows("item")} if gateway.database.exists() else {}


def _expect_tags(scene: Scene, gateway: Gateway) -> None:
    found = _skus(gateway)
    for tag, gtin in GTINS.items():
        scene.expect(found.get(tag) == gtin, "lost", f"tag {tag} is {found.get(tag, 'not there')}, its GTIN is {gtin}")


@contextmanager
def _flooding(wire: Wire, make: Callable[[int], bytes]) -> Iterator[None]:
    """`make(n)` is the body of frame n + 1; as fast as the broker takes them, and back to the mark now and then, as the wire wants it."""
    ended = threading.Event()

    def flood() -> None:
        while not ended.is_set():
            wire.send_unasked(make(wire.seq))
            if wire.seq % 20 == 0:
                wire.listen(0.02)
                upto = int(wire.heard[wire.epoch]["upto"])
                wire.seq = wire.seq if wire.seq - upto < AHEAD else upto

    thread = threading.Thread(target=flood, daemon=True)
    thread.start()
    yield
    ended.set()
    thread.join(20)


AHEAD: Final = 500
FLOODED: Final = estate({"s1": ["a1"], "s2": ["a2"]})


@case(limit_s=200)
def names_flood(scene: Scene) -> None:
    """One agent sends 200 frames that list 4,000 names each: the other's rows come as ever, memory stays, and SIGTERM is obeyed."""
    broker = scene.broker()
    gateway = scene.gateway(broker, site=FLOODED)
    box = scene.box(broker)
    box.feed(crossings=5)
    box.wait_sent()
    with Wire(broker.port, "s2", "a2") as wire:
        wire.hello()
        for number in range(200):
            names = ("shelf", *(f"n{number}-{k}" for k in range(4000)))
            row = {"kind": ENTER, "t_boot_ns": wire.boot_ns(), "subject": number + 1, "rssi_dbm": -50}
            wire.send_unasked(body(wire.boot, [row], number, names, profiles=["ibeacon"]))
        _prompt(scene, box, gateway)
        memory_bytes = _rss_bytes(gateway.made.process.pid)
        scene.expect(memory_bytes < MEMORY_BYTES, "stuck", f"the gateway has {memory_bytes >> 20} MiB")
        wire.listen(2)
    begun_s = time.monotonic()
    gateway.stop()
    scene.expect(time.monotonic() - begun_s < 15, "stuck", "SIGTERM was not obeyed within 15 s")
    gateway.start()
    box.feed(crossings=5)
    box.wait_sent()
    _judge_agent(scene, gateway, "a1")


@case(limit_s=200)
def rows_flood(scene: Scene) -> None:
    """One agent sends subjects as fast as it can for 10 s: the other's rows come as ever."""
    broker = scene.broker()
    gateway = scene.gateway(broker, site=FLOODED)
    box = scene.box(broker)
    box.feed(crossings=5)
    box.wait_sent()
    with Wire(broker.port, "s2", "a2") as wire:
        wire.hello()

        def subjects(number: int) -> bytes:
            rows = [{"kind": ENTER, "t_boot_ns": wire.boot_ns(), "subject": number * 2000 + k + 1, "rssi_dbm": -50} for k in range(2000)]
            return body(wire.boot, rows, number * 2000, ("shelf",), profiles=["ibeacon"])

        with _flooding(wire, subjects):
            time.sleep(3)
            _prompt(scene, box, gateway)
            time.sleep(4)
    _prompt(scene, box, gateway)
    _judge_agent(scene, gateway, "a1")


def _prompt(scene: Scene, box: Box, gateway: Gateway) -> None:
    """The next rows of this box are in the database in time."""
    before = max(scene.sent.passed, default=0)
    box.feed(crossings=5)
    wanted = set(range(before + 1, before + 6))
    begun_s = time.monotonic()
    while not wanted <= {row.number for row in gateway.doors()}:
        if time.monotonic() - begun_s > PROMPT_S:
            scene.findings.stuck.append(f"{box.agent}'s rows are not in the database {PROMPT_S:.0f} s after it heard them")
            return
        time.sleep(0.2)
    scene.note(f"prompt after {time.monotonic() - begun_s:.1f} s")


def _judge_agent(scene: Scene, gateway: Gateway, agent: str) -> None:
    scene.until(lambda: gateway.made.is_settled(), "all to be in the database", 90)
    scene.findings.add(judge_doors(scene.sent, [row for row in gateway.doors() if row.agent == agent]))


def _rss_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


@case(limit_s=150)
def rubbish_flood(scene: Scene) -> None:
    """Rubbish of one agent for 8 s: what others have in quarantine, and can still be mended, stays there, and is replayed."""
    broker = scene.broker()
    site = estate({"s1": ["a1", "till"], "s2": ["a2"]})
    short = {**site, "stores": [{**site["stores"][0], "doors": ["main"]}, site["stores"][1]]}
    gateway = scene.gateway(broker, site=short, quarantine={"max_bytes": 1 << 20})
    with Wire(broker.port, "s1", "till") as till:
        events = []
        for k in range(20):
            number = scene.passed("s1", "till", time.time_ns(), "till")
            events.append({"kind": "count", "id": f"t{k}", "door": "till", "in": number})
        till.publish("events", json.dumps(events).encode())
        scene.until(lambda: sum(gateway.status()["quarantine"].values()) >= 20, "them to be in quarantine")
    with Wire(broker.port, "s2", "a2") as wire:
        until_s = time.monotonic() + 8
        while time.monotonic() < until_s:
            wire.publish("frames", scene.rng.randbytes(20_000))
            wire.publish("events", b"{" + scene.rng.randbytes(10_000))
            wire.listen(0.01)
    scene.named(gateway, "quarantine_dropped", "agent_flooding")
    gateway.stop()
    gateway.write_site(site)
    gateway.start()
    done = gateway.footfall("quarantine", "replay", "--topic", "footfall/1/s1/*", "--config", "gateway.toml")
    scene.note(done.stdout + done.stderr)
    scene.sent.tolerance_ns = 120_000_000_000
    scene.judge(gateway)


@case()
def retained_again(scene: Scene) -> None:
    """A retained message that is refused counts once, however often the gateway connects."""
    broker = scene.broker()
    gateway = scene.gateway(broker)
    with Wire(broker.port, "s1", "till") as till:
        till.publish("events", b'{"kind": "touch", "what": "scan"}', retain=True)
        till.publish("frames", msgpack.packb([1, 2]), retain=True)
        till.listen(1)
    scene.until(lambda: gateway.status()["balance"]["quarantined_total"] + gateway.status()["balance"]["written_total"] >= 2, "both", 20)
    for _ in range(3):
        gateway.stop()
        gateway.start()
        scene.until(lambda: gateway.status()["broker"]["connected"], "the broker")
        time.sleep(1.5)
    held = gateway.status()["quarantine"]
    balance = gateway.status()["balance"]
    scene.note(f"{held} {balance}")
    scene.expect(sum(held.values()) <= 2, "doubled", f"in quarantine: {held}")
    scene.expect(balance["quarantined_total"] <= 2, "doubled", f"the balance counts them again and again: {balance}")
