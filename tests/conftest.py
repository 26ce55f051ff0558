"""Fixtures of every test, and one profile of hypothesis for all: no deadline, because the parts are real and the machine may be busy.

Whatever a test starts ends with the run of pytest, however that ends.
"""

from __future__ import annotations

import os
import sys

from hypothesis import HealthCheck, settings

from simulators.parts import guard
from tests.support.real_parts import bluez, browser, embedded_broker, influx_servers, influxdb, mosquitto, real_data

__all__ = ["bluez", "browser", "embedded_broker", "influx_servers", "influxdb", "mosquitto", "real_data"]

# Containers often forbid bytecode files. Then every process that a test starts would compile the product anew, which costs as much as
# the test.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

_SUPPRESSED = [HealthCheck.too_slow]
settings.register_profile("footfall", deadline=None, print_blob=True, suppress_health_check=_SUPPRESSED)
# The build server judges the change at hand, by the same examples every time; every other run draws new ones.
settings.register_profile("ci", deadline=None, print_blob=True, suppress_health_check=_SUPPRESSED, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") == "true" else "footfall"))


def pytest_configure() -> None:
    guard.everything()
