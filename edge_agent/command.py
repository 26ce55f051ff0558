"""The commands of the edge: `footfall agent` and `footfall replay`."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from device_profiles.settings import ProfileSettings
from edge_agent.agent import EdgeAgent
from edge_agent.clock import SystemClock
from edge_agent.config import ENVIRONMENT, AgentSettings
from edge_agent.keys import read_keys
from edge_agent.playback import Recording, deliver
from edge_agent.recorded_contents import MOST_NAMED, is_misread
from edge_agent.sources.replay import FORMATS, expand, format_named, format_of
from edge_agent.sources.replay_settings import DEFAULT_START, ReplaySettings, start_of
from footfall.config import check, load
from footfall.dates import EARLIEST_NS
from footfall.errors import ConfigError
from footfall.log_options import AUTO, INFO, LogFormat, LogLevel, Verbose, log_as
from footfall.signals import hold_reloads, when_asked
from footfall.wording import counted

if TYPE_CHECKING:
    from rich.progress import Progress

EXIT_REFUSED: Final = 1
"""Of a replay: some lines could not be read, or the gateway put them into quarantine; the rest was taken."""


def agent(
    config: Annotated[Path, typer.Option("--config", "-c", help="The agent's configuration.")] = Path("agent.toml"),
    check_only: Annotated[bool, typer.Option("--check", help="Check the configuration and exit.")] = False,
    site: Annotated[Path | None, typer.Option(help="With --check: the site.toml that must know its zones and doors.")] = None,
    verbose: Verbose = False,
    log_level: LogLevel = INFO,
    log_format: LogFormat = AUTO,
) -> None:
    """Run one edge agent: read its devices, spool what they report, send it until the gateway has it for good.

    SIGHUP makes it read the file again, and take its sources, profiles and keys.
    """
    if not check_only:
        hold_reloads()
        log_as("agent", verbose, log_level, log_format)
    settings = load(config, AgentSettings, ENVIRONMENT)
    if check_only:
        _check_around(config, settings, site)
        sources = counted(len(settings.sources), "source")
        typer.echo(f"{config}: agent {settings.agent!r} of store {settings.store!r}, {sources}: fine")
        return
    stop = threading.Event()
    running = EdgeAgent(settings, SystemClock())
    when_asked(stop.set, lambda: running.reload(lambda: load(config, AgentSettings, ENVIRONMENT)))
    running.run(stop)


def _check_around(config: Path, settings: AgentSettings, site: Path | None) -> None:
    """Raise ConfigError if a file that it names cannot be used, or it names what the site lacks. Warn of a certificate that ends soon."""
    from device_profiles.config_command import disagreements, endings, inspect  # not with the module: an agent draws no tables
    from edge_agent.config_checks import mistakes_around

    wrong = [f"{config}: {mistake}" for mistake in mistakes_around(settings)]
    if site is not None:
        wrong += [*inspect(site, online=False)[1], *disagreements([config, site])]
    if wrong:
        raise ConfigError("\n".join(wrong))
    for _, text in endings(settings):
        typer.echo(f"{config}: {text}", err=True)


def replay(
    paths: Annotated[list[Path], typer.Argument(help="Recorded files, or folders of them.")],
    format_name: Annotated[
        str | None, typer.Option("--format", "-f", help=f"One of {', '.join(FORMATS)}; csv, where --map is stated.")
    ] = None,
    store: Annotated[str | None, typer.Option(help="The store they belong to; that of --config, unless stated.")] = None,
    agent_name: Annotated[
        str | None, typer.Option("--agent", help="Send as this agent, not as one that is running; that of --config, unless stated.")
    ] = None,
    host: Annotated[str, typer.Option(help="The broker's host.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The broker's port.")] = 1883,
    protocol: Annotated[str, typer.Option(help="MQTT version: 5 or 3.1.1.")] = "5",
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="An agent's configuration: its broker, with TLS or a password, store and name.")
    ] = None,
    timezone: Annotated[str | None, typer.Option(help="Of local times in the files; UTC, but counts need one stated.")] = None,
    start: Annotated[
        str | None, typer.Option(help="When a recording without dates began, ISO 8601; 2021, unless stated, but jsonl needs it stated.")
    ] = None,
    door: Annotated[str, typer.Option(help="The door of recorded counts.")] = "main",
    mapping: Annotated[
        Path | None, typer.Option("--map", "--mapping", help="With --format csv: the TOML file that describes the columns.")
    ] = None,
    keys: Annotated[Path | None, typer.Option(help="Key file; without it subjects are made from the recording's own digest.")] = None,
    profiles: Annotated[Path | None, typer.Option(help="A folder of your own profiles, used beside the shipped ones.")] = None,
    timeout_s: Annotated[float, typer.Option(help="Give up when no receipt came for so long.")] = 60.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read the files and show what they contain; send nothing.")] = False,
    partly: Annotated[bool, typer.Option("--partly", help="Send what can be read, however many lines cannot.")] = False,
) -> None:
    """Send recorded files with their own time, until the gateway has receipted all. Sending them again changes nothing.

    Exit 1: lines were refused, here or by the gateway; they are counted, and the rest was sent. Exit 2: nothing was sent. So it is where
    more than 5 % of the lines cannot be read, unless --partly is given: the others are then probably misread.

    [bold]Examples[/]

    footfall replay counts-2025.csv --map columns.toml --config history.toml --dry-run

    footfall replay recordings/sal-rb --format sal-rb --store lab --agent lab-replay
    """
    sender = _sender(config, store, agent_name, {"host": host, "port": port, "protocol": protocol})
    name = format_named(format_name) if format_name else "csv" if mapping else format_of(paths)
    quarantined, lines = 0, itertools.count()
    with _progress() as progress:
        reading = progress.add_task("read", total=None)

        def on_read(size_bytes: int) -> None:
            next(lines)
            progress.advance(reading, size_bytes)

        read_settings = ReplaySettings(
            timezone or "UTC", start_of(start) if start else DEFAULT_START, door, mapping, timezone is not None, on_read,
            earliest_ns=EARLIEST_NS, is_start_stated=start is not None,
        )  # fmt: skip
        progress.update(reading, total=sum(file.stat().st_size for file in expand(name, paths, read_settings)))
        own_keys, known = read_keys(keys) if keys else None, ProfileSettings(folder=profiles).registry()
        recording = Recording.read(name, paths, read_settings, sender.store, sender.agent, own_keys, known)
        progress.update(reading, total=recording.rows, completed=recording.rows)
        misread = _misread(recording, next(lines))
        if misread and not (dry_run or partly):
            raise ConfigError(misread)
        if not dry_run:
            sending = progress.add_task("receipted", total=len(recording.bodies))
            quarantined = deliver(recording, sender.broker, timeout_s, lambda done: progress.update(sending, completed=done))
    _show(recording, dry_run, quarantined)
    if misread and dry_run and not partly:
        typer.echo(misread.partition("\n")[0], err=True)
    if recording.refused or quarantined:
        raise typer.Exit(EXIT_REFUSED)


def _sender(config: Path | None, store: str | None, agent_name: str | None, broker: Mapping[str, Any]) -> AgentSettings:
    """Return as whom to send, and over which broker: as stated, else as configured. Raise ConfigError for what is wrong."""
    known = None if config is None else load(config, AgentSettings, ENVIRONMENT)
    if known is None and not (store and agent_name):
        raise ConfigError("footfall replay: state --store and --agent, or --config with an agent's configuration")
    names = {"store": store or (known and known.store), "agent": agent_name or (known and known.agent)}
    settings = check(names | {"spool": {"path": "-"}, "broker": broker}, AgentSettings, "footfall replay")
    return settings if known is None else settings.model_copy(update={"broker": known.broker})


def _show(recording: Recording, dry_run: bool, quarantined: int) -> None:
    """Print what was sent, or would be, and what was refused."""
    outcome = "dry run, nothing was sent" if dry_run else f"all receipted ({recording.epoch})"
    read = f"{counted(recording.rows, 'row')} in {counted(len(recording.bodies), 'frame')}"
    typer.echo(f"{read}, {counted(recording.refused, 'refused line')}: {outcome}")
    if dry_run:
        typer.echo("\n".join(recording.contents.lines()))
    if recording.strangers:
        of = ", ".join(sorted(recording.strangers)[:MOST_NAMED])
        strangers = counted(sum(recording.strangers.values()), "sighting is", "sightings are")
        typer.echo(f"{strangers} left out, of receivers that the mapping has no zone for: {of}", err=True)
    for doubt in (*(note.text for note in recording.notes), *recording.contents.doubts()):
        typer.echo(doubt, err=True)
    if recording.refused:
        typer.echo("\n".join(recording.contents.refused_lines()), err=True)
        if 2 * recording.refused > recording.rows:
            typer.echo("more was refused than read: is the mapping right? Days and months may have changed places", err=True)
    if quarantined:
        rows = counted(quarantined, "row is", "rows are")
        typer.echo(f"{rows} receipted but not stored, and went to quarantine: footfall quarantine list shows why", err=True)


def _misread(recording: Recording, lines: int) -> str:
    """Return why a recording is not sent, with the lines that cannot be read; "" if it may be."""
    if not is_misread(recording.refused, lines):
        return ""
    why = f"{recording.refused:,} of {lines:,} lines cannot be read, so the others may be misread: nothing is sent."
    return "\n".join([f"{why} Correct the mapping or the files, or send the rest with --partly", *recording.contents.refused_lines()])


def _progress() -> Progress:
    from rich.console import Console  # not with the module: an agent shows no progress
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    return Progress(*columns, console=console, disable=not console.is_terminal)
