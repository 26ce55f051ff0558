from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

from benchmarks.machine import MEASURED, Meter, children, cpu_s, pinned, rss_mb, started_on, thread_cpu_s


def test_the_kernels_count_of_our_own_cpu_is_ours() -> None:
    meter, began_s = Meter(os.getpid()), time.process_time()
    while time.process_time() - began_s < 0.2:
        sum(range(1000))
    assert abs(meter.cpu_s() - (time.process_time() - began_s)) < 0.05
    threads_s = thread_cpu_s(os.getpid())  # of those that live: the process's own count keeps what ended threads used
    assert abs(threads_s[threading.get_native_id()] - time.thread_time()) < 0.05
    assert sum(threads_s.values()) < cpu_s(os.getpid()) + 0.05 * len(threads_s)


def test_a_pinned_process_keeps_its_id_and_its_core() -> None:
    with started_on(MEASURED):
        assert os.sched_getaffinity(0) == {MEASURED}
    command = pinned(MEASURED, [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"])
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert child.stdout
        assert child.stdout.readline() == b"up\n"
        assert child.pid in children(os.getpid())
        assert os.sched_getaffinity(child.pid) == {MEASURED}
        assert 1 < rss_mb(child.pid) <= rss_mb(child.pid, peak=True) < 200
    finally:
        child.kill()
        child.wait()
