"""`make accuracy`: figures of recordings and simulated stores against their truth, with a report, in 15 minutes on two cores."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.accuracy import report, rows
from benchmarks.accuracy.found import Figures, Part
from benchmarks.accuracy.recordings import folder_of
from benchmarks.accuracy.suite import PARTS, RECORDED
from footfall.errors import FootfallError
from footfall.mistakes import did_you_mean

OUT: Final = Path(__file__).parent.parent / "out"
WIDTH: Final = 110
AT_ONCE: Final = 2


def main(only: Annotated[str, typer.Option(help="One part by name.")] = "", out: Annotated[Path, typer.Option()] = OUT) -> None:
    """Score everything; end with a table, accuracy.json and a report page with pictures."""
    console = Console(width=max(Console().width, WIDTH), soft_wrap=True, highlight=False)
    parts, skipped = _chosen(only)
    began_s = time.monotonic()
    found: list[Figures] = []
    failed: dict[str, str] = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(AT_ONCE, os.cpu_count() or 1), context) as pool:
        running: dict[str, list[Future[Any]]] = {}
        for part in sorted(parts, key=lambda part: -part.job_cpu_s):
            running[part.name] = [pool.submit(job.call, *job.arguments) for job in part.jobs]
        for part in parts:
            _take(part, running[part.name], found, failed, console)
    for name, why in skipped.items():
        console.print(f"[yellow]skipped[/] {name}: {why}")
    every = [row for figures in found for row in figures.rows]
    pictures = [picture for figures in found for picture in figures.pictures]
    absent = skipped | failed
    entries = rows.save(out / "accuracy.json", every, [part.name for part in PARTS], absent)
    page = report.write(out, entries, {part.name: part.text for part in PARTS}, pictures, absent)
    console.print(_table(every))
    missed = [f"{row.name} by {row.short_by:.3g}" for row in every if row.reached is False]
    console.print(f"short of the target: {', '.join(missed) or 'none'}")
    console.print(f"{(time.monotonic() - began_s) / 60:.1f} minutes; figures are in {out / 'accuracy.json'}, the report is {page}")
    if failed:
        raise typer.Exit(1)


def _chosen(only: str) -> tuple[list[Part], dict[str, str]]:
    """Return the parts to run, and those that cannot be, with the reason."""
    names = [part.name for part in PARTS]
    if only and only not in names:
        raise typer.BadParameter(f"there is no part {only!r}{did_you_mean(only, names)}; there are {', '.join(names)}")
    asked = [part for part in PARTS if only in ("", part.name)]
    absent = {
        part.name: f"the recording is not in {folder_of(part.name)}: FOOTFALL_REAL_DATA may name another place"  # type: ignore[arg-type] # RECORDED
        for part in asked
        if part.name in RECORDED and not folder_of(part.name).is_dir()  # type: ignore[arg-type] # likewise
    }
    return [part for part in asked if part.name not in absent], absent


def _take(part: Part, jobs: Sequence[Future[Any]], found: list[Figures], failed: dict[str, str], console: Console) -> None:
    try:
        figures = part.rows([job.result() for job in jobs])
    except FootfallError as error:
        failed[part.name] = str(error)
        console.print(f"[bold red]no result[/] {part.name}: {escape(str(error))}")
        return
    found.append(replace(figures, rows=[replace(row, part=part.name) for row in figures.rows]))
    console.print(f"[bold]{part.name}[/]: {part.text}, {len(figures.rows)} figures")


def _table(every: Sequence[rows.Row]) -> Table:
    table = Table("name", "value", "target", "stretch", "reached", "others", title="make accuracy", title_justify="left")
    for before, row in zip([None, *every], every, strict=False):
        if before is None or before.part != row.part:
            table.add_section()
        goal = row.goal
        sign = "" if goal is None else {">=": "≥ ", "<=": "≤ "}[goal.bound]
        mark = {None: "", True: "[green]yes[/]", False: "[bold red]no[/]"}[row.reached]
        best = ", ".join(f"{name} {value:.3g}" for name, value in row.baseline.items())
        table.add_row(
            row.name,
            "–" if row.value is None else f"{row.value:.3g}",
            "" if goal is None else f"{sign}{goal.target:g}",
            "" if goal is None or goal.stretch is None else f"{sign}{goal.stretch:g}",
            mark,
            best,
        )
    return table


def _end(number: int, frame: FrameType | None) -> None:
    """The processes that score end with us."""
    for child in multiprocessing.active_children():
        child.terminate()
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    typer.run(main)
