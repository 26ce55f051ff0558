"""What one read of a fan's history costs `footfall serve`, 500 times a second, while the gateway beside it takes 5,000 rows a second.

Both are the real ones, each on a core of its own; reads come by HTTP over connections that stay open, each of another fan with a token of
headquarters. CPU is that of the whole process of `footfall serve`, so its inverse is what one core can do. Beside it stands a bare route
of FastAPI that answers as many bytes: what HTTP costs by itself.
"""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks import fans
from benchmarks.effort import Effort
from benchmarks.ingest import load_command
from benchmarks.latency import LOAD, RATE
from benchmarks.machine import AROUND, MEASURED, Meter, conditions, pinned
from benchmarks.results import Failed, Result, Target
from benchmarks.under_test import GatewayUnderTest, broker
from simulators.files import toml_text
from simulators.parts.process import Process, free_port, is_listening
from simulators.parts.programs import FOOTFALL

VISITS: Final = 300_000
READS_PER_S: Final = 500.0
READ_S: Final = 20.0
CONNECTIONS: Final = 8
WARM: Final = 200
ROWS_PER_S: Final = RATE * LOAD.rows
SEED: Final = 5
NAMES: Final = ("api_read_cpu_ms", "api_reads_per_s")


@dataclass(frozen=True, slots=True)
class Reads:
    """CPU of the server a read, and how long reads took by the clock, ms; `per_s`: how many were answered."""

    cpu_ms: float
    p50_ms: float
    p99_ms: float
    per_s: float
    body: bytes


def run(effort: Effort) -> list[Result]:
    """Return what a read costs, and how many a core can answer. Raise Failed if the gateway does not take its rows meanwhile."""
    visits, seconds = effort.events(VISITS), READ_S / 4 if effort.quick else READ_S
    with tempfile.TemporaryDirectory(prefix="footfall-bench.") as folder:
        ours, bare, rows_per_s = measure(Path(folder), visits // fans.VISITS_A_FAN, seconds)
    if rows_per_s < 0.95 * ROWS_PER_S:
        raise Failed(f"the gateway took {rows_per_s:,.0f} rows/s beside the reads, not {ROWS_PER_S:,.0f}")
    effort.say(
        f"{ours.cpu_ms:.2f} ms a read, bare {bare.cpu_ms:.2f} ms; {ours.per_s:.0f} reads/s, p99 {ours.p99_ms:.1f} ms; {conditions()}"
    )
    note = (
        f"{fans.VISITS_A_FAN} visits a fan, {len(ours.body):,} bytes; {ours.per_s:.0f} reads/s were asked and answered, by the clock p50 "
        f"{ours.p50_ms:.1f} ms, p99 {ours.p99_ms:.1f} ms; none is cached; the gateway took {rows_per_s:,.0f} rows/s"
    )
    return [
        Result(NAMES[0], ours.cpu_ms, "ms", "bare_fastapi", bare.cpu_ms, Target("value", "<=", 1.3), note),
        Result(NAMES[1], 1e3 / ours.cpu_ms, "reads/s a core", "bare_fastapi", 1e3 / bare.cpu_ms, Target("value", ">=", 770), "its inverse"),
    ]


def measure(folder: Path, known: int, seconds: float) -> tuple[Reads, Reads, float]:
    """Return reads of `footfall serve` and of the bare route, and how many rows a second the gateway took beside the former."""
    with ExitStack() as stack:
        mosquitto = broker(folder)
        stack.callback(mosquitto.stop)
        (folder / "state").mkdir()
        fans.write(folder / "state" / "ledger.db", known)
        sink = {"kind": "sqlite", "path": str(folder / "footfall.db")}
        gateway = stack.enter_context(GatewayUnderTest(folder, LOAD.site(), mosquitto.port, sink, core=AROUND))
        command = load_command(LOAD, mosquitto.port, 100_000, window=5, rate=RATE)
        generator = subprocess.Popen(pinned(AROUND, command), stdout=subprocess.DEVNULL)
        stack.callback(generator.kill)
        token = _token(folder)
        with _serving(_command_of_serve(folder, mosquitto.port), folder / "serve.log") as (pid, port):
            before, began_s = gateway.balance()["in_total"], time.monotonic()
            ours = _reads(pid, port, token, known, seconds)
            rows_per_s = (gateway.balance()["in_total"] - before) / (time.monotonic() - began_s)
        if generator.poll() is not None:
            raise Failed("the load ended before the reads did")
        (folder / "body").write_bytes(ours.body)
        with _serving(_command_of_bare(folder), folder / "bare.log") as (pid, port):
            bare = _reads(pid, port, token, known, seconds)
        return ours, bare, rows_per_s


def _token(folder: Path) -> str:
    command = [FOOTFALL, "user", "add", "bench", "--role", "headquarters", "--config", str(folder / "gateway.toml")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _command_of_serve(folder: Path, broker_port: int) -> Callable[[int], Sequence[str]]:
    def command(port: int) -> Sequence[str]:
        limits = {"requests_per_s": 10 * READS_PER_S, "burst": 10_000}
        (folder / "serve.toml").write_text(toml_text({"broker": {"port": broker_port}, "listen": {"port": port, **limits}}))
        return [FOOTFALL, "serve", "--config", str(folder / "serve.toml")]

    return command


def _command_of_bare(folder: Path) -> Callable[[int], Sequence[str]]:
    return lambda port: [sys.executable, "-m", "benchmarks.api_peer", str(folder / "body"), str(port)]


@contextmanager
def _serving(command: Callable[[int], Sequence[str]], log: Path) -> Iterator[tuple[int, int]]:
    """Run a server on the measured core; yield its process and its port."""
    port = free_port()
    process = Process(pinned(MEASURED, command(port)), log, lambda: is_listening(port))
    process.start()
    try:
        yield process.pid, port
    finally:
        process.stop()


def _reads(pid: int, port: int, token: str, known: int, seconds: float) -> Reads:
    """Read at a steady rate; several connections ask at once."""
    rng, took_s = random.Random(SEED), list[float]()
    with ExitStack() as stack:
        some = [_Reader(stack.enter_context(socket.create_connection(("127.0.0.1", port))), token) for _ in range(CONNECTIONS)]
        for n in range(WARM):
            some[n % CONNECTIONS].ask(rng.randrange(known))
            body = some[n % CONNECTIONS].answer()
        meter = Meter(pid)
        for nth in range(round(seconds * READS_PER_S / CONNECTIONS)):
            time.sleep(max(0.0, meter.began_s + nth * CONNECTIONS / READS_PER_S - time.monotonic()))
            asked_s = time.monotonic()
            for each in some:
                each.ask(rng.randrange(known))
            for each in some:
                each.answer()
                took_s.append(time.monotonic() - asked_s)
        cpu_s, wall_s = meter.cpu_s(), meter.wall_s()
    p50, p99 = np.percentile(np.array(took_s) * 1e3, [50, 99]).tolist()
    return Reads(cpu_s / len(took_s) * 1e3, p50, p99, len(took_s) / wall_s, body)


class _Reader:
    """A connection of HTTP/1.1 that stays open."""

    def __init__(self, connection: socket.socket, token: str) -> None:
        self._connection: Final = connection
        self._lines: Final = connection.makefile("rb")
        self._head: Final = f"HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n"

    def ask(self, fan: int) -> None:
        self._connection.sendall(f"GET /api/fans/fan-{fan} {self._head}".encode())

    def answer(self) -> bytes:
        """Return the body. Raise Failed if it is a refusal."""
        status, size = self._lines.readline(), 0
        while (line := self._lines.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                size = int(line.partition(b":")[2])
        body = self._lines.read(size)
        if b" 200 " not in status:
            raise Failed(f"a read was refused: {status!r} {body[:300]!r}")
        return body
