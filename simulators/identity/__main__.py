"""`python -m simulators.identity --seed 1`"""

from __future__ import annotations

import signal
import time
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from simulators.identity.run import Settings, Verdict, run
from simulators.identity.world import Sizes
from simulators.share_bars import share_bars

SHOWN: Final = 10


def main(
    seed: Annotated[int, typer.Option(min=0, help="Another seed: other people, other mistakes.")] = 1,
    fans: Annotated[int, typer.Option(min=20, help="People, of whom some register.")] = 5000,
    stores: Annotated[int, typer.Option(min=2, max=99)] = 20,
    days: Annotated[int, typer.Option(min=10, max=30)] = 30,
    orders: Annotated[int, typer.Option(min=0, help="Random orders of facts that are tried.")] = 500,
    jobs: Annotated[int, typer.Option(min=1, help="Processes: one for the month, the others try orders.")] = 2,
) -> None:
    """Simulate a brand's month whose truth is known, and compare whom its rows name with the truth and with a slow oracle."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as ctrl-c: what was started is ended
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    begun_s = time.monotonic()
    with share_bars(console) as on_share:
        verdict = run(Settings(seed=seed, sizes=Sizes(fans=fans, stores=stores, days=days), orders=orders, jobs=jobs), on_share)
    console.print(_table(verdict))
    for key in verdict.oracle_differences[:SHOWN]:
        console.print(f"[bold red]not as the oracle:[/] {key}")
    for fault in verdict.faults():
        console.print(f"[bold red]seed {seed}:[/] {fault}")
    console.print(f"[dim]{time.monotonic() - begun_s:.0f} s in all[/]")
    print(verdict.last_line(), flush=True)
    raise typer.Exit(1 if verdict.faults() else 0)


def _table(verdict: Verdict) -> Table:
    found, table = verdict.score, Table("rows", "how many", title=f"{verdict.rows:,} touches and visits")
    for klass, count in verdict.by_class.items():
        table.add_row(klass, f"{count:,}")
    table.add_row("named rightly", f"{found.right:,}")
    table.add_row("named wrongly", f"{len(found.wrong):,}")
    table.add_row("known, not named", f"{len(found.missed):,}")
    table.add_row("other orders tried", f"{verdict.orders.orders:,}")
    return table


if __name__ == "__main__":
    typer.run(main)
