"""Plain JSON events, one a message at QoS 1, through the whole gateway: what one costs."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.blast import Blast
from benchmarks.ingest import IDLE_S, Run
from benchmarks.machine import Meter, rss_mb
from benchmarks.messages import LOAD
from benchmarks.profiling import Profiler
from benchmarks.results import Failed
from benchmarks.stub import Stub
from benchmarks.under_test import GatewayUnderTest, broker


def run(events: int, profiler: Profiler | None = None) -> Run:
    """Touches with one member code each. The broker queues without limit: the sender asks nobody how fast it may send."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="footfall-bench.")))
        mosquitto = broker(folder, max_queued_messages=0)
        stack.callback(mosquitto.stop)
        stub = stack.enter_context(Stub(folder))
        gateway = stack.enter_context(GatewayUnderTest(folder, LOAD.site(), mosquitto.port, {"url": stub.url}))
        blast = Blast(mosquitto.port, "touch", events)
        stack.callback(blast.close)
        if profiler:
            profiler.start(gateway.process.pid)
        meter = Meter(*gateway.pids)
        blast.go()
        progressed_s, seen = time.monotonic(), -1
        while (counts := stub.counts()).by_measurement["touch"] < events:
            if counts.lines != seen:
                seen, progressed_s = counts.lines, time.monotonic()
            if time.monotonic() - progressed_s > IDLE_S:
                raise Failed(f"{counts.by_measurement['touch']} of {events} touches arrived, then nothing: {gateway.balance()}")
            time.sleep(0.05)
        if profiler:
            print(profiler.stop(events))
        return Run(events, counts.lines, meter.cpu_s(), counts.last_s - meter.began_s, rss_mb(gateway.process.pid))
