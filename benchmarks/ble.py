"""Advertisements through the real bleak: by the whole agent into spooled frames, and by bleak alone, from the same emulated BlueZ.

The listener is on one core; the emulator and the D-Bus daemon are on the other.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import urllib3

from benchmarks.machine import AROUND, MEASURED, Meter, pinned, rss_mb
from benchmarks.profiling import Profiler
from benchmarks.results import Failed
from simulators.files import toml_text
from simulators.parts.private_bus import VARIABLE
from simulators.parts.process import free_port

IDLE_S: Final = 30.0
BUSY_PER_S: Final = 5_000.0
FULL_PER_S: Final = 10_000.0
"""More of them come in bursts that overflow the agent's queue while its disk is busy: then not all are heard."""
DEVICES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Run:
    """`wall_s` is until the last of `heard` had been heard."""

    heard: int
    cpu_s: float
    wall_s: float
    rss_mb: float

    @property
    def us_each(self) -> float:
        return self.cpu_s / self.heard * 1e6

    @property
    def per_s(self) -> float:
        return self.heard / self.wall_s

    @property
    def core_share(self) -> float:
        return self.cpu_s / self.wall_s


class Agent:
    """The real `footfall agent` with one source; its broker is not there, so frames stay in the spool."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._http_port = free_port()
        config = {
            "store": "s", "agent": "a",
            "spool": {"path": str(folder / "spool.sqlite")},
            "broker": {"port": free_port()},
            "intake": {"port": self._http_port},
            "sources": [{"kind": "ble", "name": "ble", "receivers": {"hci0": "door"}}],
        }  # fmt: skip
        (folder / "agent.toml").write_text(toml_text(config))
        command = [str(Path(sys.executable).with_name("footfall")), "agent", "-c", str(folder / "agent.toml")]
        with (folder / "agent.log").open("wb") as log:
            self.process: Final = subprocess.Popen(pinned(MEASURED, command), env=environment, stdout=log, stderr=log)

    def heard(self) -> int:
        """Sightings in the core, and so in frames within a second; what was dropped is not among them."""
        try:
            health = urllib3.request("GET", f"http://127.0.0.1:{self._http_port}/health", timeout=5.0, retries=False).json()
        except (urllib3.exceptions.HTTPError, ValueError):
            return 0
        return int(health["sightings_total"])


class Bleak:
    """bleak alone."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._out: Final = folder / "heard"
        with self._out.open("wb") as out:
            command = pinned(MEASURED, [sys.executable, "-m", "benchmarks.ble_peer"])
            self.process: Final = subprocess.Popen(command, env=environment, stdout=out)

    def heard(self) -> int:
        lines = self._out.read_text().splitlines()
        return int(lines[-1]) if lines else 0


Listener = Callable[[Path, dict[str, str]], Agent | Bleak]


def run(listener: Listener, rate: float, count: int, profiler: Profiler | None = None, devices: int = DEVICES) -> Run:
    """`count` advertisements of `devices` devices at `rate` a second, 0 for as fast as they go; all must arrive."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="footfall-bench.")))
        command = pinned(AROUND, [sys.executable, "-m", "benchmarks.ble_air", str(rate), str(count), str(devices)])
        air = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        stack.callback(_end, air)
        assert air.stdin is not None
        assert air.stdout is not None
        hearing = listener(folder, {**os.environ, VARIABLE: _told(air.stdout)["address"]})
        stack.callback(_end, hearing.process)
        _told(air.stdout)
        before = _hear(hearing, 0, _told(air.stdout)["said"])
        if profiler:
            profiler.start(hearing.process.pid)
        air.stdin.write(b"\n")
        air.stdin.flush()
        _told(air.stdout)
        meter = Meter(hearing.process.pid)
        said = _told(air.stdout)["said"]
        _hear(hearing, before, said)
        found = Run(said, meter.cpu_s(), meter.wall_s(), rss_mb(hearing.process.pid))
        if profiler:
            print(profiler.stop(said))
        air.stdin.write(b"\n")
        air.stdin.flush()
        return found


def _told(out: IO[bytes]) -> dict[str, Any]:
    line = out.readline()
    if not line:
        raise Failed("the emulated BlueZ has ended")
    told: dict[str, Any] = json.loads(line)
    return told


def _hear(hearing: Agent | Bleak, before: int, said: int) -> int:
    """Wait until everything sent is heard: exactly that much."""
    heard, until_s = 0, time.monotonic() + IDLE_S
    while heard < before + said:
        time.sleep(0.05)
        heard, last = hearing.heard(), heard
        if heard > last:
            until_s = time.monotonic() + IDLE_S
        if time.monotonic() > until_s or hearing.process.poll() is not None:
            raise Failed(f"{heard - before} of {said} advertisements were heard")
    if heard != before + said:
        raise Failed(f"{heard - before} advertisements were heard, but {said} were said")
    return heard


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
