"""The machine under a benchmark: CPU time and memory of processes as the kernel counts them, and which core does what."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_TICK_S: Final = 1.0 / os.sysconf("SC_CLK_TCK")


def cpu_s(*pids: int) -> float:
    """User and system time of all threads of these processes so far (proc(5), fields 14 and 15 of stat)."""
    return sum(_cpu_s(Path(f"/proc/{pid}")) for pid in pids)


def thread_cpu_s(pid: int) -> dict[int, float]:
    """The same of each thread, by its id."""
    return {int(task.name): _cpu_s(task) for task in Path(f"/proc/{pid}/task").iterdir()}


def rss_mb(pid: int, peak: bool = False) -> float:
    """Resident memory in MB (10^6 bytes), now or at its highest."""
    key = "VmHWM:" if peak else "VmRSS:"
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) * 1024 / 1e6
    raise ValueError(f"process {pid} has no {key}")


def children(pid: int) -> list[int]:
    """Processes that it started."""
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]


def conditions() -> str:
    """Return the machine's load averages, and how long a fixed piece of Python takes. That grows by half or doubles while another
    process has the other half of a shared core, which no load average shows.
    """
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    return f"load average {load}, yardstick {yardstick_ms():.0f} ms"


def yardstick_ms() -> float:
    """CPU time of 200,000 small objects."""
    before_s = time.process_time()
    kept = [""] * 5000
    for number in range(200_000):
        kept[number % 5000] = str(number)
    return (time.process_time() - before_s) * 1000


def cores() -> tuple[int, int]:
    """One for what is measured, one for everything around it; the same twice where there is only one."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


MEASURED, AROUND = cores()


def pinned(core: int, command: Sequence[str]) -> list[str]:
    """`command` on one core, with the same process id."""
    taskset = shutil.which("taskset")
    return [*([taskset, "-c", str(core)] if taskset else []), *command]


@contextmanager
def started_on(core: int) -> Iterator[None]:
    """Processes started inside, by whomever, run on that core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Meter:
    """CPU and wall time of some processes from now on."""

    def __init__(self, *pids: int) -> None:
        self._pids = pids
        self._began_s, self._cpu_s = time.monotonic(), cpu_s(*pids)

    @property
    def began_s(self) -> float:
        return self._began_s

    def cpu_s(self) -> float:
        return cpu_s(*self._pids) - self._cpu_s

    def wall_s(self) -> float:
        return time.monotonic() - self._began_s


def _cpu_s(folder: Path) -> float:
    """Behind the command's name, which may contain anything, user and system time are the 12th and 13th field."""
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S
