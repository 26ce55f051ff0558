"""`footfall clock`: what the gateway is to think of this machine's clock."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from footfall.users import user_name
from gateway.cli.options import DEFAULT_CONFIG, ConfigOption
from gateway.config import load_gateway
from gateway.state.accepted_clock import read_clocks, write_accepted

app = typer.Typer(no_args_is_help=True, help="This machine's clock, for the gateway.")


@app.callback()
def _group() -> None:
    """Without this, typer would make the one command the whole group."""


@app.command()
def accept(
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Accept the clock as right as it is now, where the gateway takes nothing in because it seems wrong.

    A gateway that runs goes on within some seconds, one that is started later at once; until the machine is booted or its clock is set
    again. Rows that were taken in under the wrong clock keep their times.

    [bold]Example:[/] footfall clock accept --config gateway.toml
    """
    settings, reading = load_gateway(config), read_clocks()
    write_accepted(settings.state_dir, reading, user_name())
    typer.echo(f"the clock is taken for right: {datetime.fromtimestamp(reading.wall_ns / 1e9, UTC):%Y-%m-%d %H:%M:%S} UTC")
