"""`make real` on one InfluxDB."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from footfall.errors import ConfigError
from simulators.parts import influxdb
from tests.support.real_parts import missing, require_mosquitto


def real(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "simulators.real", *arguments],
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
        env={**os.environ, "FOOTFALL_REAL_DATA": str(data)},
    )


@pytest.fixture
def parts() -> None:
    require_mosquitto()
    try:
        influxdb.binary("1.8")
    except ConfigError as error:
        missing(str(error))


@pytest.mark.usefixtures("parts")
def test_recordings_are_stored_exactly_and_a_second_sending_changes_nothing(real_data: Path) -> None:
    done = real(real_data, "--version", "1.8")
    said = f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    assert done.returncode == 0, said
    assert done.stdout.splitlines()[-1] == "in=19625 out=18806 quarantined=4 changed_on_replay=0", said
    assert re.search(r"row accuracy 0\.\d+, crossings counted \d+ of 40", done.stdout), said


def test_without_the_recordings_it_names_where_they_are(tmp_path: Path) -> None:
    done = real(tmp_path)
    assert done.returncode == 0
    assert "skipped" in done.stdout
    assert "archive.ics.uci.edu" in done.stdout
