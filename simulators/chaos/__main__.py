"""`python -m simulators.chaos --kills 50 --seed 1`"""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from footfall.errors import FootfallError
from simulators.chaos.plan import KINDS
from simulators.chaos.run import Progress, Result, Run, Settings

ROWS_SHOWN: Final = 10
SAY_EVERY_S: Final = 15.0


def main(
    kills: Annotated[int, typer.Option(min=0, help="How often something is killed.")] = 50,
    seed: Annotated[int, typer.Option(min=0, max=9_999_999_999, help="Decides who is killed when.")] = 1,
    events: Annotated[int, typer.Option(min=2000, help="How many are sent.")] = 200_000,
    folder: Annotated[Path | None, typer.Option(help="For all files; default: a temporary one, kept only on failure.")] = None,
) -> None:
    """Kill gateway, agents, broker and database at random moments, then look for every row."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as ctrl-c: what was started is ended
    console = Console(highlight=False, soft_wrap=True)
    begun_s = time.monotonic()
    place = folder or Path(tempfile.mkdtemp(prefix="footfall-chaos-"))
    place.mkdir(parents=True, exist_ok=True)
    console.print(f"[bold]{kills} kills[/] -9 over agents, Mosquitto, gateway and InfluxDB; {events:,} events; seed {seed}")
    try:
        result = _run(Settings(kills, seed, events, place.absolute()), console)
    except FootfallError as error:
        console.print(f"[bold red]chaos:[/] {escape(str(error))}")
        console.print(f"seed {seed} failed; everything is in {place}")
        raise typer.Exit(1) from None
    console.print(_table(result))
    _say_failures(result, console)
    if not result.is_right:
        console.print(f"[bold red]seed {seed} failed[/]; everything is in {place}")
    elif folder is None:
        shutil.rmtree(place, ignore_errors=True)
    verdict = result.verdict
    console.print(f"[dim]{time.monotonic() - begun_s:.0f} s in all[/]")
    faults = f"lost={len(verdict.lost)} doubled={len(verdict.doubled)}"
    print(f"sent={verdict.sent} stored={verdict.stored} {faults} kills={sum(result.kills.values())}", flush=True)
    raise typer.Exit(0 if result.is_right else 1)


def _run(settings: Settings, console: Console) -> Result:
    more = TextColumn("{task.fields[more]}")
    totals = {"sent": settings.events, "stored": settings.events, "kills": settings.kills}
    with Bars(TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), more, console=console) as bars:
        tasks = {name: bars.add_task(name, total=total, more="") for name, total in totals.items()}
        begun_s = said_s = time.monotonic()

        def watch(progress: Progress) -> None:
            nonlocal said_s
            total, kills = max(settings.events, progress.sent), sum(progress.kills.values())
            by_kind = ", ".join(f"{kind} {progress.kills.get(kind, 0)}" for kind in KINDS)
            bars.update(tasks["sent"], completed=progress.sent, total=total, more=progress.phase)
            bars.update(tasks["stored"], completed=progress.stored, total=total)
            bars.update(tasks["kills"], completed=kills, more=by_kind)
            now_s = time.monotonic()
            if not console.is_terminal and now_s - said_s >= SAY_EVERY_S:  # bars show only in a terminal
                said_s = now_s
                rows = f"sent {progress.sent:,}, stored {progress.stored:,}"
                console.print(f"{now_s - begun_s:4.0f} s {progress.phase}: {rows}, kills {kills}")

        return Run(settings, watch).run()


def _table(result: Result) -> Table:
    table = Table("", *KINDS, box=None, header_style="dim", pad_edge=False)
    table.add_row("kills", *(str(result.kills[kind]) for kind in KINDS))
    table.add_row("longest outage", *(f"{result.longest_outage_s[kind]:.1f} s" for kind in KINDS))
    balance, errors = result.balance, result.verdict.time_errors_ms
    dropped = ", ".join(f"{reason} {rows:,}" for reason, rows in sorted(balance["dropped_total"].items())) or "nothing"
    table.caption = (
        f"sent until queryable: p50 {_quantile(result.lags_s, 0.5):.1f} s, p99 {_quantile(result.lags_s, 0.99):.1f} s, outages included\n"
        f"time of events: p50 {_quantile(errors, 0.5):.0f} ms off, worst {_quantile(errors, 1.0):.0f} ms\n"
        f"derived from these: {result.points - result.verdict.stored:,} points, {_as_undisturbed(result)}\n"
        f"sent again: {result.repeated_events:,} events, {result.resent_frames:,} raw frames\n"
        f"balance: in {balance['in_total']:,} = written {balance['written_total']:,} + quarantined {balance['quarantined_total']:,}"
        f" + dropped {sum(balance['dropped_total'].values()):,} ({dropped})"
    )
    table.caption_justify = "left"
    return table


def _as_undisturbed(result: Result) -> str:
    return "not all as an undisturbed fold gives" if result.failures else "as an undisturbed fold of the same journal gives"


def _say_failures(result: Result, console: Console) -> None:
    for failure in result.failures[:ROWS_SHOWN]:
        console.print(f"[bold red]✘[/] {escape(failure)}")
    if len(result.failures) > ROWS_SHOWN:
        console.print(f"… and {len(result.failures) - ROWS_SHOWN:,} more")
    for what, rows in (("lost", result.verdict.lost), ("doubled", result.verdict.doubled)):
        for row in rows[:ROWS_SHOWN]:
            console.print(f"[bold red]{what}:[/] {escape(str(row))}")
        if len(rows) > ROWS_SHOWN:
            console.print(f"… and {len(rows) - ROWS_SHOWN:,} more {what}")


def _quantile(values: Sequence[float], q: float) -> float:
    return values[min(len(values) - 1, int(q * len(values)))] if values else float("nan")


if __name__ == "__main__":
    typer.run(main)
