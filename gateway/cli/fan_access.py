"""Options of the commands about fans, and what they stand on (`gateway.fans.desk`)."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.fans.desk import Desk as Desk
from gateway.fans.desk import checked as checked
from gateway.fans.desk import desk as desk
from gateway.fans.desk import pseudonymiser as pseudonymiser
from gateway.fans.desk import zone_of as zone_of

ActorOption = Annotated[str, typer.Option("--actor", help="Who decides it; else the user of this command.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it is kept with the fact.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what it would change, and change nothing.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")]
ForceOption = Annotated[bool, typer.Option("--force", help="State it also of ids of which nothing is known yet.")]
