"""Fixtures of every test, and one profile of hypothesis for all: no deadline, because the parts are real and the machine may be busy.

Whatever a test starts ends with the run of pytest, however that ends.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Generator
from functools import lru_cache

import pytest
import typer.testing
from hypothesis import HealthCheck, is_hypothesis_test, settings

from simulators.parts import guard
from tests.support import whole
from tests.support.real_parts import bluez, browser, chromium, embedded_broker, filled, influx_servers, influxdb, mosquitto, real_data

__all__ = ["bluez", "browser", "chromium", "embedded_broker", "filled", "influx_servers", "influxdb", "mosquitto", "real_data"]

# Containers often forbid bytecode files. Then every process that a test starts would compile the product anew, which costs as much as
# the test.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Tables are as wide as the terminal of whoever runs the tests, and tests read them.
os.environ.pop("COLUMNS", None)

# Every process that a test starts would else make a thread of OpenBLAS for each core, which is a tenth of its start.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# It would else look for plugins of pydantic in all that is installed; the command switches that off itself.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

# A database of a test is small, and lives for minutes: one that collects garbage five times more rarely takes a quarter less CPU.
os.environ.setdefault("GOGC", "400")

# Its runner would make the commands of a Typer anew at each call, which takes longer than most of them run.
typer.testing._get_command = lru_cache(64)(typer.testing._get_command)  # noqa: SLF001 # it has no public name

# Of properties that state no number: half of what hypothesis would draw, or all. Those that are costly state `whole.examples`.
_EXAMPLES = whole.small_or_whole(50, 100 * whole.TIMES)
settings.register_profile("footfall", max_examples=_EXAMPLES, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
# The build server judges the change at hand, by the same examples every time; every other run draws new ones.
settings.register_profile("ci", settings.get_profile("footfall"), derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") == "true" else "footfall"))


def pytest_configure() -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what runs in the background: children would ignore it, too
        signal.signal(signal.SIGINT, signal.default_int_handler)
    guard.everything()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without the collector of cycles: thousands of tests and their modules stay until the end, and it would look at them again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Trace no test that draws examples for coverage: it runs the same lines hundreds of times, which tracing makes twice as slow."""
    for item in items:
        if is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker(pytest.mark.no_cover)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Set the tracer aside: in a worker of xdist pytest-cov runs two, of which its `no_cover` stops one."""
    if item.get_closest_marker("no_cover") is None:
        return (yield)
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)
