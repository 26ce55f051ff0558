"""Where the gateway's time goes: py-spy's stacks, weighted by each thread's CPU time as the kernel counts

it. py-spy cannot distinguish a running thread from one that waits for the interpreter's lock or for a core; the kernel can. So the stacks
of a thread share that thread's CPU time. The process is not stopped for a sample, which would cost it a third more: a few samples
are torn.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final

from benchmarks.machine import AROUND, pinned, thread_cpu_s
from footfall.errors import ConfigError

RATE_HZ: Final = 100
TOP: Final = 40
_WAITING: Final = ("Condition.wait (", "_PollLikeSelector.select (", "Thread._wait_for_tstate_lock (", "Event.wait (")
_THREAD: Final = re.compile(r"thread \((\d+)\)(?:: (.*))?")
Costs = Counter[str]


class Profiler:
    """Samples one process from `start` to `stop`."""

    def __init__(self, folder: Path) -> None:
        found = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
        if found is None:
            raise ConfigError("py-spy is missing: .venv/bin/pip install py-spy")
        self._program, self._samples = found, folder / "samples"
        self._child: subprocess.Popen[bytes] | None = None
        self._pid = 0
        self._before: dict[int, float] = {}

    def start(self, pid: int) -> None:
        options = ["--pid", str(pid), "--format", "raw", "--rate", str(RATE_HZ), "--threads", "--nonblocking", "--duration", "3600"]
        command = [self._program, "record", *options, "--output", str(self._samples)]
        self._pid, self._before = pid, thread_cpu_s(pid)
        self._child = subprocess.Popen(pinned(AROUND, command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self, rows: int) -> str:
        """The report, in microseconds of CPU a row. To be called while the process still runs."""
        if self._child is None:
            return ""
        used = {tid: seconds - self._before.get(tid, 0.0) for tid, seconds in thread_cpu_s(self._pid).items()}
        self._child.send_signal(signal.SIGINT)
        self._child.wait(120)
        return report(self._samples.read_text(), {tid: seconds / rows * 1e6 for tid, seconds in used.items()})


def report(samples: str, cost: dict[int, float]) -> str:
    """`samples` has a stack a line, outermost first, frames separated by `;`, then a space and how often it was seen."""
    stacks, seen = _stacks(samples)
    threads: Costs = Counter()
    own: Costs = Counter()
    within: Costs = Counter()
    for tid, name, frames, count in stacks:
        weight = cost.get(tid, 0.0) * count / seen[tid]
        threads[name] += weight  # type: ignore[assignment] # a Counter of floats adds as well
        own[frames[-1]] += weight  # type: ignore[assignment]
        for function in dict.fromkeys(map(_function, frames)):
            within[function] += weight  # type: ignore[assignment]
    parts = [("threads", threads), ("own time, by line", own), ("with all that it calls", within)]
    return "\n".join(line for title, costs in parts for line in _listed(title, costs, sum(threads.values())))


def _stacks(samples: str) -> tuple[list[tuple[int, str, list[str], int]], Counter[int]]:
    """(thread, its name, frames, how often) without those that wait; how often each thread was seen."""
    stacks, seen = [], Counter[int]()
    for line in samples.splitlines():
        stack, _, count = line.rpartition(" ")
        thread, *frames = stack.split(";")
        found = _THREAD.match(thread)
        if found and frames and not frames[-1].startswith(_WAITING):
            stacks.append((int(found[1]), found[2] or found[1], frames, int(count)))
            seen[int(found[1])] += int(count)
    return stacks, seen


def _listed(title: str, costs: Costs, total: float) -> list[str]:
    return ["", f"-- {title} (us a row, share)", *(f"{cost:8.3f} {cost / total:6.1%}  {name}" for name, cost in costs.most_common(TOP))]


def _function(frame: str) -> str:
    """A frame without its line number: `name (file:12)` -> `name (file)`."""
    name, _, place = frame.rpartition(" (")
    return f"{name} ({place.partition(':')[0].rstrip(')')})"
