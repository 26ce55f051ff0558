"""Grafana's boards beside the answers, from the same databases. They belong to the repository: an installed package has none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from footfall.units import NS_PER_HOUR
from gateway.sinks.influxdb.settings import InfluxSink
from gateway.sinks.settings import SinkSettings

SHOWN_HOURS: Final = 7 * 24
"""What the panels show: the last week."""


def boards_that_differ(databases: Mapping[str, SinkSettings], grafana: Path, end_ns: int) -> tuple[int, list[str]] | None:
    """Return how many panels give another number than their question, and what differs; None: there is nothing to measure.

    `grafana` is deploy/grafana, with the boards; `end_ns` the end of what is stored.
    """
    influx = [settings for settings in databases.values() if isinstance(settings, InfluxSink)]
    if find_spec("tools") is None or not grafana.is_dir() or not influx:
        return None
    found = [each for settings in influx for each in _differences(settings, grafana, end_ns)]
    return len({panel for panel, _ in found}), [line for _, line in found]


def _differences(settings: InfluxSink, grafana: Path, end_ns: int) -> Iterator[tuple[str, str]]:
    # The generator of boards is a tool of the repository, which only `make numbers` has at hand.
    from tools.boards.compare import Database, differences

    to_ns = -(-end_ns // NS_PER_HOUR) * NS_PER_HOUR
    token = "" if settings.token is None else settings.token.get_secret_value()
    database = Database(settings.url, settings.bucket, token, settings.org, to_ns - SHOWN_HOURS * NS_PER_HOUR, to_ns)
    with closing(settings.reader()) as reader:
        for language in database.languages:
            for each in differences(reader, database, language, grafana):
                yield f"{settings.url} {each.panel}", f"{settings.url}: {each}"
