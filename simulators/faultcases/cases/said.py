"""Whatever is wrong is reported within its time."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter

import urllib3

from simulators.faultcases.agents import Box
from simulators.faultcases.case import case
from simulators.faultcases.findings import Missing
from simulators.faultcases.gateways import Gateway
from simulators.faultcases.scene import NAMED_S, NOTICE_S, Scene
from simulators.faultcases.wire import Wire
from simulators.parts.programs import FOOTFALL

NOBODY = 12_345
OFTEN = 4
MUTE_S = 10.0
"""A broker from which nothing came for so long while a ping is owed."""


@case()
def two_agents(scene: Scene) -> None:
    """Two boxes have the name of one agent: status names it, and no row of either is lost."""
    broker = scene.broker()
    gateway = scene.gateway(broker)
    one = scene.box(broker)
    other = Box(scene.folder / "other", "s1", "a1", {"port": broker.port}, scene.sent, NOTICE_S)
    other.set_clock(boot="other-boot-1")
    scene.ending.callback(other.kill)
    one.feed(crossings=10)
    one.wait_sent()
    other.start()
    one.feed(crossings=20, over_s=10.0)
    other.feed(crossings=20, over_s=10.0)
    scene.named(gateway, "two_agents")
    other.wait_spooled()
    one.stop()
    other.wait_sent(90)
    other.stop()
    one.start()
    one.feed(crossings=5)
    one.wait_sent(90)
    scene.judge(gateway)


@case()
def mute_broker(scene: Scene) -> None:
    """The broker accepts connections and never answers (SIGSTOP): status names it, and the gateway goes on when it answers again."""
    broker = scene.broker()
    gateway = scene.gateway(broker)
    box = scene.box(broker)
    box.feed(crossings=10)
    box.wait_sent()
    os.kill(broker.process.pid, signal.SIGSTOP)
    scene.named(gateway, "broker_lost", within_s=MUTE_S + NOTICE_S + 10)
    box.feed(crossings=10)
    time.sleep(2)
    os.kill(broker.process.pid, signal.SIGCONT)
    box.wait_sent(90)
    scene.expect("Unspecified error" not in gateway.log() + box.log(), "silent", "the reason is `Unspecified error`")
    scene.judge(gateway)


@case()
def receipts_not_allowed(scene: Scene) -> None:
    """The broker's access list lets an agent send and not read its receipts: status names the stuck agent, and since when."""
    access = scene.folder / "acl"
    access.touch(mode=0o600)
    everything, its_own = "topic readwrite #", "topic write footfall/1/s1/a1/#"
    access.write_text(f"{everything}\n\nuser a1\n{its_own}\n", encoding="utf-8")
    broker = scene.broker(more=f"acl_file {access}")
    gateway = scene.gateway(broker)
    box = scene.box(broker, broker={"username": "a1"})
    box.feed(crossings=10)
    scene.named(gateway, "agent_stuck", text="a1")
    agents = {agent["agent"]: agent for agent in gateway.status()["agents"]}
    waits_s = agents["a1"].get("oldest_unsent_s", 0.0)
    scene.expect(waits_s >= NOTICE_S, "silent", f"oldest_unsent_s is {waits_s}")
    access.write_text(f"{everything}\n\nuser a1\n{everything}\n", encoding="utf-8")
    broker.stop()
    broker.start()
    box.wait_sent(90)
    scene.judge(gateway)


@case()
def unknown_agent(scene: Scene) -> None:
    """An agent that is not in site.toml sends: status and the log report that its rows are held."""
    broker = scene.broker()
    gateway = scene.gateway(broker)
    stranger = scene.box(broker, agent="stranger")
    stranger.feed(crossings=3)
    with Wire(broker.port, "s1", "nobody") as wire:
        wire.publish("events", b'{"kind": "touch", "what": "scan"}')
        wire.listen(1)
    scene.named(gateway, "quarantine")
    scene.expect("site.agent" in gateway.log(), "silent", f"nothing in the log of rows that went to quarantine: {gateway.log()[-300:]}")


@case()
def live_and_ready(scene: Scene) -> None:
    """/livez is 200 while the threads work; /readyz is 503 while broker or database is away."""
    broker = scene.broker()
    influx = scene.influx()
    gateway = scene.gateway(broker, influx=influx)
    box = scene.box(broker)
    box.feed(crossings=5)
    box.wait_sent()
    scene.expect(_answer(gateway, "livez") == 200, "silent", f"/livez is {_answer(gateway, 'livez')}")
    scene.expect(_answer(gateway, "readyz") == 200, "silent", f"/readyz is {_answer(gateway, 'readyz')}")
    for part, what in ((broker, "broker"), (influx, "database")):
        part.stop()
        box.feed(crossings=5)
        _expect_answer(scene, gateway, 503, what)
        scene.expect(_answer(gateway, "livez") == 200, "silent", f"/livez is {_answer(gateway, 'livez')} without {what}")
        part.start()
        _expect_answer(scene, gateway, 200, what)
    box.wait_sent(60)
    scene.judge(gateway)
    for log in (gateway.log(), box.log()):
        said = Counter(line.partition("Z ")[2] for line in log.splitlines() if " INFO " not in line)
        again = {text: n for text, n in said.items() if n > OFTEN and text}
        scene.expect(not again, "silent", f"the log repeats itself: {again}")


def _expect_answer(scene: Scene, gateway: Gateway, wanted: int, what: str) -> None:
    deadline_s = time.monotonic() + NAMED_S
    while _answer(gateway, "readyz") != wanted:
        if time.monotonic() > deadline_s:
            scene.findings.silent.append(f"/readyz is {_answer(gateway, 'readyz')}, not {wanted}: {what}")
            return
        time.sleep(0.3)


def _answer(gateway: Gateway, path: str) -> int:
    """The status; 0: none."""
    try:
        return int(urllib3.request("GET", f"{gateway.made.url}/{path}", timeout=5.0, retries=False).status)
    except urllib3.exceptions.HTTPError:
        return 0


@case()
def user_without_name(scene: Scene) -> None:
    """`footfall quarantine` works for a user who has no entry in passwd, as in containers."""
    broker = scene.broker()
    gateway = scene.gateway(broker)
    with Wire(broker.port, "s1", "till") as till:
        till.publish("events", b'{"kind": "touch", "what": "nonsense"}')
        till.listen(1)
    scene.until(lambda: sum(gateway.status()["quarantine"].values()) >= 1, "it to be in quarantine")
    gateway.stop()
    if os.geteuid() != 0:
        raise Missing("who may run as another user is root")
    for path in (gateway.folder, *gateway.folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    for path in (scene.folder, scene.folder.parent):
        path.chmod(0o711)
    environment = {key: value for key, value in os.environ.items() if key not in ("USER", "LOGNAME", "LNAME", "USERNAME", "HOME")}
    for arguments in (("list",), ("drop", "--reason", "event.invalid", "--yes")):
        command = [FOOTFALL, "quarantine", *arguments, "--config", str(gateway.config)]
        try:
            done = subprocess.run(
                command,
                cwd=gateway.folder,
                env=environment,
                user=NOBODY,
                group=NOBODY,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        except PermissionError:
            raise Missing("another user may not run this environment") from None
        if "Permission" in done.stderr and "site-packages" in done.stderr:
            raise Missing("another user may not read this environment")
        scene.expect(done.returncode == 0, "stuck", f"quarantine {arguments[0]}: {done.stdout}{done.stderr}"[-600:])
