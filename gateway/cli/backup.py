"""`footfall backup` and `footfall restore`: the gateway's state, copied and put back."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from footfall.errors import ConfigError
from footfall.signals import when_asked_to_end
from gateway.cli.options import DEFAULT_CONFIG, ConfigOption
from gateway.config import load_gateway
from gateway.state.backup import Copied, back_up
from gateway.state.backup import restore as put_back


def backup(
    folder: Annotated[Path, typer.Argument(help="Where the copy goes; the one before stays until the new one is whole.")],
    config: ConfigOption = DEFAULT_CONFIG,
    every: Annotated[float | None, typer.Option(min=1.0, help="Again and again, so many seconds apart, until it is ended.")] = None,
) -> None:
    """Copy the state of a gateway, while it runs: journal, ledger, keys of the day, ids of events, quarantine and its key.

    The copy is whole and of one moment, and only its owner may read it: it holds what the gateway's state_dir holds.

    [bold]Example:[/] footfall backup /mnt/backup/footfall --every 60
    """
    state_dir, ended = load_gateway(config).state_dir, threading.Event()
    if every is None:
        typer.echo(_said(back_up(state_dir, folder)))
        return
    when_asked_to_end(ended.set)
    while not ended.is_set():
        try:
            typer.echo(_said(back_up(state_dir, folder)))
        except ConfigError as error:  # a full disk or a share that is away is no reason to make no more
            typer.echo(f"footfall: {error}", err=True)
        ended.wait(every)


def restore(
    folder: Annotated[Path, typer.Argument(help="What footfall backup wrote.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Put a copy in the place of a gateway's state, which is moved beside. The gateway must not run.

    Agents send again what the copy does not have, as long as their spools keep it. Of the time between the copy and the loss, the
    database keeps its minutes, visits and dwells as they are; footfall status names it.

    [bold]Example:[/] footfall restore /mnt/backup/footfall
    """
    copied, replaced = put_back(folder, load_gateway(config).state_dir)
    typer.echo(f"put back: {_said(copied)}")
    if replaced is not None:
        typer.echo(f"what was there is now in {replaced}")


def _said(copied: Copied) -> str:
    return (
        f"{copied.folder}: of {_when(copied.made_ns)}, journal {copied.journal_id} up to record {copied.last_pos}"
        f" of {_when(copied.last_received_ns)}, by footfall {copied.version}"
    )


def _when(time_ns: int) -> str:
    return f"{datetime.fromtimestamp(time_ns / 1e9, UTC):%Y-%m-%d %H:%M:%S} UTC"
