"""Real parts for tests, as fixtures: brokers, databases, recordings. `tests/conftest.py` makes them known to every test.

A test whose part is missing is skipped by name, with how to get it; with CI=true that is a failure, because a suite that quietly
stops testing is worse than none.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import pytest

from footfall.errors import ConfigError
from gateway.sinks.influxdb.sink import InfluxDB
from simulators.devices.bluez import BlueZ
from simulators.parts import influxdb as influx_part
from simulators.parts import mosquitto as mosquitto_part
from simulators.parts import private_bus as private_bus_part
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.influxdb import InfluxServer, Version
from simulators.parts.mosquitto import Mosquitto
from tests.docs import dataset
from tools import browser as browser_part
from tools.browser import Browser

REPOSITORY: Final = Path(__file__).parents[2]
INFLUX_VERSIONS: Final[tuple[Version, ...]] = ("1.8", "2.7")
_numbers = itertools.count(1)


def missing(advice: str) -> NoReturn:
    """Skip the test with how to get its part; fail it where everything must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{advice}; with CI=true no part may be missing", pytrace=False)
    pytest.skip(advice)


@dataclass(frozen=True)
class Bucket:
    """A bucket of its own on a real server; `server` may be killed and started again."""

    server: InfluxServer
    name: str

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def token(self) -> str:
        return self.server.token

    def sink(self, batch_lines: int = 5000) -> InfluxDB:
        return InfluxDB(self.url, self.name, self.token, self.server.org, batch_lines=batch_lines)


def influx_server(version: Version, folder: Path) -> InfluxServer:
    """A server of the test's own, not yet started."""
    try:
        influx_part.binary(version)
    except ConfigError as error:
        missing(str(error))
    return InfluxServer(version, folder)


def new_bucket(server: InfluxServer, keep_s: int = 0) -> Bucket:
    return Bucket(server, server.create_bucket(f"test-{next(_numbers)}", keep_s))


class InfluxServers:
    """One server of each version for all tests of a process, started when the first of them asks for it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[Version, InfluxServer] = {}

    def running(self, version: Version) -> InfluxServer:
        if version not in self._made:
            self._made[version] = influx_server(version, self._folder / version)
        return self._made[version].start()

    def stop(self) -> None:
        for server in self._made.values():
            server.stop()


@pytest.fixture(scope="session")
def influx_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServers]:
    servers = InfluxServers(tmp_path_factory.mktemp("influxdb"))
    yield servers
    servers.stop()


@pytest.fixture(params=INFLUX_VERSIONS)
def influxdb(request: pytest.FixtureRequest, influx_servers: InfluxServers) -> Iterator[Bucket]:
    """An empty bucket on a real InfluxDB, once on 1.8 and once on 2.7; the server lives as long as the session."""
    bucket = new_bucket(influx_servers.running(request.param))
    yield bucket
    if bucket.server.process.is_running:
        bucket.server.drop_bucket(bucket.name)


@pytest.fixture(scope="session", params=INFLUX_VERSIONS)
def filled(request: pytest.FixtureRequest, influx_servers: InfluxServers) -> Bucket:
    """A bucket with the documents' data set, once on 1.8 and once on 2.7, for tests that only read it."""
    bucket = new_bucket(influx_servers.running(request.param))
    sink = bucket.sink()
    sink.write(dataset.points())
    sink.close()
    return bucket


@pytest.fixture
def embedded_broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """The broker that comes with the gateway: `port` speaks MQTT 5, `port_v4` MQTT 3.1.1."""
    with EmbeddedBroker(tmp_path) as broker:
        yield broker


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A plain Mosquitto on loopback."""
    require_mosquitto()
    with Mosquitto(tmp_path / "mosquitto") as broker:
        yield broker


def require_faketime() -> Path:
    """libfaketime, to be preloaded into a process of the test's own."""
    found = sorted(path for folder in ("/usr/lib", "/usr/local/lib") for path in Path(folder).rglob("libfaketimeMT.so.1"))
    return found[0] if found else missing("no faketime: apt-get install faketime, or make parts")


def require_mosquitto() -> None:
    try:
        mosquitto_part.binary()
    except ConfigError as error:
        missing(str(error))


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A Chromium without a window, for all tests of a file: to start one costs more than a page."""
    try:
        program = browser_part.binary()
    except ConfigError as error:
        missing(str(error))
    with Browser(program, tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """A Chromium without pages, and without anything that one stored or logged."""
    yield chromium
    chromium.forget()


@pytest.fixture
def bluez() -> Iterator[BlueZ]:
    """A BlueZ with the adapters of two receivers, `left` and `right`, on this process's system bus."""
    try:
        private_bus_part.binary()
    except ConfigError as error:
        missing(str(error))
    with BlueZ(["left", "right"], down_s=0.5) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The recordings of real stores; they lie beside the repository, where a fork may not have them: then skipped, also in CI."""
    named = os.environ.get("FOOTFALL_REAL_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the recordings are not in {folder}: set FOOTFALL_REAL_DATA to their folder")
    return folder
