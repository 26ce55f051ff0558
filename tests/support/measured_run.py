"""All tests as `make test` runs them: two runs of pytest side by side, then the coverage by unit tests and the CPU time of both.

    python -m tests.support.measured_run -q -n 4        # options for both runs

The tests of one module of the product each (unit and golden) are traced for coverage, with one worker for each core, since they compute
more than they wait. The others start processes and wait for them, draw thousands of examples or simulate days, where tracing would double
their cost; while they wait, the first compute. What they print follows at the end. Neither figure fails the run: both depend on the
machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Final, NamedTuple

PRODUCT: Final = ("device_profiles", "edge_agent", "footfall", "gateway", "serve")
MODULE_TESTS: Final = (*(f"tests/unit/{package}" for package in PRODUCT), "tests/unit/tests", "tests/golden")
WORST: Final = 5
"""So many modules with the lowest coverage are named."""
SMALL_LINES: Final = 20
"""Below this many lines a module's percentage means little."""
_NO_TESTS: Final = 5
"""pytest's exit code if it collected nothing, as with `-k` of one test."""


class Coverage(NamedTuple):
    module: str
    covered_lines: int
    lines: int

    @property
    def percent(self) -> float:
        return 100 * self.covered_lines / self.lines if self.lines else 100.0


def coverages(report: dict[str, Any]) -> list[Coverage]:
    """Return every module's, from the JSON report of coverage.py."""
    files = report["files"].items()
    return [Coverage(path, found["summary"]["covered_lines"], found["summary"]["num_statements"]) for path, found in files]


def coverage_lines(modules: Sequence[Coverage]) -> list[str]:
    """Return one line for the product and one for each of the modules with the lowest coverage."""
    total = Coverage("", sum(module.covered_lines for module in modules), sum(module.lines for module in modules))
    large = [module for module in modules if module.lines >= SMALL_LINES]
    worst = sorted(large, key=lambda module: module.percent)[:WORST]
    return [
        f"coverage: {total.percent:.0f} % of {total.lines} lines of the product by unit tests; lowest:",
        *(f"  {module.percent:3.0f} % {module.module}" for module in worst),
    ]


class Cpu(NamedTuple):
    user_s: float
    system_s: float

    @property
    def s(self) -> float:
        return self.user_s + self.system_s


def cpu_line(total: Cpu, traced_s: float) -> str:
    """Return one line for all tests; `traced_s` is the CPU of those that were traced for coverage, which costs half as much again."""
    shares = f"user {total.user_s:.0f}, system {total.system_s:.0f}; {traced_s:.0f} of it tests traced for coverage"
    return f"CPU of all tests and the processes they started: {total.s:.0f} s ({shares})"


def tracing(version: tuple[int, int] = sys.version_info[:2]) -> dict[str, str]:
    """Return the environment in which coverage.py costs least: from Python 3.12 on, the interpreter reports each line only once."""
    return {"COVERAGE_CORE": "sysmon"} if version >= (3, 12) else {}


def main(options: Sequence[str]) -> int:
    """Return 0 if both runs passed, else the exit code of the first that did not."""
    with TemporaryDirectory() as folder:
        report, other = Path(folder) / "coverage.json", Path(folder) / "others"
        traced = {**os.environ, **tracing(), "COVERAGE_FILE": str(Path(folder) / "coverage")}
        with other.open("wb") as out:
            beside = _started(options, ["tests", *(f"--ignore={path}" for path in MODULE_TESTS)], out=out)
            first = _started(options, ["-n", str(os.cpu_count() or 1), "--cov", f"--cov-report=json:{report}", *MODULE_TESTS], env=traced)
            codes, taken = zip(_ended(first), _ended(beside), strict=True)
        sys.stdout.flush()
        sys.stdout.buffer.write(other.read_bytes())
        lines = coverage_lines(coverages(json.loads(report.read_text()))) if report.exists() else []
    total = Cpu(sum(each.user_s for each in taken), sum(each.system_s for each in taken))
    print("\n".join([*lines, cpu_line(total, taken[0].s)]))  # noqa: T201 # the command's output
    return next((code for code in codes if code not in (0, _NO_TESTS)), 0)


def _started(*arguments: Sequence[str], out: IO[bytes] | None = None, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pytest", *(each for some in arguments for each in some)]
    return subprocess.Popen(command, stdout=out, stderr=out and subprocess.STDOUT, env=env)


def _ended(process: subprocess.Popen[bytes]) -> tuple[int, Cpu]:
    """Return the exit code of a process, and what it and those that it started took."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, Cpu(usage.ru_utime, usage.ru_stime)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
