"""The commands `footfall demo day` and `footfall demo hardware`."""

from __future__ import annotations

import typer

from simulators.demo import main as day
from simulators.demo_hardware import main as hardware

app = typer.Typer(no_args_is_help=True, help="See it at work: real processes, a simulated store, scored against the truth.")
app.command("day")(day)
app.command("hardware")(hardware)
