"""How long from publishing an event until a query to InfluxDB returns it, while 5,000 rows a second come in.

A probe publishes a frame with one `enter` and asks InfluxDB for it every few milliseconds, over one connection that stays open.
The time is from just before the frame goes to the broker until the answer that has it was read: broker, accept, a synchronous
commit, fold, write and query are all in it, and up to one polling interval too much.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import numpy as np

from benchmarks.influx import influxdb
from benchmarks.ingest import load_command
from benchmarks.machine import AROUND, pinned
from benchmarks.results import Failed
from benchmarks.under_test import GatewayUnderTest, broker
from footfall.frames import COLUMNS, Body, Header, Kind, encode_body, encode_frame
from gateway.site import Agent, Site, Store, Zone
from simulators import mqtt
from simulators.load import boot_ns
from simulators.load_frames import Load
from simulators.parts.influxdb import InfluxServer

POLL_S: Final = 0.004
LOST_S: Final = 30.0
LOAD: Final = Load(stores=40, agents=4, rows=30, frame_s=0.96)
"""160 agents with a frame of 30 rows about every second: 5,000 rows a second, as live agents send."""
RATE: Final = 5000 / 30
_STORE, _AGENT, _ZONE = "probe", "probe-1", "entrance"


@dataclass(frozen=True, slots=True)
class Latency:
    p50_ms: float
    p99_ms: float
    worst_ms: float
    probes: int


def run(probes: int) -> Latency:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="footfall-bench.")))
        server = stack.enter_context(influxdb(folder))
        mosquitto = broker(folder)
        stack.callback(mosquitto.stop)
        sink = {"url": server.url, "bucket": server.bucket, "org": server.org, "token": server.token}
        stack.enter_context(GatewayUnderTest(folder, _site(), mosquitto.port, sink))
        command = load_command(LOAD, mosquitto.port, 100_000, window=5, rate=RATE)
        generator = subprocess.Popen(pinned(AROUND, command), stdout=subprocess.DEVNULL)
        stack.callback(generator.kill)
        connection = stack.enter_context(mqtt.connect("127.0.0.1", mosquitto.port, _AGENT))
        time.sleep(3.0)
        rng = random.Random(1)
        probe = _Probe(connection, server)
        found = []
        for seq in range(1, probes + 1):
            found.append(probe.measure(seq))
            time.sleep(rng.uniform(0.0, 0.05))
        if generator.poll() is not None:
            raise Failed("the load ended before the probes did")
        p50, p99 = np.percentile(np.array(found) * 1000, [50, 99])
        return Latency(float(p50), float(p99), max(found) * 1000, probes)


class _Probe:
    def __init__(self, connection: socket.socket, server: InfluxServer) -> None:
        self._mqtt = connection
        self._http = http.client.HTTPConnection("127.0.0.1", server.port)
        self._headers = {"Authorization": f"Token {server.token}"}
        self._database = server.bucket.partition("/")[0]

    def measure(self, seq: int) -> float:
        """Seconds until the probe's `enter` can be queried."""
        packet = mqtt.publish(f"footfall/1/{_STORE}/{_AGENT}/frames", seq % mqtt.MAX_PACKET_ID + 1, _frame(seq))
        began_s = time.monotonic()
        self._mqtt.sendall(packet)
        while not self._is_there(seq):
            if time.monotonic() - began_s > LOST_S:
                raise Failed(f"probe {seq} was not there after {LOST_S:.0f} s")
            time.sleep(POLL_S)
        return time.monotonic() - began_s

    def _is_there(self, seq: int) -> bool:
        statement = f"SELECT last(subject) FROM presence WHERE store = '{_STORE}' AND agent = '{_AGENT}'"
        query = urlencode({"db": self._database, "q": statement})
        self._http.request("GET", f"/query?{query}", headers=self._headers)
        series = json.loads(self._http.getresponse().read())["results"][0].get("series")
        return bool(series) and series[0]["values"][0][1] == f"{seq:016x}"


def _site() -> Site:
    load = LOAD.site()
    probe = Store(name=_STORE, zones=(Zone(name=_ZONE),), agents=(Agent(name=_AGENT, receivers={"r": _ZONE}),))
    return Site(brand=load.brand, stores=(*load.stores, probe))


def _frame(seq: int) -> bytes:
    now_ns = boot_ns()
    values = {"kind": Kind.ENTER, "t_boot_ns": now_ns, "subject": seq, "rssi_dbm": -60, "count": 1}
    columns: dict[str, Any] = {name: np.array([values.get(name, 0)], dtype) for name, dtype in COLUMNS.items()}
    made: dict[str, Any] = {
        "boot": "probe-boot",
        "made_boot_ns": now_ns,
        "made_wall_ns": time.time_ns(),
        "wall_synced": True,
        "first_row": seq - 1,
    }
    body = encode_body(Body(**made, key_id=1, zones=(_ZONE,), profiles=("ibeacon",), **columns))
    return encode_frame(Header(_STORE, _AGENT, "probe-epoch", seq, 1, "probe-boot", boot_ns(), time.time_ns(), 0, 0), body)
