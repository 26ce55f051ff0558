"""The simulated chain in every database that the product writes to: real ones, in a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final

from gateway.sinks.kinds import sink_settings
from gateway.sinks.reader import PointReader
from gateway.sinks.settings import SinkSettings
from simulators.chain.chain import Chain
from simulators.chain.run import OnShare, Simulated, simulate_chain
from simulators.numbers.past import with_past
from simulators.parts.influxdb import InfluxServer, Version

SQLITE: Final = "SQLite"
INFLUX: Final[Mapping[str, Version]] = {"InfluxDB 1.8": "1.8", "InfluxDB 2.7": "2.7"}
DATABASES: Final = (SQLITE, *INFLUX)


@contextmanager
def running(names: Sequence[str], folder: Path) -> Iterator[Mapping[str, SinkSettings]]:
    """Start the databases, each empty; they end with the block. ConfigError, with how to get it, if one is not installed."""
    with ExitStack() as opened:
        found: dict[str, SinkSettings] = {}
        for name in names:
            if name == SQLITE:
                found[name] = sink_settings(kind="sqlite", path=folder / "chain.db")
                continue
            server = opened.enter_context(InfluxServer(INFLUX[name], folder / f"influxdb-{INFLUX[name]}"))
            found[name] = sink_settings(
                kind="influxdb", url=server.url, bucket=server.bucket, org=server.org, token=server.token, timeout_s=120
            )  # fmt: skip
        yield found


def filled(chain: Chain, past: Sequence[Chain], databases: Mapping[str, SinkSettings], on_share: OnShare) -> Simulated:
    """Send the earlier weeks and the chain into all of them, each through a gateway of its own; return the truth of all."""
    with ExitStack() as opened:
        sinks = [opened.enter_context(closing(settings.sink())) for settings in databases.values()]
        earlier = [simulate_chain(each, sinks) for each in past]
        return with_past(simulate_chain(chain, sinks, on_share), earlier)


@contextmanager
def readers(databases: Mapping[str, SinkSettings]) -> Iterator[Mapping[str, PointReader]]:
    with ExitStack() as opened:
        yield {name: opened.enter_context(closing(settings.reader())) for name, settings in databases.items()}
