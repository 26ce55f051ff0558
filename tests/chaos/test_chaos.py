"""`make chaos`, shorter: five kills -9 over all processes, with another seed each time, and not a row lost or doubled."""

from __future__ import annotations

import random
import re
import subprocess
import sys

import pytest

from footfall.errors import ConfigError
from simulators.parts import influxdb
from tests.support.real_parts import missing, require_mosquitto

LAST_LINE = r"sent=(\d+) stored=(\d+) lost=0 doubled=0 kills=(\d+)"


@pytest.fixture(scope="module", autouse=True)
def parts() -> None:
    require_mosquitto()
    try:
        influxdb.binary("1.8")
    except ConfigError as error:
        missing(str(error))


def test_nothing_is_lost_and_nothing_doubled() -> None:
    seed = random.SystemRandom().randrange(1_000_000_000)
    arguments = ["--kills", "5", "--events", "2500", "--seed", str(seed)]
    done = subprocess.run([sys.executable, "-m", "simulators.chaos", *arguments], capture_output=True, text=True, timeout=580, check=False)
    said = f"seed {seed}:\n{done.stdout[-6000:]}\n{done.stderr[-4000:]}"
    assert done.returncode == 0, said
    found = re.fullmatch(LAST_LINE, done.stdout.splitlines()[-1])
    assert found, said
    sent, stored, kills = map(int, found.groups())
    assert sent == stored >= 2_500, said
    assert kills == 5, said
