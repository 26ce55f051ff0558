"""`footfall profile list | show | test | new`."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from device_profiles.checks import mistakes
from device_profiles.command_new import new
from device_profiles.profile import Profile
from device_profiles.registry import Registry, read_profile, shipped
from device_profiles.settings import ProfileSettings
from device_profiles.show import shown
from footfall.errors import ConfigError

HELP: Final = """Device profiles: what a device sends and what it means, one TOML file a model.

What an agent hears is given to the most specific profile that takes it. Yours are found beside the shipped ones, in the
`folder` that the section `profiles` of agent.toml and gateway.toml names; one with the name of a shipped one replaces it.

An unknown device, in five minutes: `footfall scan` shows its messages, `footfall profile new` asks and writes the file,
`footfall profile test` checks it. docs/profiles.md explains every key."""

SHORT: Final = {"capture": "cap", "documentation": "doc", "specification": "spec", "simulated": "sim"}
WIDTH: Final = 120
"""Width of output to a pipe or a file."""

app = typer.Typer(no_args_is_help=True, help=HELP, rich_markup_mode="markdown")

Folder = Annotated[Path | None, typer.Option("--profiles", help="A folder of your own profiles, beside the shipped ones.")]


@app.command("list")
def list_(folder: Folder = None, as_json: Annotated[bool, typer.Option("--json", help="As JSON, one object a profile.")] = False) -> None:
    """All profiles: whose identifiers they yield, over which transport, and where their vectors are from."""
    registry = ProfileSettings(folder=folder).registry()
    rows = [_row(profile, registry) for _, profile in sorted(registry.items())]
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    table = Table(box=None, header_style="dim", pad_edge=False)
    for name in ("name", "title", "transport", "class", "lasts", "vectors", "from"):
        table.add_column(name, no_wrap=name not in ("title", "from"))
    for row in rows:
        vectors = " ".join(f"{count} {SHORT[origin]}" for origin, count in row["vectors"].items())
        consented = "consented" if row["consented"] else "[dim]a day[/]"
        name, title, origin = (escape(row[key]) for key in ("name", "title", "from"))
        table.add_row(f"[bold]{name}[/]", title, row["transport"] or "[dim]-[/]", row["class"], consented, vectors or "[dim]-[/]", origin)
    _console().print(table)
    _console().print(f"[dim]vectors are from a {', '.join(f'{name} ({short})' for name, short in SHORT.items())}[/]")


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A profile's name, or its file.")],
    folder: Folder = None,
) -> None:
    """Everything about one profile: what it matches, how bytes become values, its vectors decoded, and who else takes its messages."""
    profile, registry = _find(name, folder)
    origin = registry.files.get(profile.name)
    _console().print(shown(profile, registry, f"{origin} ({_row(profile, registry)['from']})"))


@app.command("test")
def verify(
    file: Annotated[list[str], typer.Argument(help="Profiles' files, or names.")],
    folder: Folder = None,
) -> None:
    """Check profiles: every key, every vector, what they yield, and that no other profile takes their messages first.

    Each mistake names the wrong key and what is allowed; then the exit code is 1.
    """
    console, failed = _console(), False
    for name in file:
        try:
            profile, registry = _find(name, folder)
            found = [f"{registry.files[profile.name]}: {mistake}" for mistake in mistakes(profile, registry)]
        except ConfigError as error:
            found = str(error).splitlines()
        for mistake in found:
            console.print(f"[bold red]✘[/] {escape(mistake)}", soft_wrap=True)
        if not found:
            origins = ", ".join(f"{count} {origin}" for origin, count in _origins(profile).items())
            console.print(f"[bold green]✔[/] {profile.name}: {f'vectors hold: {origins}' if origins else 'no device, no vectors'}")
        failed = failed or bool(found)
    if failed:
        raise typer.Exit(1)


app.command()(new)


def _console() -> Console:
    console = Console(highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = max(console.width, WIDTH)
    return console


def _find(name: str, folder: Path | None) -> tuple[Profile, Registry]:
    """Return a profile, and all among which it is one; a file is looked at as if it lay in `folder`."""
    registry = ProfileSettings(folder=folder).registry()
    if name.endswith(".toml"):
        profile = read_profile(Path(name))
        return profile, registry.with_profiles(Registry({profile.name: profile}, {profile.name: Path(name)}))
    if name not in registry:
        raise ConfigError(f"there is no profile {name!r}: `footfall profile list` shows all, a file's name ends in .toml")
    return registry[name], registry


def _row(profile: Profile, registry: Registry) -> dict[str, Any]:
    file = registry.files.get(profile.name)
    own = file != shipped().files.get(profile.name)
    return {
        "name": profile.name,
        "title": profile.title,
        "transport": profile.device.transport if profile.device else "",
        "class": profile.identifier_class,
        "identifier_type": profile.identifier_type,
        "consented": profile.consented,
        "vectors": _origins(profile),
        "from": "shipped" if not own else "own, replaces the shipped one" if profile.name in shipped() else "own",
        "file": str(file),
    }


def _origins(profile: Profile) -> dict[str, int]:
    return dict(Counter(vector.origin.partition(":")[0] for vector in profile.vectors).most_common())
