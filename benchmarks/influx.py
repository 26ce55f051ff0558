"""Into a real InfluxDB 1.8: the gateway beside a bare loader that sends the same lines, encoded beforehand.

InfluxDB has a core of its own in both runs; everything else shares the other one.
"""

from __future__ import annotations

import http.client
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from benchmarks.ingest import IDLE_S, Ingest, load_command
from benchmarks.machine import AROUND, MEASURED, Meter, pinned, started_on
from benchmarks.results import Failed
from benchmarks.stub import Stub
from benchmarks.under_test import GatewayUnderTest, broker
from simulators.parts.influxdb import InfluxServer

LINES_PER_REQUEST: Final = 5000
DERIVED_S: Final = 4.0
"""Visits, dwells and minutes follow the rows by then."""


@dataclass(frozen=True, slots=True)
class Written:
    """What one run into InfluxDB took. `cpu_s` is the writer's, `influx_cpu_s` the database's."""

    rows: int
    lines: int
    wall_s: float
    cpu_s: float
    influx_cpu_s: float

    @property
    def lines_per_s(self) -> float:
        return self.lines / self.wall_s


@contextmanager
def influxdb(folder: Path) -> Iterator[InfluxServer]:
    """An empty one on a core of its own."""
    with started_on(AROUND):
        server = InfluxServer("1.8", folder / "influxdb").start()
    try:
        yield server
    finally:
        server.stop()


def record(ingest: Ingest, lines: Path) -> None:
    """The lines that the gateway writes for this load, in its order."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="footfall-bench.")))
        stub = stack.enter_context(Stub(folder, keep=lines))
        _through_gateway(ingest, folder, {"url": stub.url}, stack)
        time.sleep(DERIVED_S)


def bare_loader(ingest: Ingest, lines: Path) -> Written:
    """Requests of 5,000 lines on one connection that stays open, nothing else done meanwhile."""
    with tempfile.TemporaryDirectory(prefix="footfall-bench.") as name, influxdb(Path(name)) as server:
        requests = _requests(lines.read_bytes())
        count = sum(body.count(b"\n") for body in requests)
        path = f"/api/v2/write?{urlencode({'org': server.org, 'bucket': server.bucket, 'precision': 'ns'})}"
        headers = {"Authorization": f"Token {server.token}", "Content-Type": "text/plain"}
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        meter, began_s = Meter(server.process.pid), time.process_time()
        for body in requests:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 204:
                raise Failed(f"InfluxDB answers {answer.status} to the bare loader")
        return Written(ingest.rows, count, meter.wall_s(), time.process_time() - began_s, meter.cpu_s())


def gateway(ingest: Ingest) -> Written:
    """The same load through the whole gateway, from the first frame sent until the last row is written."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="footfall-bench.")))
        server = stack.enter_context(influxdb(folder))
        sink = {"url": server.url, "bucket": server.bucket, "org": server.org, "token": server.token}
        return _through_gateway(ingest, folder, sink, stack, server.process.pid)


def _through_gateway(ingest: Ingest, folder: Path, sink: dict[str, str], stack: ExitStack, influx_pid: int | None = None) -> Written:
    mosquitto = broker(folder, core=MEASURED)
    stack.callback(mosquitto.stop)
    under_test = stack.enter_context(GatewayUnderTest(folder, ingest.load.site(), mosquitto.port, dict(sink)))
    meter, influx_meter = Meter(*under_test.pids), Meter(*([influx_pid] if influx_pid else []))
    command = load_command(ingest.load, mosquitto.port, ingest.frames, ingest.window)
    generator = subprocess.Popen(pinned(MEASURED, command), stdout=subprocess.DEVNULL)
    stack.callback(generator.kill)
    wait_written(under_test, ingest.rows)
    wall_s, cpu_s, influx_cpu_s = meter.wall_s(), meter.cpu_s(), influx_meter.cpu_s()
    points = int(under_test.metrics()["footfall_points_written_total"])
    return Written(ingest.rows, points, wall_s, cpu_s, influx_cpu_s)


def wait_written(under_test: GatewayUnderTest, rows: int) -> None:
    """Until so many rows are in the database, by the gateway's own count; asked seldom until the end is near, since asking costs it CPU."""
    seen, progressed_s = -1.0, time.monotonic()
    while (written := under_test.metrics()["footfall_rows_written_total"]) < rows:
        if written != seen:
            seen, progressed_s = written, time.monotonic()
        if time.monotonic() - progressed_s > IDLE_S:
            raise Failed(f"{written:.0f} of {rows} rows were written, then nothing: {under_test.balance()}")
        time.sleep(0.5 if written < 0.8 * rows else 0.1)


def _requests(data: bytes) -> list[bytes]:
    lines = data.splitlines(keepends=True)
    return [b"".join(lines[at : at + LINES_PER_REQUEST]) for at in range(0, len(lines), LINES_PER_REQUEST)]
