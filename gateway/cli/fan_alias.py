"""A question about a fan by an id that was merged, or that was a provisional one: it is answered by the id that stands now."""

from __future__ import annotations

from pathlib import Path

import typer

from gateway.config import load_gateway
from gateway.fans.whose import person_of
from gateway.state.files import LEDGER
from gateway.state.ledger_reader import ledger_reader


def standing_fan(config: Path, fan: str) -> str:
    """Return the id that a fan has now, by the ledger of a gateway's configuration; the same id where there is no ledger.

    An id that changed is noted on standard error.
    """
    ledger_path = load_gateway(config).state_dir / LEDGER
    if not ledger_path.is_file():
        return fan
    with ledger_reader(ledger_path) as ledger:
        now = person_of(ledger, fan).fan
    if now != fan:
        typer.echo(f"note: {fan} is {now} now", err=True)
    return now
