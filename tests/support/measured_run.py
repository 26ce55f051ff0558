"""All tests as `make test` runs them: two runs of pytest side by side, then the CPU time of both.

    python -m tests.support.measured_run -q -n 4        # options for both runs

The tests of one module of the product each (unit and golden) compute: they have one worker for each core, at a lower priority. The others
start processes and wait for them, longer in all than the first compute: those get the cores while these wait, and no core is idle. What
the others print follows at the end. The figure fails no run: it depends on the machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from tempfile import TemporaryFile
from typing import IO, Final, NamedTuple

PRODUCT: Final = ("device_profiles", "edge_agent", "footfall", "gateway", "serve")
MODULE_TESTS: Final = (*(f"tests/unit/{package}" for package in PRODUCT), "tests/unit/tests", "tests/golden")
_GIVES_WAY: Final = ("nice", "-n", "5")
_NO_TESTS: Final = 5
"""pytest's exit code if it collected nothing, as with `-k` of one test."""


class Cpu(NamedTuple):
    user_s: float
    system_s: float

    @property
    def s(self) -> float:
        return self.user_s + self.system_s


def cpu_line(total: Cpu, modules_s: float) -> str:
    """Return one line for all tests; `modules_s` is the CPU of those of one module each."""
    shares = f"user {total.user_s:.0f}, system {total.system_s:.0f}; {modules_s:.0f} of it tests of one module each"
    return f"CPU of all tests and the processes they started: {total.s:.0f} s ({shares})"


def main(options: Sequence[str]) -> int:
    """Return 0 if both runs passed, else the exit code of the first that did not."""
    with TemporaryFile() as other:
        beside = _started([], options, ["tests", *(f"--ignore={path}" for path in MODULE_TESTS)], out=other)
        first = _started(_GIVES_WAY, options, ["-n", str(os.cpu_count() or 1), *MODULE_TESTS])
        codes, taken = zip(_ended(first), _ended(beside), strict=True)
        sys.stdout.flush()
        other.seek(0)
        sys.stdout.buffer.write(other.read())
    total = Cpu(sum(each.user_s for each in taken), sum(each.system_s for each in taken))
    print(cpu_line(total, taken[0].s))  # noqa: T201 # the command's output
    return next((code for code in codes if code not in (0, _NO_TESTS)), 0)


def _started(prefix: Sequence[str], *arguments: Sequence[str], out: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    command = [*prefix, sys.executable, "-m", "pytest", *(each for some in arguments for each in some)]
    return subprocess.Popen(command, stdout=out, stderr=out and subprocess.STDOUT)


def _ended(process: subprocess.Popen[bytes]) -> tuple[int, Cpu]:
    """Return the exit code of a process, and what it and those that it started took."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, Cpu(usage.ru_utime, usage.ru_stime)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
