"""Frames through the whole gateway into a server that answers 204: rows and frames a second of one core, CPU per row."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import AROUND, Meter, pinned, rss_mb
from benchmarks.profiling import Profiler
from benchmarks.results import Failed
from benchmarks.stub import Stub
from benchmarks.under_test import GatewayUnderTest, broker
from simulators.load_frames import Load

IDLE_S = 60.0
"""Nothing arrived for so long: the run has failed."""


@dataclass(frozen=True, slots=True)
class Ingest:
    """A run of one gateway. `window`: unreceipted frames of an agent at most, so that the broker's queue always holds them."""

    load: Load
    frames: int
    window: int
    rate: float = 0.0
    stay_points: bool = True

    @property
    def rows(self) -> int:
        return self.load.total_agents * self.frames * self.load.rows


@dataclass(frozen=True, slots=True)
class Run:
    """What a run cost. `wall_s` is from the first frame sent to the last line received."""

    rows: int
    lines: int
    cpu_s: float
    wall_s: float
    rss_mb: float
    start_s: float = 0.0

    @property
    def us_per_row(self) -> float:
        return self.cpu_s / self.rows * 1e6

    @property
    def cpu_share(self) -> float:
        return self.cpu_s / self.wall_s


def best(runs: list[Run]) -> Run:
    """The one that cost least: what others on the machine do only adds."""
    return min(runs, key=lambda run: run.cpu_s / run.rows)


def load_command(load: Load, broker_port: int, frames: int, window: int, rate: float = 0.0, ago_s: float = 0.0) -> list[str]:
    options = {
        "broker": f"127.0.0.1:{broker_port}", "stores": load.stores, "agents": load.agents, "rows": load.rows, "frames": frames,
        "rate": rate, "frame-s": load.frame_s, "seed": load.seed, "window": window, "ago-s": ago_s,
    }  # fmt: skip
    return [sys.executable, "-m", "simulators.load", *(f"--{key}={value}" for key, value in options.items())]


def run(ingest: Ingest, profiler: Profiler | None = None) -> Run:
    """One gateway from its start until every row has arrived."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="footfall-bench.")))
        mosquitto = broker(folder)
        stack.callback(mosquitto.stop)
        stub = stack.enter_context(Stub(folder))
        gateway = stack.enter_context(
            GatewayUnderTest(folder, ingest.load.site(), mosquitto.port, {"url": stub.url}, stay_points=ingest.stay_points)
        )
        if profiler:
            profiler.start(gateway.process.pid)
        meter = Meter(*gateway.pids)
        command = load_command(ingest.load, mosquitto.port, ingest.frames, ingest.window, ingest.rate)
        generator = subprocess.Popen(pinned(AROUND, command), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        stack.callback(generator.kill)
        wait(ingest, stub, gateway, generator)
        cpu_s, last_s = meter.cpu_s(), stub.counts().last_s
        if profiler:
            print(profiler.stop(ingest.rows))
        return Run(ingest.rows, stub.counts().lines, cpu_s, last_s - meter.began_s, rss_mb(gateway.process.pid), gateway.start_s)


def wait(ingest: Ingest, stub: Stub, gateway: GatewayUnderTest, generator: subprocess.Popen[bytes]) -> None:
    """Until everything sent is where it belongs. Failed, with what is known, if it does not get there."""
    lines, progressed_s = -1, time.monotonic()
    while True:
        counts = stub.counts()
        now_s = time.monotonic()
        if counts.lines != lines:
            lines, progressed_s = counts.lines, now_s
        ended = generator.poll() is not None
        if ended and generator.returncode:
            raise Failed(f"the load generator failed: {generator.communicate()[1].decode()[-2000:]}")
        if ended and now_s - progressed_s > 0.5 and (not ingest.stay_points or counts.events >= ingest.rows):
            break
        if now_s - progressed_s > IDLE_S or not gateway.process.is_running:
            last = gateway.log.read_text(errors="replace")[-2000:]
            raise Failed(f"{counts.events} of {ingest.rows} rows arrived, then nothing; the gateway's log ends with:\n{last}")
        time.sleep(0.05)
    if ingest.stay_points and counts.events != ingest.rows:
        raise Failed(f"{counts.events} rows arrived instead of {ingest.rows}")
    sent = json.loads((generator.communicate()[0] or b"{}").splitlines()[-1])
    if sent["rows"] < ingest.rows:
        raise Failed(f"the load generator sent {sent['rows']} rows instead of {ingest.rows}")
