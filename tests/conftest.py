"""Fixtures of every test, and one profile of hypothesis for all: no deadline, because the parts are real.

Whatever a test starts ends with the run of pytest, however that ends.
"""

from __future__ import annotations

import os

from hypothesis import settings

from simulators.parts import guard
from tests.parts import bluez, embedded_broker, influx_servers, influxdb, mosquitto, real_data

__all__ = ["bluez", "embedded_broker", "influx_servers", "influxdb", "mosquitto", "real_data"]

settings.register_profile("footfall", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "footfall"))


def pytest_configure() -> None:
    guard.everything()
