"""Where answers come from: a database, and what site.toml states of its stores.

What checks settings is imported where there are some: it takes a third of the start of a question to a file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from footfall.errors import ConfigError
from gateway.sinks.files import file_reader
from gateway.sinks.reader import PointReader

if TYPE_CHECKING:
    from gateway.sinks.settings import SinkSettings
    from gateway.site import Site

TOKEN_VARIABLE: Final = "FOOTFALL_INFLUX_TOKEN"  # noqa: S105 # the variable's name, not a token


def site_of(site: Path | None, config: Path | None) -> Site | None:
    """Return what a site.toml states: the one given, else that of gateway.toml. None where neither is given."""
    if site is None and config is None:
        return None
    from gateway.config import load_gateway, load_site

    if site is not None:
        return load_site(site)
    return None if config is None else load_site(load_gateway(config).site)


def open_reader(db: Path | None, influx: str | None, bucket: str, token_file: Path | None, config: Path | None) -> PointReader:
    """Return the database that is named. Raise ConfigError unless exactly one of `db`, `influx` and `config` is given."""
    if sum(given is not None for given in (db, influx, config)) != 1:
        raise ConfigError("name one place to read: db (an SQLite file), influx (an address) or config (gateway.toml)")
    if db is not None:
        return file_reader(db)
    return _settings(influx, bucket, token_file, config).reader(os.environ.get(TOKEN_VARIABLE, ""))


def _settings(influx: str | None, bucket: str, token_file: Path | None, config: Path | None) -> SinkSettings:
    from gateway.config import load_gateway
    from gateway.sinks.kinds import sink_settings

    if config is not None:
        return load_gateway(config).sink
    return sink_settings(kind="influxdb", url=influx, bucket=bucket, token_file=token_file)
