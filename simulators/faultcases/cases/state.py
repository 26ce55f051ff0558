"""The gateway's state is lost, or older than what agents were receipted for: history stays as it was, and status names it."""

from __future__ import annotations

import json
import re
import shutil
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from footfall.units import NS_PER_S
from gateway.points import SCHEMA
from simulators.faultcases.agents import Box
from simulators.faultcases.case import case
from simulators.faultcases.gateways import Gateway
from simulators.faultcases.oracle import Key, judge_not_lowered, judge_unchanged
from simulators.faultcases.scene import Scene, estate
from simulators.faultcases.wire import Wire
from simulators.parts.mosquitto import Mosquitto

RAW: Final = ("presence", "door", "touch", "item")
GROWING: Final = {
    "traffic": ("in", "visits_started", "transactions", "touches"),
    "zone_traffic": ("entries",),
    "visit": ("zones",),
    "dwell": ("seconds",),
}
"""Of what is derived, what only grows."""
DAY_S: Final = 86_400.0
SITE: Final = estate({"s1": ["a1", "a2", "till"]})
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?")


class Shop:
    """A gateway, two boxes and a till, and what they did before the disaster."""

    def __init__(self, scene: Scene, influx: bool = False, ago_s: float = 0.0) -> None:
        self.scene: Final = scene
        self.broker: Final[Mosquitto] = scene.broker()
        more: dict[str, Any] = {"influx": scene.influx()} if influx else {}
        self.gateway: Final[Gateway] = scene.gateway(self.broker, site=SITE, start=False, **more)
        self.boxes: Final[list[Box]] = [scene.box(self.broker, agent=name, start=False) for name in ("a1", "a2")]
        for box in self.boxes:
            box.set_clock(boot_shift_ns=30 * 86_400 * NS_PER_S)
        self._events = 0
        self.move(-ago_s)
        self.gateway.start()
        for box in self.boxes:
            box.start()

    def move(self, seconds: float) -> None:
        """So much time goes by for all, or went by: the gateway is down meanwhile."""
        if not seconds:
            return
        self.gateway.stop()
        for box in self.boxes:
            box.pass_time(round(seconds * NS_PER_S))
        self.gateway.shift_clock(self.boxes[0].moved_ns / NS_PER_S)

    def day(self, crossings: int = 30, people: int = 3) -> None:
        """Some people come and buy, and all of it is stored."""
        for box in self.boxes:
            box.feed(crossings=crossings, people=people, over_s=4.0)
        self.sell(5)
        for box in self.boxes:
            box.wait_sent(90)
        self.scene.settled(self.gateway)

    def sell(self, sales: int) -> None:
        """Plain events, some with ids and some without: they are in no spool."""
        events: list[dict[str, Any]] = []
        for _ in range(sales):
            self._events += 1
            at_ns = self.boxes[0].true_ns() // 1_000_000 * 1_000_000 + self._events
            at = datetime.fromtimestamp(at_ns // 1_000_000 / 1000, UTC).isoformat(timespec="milliseconds")
            events.append(
                {
                    "kind": "touch",
                    "what": "transaction",
                    "id": f"sale-{self._events}",
                    "time": at,
                    "amount": 10.0,
                    "ref": f"r{self._events}",
                }
            )
            events.append({"kind": "touch", "what": "scan", "time": at, "ref": f"s{self._events}", "zone": "shelf"})
        with Wire(self.broker.port, "s1", "till") as till:
            till.publish("events", json.dumps(events).encode())
            till.listen(0.5)


def _after(shop: Shop, before: dict[Key, tuple[Any, ...]], until_at_least_ns: int) -> None:
    """The disaster was; now all goes on, and history is looked at."""
    scene, gateway = shop.scene, shop.gateway
    said = scene.named(gateway, "history_not_ours")
    until_ns = _time_in(said)
    if said:
        scene.expect(until_ns > 0, "silent", f"history_not_ours names no time: {said}")
    for box in shop.boxes:
        box.feed(crossings=15, people=1, over_s=2.0)
    for box in shop.boxes:
        box.wait_sent(120)
    scene.settled(gateway)
    time.sleep(4)
    scene.judge(gateway)
    after = gateway.dump()
    scene.findings.add(judge_unchanged(before, after, RAW))
    columns = {name: _places(name, fields) for name, fields in GROWING.items()}
    scene.findings.add(judge_not_lowered(before, after, columns, until_ns or until_at_least_ns))
    _judge_minutes_after(scene, gateway, until_ns)


def _places(measurement: str, names: tuple[str, ...]) -> list[int]:
    return [list(SCHEMA[measurement].fields).index(name) for name in names]


def _judge_minutes_after(scene: Scene, gateway: Gateway, until_ns: int) -> None:
    """Minutes behind the span that the status names count exactly those who were sent."""
    if not until_ns:
        return
    minute_ns = 60 * NS_PER_S
    wanted: dict[int, int] = {}
    for each in scene.sent.passed.values():
        start_ns = each.time_ns // minute_ns * minute_ns
        if start_ns > until_ns and each.time_ns % minute_ns not in range(minute_ns - NS_PER_S, minute_ns):
            wanted[start_ns] = wanted.get(start_ns, 0) + each.number
    stored = {row["time_ns"]: row["in"] for row in gateway.rows("traffic")}
    for start_ns, people in wanted.items():
        scene.expect(stored.get(start_ns, 0) >= people, "lost", f"traffic at {start_ns} says {stored.get(start_ns)}, {people} came in")


def _time_in(text: str) -> int:
    """The latest time that a text names, to its whole minute or second, ns since 1970; 0: none."""
    found = [match.group() for match in _TIME.finditer(text)]
    times = [datetime.fromisoformat(each).replace(tzinfo=UTC) + timedelta(seconds=1 if each.count(":") == 2 else 60) for each in found]
    return max((int(time.timestamp()) * NS_PER_S for time in times), default=0)


@case(limit_s=240, each={"sqlite": {}, "influxdb": {"influx": True}, "runs": {"runs": True}}, is_short=True)
def state_wiped(scene: Scene, influx: bool = False, runs: bool = False) -> None:
    """The gateway's disk is lost: it starts with an empty state, and no row of the database changes but in the span that it names."""
    shop = Shop(scene, influx)
    shop.day()
    if runs:  # what was sent by other runs, and in another boot, is sent again
        for end in (shop.boxes[0].power_cycle, shop.boxes[1].stop, shop.boxes[1].start):
            end()
    shop.day()
    before = shop.gateway.dump()
    lost_ns = time.time_ns()
    shop.gateway.kill()
    shutil.rmtree(shop.gateway.state)
    shop.gateway.start()
    _after(shop, before, lost_ns)


_AGES: Final = {"20s": {"ago_s": 20.0}, "1h": {"ago_s": 3600.0}, "2d": {"ago_s": 2 * DAY_S}, "5d": {"ago_s": 5 * DAY_S}}


@case(limit_s=300, each=_AGES | {"20s-influxdb": {"ago_s": 20.0, "influx": True}})
def state_restored(scene: Scene, ago_s: float, influx: bool = False) -> None:
    """A copy of the state is put back that is 20 s, 1 h, 2 days or 5 days old."""
    shop = Shop(scene, influx, ago_s)
    shop.day()
    shop.gateway.stop()
    backup = scene.copy(shop.gateway.state, "backup")
    shop.gateway.start()
    shop.day(crossings=10, people=1)
    if ago_s > 60:
        for share in (0.2, 0.4, 0.4):
            shop.move(share * ago_s)
            shop.gateway.start()
            shop.day(crossings=10, people=1)
    else:
        shop.move(ago_s)
        shop.gateway.start()
    before = shop.gateway.dump()
    lost_ns = time.time_ns()
    shop.gateway.kill()
    scene.put_back(backup, shop.gateway.state)
    shop.gateway.start()
    _after(shop, before, lost_ns)


@case(limit_s=240)
def backup_and_restore(scene: Scene) -> None:
    """`footfall backup` while the gateway runs, `footfall restore` into an empty folder: as if it had been 10 s ago."""
    shop = Shop(scene)
    shop.day()
    shop.sell(3)
    done = shop.gateway.footfall("backup", str(scene.folder / "copy"), "--config", "gateway.toml")
    scene.expect(done.returncode == 0, "stuck", f"footfall backup: {done.stdout} {done.stderr}"[-600:])
    if done.returncode:
        return
    readable = [str(path) for path in (scene.folder / "copy").rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    scene.expect(not readable, "silent", f"others may read {readable}")
    shop.day(crossings=10, people=1)
    before = shop.gateway.dump()
    lost_ns = time.time_ns()
    refused = shop.gateway.footfall("restore", str(scene.folder / "copy"), "--config", "gateway.toml")
    scene.expect(refused.returncode != 0, "lost", "footfall restore put files under a running gateway")
    shop.gateway.kill()
    shutil.rmtree(shop.gateway.state)
    done = shop.gateway.footfall("restore", str(scene.folder / "copy"), "--config", "gateway.toml")
    scene.expect(done.returncode == 0, "stuck", f"footfall restore: {done.stdout} {done.stderr}"[-600:])
    shop.gateway.start()
    _after(shop, before, lost_ns)
