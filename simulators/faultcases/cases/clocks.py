"""Clocks: the gateway's, a box's, a device's."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from footfall.units import NS_PER_S
from simulators.faultcases.box import COMMAND
from simulators.faultcases.case import case
from simulators.faultcases.certificates import Authority
from simulators.faultcases.gateways import under_faketime
from simulators.faultcases.oracle import Passed
from simulators.faultcases.scene import NAMED_S, Scene, estate
from simulators.faultcases.wire import Wire
from simulators.parts.programs import AgentProcess

HOUR_S: Final = 3600.0
DAY_S: Final = 86_400.0


@case()
def gateway_ahead_at_start(scene: Scene) -> None:
    """The gateway begins with a clock 8 h ahead, beside an agent whose clock is synchronised; then NTP sets it: nothing is misdated."""
    broker = scene.broker()
    gateway = scene.gateway(broker, site=estate({"s1": ["a1"]}), start=False)
    gateway.shift_clock(8 * HOUR_S)
    gateway.start()
    box = scene.box(broker, start=False)
    box.set_clock(synced=True)
    box.start()
    box.feed(crossings=10)
    scene.named(gateway, "not_ready", "clock_contradicts", "clock_jumped")
    gateway.shift_clock(0)
    box.feed(crossings=10)
    box.wait_sent(60)
    scene.judge(gateway)


@case()
def gateway_ahead_alone(scene: Scene) -> None:
    """The same beside an agent whose clock nobody sets: there is no evidence, rows are taken; once NTP sets the clock all goes on."""
    broker = scene.broker()
    gateway = scene.gateway(broker, start=False)
    gateway.shift_clock(8 * HOUR_S)
    gateway.start()
    box = scene.box(broker)
    box.feed(crossings=10)
    box.wait_sent()
    ahead_ns = int(8 * HOUR_S * NS_PER_S)
    for number, each in list(scene.sent.passed.items()):  # by the only clock that there was
        scene.sent.passed[number] = Passed(number, each.store, each.agent, each.door, each.time_ns + ahead_ns)
    gateway.shift_clock(0)
    scene.named(gateway, "clock_jumped", within_s=60.0, text="believed")  # until then time goes on as it was
    box.feed(crossings=10)
    box.wait_sent(60)
    scene.judge(gateway)


@case(each={"6s": {"seconds": 6.0}, "restarted": {"seconds": 6.0, "restart": True}})
def gateway_ahead_a_day(scene: Scene, seconds: float, restart: bool = False) -> None:
    """The gateway's clock jumps ahead by a day for 6 s and back, while it runs: nothing waits for that day to be over."""
    broker = scene.broker()
    gateway = scene.gateway(broker, start=False)
    gateway.shift_clock(0)
    gateway.start()
    box = scene.box(broker, start=False)
    box.set_clock(synced=True)
    box.start()
    box.feed(crossings=10)
    box.wait_sent()
    gateway.shift_clock(DAY_S)
    box.feed(crossings=10, over_s=3.0)
    time.sleep(seconds)
    gateway.shift_clock(0)
    if restart:
        gateway.kill()
        gateway.start()
    box.feed(crossings=10)
    box.wait_sent(60)
    scene.judge(gateway)


@case()
def gateway_of_1970(scene: Scene) -> None:
    """The gateway's own clock shows 1970 until NTP sets it: nothing is taken before, status names it, then all is stored at its time."""
    broker = scene.broker()
    gateway = scene.gateway(broker, start=False)
    gateway.shift_clock(60 - time.time())
    gateway.start()
    box = scene.box(broker)
    box.feed(crossings=10)
    scene.named(gateway, "not_ready")
    gateway.shift_clock(0)
    box.feed(crossings=10)
    box.wait_sent(60)
    scene.judge(gateway)


@case()
def links_imported_ahead(scene: Scene) -> None:
    """`footfall links import` under a clock a day ahead: the gateway goes on."""
    broker = scene.broker()
    gateway = scene.gateway(broker)
    box = scene.box(broker)
    box.feed(crossings=10)
    box.wait_sent()
    links = scene.folder / "links.csv"
    links.write_text("identifier_type,identifier,fan\nibeacon,x:1:1,f1\n", encoding="utf-8")
    gateway.shift_clock(DAY_S)
    done = gateway.footfall("links", "import", str(links), "--config", "gateway.toml")
    scene.note(done.stdout + done.stderr)
    box.feed(crossings=10)
    box.wait_sent(60)
    gateway.shift_clock(0)
    gateway.stop()
    gateway.start()
    box.feed(crossings=10)
    box.wait_sent(60)
    scene.judge(gateway)


@case()
def clock_accepted(scene: Scene) -> None:
    """The last record is of tomorrow, and nobody's clock is known: a command accepts the gateway's clock, and it goes on."""
    broker = scene.broker()
    gateway = scene.gateway(broker, start=False)
    gateway.shift_clock(DAY_S)
    gateway.start()
    box = scene.box(broker)
    box.feed(crossings=10)
    box.wait_sent()
    ahead_ns = int(DAY_S * NS_PER_S)
    for number, each in list(scene.sent.passed.items()):
        scene.sent.passed[number] = Passed(number, each.store, each.agent, each.door, each.time_ns + ahead_ns)
    gateway.stop()
    gateway.shift_clock(0)
    gateway.start()
    said = gateway.problems().get("not_ready", "")
    if said:
        todo = next(problem["todo"] for problem in gateway.status()["problems"] if problem["code"] == "not_ready")
        scene.expect("clock accept" in todo + said, "silent", f"not_ready names no command: {todo}")
        done = gateway.footfall("clock", "accept", "--config", "gateway.toml")
        scene.expect(done.returncode == 0, "stuck", f"footfall clock accept: {done.stdout}{done.stderr}"[-400:])
    box.feed(crossings=10)
    box.wait_sent(60)
    scene.judge(gateway)


@case()
def box_of_1970(scene: Scene) -> None:
    """A box whose clock shows 1970 connects by TLS with the certificates that the deployed script makes."""
    authority = Authority(scene.folder / "certificates", ("gateway", "a1"))
    broker = scene.broker(more=authority.listener())
    gateway = scene.gateway(broker, broker={"host": "localhost", "tls": authority.tls("gateway")})
    box = scene.box(broker, start=False, broker={"host": "localhost", "tls": authority.tls("a1")})
    clock = scene.folder / "1970"
    clock.write_text("@1970-01-01 00:00:30\n", encoding="utf-8")
    old = box.process
    box.process = AgentProcess(box.folder, old.intake_port, box.values, (*under_faketime(clock), *COMMAND))
    scene.ending.callback(box.kill)
    box.start()
    box.feed(crossings=10)
    box.wait_sent(60)
    scene.judge(gateway)


@case()
def day_without_gateway(scene: Scene) -> None:
    """24 h without gateway in a boot that never heard it, then a power cycle: rows are not dated now, and what is not known is stated."""
    broker = scene.broker()
    box = scene.box(broker, start=False)
    box.set_clock(boot_shift_ns=20 * NS_PER_S - time.clock_gettime_ns(time.CLOCK_BOOTTIME))
    box.pass_time(-round(DAY_S * NS_PER_S))
    box.set_clock(boot_shift_ns=20 * NS_PER_S - time.clock_gettime_ns(time.CLOCK_BOOTTIME))
    box.start()
    box.feed(crossings=10, people=2)
    box.wait_spooled()
    box.pass_time(round(DAY_S * NS_PER_S))
    box.feed(crossings=10, people=2)
    box.wait_spooled()
    box.power_cycle()
    gateway = scene.gateway(broker)
    box.feed(crossings=10)
    box.wait_sent(60)
    scene.sent.tolerance_ns = 60 * NS_PER_S
    scene.judge(gateway)
    narrow = [row for row in gateway.presence() if row.quality == "bounded" and row.width_ns < 0]
    scene.expect(not narrow, "silent", f"{len(narrow)} rows are `bounded` and state no width")


_TOO_OLD: Final = timedelta(days=41)


@case()
def dead_device_clocks(scene: Scene) -> None:
    """Plain events of 1970 and 2036 are refused with a reason, unless they come as history; ISO 8601 in all its forms is taken."""
    broker = scene.broker()
    gateway = scene.gateway(broker)
    now = datetime.now(UTC).replace(microsecond=0)
    hour = now.replace(minute=0, second=0)
    taken = {
        "short-offset": ((hour + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%S+08"), hour),
        "midnight-24": ((now - timedelta(days=1)).strftime("%Y-%m-%dT24:00:00+00:00"), now.replace(hour=0, minute=0, second=0)),
        "leap-second": (f"{hour - timedelta(minutes=1):%Y-%m-%dT%H:%M}:60+00:00", hour),
        "plain": (hour.isoformat(), hour),
    }
    refused = {
        "1970": "1970-01-01T00:00:10+00:00",
        "2036": "2036-01-01T00:00:00+00:00",
        "tomorrow": (now + timedelta(hours=20)).isoformat(),
        "too-old": (now - _TOO_OLD).isoformat(),
        "a-number": 1_795_000_000,
    }
    events: list[dict[str, Any]] = [{"kind": "touch", "what": "scan", "ref": name, "time": text} for name, (text, _) in taken.items()]
    events += [{"kind": "touch", "what": "scan", "ref": name, "time": text} for name, text in refused.items()]
    history = (now - _TOO_OLD).isoformat()
    events.append({"kind": "touch", "what": "scan", "ref": "history", "time": history, "history": True})
    wrong: list[dict[str, Any]] = [
        {"kind": "count", "id": "none", "door": "main"},
        {"kind": "count", "id": "many", "door": "main", "in": 20_000_000_000_000},
        {"kind": "count", "id": "text", "door": "main", "in": "1"},
        {"kind": "count", "id": "true", "door": "main", "in": True},
        {"kind": "count", "id": "real", "door": "main", "in": 1.0},
    ]
    with Wire(broker.port, "s1", "till") as till:
        till.publish("events", json.dumps(events + wrong).encode())
        till.listen(1)
    scene.until(lambda: gateway.status()["balance"]["in_total"] >= len(events) + len(wrong), "all to come in")
    scene.settled(gateway)
    stored = {row["ref"]: row["time_ns"] for row in gateway.rows("touch")}
    for name, (text, at) in (taken | {"history": (history, now - _TOO_OLD)}).items():
        off_s = stored.get(name, 0) / 1e9 - at.timestamp()
        scene.expect(name in stored, "lost", f"{name}: {text} was not taken")
        scene.expect(name not in stored or abs(off_s) < 1, "misdated", f"{name}: {text} by {off_s:.0f} s")
    for name, time_said in refused.items():
        scene.expect(name not in stored, "misdated", f"{name}: {time_said} is stored at {stored.get(name)}")
    scene.expect(not gateway.rows("door"), "doubled", f"counts that cannot be are stored: {gateway.rows('door')}")
    scene.named(gateway, "device_clock", "quarantine", within_s=NAMED_S)
