"""`footfall config check`: every mistake in every file, before a process is started with them."""

from __future__ import annotations

import logging
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from device_profiles.checks import mistakes
from device_profiles.registry import ProfileSettings, shipped
from footfall.config import load
from footfall.errors import ConfigError, SinkUnavailable
from footfall.topics import wildcard
from gateway.config import SITE_PREFIX, GatewayConfig, InfluxSink, load_gateway, load_site, secret
from gateway.mqtt import Connection
from gateway.sinks.influxdb import InfluxDB
from gateway.site import Site

app = typer.Typer(no_args_is_help=True, help="Configuration files.")
CONFIG_ERROR: Final = 2
_GROUP: Final = "footfall.configs"
_TIMEOUT_S: Final = 3.0
Found = Iterator[tuple[str, str]]
"""What a file says, a label and a text each, for the table."""


@app.callback()
def _group() -> None:
    """Without this, typer would make the one command the whole group."""


@app.command()
def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="gateway.toml, site.toml, agent.toml …; without any, those that are here.")
    ] = None,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask whether the broker answers, and whether the database takes points.")
    ] = False,
) -> None:
    """Check configuration files: a table of what they say, or every mistake with its file and key, and exit code 2."""
    chosen = files or [Path(f"{kind}.toml") for kind in kinds() if Path(f"{kind}.toml").exists()]
    if not chosen:
        raise ConfigError("name the files to check: there is no gateway.toml, site.toml or agent.toml here")
    table, mistakes = Table("file", "", "", box=None, header_style="dim", pad_edge=False), list[str]()
    for file in chosen:
        found, wrong = inspect(file, online)
        mistakes += wrong
        for row, (label, text) in enumerate(found):
            table.add_row(escape(str(file)) if not row else "", f"[dim]{label}[/]", escape(text))
        table.add_section()
    console = Console(highlight=False, soft_wrap=True)
    if table.row_count:
        console.print(table)
    for mistake in mistakes:
        console.print(f"[bold red]✘[/] {escape(mistake)}")
    if mistakes:
        raise typer.Exit(CONFIG_ERROR)
    console.print(f"[bold green]✔ {'this file is' if len(chosen) == 1 else 'these files are'} right[/]")


def inspect(file: Path, online: bool) -> tuple[list[tuple[str, str]], list[str]]:
    """What a file says, and every mistake in it."""
    try:
        kind = recognise(file)
        return [("kind", kind), *_INSPECTORS.get(kind, _other)(file, kind)], _around(file, kind, online)
    except ConfigError as error:
        return [], str(error).splitlines()


def kinds() -> dict[str, type[BaseModel]]:
    """The kinds of files that the installed packages know: entry points of the group `footfall.configs`, each a pydantic model."""
    found = {}
    for point in entry_points(group=_GROUP):
        try:
            found[point.name] = point.load()
        except ModuleNotFoundError:  # a package's extra is not installed: its files cannot be checked here
            continue
    return found


def recognise(file: Path) -> str:
    """The kind whose keys the file has most of; its name decides where two are equal. ConfigError if it is none."""
    try:
        keys = tomllib.loads(file.read_text(encoding="utf-8")).keys()
    except FileNotFoundError:
        raise ConfigError(f"{file}: there is no such file") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file}: not TOML: {error}") from None
    known = kinds()
    score = {kind: (len(keys & model.model_fields.keys()), kind in file.name) for kind, model in known.items()}
    best = max(score, key=lambda kind: score[kind])
    if not any(score[best]):
        raise ConfigError(f"{file}: this is none of {', '.join(known)}: it has no key of theirs")
    return best


def _gateway(file: Path, _kind: str) -> Found:
    config = load_gateway(file)
    broker, sink = config.broker, config.sink
    how = "embedded" if broker.embedded else f"MQTT {'5' if broker.protocol == 5 else '3.1.1'}{', TLS' if broker.tls else ''}"
    yield "site", str(config.site)
    yield "state", str(config.state_dir)
    yield "broker", f"{broker.host}:{broker.port}, {how}, as {broker.client_id}"
    yield "sink", f"InfluxDB {sink.url}, bucket {sink.bucket}" if isinstance(sink, InfluxSink) else f"SQLite {sink.path}"
    yield "http", f"http://{config.http.host}:{config.http.port}"
    yield "profiles", _profiles(config.profiles)
    yield "journal", f"{config.journal.keep_days:g} days, at most {config.journal.max_bytes >> 20:,} MiB"
    yield "identifiers", "pseudonymised" if _has_brand_secret(config) else "no brand_secret_file: plain events with identifiers are refused"


def _profiles(settings: ProfileSettings) -> str:
    try:
        own = sorted(settings.registry().files.items())
    except ConfigError:
        return f"{settings.folder}: see below"
    replacing = [name for name, file in own if name in shipped() and file != shipped().files[name]]
    added = [name for name, _ in own if name not in shipped()]
    parts = [f"{len(shipped())} shipped", *([f"{len(added)} own ({_few(added)})"] if added else [])]
    return ", ".join(parts + ([f"{len(replacing)} replaced ({_few(replacing)})"] if replacing else []))


def _has_brand_secret(config: GatewayConfig) -> bool:
    return config.brand_secret is not None or config.brand_secret_file is not None


def _site(file: Path, _kind: str) -> Found:
    site = load_site(file)
    stores = site.stores
    yield "brand", site.brand
    yield "stores", f"{len(stores):,} ({_few([store.name for store in stores])})"
    yield "zones", f"{sum(len(store.zones) for store in stores):,}"
    yield "doors", f"{sum(len(store.doors) for store in stores):,}"
    yield "agents", f"{sum(1 for _ in site.agents()):,} ({_few([agent.name for _, agent in site.agents()])})"
    yield "staff", f"{len(site.staff):,}, {len(site.assets):,} assets"


def _other(file: Path, kind: str) -> Found:
    config = load(file, kinds()[kind], f"FOOTFALL_{kind.upper()}")
    for name, value in config:
        if isinstance(value, list | tuple | dict):
            yield name, f"{len(value)}"
        elif isinstance(value, ProfileSettings):
            yield name, _profiles(value)
        elif isinstance(value, BaseModel):
            yield name, ", ".join(f"{key} {item}" for key, item in value if isinstance(item, str | int | float | Path))
        elif value is not None:
            yield name, str(value)


_INSPECTORS: Final[Mapping[str, Callable[[Path, str], Found]]] = {"gateway": _gateway, "site": _site}


def _around(file: Path, kind: str, online: bool) -> list[str]:
    """Mistakes that are not in the file itself, but in what it points to."""
    if kind != "gateway":
        other = load(file, kinds()[kind], f"FOOTFALL_{kind.upper()}")
        return [f"{file}: {mistake}" for mistake in (*_unreadable(other), *_profile_vectors(getattr(other, "profiles", None)))]
    config = load_gateway(file)
    checks: list[Callable[[GatewayConfig], Iterator[str]]] = [
        _files,
        _secrets,
        _folders,
        lambda config: _profile_vectors(config.profiles),
        *([_answering] if online else []),
    ]
    return [f"{file}: {mistake}" for one in checks for mistake in one(config)]


def _files(config: GatewayConfig) -> Iterator[str]:
    try:
        load(config.site, Site, SITE_PREFIX)
    except ConfigError as error:
        yield from (f"site: {line}" for line in str(error).splitlines())
    if config.broker.tls:
        yield from _unreadable(config.broker.tls, "broker.tls.")
    if isinstance(config.sink, InfluxSink) and config.sink.ca_file and not os.access(config.sink.ca_file, os.R_OK):
        yield f"sink.ca_file: {config.sink.ca_file} cannot be read"


def _unreadable(section: BaseModel, within: str = "") -> Iterator[str]:
    """The files that keys name, `file` and those that end in `_file`, in this section and below."""
    for name, value in section:
        if isinstance(value, BaseModel):
            yield from _unreadable(value, f"{within}{name}.")
        elif isinstance(value, tuple):
            for i, one in enumerate(value):
                if isinstance(one, BaseModel):
                    yield from _unreadable(one, f"{within}{name}.{i}.")
        elif isinstance(value, Path) and (name == "file" or name.endswith("_file")) and not os.access(value, os.R_OK):
            yield f"{within}{name}: {value} cannot be read"


def _profile_vectors(settings: ProfileSettings | None) -> Iterator[str]:
    """The mistakes of the user's own profiles."""
    try:
        registry = settings.registry() if settings else shipped()
    except ConfigError as error:
        yield from (f"profiles.folder: {line}" for line in str(error).splitlines())
        return
    for name, file in registry.files.items():
        if file != shipped().files.get(name):
            yield from (f"profiles.folder: {file}: {mistake}" for mistake in mistakes(registry[name], registry))


def _secrets(config: GatewayConfig) -> Iterator[str]:
    wanted = [("brand_secret_file", config.brand_secret, config.brand_secret_file)]
    wanted.append(("broker.password_file", config.broker.password, config.broker.password_file))
    if isinstance(config.sink, InfluxSink):
        wanted.append(("sink.token_file", config.sink.token, config.sink.token_file))
    for key, value, path in wanted:
        try:
            secret(value, path)
        except ConfigError as error:
            yield f"{key}: {error}"


def _folders(config: GatewayConfig) -> Iterator[str]:
    folders = {"state_dir": config.state_dir}
    if not isinstance(config.sink, InfluxSink):
        folders["sink.path"] = config.sink.path.parent
    for key, folder in folders.items():
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        if not existing.is_dir() or not os.access(existing, os.W_OK):
            yield f"{key}: {existing} is not a folder that this user may write to"


def _answering(config: GatewayConfig) -> Iterator[str]:
    broker, sink = config.broker, config.sink
    if not broker.embedded:
        logging.getLogger("footfall").addHandler(logging.NullHandler())  # what it logs is told here
        try:
            why = Connection(broker, f"{broker.client_id}-check", [wildcard("frames")], False).try_once(_TIMEOUT_S)
        except (OSError, ConfigError) as error:  # a certificate or a secret that cannot be read
            why = str(error)
        if why:
            yield f"broker: {why}"
    if isinstance(sink, InfluxSink):
        try:
            token = secret(sink.token, sink.token_file)
            with closing(
                InfluxDB(sink.url, sink.bucket, token.decode() if token else "", sink.org, ca_file=sink.ca_file, timeout_s=_TIMEOUT_S)
            ) as database:
                database.ping()
        except (ConfigError, SinkUnavailable) as error:
            yield f"sink: {error}"


def _few(names: list[str], limit: int = 5) -> str:
    return ", ".join(names[:limit]) + (" …" if len(names) > limit else "")
