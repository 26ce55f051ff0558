"""What a gateway takes in memory that knows 7,000 stores and has seen a million subjects."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.ingest import load_command
from benchmarks.machine import AROUND, pinned, rss_mb
from benchmarks.results import Failed
from benchmarks.stub import Stub
from benchmarks.under_test import GatewayUnderTest, broker
from simulators.load_frames import Load

FRAMES_PER_S: Final = 1000.0
REST_S: Final = 20.0
"""In which the gateway gives back what it does not need any more."""
PATIENCE_S: Final = 240.0
"""A wave is given up after so long."""


@dataclass(frozen=True, slots=True)
class Wave:
    """One frame of every agent of `load`, so many seconds ago. Nobody of it is heard again."""

    load: Load
    ago_s: float

    @property
    def rows(self) -> int:
        return self.load.total_agents * self.load.rows

    @property
    def subjects(self) -> int:
        return self.load.total_agents * self.load.places


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory at rest after all that, and the highest it was."""

    subjects: int
    rss_mb: float
    peak_mb: float


ALL_INSIDE: Final = (Wave(Load(stores=7000, agents=4, rows=74), 0.0),)
"""28,000 agents with 36 subjects around each."""
_STORE_EACH: Final = Load(stores=7000, agents=1, rows=74)
SEEN: Final = tuple(Wave(replace(_STORE_EACH, seed=k), 2400.0 * (4 - k)) for k in (1, 2, 3, 4))
"""36 subjects in each store, and 36 others every 40 minutes: visits end after 30."""


def run(waves: Sequence[Wave]) -> Memory:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="footfall-bench.")))
        mosquitto = broker(folder)
        stack.callback(mosquitto.stop)
        stub = stack.enter_context(Stub(folder))
        gateway = stack.enter_context(GatewayUnderTest(folder, waves[0].load.site(), mosquitto.port, {"url": stub.url}))
        expected = 0
        for wave in waves:
            expected += wave.rows
            command = load_command(wave.load, mosquitto.port, 1, 1, FRAMES_PER_S, wave.ago_s)
            generator = subprocess.Popen(pinned(AROUND, command), stdout=subprocess.DEVNULL, stderr=sys.stderr)
            stack.callback(generator.wait)
            stack.callback(generator.kill)
            _wait(gateway, stub, expected)
        time.sleep(REST_S)
        pid = gateway.process.pid
        return Memory(sum(wave.subjects for wave in waves), rss_mb(pid), rss_mb(pid, peak=True))


def _wait(gateway: GatewayUnderTest, stub: Stub, rows: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while (arrived := stub.counts().events) < rows:
        if not gateway.process.is_running:
            raise Failed(f"the gateway ended; its log ends with:\n{gateway.log.read_text(errors='replace')[-2000:]}")
        if time.monotonic() > deadline:
            raise Failed(f"{arrived:,} of {rows:,} rows were through in time; {rss_mb(gateway.process.pid):.0f} MB resident by then")
        time.sleep(0.2)
