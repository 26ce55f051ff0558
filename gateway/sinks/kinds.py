"""The kinds of sinks. A new one is its folder, one import here and its name in `AnySink`."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from footfall.config import Section, check
from gateway.sinks.influxdb.settings import InfluxSink
from gateway.sinks.settings import SinkSettings
from gateway.sinks.sqlite.settings import SqliteSink

AnySink = Annotated[SqliteSink | InfluxSink, Field(discriminator="kind")]
DEFAULT_SINK: Final = SqliteSink()


class _SinkSection(Section):
    sink: AnySink


def sink_settings(**values: Any) -> SinkSettings:
    """Return the settings of one sink, `kind` among them, as [sink] would have them. ConfigError names what is wrong."""
    return check({"sink": values}, _SinkSection, "options").sink
