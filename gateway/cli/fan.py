"""`footfall fan`: one person's history, why a touch is whose it is, and what people decide about who is who."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from footfall.errors import ConfigError
from footfall.mistakes import did_you_mean
from footfall.units import NS_PER_S
from gateway.cli.options import DEFAULT_CONFIG, ConfigOption
from gateway.config import load_gateway
from gateway.fans.history import history_of
from gateway.fans.reading import rows_of_fan, zones
from gateway.fans.show import Clocks, Heading, as_object, lines, moment
from gateway.state.files import LEDGER
from gateway.state.ledger_reader import LedgerReader, ledger_reader

SHOW: Final = "show"


class FanGroup(TyperGroup):
    """What is no command is a fan's id."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command of these arguments: `show` where the first is none."""
        return super().resolve_command(ctx, args if args[0] in self.commands else [SHOW, *args])


app = typer.Typer(cls=FanGroup, no_args_is_help=True, help="One fan: where now, visits, touches and purchases, and who is who.")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")]


@app.callback()
def _fan() -> None:
    """One fan: where now, visits, touches and purchases, and who is who."""


@app.command(SHOW)
def show(
    fan: Annotated[str, typer.Argument(help="The fan's id; an earlier one answers, too.")],
    config: ConfigOption = DEFAULT_CONFIG,
    most: Annotated[int, typer.Option("--last", min=1, help="So many visits, touches and purchases.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show where a fan is now, the last visits with zones, dwells and touches, and the visits before each purchase.

    It reads the ledger beside the running gateway, as of its last checkpoint, which is at most two minutes old.

    [bold]Example:[/] footfall fan f-1042 --config gateway.toml
    """
    with ledger_reader(ledger_path(config)) as ledger:
        rows = rows_of_fan(ledger, fan)
        history = history_of(rows)
        heading = Heading(fan, fan, ledger.as_of_s, ids=[fan])
        if not history.visits and not history.touches:
            raise nobody(ledger, fan)
        if as_json:
            typer.echo(json.dumps(as_object(heading, history, most), ensure_ascii=False))
            return
        for line in lines(heading, history, most, Clocks(zones(ledger))):
            typer.echo(line)


def ledger_path(config: Path) -> Path:
    """Return where the gateway of a configuration keeps its ledger."""
    return load_gateway(config).state_dir / LEDGER


def nobody(ledger: LedgerReader, fan: str) -> ConfigError:
    """Return the error for an id that no row and no fact has."""
    meant = did_you_mean(fan, (each.name or "" for each in app.registered_commands))
    as_of = moment(ledger.as_of_s * NS_PER_S, UTC)
    return ConfigError(f"no fan {fan!r} is known as of {as_of}{meant or ': footfall fan --help lists the commands'}")
