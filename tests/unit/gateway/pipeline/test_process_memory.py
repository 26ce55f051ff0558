from __future__ import annotations

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
from gateway.pipeline.process_memory import tune_malloc
if sys.argv[1] == "keep":
    assert tune_malloc()
def batch():
    parts = [bytes(100_000) for _ in range(40)]
    return len(b"".join(parts))
batch()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    batch()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_the_next_batch_reuses_the_memory_of_the_last() -> None:
    def faults(how: str) -> int:
        return int(subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True).stdout)

    assert faults("keep") * 10 < faults("default")


COLLECTIONS = """
import gc, sys
from gateway.pipeline.process_memory import relax_gc
if sys.argv[1] == "seldom":
    relax_gc()
def runs():
    return sum(generation["collections"] for generation in gc.get_stats())
before = runs()
batch = [[i] for i in range(45_000)]
print(runs() - before)
"""


def test_a_batch_of_many_objects_is_not_looked_through_for_garbage() -> None:
    def collections(how: str) -> int:
        return int(subprocess.run([sys.executable, "-c", COLLECTIONS, how], capture_output=True, text=True, check=True).stdout)

    assert collections("default") > 50
    assert collections("seldom") == 0


FAILURES = """
import gc, sys
from footfall.errors import SinkUnavailable
from gateway.pipeline.process_memory import relax_gc
from gateway.pipeline.outbox import Outbox
from gateway.points import from_rows
from gateway.pipeline.sink_worker import SinkWorker
from gateway.sinks.influxdb.sink import InfluxDB
class Stop:
    left = 60
    def is_set(self):
        self.left -= 1
        return not self.left
    def wait(self, _):
        return True
rows = [(t * 10**6, "a", "stay", "s", "z", t, "p", -60, 1.0, "agent", -1, 0) for t in range(6000)]
outbox = Outbox(1 << 30)
outbox.put([from_rows("presence", rows)], 6000)
relax_gc()
SinkWorker(InfluxDB("http://127.0.0.1:1", "b", timeout_s=1), None).run(outbox, Stop())
print(gc.get_count()[0])
"""


def test_writes_that_fail_leave_no_garbage() -> None:
    """Each leaves a hundred objects and megabytes of lines in the cycles of its tracebacks."""
    done = subprocess.run([sys.executable, "-c", FAILURES], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 1000
