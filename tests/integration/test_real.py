"""`make real` on one InfluxDB."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from footfall.errors import ConfigError
from simulators.parts import influxdb
from tests.support.real_parts import missing, require_mosquitto
from tests.support.whole import small_or_whole


def real(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "simulators.real", *arguments],
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
        env={**os.environ, "FOOTFALL_REAL_DATA": str(data)},
    )


WALKS: Final = ("walk_sensor_1_measurement_1.csv", "car_sensor_1_measurement_2.csv")
CROSSINGS: Final = 8
"""How often these cross the door."""


def with_few_walks(data: Path, folder: Path) -> Path:
    """Return a folder that has all counts of the building, and of the lab these recordings."""
    (folder / "uci-calit2").symlink_to(data / "uci-calit2")
    (folder / "sal-rb").mkdir()
    for name in WALKS:
        (folder / "sal-rb" / name).symlink_to(data / "sal-rb" / name)
    return folder


@pytest.fixture
def parts() -> None:
    require_mosquitto()
    try:
        influxdb.binary("1.8")
    except ConfigError as error:
        missing(str(error))


@pytest.mark.usefixtures("parts")
def test_recordings_are_stored_exactly_and_a_second_sending_changes_nothing(real_data: Path, tmp_path: Path) -> None:
    done = real(small_or_whole(with_few_walks(real_data, tmp_path), real_data), "--version", "1.8")
    said = f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    assert done.returncode == 0, said
    assert done.stdout.splitlines()[-1] == "in=19625 out=18806 quarantined=4 changed_on_replay=0", said
    assert re.search(rf"row accuracy 0\.\d+, crossings counted \d+ of {small_or_whole(CROSSINGS, 40)}", done.stdout), said


def test_without_the_recordings_it_names_where_they_are(tmp_path: Path) -> None:
    done = real(tmp_path)
    assert done.returncode == 0
    assert "skipped" in done.stdout
    assert "archive.ics.uci.edu" in done.stdout
