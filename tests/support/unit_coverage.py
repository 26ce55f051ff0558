"""`make coverage`: how many lines of the product its unit and golden tests run, and which modules have the lowest share.

    python -m tests.support.unit_coverage -q -n 2        # options of pytest

Tracing makes a test half as dear again, and finds no fault: `make test` does without. Only tests of one module each are traced; the others
start processes or draw thousands of examples.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from tests.support.measured_run import MODULE_TESTS

WORST: Final = 5
"""So many modules with the lowest coverage are named."""
SMALL_LINES: Final = 20
"""Below this many lines a module's percentage means little."""


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


def tracing(version: tuple[int, int] = sys.version_info[:2]) -> dict[str, str]:
    """Return the environment in which coverage.py costs least: from Python 3.12 on, the interpreter reports each line only once."""
    return {"COVERAGE_CORE": "sysmon"} if version >= (3, 12) else {}


def main(options: Sequence[str]) -> int:
    """Return the exit code of pytest. Coverage itself fails nothing."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        command = [sys.executable, "-m", "pytest", *options, "--cov", f"--cov-report=json:{report}", *MODULE_TESTS]
        traced = {**os.environ, **tracing(), "COVERAGE_FILE": str(Path(folder) / "coverage")}
        code = subprocess.run(command, env=traced, check=False).returncode
        if report.exists():
            print("\n".join(coverage_lines(coverages(json.loads(report.read_text())))))  # noqa: T201 # the command's output
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
