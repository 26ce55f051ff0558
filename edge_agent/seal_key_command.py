"""`footfall seal-key`: the gateway's public key, made where the brand's secret is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from footfall.config import read_secret
from footfall.errors import ConfigError
from footfall.sealing import key_id, public_key, public_key_text


def seal_key(
    secret: Annotated[Path, typer.Option("--secret", help="The file with the brand's secret.")] = Path("/etc/footfall/brand.secret"),
    into: Annotated[Path | None, typer.Option("--into", help="Write this file instead of printing.")] = None,
) -> None:
    """Print the gateway's public key, to which agents and tills seal identifiers that they cannot hash.

    Agents learn it from the gateway's receipts. Give a box the file where it must trust no receipt: `keys.gateway_file` of its
    agent.toml names it. The key is no secret, and follows from the brand's secret: another secret has another key.

    [bold]Example:[/] footfall seal-key --secret brand.secret --into gateway.pub
    """
    public = public_key(read_secret(secret))
    if into is None:
        typer.echo(public_key_text(public))
        return
    try:
        into.write_text(public_key_text(public) + "\n", encoding="ascii")
    except OSError as error:
        raise ConfigError(f"{into}: cannot be written: {error.strerror}") from None
    typer.echo(f"{into}: the public key {key_id(public)}")
