"""A chain of 7,000 stores with 4 agents each, a frame of 30 rows from each every 10 s, for minutes.

The load obeys receipts as agents do, so that nothing is lost where the gateway is late: lateness then shows as backlog. The gateway
is not asked for its status meanwhile, which would cost it time; its CPU and memory are read from the kernel.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.ingest import load_command
from benchmarks.machine import AROUND, Meter, pinned, rss_mb, yardstick_ms
from benchmarks.profiling import Profiler
from benchmarks.results import Failed
from benchmarks.stub import Stub
from benchmarks.under_test import GatewayUnderTest, broker
from simulators.load_frames import Load

STORES: Final = 7000
CHAIN: Final = Load(stores=STORES, agents=4, rows=30, frame_s=10.0)
FRAMES_PER_S: Final = 2800.0
SAMPLE_S: Final = 10.0
SETTLE_S: Final = 60.0
"""What is still on its way when the load ends must be through by then."""
LATE_S: Final = 5.0
GROWTH: Final = 1.1
"""Memory is flat if it grew by less in the second half."""
WINDOW: Final = 2
GIVE_UP_S: Final = 60.0
"""So much later than planned the load is ended."""


@dataclass(frozen=True, slots=True)
class Sample:
    """`at_s` since the first frame, CPU used so far, memory now, how fast the machine is now."""

    at_s: float
    cpu_s: float
    rss_mb: float
    yardstick_ms: float


@dataclass(frozen=True, slots=True)
class Chain:
    """`rows` of `planned` were through when all was, or when it was given up.

    `late_s` is how much longer than planned the load took, `settled_s` how long then until nothing waited any more.
    """

    samples: list[Sample]
    rows: int
    planned: int
    start_s: float
    late_s: float
    settled_s: float
    peak_mb: float
    backlog: dict[str, int]
    lines_per_request: float

    @property
    def core_share(self) -> float:
        """CPU by the time that there was for these rows, the arrival of everybody in the first seconds included.

        Of a gateway that was late this is what it would have needed to keep up.
        """
        return self.samples[-1].cpu_s / self.rows * FRAMES_PER_S * CHAIN.rows

    @property
    def broken(self) -> str:
        """Return why it did not keep up; an empty text if it did."""
        lost = f"only {self.rows:,} of {self.planned:,} rows were through" if self.rows < self.planned else ""
        late = f"the load ended {self.late_s:.0f} s late" if self.late_s > LATE_S else ""
        waits = f"{self.backlog} still wait" if self.settled_s > SETTLE_S else ""
        half = self.samples[len(self.samples) // 2].rss_mb
        grows = f"memory grew from {half:.0f} to {self.samples[-1].rss_mb:.0f} MB" if self.samples[-1].rss_mb > GROWTH * half else ""
        return "; ".join(filter(None, (lost, late, waits, grows)))

    @property
    def steady_share(self) -> float:
        """In the second half."""
        middle, last = self.samples[len(self.samples) // 2], self.samples[-1]
        return (last.cpu_s - middle.cpu_s) / (last.at_s - middle.at_s) if last.at_s > middle.at_s else self.core_share


def run(seconds: float, stay_points: bool = True, profiler: Profiler | None = None) -> Chain:
    """The chain for so long."""
    frames = max(1, round(seconds / CHAIN.frame_s))
    with _running(frames, stay_points) as (gateway, stub, generator):
        if profiler:
            profiler.start(gateway.process.pid)
        found = _watch(gateway, stub, generator, frames)
        if profiler:
            print(profiler.stop(found.rows))
        return found


@contextmanager
def _running(frames: int, stay_points: bool) -> Iterator[tuple[GatewayUnderTest, Stub, subprocess.Popen[bytes]]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="footfall-bench.")))
        mosquitto = broker(folder)
        stack.callback(mosquitto.stop)
        stub = stack.enter_context(Stub(folder))
        gateway = stack.enter_context(GatewayUnderTest(folder, CHAIN.site(), mosquitto.port, {"url": stub.url}, stay_points=stay_points))
        command = load_command(CHAIN, mosquitto.port, frames, WINDOW, FRAMES_PER_S)
        generator = subprocess.Popen(pinned(AROUND, command), stdout=subprocess.DEVNULL)
        stack.callback(generator.wait)
        stack.callback(generator.kill)
        yield gateway, stub, generator


def _watch(gateway: GatewayUnderTest, stub: Stub, generator: subprocess.Popen[bytes], frames: int) -> Chain:
    plan_s, planned = frames * CHAIN.total_agents / FRAMES_PER_S, frames * CHAIN.total_agents * CHAIN.rows
    meter = Meter(*gateway.pids)
    while not stub.counts().lines:  # the load generator prepares 28,000 names first
        _check(gateway, generator)
        if meter.wall_s() > GIVE_UP_S:
            raise Failed("no row arrived")
        time.sleep(0.05)
    clock = Meter()
    samples: list[Sample] = []
    while generator.poll() is None and clock.wall_s() < plan_s + GIVE_UP_S:
        _check(gateway, generator)
        if clock.wall_s() >= SAMPLE_S * (len(samples) + 1):
            samples.append(Sample(clock.wall_s(), meter.cpu_s(), rss_mb(gateway.process.pid), yardstick_ms()))
        time.sleep(0.2)
    late_s = clock.wall_s() - plan_s
    generator.kill()
    settled_s, backlog = _settle(gateway)
    samples.append(Sample(clock.wall_s(), meter.cpu_s(), rss_mb(gateway.process.pid), yardstick_ms()))
    rows = int(gateway.metrics()["footfall_rows_written_total"])
    counts, peak_mb = stub.counts(), rss_mb(gateway.process.pid, peak=True)
    return Chain(samples, rows, planned, gateway.start_s, late_s, settled_s, peak_mb, backlog, counts.lines / counts.requests)


def _check(gateway: GatewayUnderTest, generator: subprocess.Popen[bytes]) -> None:
    if not gateway.process.is_running:
        raise Failed(f"the gateway ended; its log ends with:\n{gateway.log.read_text(errors='replace')[-2000:]}")
    if generator.poll():
        raise Failed("the load generator failed")


def _settle(gateway: GatewayUnderTest) -> tuple[float, dict[str, int]]:
    """Until no record and no batch waits; how long that took, and what still waited if it took too long."""
    began_s = time.monotonic()
    while True:
        status = gateway.status()
        journal, sink = status["journal"], status["sink"]
        backlog = {"records": journal["head"] - journal["position"], "batches": sink["outbox_batches"]}
        took_s = time.monotonic() - began_s
        # A tick every two seconds is a record too, which nobody waits for.
        if (backlog["records"] <= 1 and not backlog["batches"]) or took_s > SETTLE_S:
            return took_s, backlog
        time.sleep(0.5)
