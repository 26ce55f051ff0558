"""`footfall gateway`."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import Annotated

import typer

from footfall.addresses import own_url
from footfall.errors import ConfigError
from footfall.log_options import AUTO, INFO, LogFormat, LogLevel, Verbose, log_as
from footfall.signals import hold_reloads, when_asked
from gateway.config import GatewayConfig, load_gateway
from gateway.pipeline.process_memory import relax_gc, trim_malloc, tune_malloc
from gateway.pipeline.serve_process import serve_process
from gateway.pipeline.service import Gateway
from gateway.state.files import naming_damage

log = logging.getLogger("footfall.gateway")


def gateway(
    config: Annotated[Path, typer.Option("--config", "-c", help="The gateway's configuration.")] = Path("gateway.toml"),
    verbose: Verbose = False,
    log_level: LogLevel = INFO,
    log_format: LogFormat = AUTO,
) -> None:
    """Take in what agents publish, and write foot traffic into the database.

    Runs until it gets SIGTERM or ctrl-c; then it takes nothing more, writes what it has, and ends with exit code 0. What it
    acknowledged is on disk: it may be killed at any moment, and goes on where it was. SIGHUP makes it read site.toml again.

    [bold]Example:[/] footfall gateway --config gateway.toml
    """
    hold_reloads()
    tune_malloc()
    log_as("gateway", verbose, log_level, log_format)
    settings = load_gateway(config)
    with naming_damage(settings):
        running = Gateway(settings)
    relax_gc()
    trim_malloc()
    when_asked(running.stop, lambda: running.reload(lambda: load_gateway(config)))
    page = serve_process(settings, config, running.http.port, running.notices)
    if page is not None:
        page.start()
    where = f"; the live page on {settings.page_url}" if settings.page_url else ""
    log.info("ready; status on %s/status%s", own_url(settings.http.host, running.http.port), where)
    try:
        _run(running, settings)
    finally:
        if page is not None:
            page.stop()
        running.close()
    log.info("stopped")


def _run(running: Gateway, settings: GatewayConfig) -> None:
    """Run until the gateway is asked to end. Raise ConfigError that names the folder or file that cannot be written or read."""
    try:
        with naming_damage(settings):
            running.run()
    except sqlite3.OperationalError as error:
        raise ConfigError(
            f"{settings.state_dir}: cannot be written: {error}. Is the disk full? Nothing is lost: mend it and start again"
        ) from error
