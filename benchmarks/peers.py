"""What Telegraf and the tutorials' gateway cost for the same events, into the same server, fed by the same broker."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Literal

from benchmarks.blast import Blast, packets
from benchmarks.ingest import Run
from benchmarks.machine import MEASURED, Meter, pinned, rss_mb
from benchmarks.messages import Format
from benchmarks.results import Failed
from benchmarks.stub import Counts, Stub
from benchmarks.under_test import broker
from footfall.errors import ConfigError
from simulators import mqtt
from simulators.parts.influxdb import cache_folder
from simulators.parts.process import Process

Peer = Literal["telegraf", "tutorial"]
CONFIGS: Final = Path(__file__).parent / "telegraf"
START_S: Final = 60.0
IDLE_S: Final = 60.0


def telegraf() -> Path:
    """Return its binary. Raise ConfigError with how to get it."""
    path = cache_folder() / "telegraf"
    if not os.access(path, os.X_OK):
        raise ConfigError(f"{path} is missing: `make telegraf` builds it (Go 1.24 or newer)")
    return path


def run(peer: Peer, form: Format, events: int) -> Run:
    """One peer, from before the first message until its last event has arrived."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="footfall-bench.")))
        mosquitto = broker(folder, max_queued_messages=0)
        stack.callback(mosquitto.stop)
        stub = stack.enter_context(Stub(folder))
        process = Process(_command(peer, form, mosquitto.port, stub.url), folder / "peer.log", lambda: True)
        process.start()
        stack.callback(process.stop)
        blast = Blast(mosquitto.port, form, events)
        stack.callback(blast.close)
        before = _warm_up(mosquitto.port, form, stub)
        meter = Meter(process.pid)
        blast.go()
        last_s = _wait(stub, before.events + blast.events)
        return Run(blast.events, blast.events, meter.cpu_s(), last_s - meter.began_s, rss_mb(process.pid))


def _command(peer: Peer, form: Format, port: int, url: str) -> list[str]:
    if peer == "tutorial":
        return pinned(MEASURED, [sys.executable, "-m", "benchmarks.tutorial_gateway", str(port), url, "stub", "-", "footfall"])
    values = {"BROKER_PORT": port, "SINK_URL": url, "SINK_TOKEN": "stub", "SINK_ORG": "-", "SINK_BUCKET": "footfall"}
    environment = [f"{name}={value}" for name, value in values.items()]
    return pinned(MEASURED, ["env", *environment, str(telegraf()), "--config", str(CONFIGS / f"{form}.conf")])


def _warm_up(port: int, form: Format, stub: Stub) -> Counts:
    """Send a first message until it arrives: nothing signals that it has subscribed."""
    first = packets(form, 1)[0]
    deadline = time.monotonic() + START_S
    with mqtt.connect("127.0.0.1", port, "warm-up") as connection:
        while not stub.counts().events:
            if time.monotonic() > deadline:
                raise Failed("the peer took no event within a minute")
            connection.sendall(first)
            time.sleep(0.5)
    time.sleep(1.0)
    return stub.counts()


def _wait(stub: Stub, events: int) -> float:
    """Until so many events have arrived; when the last one did."""
    seen, progressed_s = -1, time.monotonic()
    while (counts := stub.counts()).events < events:
        if counts.events != seen:
            seen, progressed_s = counts.events, time.monotonic()
        if time.monotonic() - progressed_s > IDLE_S:
            raise Failed(f"{counts.events} of {events} events arrived, then nothing")
        time.sleep(0.05)
    return counts.last_s
