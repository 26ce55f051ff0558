"""`make faults`, shorter: those cases that once lost or doubled rows, side by side, with a fixed seed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.faultcases.case import catalogue
from tests.support.real_parts import require_mosquitto

SHORT = [case for case in catalogue().values() if case.is_short]
LAST_LINE = r"cases=(\d+) lost=0 doubled=0 misdated=0 stuck=0 silent=0"


@pytest.fixture(scope="module", autouse=True)
def parts() -> None:
    require_mosquitto()


def test_what_once_lost_or_doubled_rows_does_so_no_more(tmp_path: Path) -> None:
    arguments = ["--short", "--seed", "1", "--jobs", "3", "--folder", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "simulators.faultcases", *arguments], capture_output=True, text=True, timeout=580, check=False
    )
    said = f"{done.stdout[-6000:]}\n{done.stderr[-4000:]}"
    assert done.returncode == 0, said
    found = re.fullmatch(LAST_LINE, done.stdout.splitlines()[-1])
    assert found, said
    skipped = done.stdout.partition("skipped: ")[2].splitlines()[:1]
    assert int(found[1]) == len(SHORT) or skipped, said
