"""How long from the first sighting of a fan until guides hear of the arrival: beacons that send ten times a second, and once.

Agents, gateway, broker and `footfall serve` are real. Each store has three agents: two hear every fan, the third hears nobody, as in a
store that is empty but for the fan. Agents play recordings by the machine's own clock, so when a fan was sighted first is known; a client
of `/api/arrivals`, as a guide's page is one, notes when the arrival comes there, with the fan's last visits. An MQTT client counts how
often the gateway sends each.
"""

from __future__ import annotations

import json
import random
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import numpy as np
import urllib3
from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.effort import Effort
from benchmarks.machine import conditions
from benchmarks.results import Failed, Result, Target
from device_profiles.profile import Presence
from device_profiles.registry import shipped
from edge_agent.agent import EdgeAgent
from edge_agent.clock import SystemClock
from edge_agent.config import AgentSettings
from edge_agent.keys import write_keys
from edge_agent.sources.recording import format_line
from edge_agent.sources.source import Sighting
from footfall.config import check
from footfall.units import NS_PER_S
from gateway.fold.decision_rules import SETTLE_SIGHTINGS
from simulators.files import toml_text
from simulators.parts.mosquitto import Mosquitto
from simulators.parts.process import Process, free_port, is_listening
from simulators.parts.programs import FOOTFALL, GatewayProcess

SETTLED_P95_S: Final = 2.0
"""From when the first zone is settled."""
SIGHTED_P95_S: Final = {10.0: 4.0, 1.0: 8.0}
"""From the first sighting, by messages of a beacon a second."""
STORES: Final = 6
FANS: Final = 60
"""Arrivals at each rate."""
NEAR_DBM: Final = -58
FAR_DBM: Final = -72
NOISE_DB: Final = 3.0
HEARD_S: Final = {10.0: 6.0, 1.0: 12.0}
APART_S: Final = 3.0
BEGIN_S: Final = 14.0
"""A store waits for its agents for ten seconds first."""
LATE_S: Final = 15.0
PROFILE: Final = "ibeacon"
SECRET: Final = "reproducible, so good for nothing else but a benchmark"  # noqa: S105 # of nobody
SEED: Final = 11
_ZONES: Final = {"near": "entrance", "far": "shelf", "idle": "stock"}
"""By agent."""
NAMES: Final = tuple(f"arrival_{since}_p95_s_{rate}hz" for rate in ("10", "1") for since in ("sighted", "settled"))


@dataclass(frozen=True, slots=True)
class Coming:
    """A fan comes into a store `at_s` after the start, with a beacon that sends so often a second."""

    fan: str
    store: str
    at_s: float
    rate: float

    @property
    def identifier(self) -> str:
        return f"fda50693-a4e2-4fb1-afcf-c6eb07647825:1:{self.fan.removeprefix('fan-')}"


@dataclass
class Heard:
    """What is heard of arrivals: when a guide was told of each fan first, s, and how many the gateway sent."""

    at_s: dict[str, float] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)

    def tell(self, line: bytes) -> None:
        """Take a line of a guide's stream."""
        if line.startswith(b"data: "):
            self.at_s.setdefault(json.loads(line.removeprefix(b"data: "))["fan"], time.monotonic())

    def take(self, message: MQTTMessage) -> None:
        """Take what the gateway sends."""
        values = json.loads(message.payload)
        if values.get("kind") == "arrival":
            self.times[values["fan"]] += 1


def run(effort: Effort) -> list[Result]:
    """Return the delays of arrivals, at both rates."""
    comings = plan(FANS // 5 if effort.quick else FANS)
    with tempfile.TemporaryDirectory(prefix="footfall-bench.") as folder:
        delays_s = _delays(Path(folder), comings)
    found: list[Result] = []
    for rate, limit_s in SIGHTED_P95_S.items():
        of_rate = [delays_s[each.fan] for each in comings if each.rate == rate]
        for since, bound_s, less_s in (("sighted", limit_s, 0.0), ("settled", SETTLED_P95_S, settles_s(rate))):
            p50_s, p95_s = np.percentile(np.array(of_rate) - less_s, [50, 95]).tolist()
            note = f"p50 {p50_s:.2f} s of {len(of_rate)} fans, beacons at {rate:g} Hz, three agents a store of which one hears nobody"
            found.append(Result(f"arrival_{since}_p95_s_{rate:g}hz", p95_s, "s", target=Target("value", "<=", bound_s), note=note))
            effort.say(f"{rate:g} Hz, since {since}: p50 {p50_s:.2f} s, p95 {p95_s:.2f} s (limit {bound_s:g} s); {conditions()}")
    return found


def settles_s(rate: float) -> float:
    """Return how long the first zone of a beacon settles that is heard so often a second, s."""
    limits: Presence = shipped()[PROFILE].presence
    return min(limits.settle_max_s, max(limits.settle_min_s, SETTLE_SIGHTINGS / rate))


def plan(fans: int) -> list[Coming]:
    """Return who comes when: in each store one after the other, beacons of both rates by turns."""
    rng, comings = random.Random(SEED), list[Coming]()
    clocks = [rng.uniform(0.0, 5.0) for _ in range(STORES)]
    for n in range(2 * fans):
        store, rate = n // 2 % STORES, list(SIGHTED_P95_S)[n % 2]
        comings.append(Coming(f"fan-{n + 1}", f"s{store}", clocks[store], rate))
        clocks[store] += HEARD_S[rate] + rng.uniform(APART_S, 2 * APART_S)
    return comings


def _delays(folder: Path, comings: list[Coming]) -> dict[str, float]:
    """Return how long after the first sighting each fan arrived, s. Raise Failed if one did not, or arrived twice."""
    heard, clock = Heard(), SystemClock()
    with ExitStack() as stack:
        broker = Mosquitto(folder / "broker", persistence=False).start()
        stack.callback(broker.stop)
        gateway = _gateway(folder, broker.port, comings)
        stack.callback(gateway.process.stop)
        stack.enter_context(_listening(broker.port, heard))
        stack.enter_context(_guiding(folder, broker.port, heard))
        zero_ns = clock.boot_ns() + round(BEGIN_S * NS_PER_S)
        zero_s = time.monotonic() + BEGIN_S
        for store in sorted({each.store for each in comings}):
            for agent in _ZONES:
                settings = _agent(folder, store, agent, broker.port, zero_ns, [each for each in comings if each.store == store])
                stack.enter_context(_running(EdgeAgent(settings, clock)))
        ends_s = zero_s + max(each.at_s + HEARD_S[each.rate] for each in comings) + LATE_S
        while time.monotonic() < ends_s and len(heard.at_s) < len(comings):
            time.sleep(0.5)
    if missing := [each for each in comings if each.fan not in heard.at_s]:
        raise Failed(f"{len(missing)} of {len(comings)} fans did not arrive within {LATE_S:g} s, such as {missing[0]}")
    if again := [fan for fan, times in heard.times.items() if times > 1]:
        raise Failed(f"{len(again)} fans arrived more than once, such as {again[0]}")
    return {each.fan: heard.at_s[each.fan] - zero_s - each.at_s for each in comings}


def _gateway(folder: Path, broker_port: int, comings: list[Coming]) -> GatewayProcess:
    """Return a running gateway that knows the fans."""
    stores = sorted({each.store for each in comings})
    site = {
        "brand": "bench",
        "stores": [
            {"name": store, "zones": [{"name": zone} for zone in _ZONES.values()], "agents": [{"name": f"{store}-{a}"} for a in _ZONES]}
            for store in stores
        ],
    }
    (folder / "site.toml").write_text(toml_text(site))
    (folder / "secret").write_text(SECRET)
    (folder / "keys.toml").write_text(write_keys(SECRET.encode(), [shipped()[PROFILE].identifier_type]))
    (folder / "keys.toml").chmod(0o600)
    lines = [f"ibeacon,{each.identifier},{each.fan},2020-01-01T00:00:00Z,crm\n" for each in comings]
    (folder / "links.csv").write_text("identifier_type,identifier,fan,from,source\n" + "".join(lines))
    values = {"brand_secret_file": "secret", "broker": {"port": broker_port}, "sink": {"kind": "sqlite", "path": "footfall.db"}}
    gateway = GatewayProcess(folder, free_port(), values)
    gateway.process.start()
    command = [FOOTFALL, "links", "import", str(folder / "links.csv"), "--config", str(gateway.config), "--quiet"]
    subprocess.run(command, check=True, capture_output=True)
    return gateway


def _agent(folder: Path, store: str, agent: str, broker_port: int, zero_ns: int, comings: list[Coming]) -> AgentSettings:
    path = folder / f"{store}-{agent}.jsonl"
    path.write_text("".join(map(format_line, _sightings(agent, comings))))
    values: dict[str, Any] = {
        "store": store, "agent": f"{store}-{agent}", "broker": {"port": broker_port},
        "spool": {"path": str(folder / f"{store}-{agent}.spool.db")}, "keys": {"file": str(folder / "keys.toml")},
        "sources": [{
            "kind": "simulated", "name": "radio", "path": str(path), "origin_boot_ns": zero_ns, "receivers": {"radio": _ZONES[agent]},
        }],
    }  # fmt: skip
    return check(values, AgentSettings, "benchmark")


def _sightings(agent: str, comings: list[Coming]) -> Iterator[Sighting]:
    """Yield what an agent hears of all who come, in order; the first sighting is the near one's."""
    rng, level_dbm = random.Random(f"{SEED} {agent}"), {"near": NEAR_DBM, "far": FAR_DBM}.get(agent)
    if level_dbm is None:
        return
    for each in comings:
        for n in range(round(HEARD_S[each.rate] * each.rate)):
            at_ns = round((each.at_s + n / each.rate + (0.01 if agent == "far" else 0.0)) * NS_PER_S)
            yield Sighting(at_ns, "radio", PROFILE, each.identifier, round(rng.gauss(level_dbm, NOISE_DB)))


@contextmanager
def _running(agent: EdgeAgent) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=agent.run, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def _guiding(folder: Path, broker_port: int, heard: Heard) -> Iterator[None]:
    """Follow /api/arrivals of a server, as a guide's page does."""
    port = free_port()
    (folder / "serve.toml").write_text(toml_text({"broker": {"port": broker_port}, "listen": {"port": port}}))
    server = Process([FOOTFALL, "serve", "--config", str(folder / "serve.toml")], folder / "serve.log", lambda: is_listening(port))
    server.start()
    try:
        answer = urllib3.request("GET", f"http://127.0.0.1:{port}/api/arrivals", preload_content=False, timeout=None, retries=False)
        if answer.status != HTTPStatus.OK:
            raise Failed(f"/api/arrivals answers {answer.status}: {answer.read()!r}")
        threading.Thread(target=_follow, args=(answer, heard), daemon=True).start()
        yield
    finally:
        server.stop()


def _follow(answer: urllib3.BaseHTTPResponse, heard: Heard) -> None:
    """Read a stream until its server ends it; events come in pieces of whole lines."""
    with suppress(urllib3.exceptions.HTTPError):
        for piece in answer.read_chunked():
            for line in piece.splitlines():
                heard.tell(line)


@contextmanager
def _listening(port: int, heard: Heard) -> Iterator[None]:
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv311)
    client.on_message = lambda _, __, message: heard.take(message)
    client.connect("127.0.0.1", port)
    client.subscribe("footfall/1/+/live")
    client.loop_start()
    try:
        yield
    finally:
        client.disconnect()
        client.loop_stop()
