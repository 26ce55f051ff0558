"""`footfall serve`."""

from __future__ import annotations

import logging
import os
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from footfall.log_options import AUTO, INFO, LogFormat, LogLevel, Verbose, log_as
from footfall.signals import hold_reloads
from serve.config import load_serve
from serve.listening import bound


def serve(
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="The settings; without it serve.toml if it is here, else the defaults.")
    ] = None,
    verbose: Verbose = False,
    log_level: LogLevel = INFO,
    log_format: LogFormat = AUTO,
    ends_with_input: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Serve the live page, and take what people decide.

    It is a process of its own beside the gateway: it hears the live feed by MQTT, reads the database, and publishes events. So an
    open page never slows what comes in. `footfall gateway` starts it by itself where its broker is embedded; elsewhere start it with a
    serve.toml that names gateway.toml. Runs until SIGTERM or ctrl-c, then ends with exit code 0.

    [bold]Examples[/]

    footfall serve --config serve.toml

    FOOTFALL_SERVE__GATEWAY=/etc/footfall/gateway.toml FOOTFALL_SERVE__LISTEN__PORT=9000 footfall serve

    curl 'http://127.0.0.1:8090/api/query/traffic?from=today'

    curl -H 'Content-Type: application/json' -d '{"kind": "void", "id": "v-1", "of": "pos-881", "reason": "typo", "actor": "kim"}'
    'http://127.0.0.1:8090/api/events?store=flagship&agent=flagship-till'
    """
    hold_reloads()
    log_as("serve", verbose, log_level, log_format)
    if ends_with_input:
        threading.Thread(target=_end_with_input, name="parent", daemon=True).start()
    here = None if ends_with_input or not Path("serve.toml").exists() else Path("serve.toml")
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    settings = load_serve(config or here)
    sock = bound(settings.listen)
    from serve.server import run  # only now: to load it is most of a start's CPU, which who has no address need not spend

    run(settings, sock)


def _end_with_input() -> None:
    """Ask this process to end when standard input does: its parent is gone."""
    while os.read(0, 4096):  # without sys.stdin, whose lock would abort an interpreter that ends meanwhile
        pass
    os.kill(os.getpid(), signal.SIGTERM)
