"""The commands of the edge: `footfall agent` and `footfall replay`."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from device_profiles.settings import ProfileSettings
from edge_agent.agent import EdgeAgent
from edge_agent.clock import SystemClock
from edge_agent.config import ENVIRONMENT, AgentSettings
from edge_agent.keys import read_keys
from edge_agent.playback import Recording, deliver
from edge_agent.sources.replay import FORMATS, format_named
from edge_agent.sources.replay_settings import DEFAULT_START, ReplaySettings, start_of
from footfall.config import check, load
from footfall.errors import ConfigError
from footfall.logs import log_to_stderr
from footfall.signals import when_asked_to_end

if TYPE_CHECKING:
    from rich.progress import Progress


def agent(
    config: Annotated[Path, typer.Option("--config", "-c", help="The agent's configuration.")] = Path("agent.toml"),
    check_only: Annotated[bool, typer.Option("--check", help="Check the configuration and exit.")] = False,
    site: Annotated[Path | None, typer.Option(help="With --check: the site.toml that must know its zones and doors.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")] = False,
) -> None:
    """Run one edge agent: read its devices, spool what they report, send it until the gateway has it for good."""
    settings = load(config, AgentSettings, ENVIRONMENT)
    if check_only:
        settings.registry()
        _check_around(config, settings, site)
        sources = f"{len(settings.sources)} source{'' if len(settings.sources) == 1 else 's'}"
        typer.echo(f"{config}: agent {settings.agent!r} of store {settings.store!r}, {sources}: fine")
        return
    log_to_stderr(verbose)
    stop = threading.Event()
    when_asked_to_end(stop.set)
    EdgeAgent(settings, SystemClock()).run(stop)


def _check_around(config: Path, settings: AgentSettings, site: Path | None) -> None:
    """Raise ConfigError if a file that it names cannot be used, or it names what the site lacks. Warn of a certificate that ends soon."""
    from device_profiles.config_command import around, disagreements, endings, inspect  # not with the module: an agent draws no tables

    wrong = [f"{config}: {mistake}" for mistake in around(settings)]
    if site is not None:
        wrong += [*inspect(site, online=False)[1], *disagreements([config, site])]
    if wrong:
        raise ConfigError("\n".join(wrong))
    for _, text in endings(settings):
        typer.echo(f"{config}: {text}", err=True)


def replay(
    paths: Annotated[list[Path], typer.Argument(help="Recorded files, or folders of them.")],
    format_name: Annotated[str, typer.Option("--format", "-f", help=f"One of {', '.join(FORMATS)}.")],
    store: Annotated[str, typer.Option(help="The store they belong to.")],
    agent_name: Annotated[str, typer.Option("--agent", help="Send as this agent; not as one that is running.")],
    host: Annotated[str, typer.Option(help="The broker's host.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The broker's port.")] = 1883,
    protocol: Annotated[str, typer.Option(help="MQTT version: 5 or 3.1.1.")] = "5",
    timezone: Annotated[str, typer.Option(help="Of local times in the files.")] = "UTC",
    start: Annotated[str, typer.Option(help="When a recording without dates began, ISO 8601.")] = DEFAULT_START.isoformat(),
    door: Annotated[str, typer.Option(help="The door of recorded counts.")] = "main",
    mapping: Annotated[Path | None, typer.Option(help="With --format csv: the TOML file that describes the columns.")] = None,
    keys: Annotated[Path | None, typer.Option(help="Key file; without it subjects are made from the recording's own digest.")] = None,
    profiles: Annotated[Path | None, typer.Option(help="A folder of your own profiles, used beside the shipped ones.")] = None,
    timeout_s: Annotated[float, typer.Option(help="Give up when no receipt came for so long.")] = 60.0,
) -> None:
    """Send recorded files with their own time, until the gateway has receipted all. Sending them again changes nothing.

    [bold]Examples[/]

    footfall replay recordings/sal-rb --format sal-rb --store lab --agent lab-replay

    footfall replay heard.csv --format csv --mapping columns.toml --store lab --agent lab-replay
    """
    values = {"store": store, "agent": agent_name, "spool": {"path": "-"}, "broker": {"host": host, "port": port, "protocol": protocol}}
    settings = check(values, AgentSettings, "footfall replay")
    name = format_named(format_name)
    read_settings = ReplaySettings(timezone, start_of(start), door, mapping)
    with _progress() as progress:
        reading = progress.add_task("read", total=None)
        own_keys, known = read_keys(keys) if keys else None, ProfileSettings(folder=profiles).registry()
        recording = Recording.read(name, paths, read_settings, store, agent_name, own_keys, known)
        progress.update(reading, total=recording.rows, completed=recording.rows)
        sending = progress.add_task("receipted", total=len(recording.bodies))
        deliver(recording, settings.broker, timeout_s, lambda done: progress.update(sending, completed=done))
    typer.echo(
        f"{recording.rows} rows in {len(recording.bodies)} frames, {recording.refused} refused lines: all receipted ({recording.epoch})"
    )


def _progress() -> Progress:
    from rich.console import Console  # not with the module: an agent shows no progress
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))
