"""`footfall config check`: every mistake in every file, before a process is started with them.

It works where only a part of Footfall is installed. A package registers what else a kind of file needs as an entry point of the group
`footfall.config_inspectors`, by the name of the kind: an `Inspector`. How files of two kinds contradict each other is in the group
`footfall.config_comparisons`, by the names of both: a `Comparison`.
"""

from __future__ import annotations

import os
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from device_profiles.checks import mistakes
from device_profiles.registry import shipped
from device_profiles.settings import ProfileSettings
from footfall.addresses import without_credentials
from footfall.broker import Broker
from footfall.certificates import Finding, findings
from footfall.config import load, read_secret
from footfall.errors import ConfigError

app = typer.Typer(no_args_is_help=True, help="Configuration files.")
CONFIG_ERROR: Final = 2
_KINDS: Final = "footfall.configs"
_INSPECTORS: Final = "footfall.config_inspectors"
_COMPARISONS: Final = "footfall.config_comparisons"
_SECRETS: Final = ("secret_file", "password_file", "token_file")
"""What keys end in whose files hold one secret."""
_ENDS_SOON: Final = "certificate_ends"
Contents = Iterator[tuple[str, str]]
"""The contents of a file for the table: labels and texts."""


Comparison = Callable[[Any, Any], Iterator[str]]
"""Yields what the first of two files has, checked, and the second lacks."""


class Inspector(NamedTuple):
    """`found`: the contents of a file. `around(file, online)`: mistakes in what the file points to."""

    found: Callable[[Path], Contents]
    around: Callable[[Path, bool], Iterator[str]]


@app.callback()
def _group() -> None:
    """Keep `check` a sub-command: typer would make a single command the whole group."""


@app.command()
def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="gateway.toml, site.toml, agent.toml …; without any, those that are here.")
    ] = None,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask whether the broker answers, and whether the database takes points.")
    ] = False,
) -> None:
    """Check configuration files: a table of their contents, or every mistake with its file and key, and exit code 2."""
    chosen = files or [Path(f"{kind}.toml") for kind in kinds() if Path(f"{kind}.toml").exists()]
    if not chosen:
        raise ConfigError("name the files to check: there is no gateway.toml, site.toml or agent.toml here")
    inspected = {file: inspect(file, online) for file in chosen}
    mistakes = [*_once({file: wrong for file, (_, wrong) in inspected.items()}), *disagreements(chosen)]
    console = Console(highlight=False, soft_wrap=True)
    table = _contents({file: found for file, (found, _) in inspected.items()})
    if table.row_count:
        console.print(table)
    for mistake in mistakes:
        console.print(f"[bold red]✘[/] {escape(mistake)}")
    if mistakes:
        raise typer.Exit(CONFIG_ERROR)
    console.print("[bold green]✔ OK[/]")


def _once(wrong: Mapping[Path, Sequence[str]]) -> list[str]:
    """Return the mistakes of all files without those that one file repeats of another, which it points to by its whole path."""
    own = [f": {file.absolute()}{mistake.removeprefix(str(file))}" for file, its in wrong.items() for mistake in its]
    return [mistake for its in wrong.values() for mistake in its if not mistake.endswith(tuple(own))]


def _contents(found: Mapping[Path, Sequence[tuple[str, str]]]) -> Table:
    table = Table("file", "", "", box=None, header_style="dim", pad_edge=False)
    for file, contents in found.items():
        for row, (label, text) in enumerate(contents):
            table.add_row(escape(str(file)) if not row else "", f"[dim]{label}[/]", escape(text))
        table.add_section()
    return table


def inspect(file: Path, online: bool) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the contents of a file, and every mistake in it."""
    try:
        kind = recognise(file)
        inspector = _inspector(kind)
        return [("kind", kind), *inspector.found(file)], [f"{file}: {mistake}" for mistake in inspector.around(file, online)]
    except ConfigError as error:
        return [], str(error).splitlines()


def disagreements(files: Sequence[Path]) -> Iterator[str]:
    """Yield what one of the files names and another lacks, such as a receiver's zone; files that are wrong themselves are left out."""
    models: dict[str, list[tuple[Path, BaseModel]]] = {}
    for file in files:
        with suppress(ConfigError):
            kind = recognise(file)
            models.setdefault(kind, []).append((file, _loaded(file, kind)))
    for point in entry_points(group=_COMPARISONS):
        first, second = point.name.split()
        if first in models and second in models:
            compare: Comparison = point.load()
            yield from (f"{file}: {why}" for file, one in models[first] for _, other in models[second] for why in compare(one, other))


def _inspector(kind: str) -> Inspector:
    """Return the inspector registered for a kind, where all that it needs is installed; else one that suits any file."""
    for point in entry_points(group=_INSPECTORS, name=kind):
        with suppress(ModuleNotFoundError):
            registered: Inspector = point.load()
            return registered
    return Inspector(lambda file: contents(_loaded(file, kind)), lambda file, _: around(_loaded(file, kind)))


def _loaded(file: Path, kind: str) -> BaseModel:
    return load(file, kinds()[kind], f"FOOTFALL_{kind.upper()}")


def kinds() -> dict[str, type[BaseModel]]:
    """Return the kinds of files that the installed packages know: entry points of the group `footfall.configs`, each a pydantic model."""
    found = {}
    for point in entry_points(group=_KINDS):
        try:
            found[point.name] = point.load()
        except ModuleNotFoundError:  # a package's extra is not installed: its files cannot be checked here
            continue
    return found


def recognise(file: Path) -> str:
    """Return the kind whose keys the file has most of; its name decides where two are equal. Raise ConfigError if it is none."""
    try:
        keys = tomllib.loads(file.read_text(encoding="utf-8-sig")).keys()
    except FileNotFoundError:
        raise ConfigError(f"{file}: there is no such file") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file}: not TOML: {error}") from None
    known = kinds()
    score = {kind: (len(keys & model.model_fields.keys()), kind in file.name) for kind, model in known.items()}
    best = max(score, key=lambda kind: score[kind])
    if not any(score[best]):
        raise ConfigError(f"{file}: which file is it? It has no key of {' or '.join(f'{kind}.toml' for kind in known)}")
    return best


def profiles_text(settings: ProfileSettings) -> str:
    try:
        own = sorted(settings.registry().files.items())
    except ConfigError:
        return f"{settings.folder}: see below"
    replacing = [name for name, file in own if name in shipped() and file != shipped().files[name]]
    added = [name for name, _ in own if name not in shipped()]
    parts = [f"{len(shipped())} shipped", *([f"{len(added)} own ({few(added)})"] if added else [])]
    return ", ".join(parts + ([f"{len(replacing)} replaced ({few(replacing)})"] if replacing else []))


def contents(config: BaseModel) -> Contents:
    """Yield the sections of a file that needs no table of its own."""
    for name, value in config:
        if isinstance(value, list | tuple | dict):
            yield name, f"{len(value)}"
        elif isinstance(value, ProfileSettings):
            yield name, profiles_text(value)
        elif isinstance(value, BaseModel):
            yield name, ", ".join(f"{key} {_shown(item)}" for key, item in value if isinstance(item, str | int | float | Path))
        elif value is not None:
            yield name, _shown(value)
    yield from endings(config)


def _shown(value: object) -> str:
    """Return a value without what a URL may hold of a secret."""
    return without_credentials(value) if isinstance(value, str) and "://" in value else str(value)


def around(config: BaseModel) -> Iterator[str]:
    """Yield the mistakes in what a file points to: files that cannot be read, certificates that nobody accepts, profiles."""
    yield from unreadable(config)
    yield from wrong_certificates(config)
    yield from wrong_profiles(getattr(config, "profiles", None))


def wrong_certificates(config: BaseModel) -> Iterator[str]:
    """Yield the mistakes of existing certificate files that no broker would accept."""
    yield from (f"{where}: {finding.text}" for where, finding in _certificates(config) if finding.code != _ENDS_SOON)


def endings(config: BaseModel) -> Contents:
    """Yield the certificates that end within 30 days: no mistake yet."""
    yield from (("soon", f"{where}: {finding.text}") for where, finding in _certificates(config) if finding.code == _ENDS_SOON)


def _certificates(section: BaseModel, within: str = "", common_name: str = "") -> Iterator[tuple[str, Finding]]:
    """Yield findings for every section that names certificates. At the agent's own broker the certificate must name the agent."""
    for name, value in section:
        where = f"{within}.{name}" if within else name
        if isinstance(value, BaseModel):
            yield from _certificates(value, where, str(getattr(section, "agent", "")) if name == "broker" else common_name)
        elif isinstance(value, tuple):
            for i, one in enumerate(value):
                if isinstance(one, BaseModel):
                    yield from _certificates(one, f"{where}.{i}")
    ca_file, cert_file, key_file = (getattr(section, name, None) for name in ("ca_file", "cert_file", "key_file"))
    files = [file for file in (ca_file, cert_file, key_file) if file is not None]
    if files and all(os.access(file, os.R_OK) for file in files):
        yield from ((within, finding) for finding in findings(ca_file, cert_file, key_file, time.time(), common_name))


def unreadable(section: BaseModel, within: str = "") -> Iterator[str]:
    """Yield the unreadable files that this section names, or one below: keys `file` and `…_file`. A secret must not be empty, either."""
    for name, value in section:
        if isinstance(value, BaseModel):
            yield from unreadable(value, f"{within}{name}.")
        elif isinstance(value, tuple):
            for i, one in enumerate(value):
                if isinstance(one, BaseModel):
                    yield from unreadable(one, f"{within}{name}.{i}.")
        elif isinstance(value, Path) and (name == "file" or name.endswith("_file")):
            yield from (f"{within}{name}: {why}" for why in _unusable(name, value))


def _unusable(name: str, path: Path) -> Iterator[str]:
    if not os.access(path, os.R_OK):
        yield f"{path} cannot be read"
    elif name.endswith(_SECRETS):
        try:
            read_secret(path)
        except ConfigError as error:
            yield str(error)


def unanswering(section: BaseModel, within: str = "") -> Iterator[str]:
    """Ask the brokers that this section names, or one below, and yield those that would let no client of these settings in."""
    from footfall.broker_diagnosis import obstacle

    for name, value in section:
        where = f"{within}.{name}" if within else name
        each = [(f"{where}.{i}", one) for i, one in enumerate(value)] if isinstance(value, tuple) else [(where, value)]
        for here, one in each:
            if isinstance(one, Broker):
                yield from (f"{here}: {why}" for why in [obstacle(one)] if why)
            elif isinstance(one, BaseModel):
                yield from unanswering(one, here)


def wrong_profiles(settings: ProfileSettings | None) -> Iterator[str]:
    """Yield the mistakes of the user's own profiles."""
    try:
        registry = settings.registry() if settings else shipped()
    except ConfigError as error:
        yield from (f"profiles.folder: {line}" for line in str(error).splitlines())
        return
    for name, file in registry.files.items():
        if file != shipped().files.get(name):
            yield from (f"profiles.folder: {file}: {mistake}" for mistake in mistakes(registry[name], registry))


def few(names: list[str], limit: int = 5) -> str:
    return ", ".join(names[:limit]) + (" …" if len(names) > limit else "")
