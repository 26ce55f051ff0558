"""`make faults`, those cases that once lost or doubled rows: a test each, with the seed fixed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from simulators.faultcases.case import catalogue
from tests.parts import require_mosquitto

LAST_LINE = "cases=1 lost=0 doubled=0 misdated=0 stuck=0 silent=0"
SHORT = [case.name for case in catalogue().values() if case.is_short]


@pytest.fixture(scope="module", autouse=True)
def parts() -> None:
    require_mosquitto()


@pytest.mark.parametrize("name", SHORT)
def test_nothing_is_lost_doubled_misdated_stuck_or_silent(name: str, tmp_path: Path) -> None:
    arguments = ["--case", name, "--seed", "1", "--folder", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "simulators.faultcases", *arguments], capture_output=True, text=True, timeout=290, check=False
    )
    said = f"{done.stdout[-6000:]}\n{done.stderr[-4000:]}"
    if "skipped: " in done.stdout:
        pytest.skip(done.stdout[done.stdout.index("skipped: ") :].splitlines()[0])
    assert done.returncode == 0, said
    assert done.stdout.splitlines()[-1] == LAST_LINE, said
