"""An empty database of every kind, for tests that hold all to one contract; a new sink is listed here."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from gateway.sinks.kinds import sink_settings
from gateway.sinks.reader import PointReader
from gateway.sinks.sink import Sink
from tests.support.real_parts import INFLUX_VERSIONS, Bucket, InfluxServers, new_bucket

MONDAY_NS = 1_767_571_200 * 10**9
"""2026-01-05T00:00:00Z, when one of InfluxDB's weekly shards begins."""
WEEK_NS = 7 * 86_400 * 10**9
NUMBERS = itertools.count()

Refuse = Callable[[], None]


@dataclass(frozen=True)
class Database:
    """An empty database. `refuse_second_week` makes it refuse every `gap` and `presence` of that week; None: it refuses nothing that
    the schema allows."""

    sink: Sink
    reader: Callable[[], PointReader]
    refuse_second_week: Refuse | None = None


Fresh = Callable[[], Database]


DATABASES = ("sqlite", *(f"influxdb-{version}" for version in INFLUX_VERSIONS))


@pytest.fixture(params=DATABASES)
def fresh(request: pytest.FixtureRequest, influx_servers: InfluxServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fresh]:
    """Makes empty databases of one kind."""
    sinks: list[Sink] = []
    folder = tmp_path_factory.mktemp("sinks")
    version = request.param.removeprefix("influxdb-")

    def make() -> Database:
        if request.param == "sqlite":
            chosen = sink_settings(kind="sqlite", path=folder / f"{next(NUMBERS)}.db")
            made = Database(chosen.sink(), chosen.reader)
        else:
            bucket = new_bucket(influx_servers.running(version))
            chosen = sink_settings(
                kind="influxdb", url=bucket.url, bucket=bucket.name, org=bucket.server.org, token=SecretStr(bucket.token)
            )
            made = Database(chosen.sink(), chosen.reader, lambda: refuse_second_week(bucket))
        sinks.append(made.sink)
        return made

    yield make
    for sink in sinks:
        sink.close()


def refuse_second_week(bucket: Bucket) -> None:
    """A field of theirs becomes text for that week's shard."""
    for line in ('gap,store=other from_ns=0i,rows="text"', 'presence,store=other rssi_dbm="text"'):
        assert bucket.server.write(f"{line} {MONDAY_NS + WEEK_NS}".encode(), bucket.name) == 204
