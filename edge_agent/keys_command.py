"""`footfall keys`: the key file of a box, made where the brand's secret is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from device_profiles.settings import ProfileSettings
from edge_agent.keys import write_keys
from footfall.config import read_secret
from footfall.errors import ConfigError
from footfall.mistakes import unknown

_MODE: Final = 0o600


def keys(
    types: Annotated[list[str] | None, typer.Argument(help="The identifier types that the box reads, such as ibeacon.")] = None,
    secret: Annotated[Path, typer.Option("--secret", help="The file with the brand's secret.")] = Path("/etc/footfall/brand.secret"),
    profiles: Annotated[Path | None, typer.Option(help="A folder of your own profiles, used beside the shipped ones.")] = None,
    into: Annotated[Path | None, typer.Option("--into", help="Write this file, for its owner only, instead of printing.")] = None,
) -> None:
    """Make an agent's keys from the brand's secret: those of the identifier types that its box reads, and no others.

    Run it where the secret is, never on the box. Give the box the file: `keys.file` of its agent.toml names it.

    [bold]Example:[/] footfall keys ibeacon --secret brand.secret --into keys.toml
    """
    wanted = _checked(types or [], ProfileSettings(folder=profiles))
    text = write_keys(read_secret(secret), wanted)
    if into is None:
        typer.echo(text, nl=False)
        return
    _write(into, text)
    typer.echo(f"{into}: the keys of {', '.join(sorted(wanted))}")


def _checked(types: Sequence[str], settings: ProfileSettings) -> set[str]:
    """Return the types. Raise ConfigError for one that no profile has, or whose owners gave no consent: those need no key of a file."""
    lasting: dict[str, bool] = {}
    for profile in settings.registry().values():
        lasting[profile.identifier_type] = profile.consented or lasting.get(profile.identifier_type, False)
    known = sorted(name for name, consented in lasting.items() if consented)
    if not types:
        raise ConfigError(f"name the identifier types that the box reads: {', '.join(known)}")
    for name in types:
        if name not in lasting:
            raise ConfigError(unknown(f"no profile has the identifier type {name!r}", name, known, f"there are {', '.join(known)}"))
        if not lasting[name]:
            raise ConfigError(f"{name!r} needs no key: its profiles are without consent, and their subjects last a day")
    return set(types)


def _write(path: Path, text: str) -> None:
    """Replace the file in one step. Raise ConfigError where it cannot be written."""
    new = path.with_name(f".{path.name}.new")
    try:
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "w", encoding="utf-8") as file:
            file.write(text)
        new.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
