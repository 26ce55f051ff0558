"""`make bench-pairs BASE=COMMIT`: whether this tree needs more CPU than another one for the same work."""

from __future__ import annotations

import signal
import sys
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.machine import conditions
from benchmarks.pairs.comparison import TARGET, Comparison, by_turns, table
from benchmarks.pairs.trees import HERE, commit_of, default_base, measure, unpacked
from benchmarks.pairs.workloads import WORKLOADS, Workload
from benchmarks.results import Failed
from footfall.errors import FootfallError


def main(
    base: Annotated[str, typer.Option(help="The commit to compare with; without one the last release's tag, else HEAD~.")] = "",
    pairs: Annotated[int, typer.Option(min=1, help="Runs of each tree, by turns.")] = 5,
    only: Annotated[str, typer.Option(help=f"One of {', '.join(each.name for each in WORKLOADS)}.")] = "",
    report: Annotated[bool, typer.Option(help="Only report: exit with 0 also if a ratio is above the target.")] = False,
) -> None:
    """Run old and new by turns; print the median ratio of CPU time with its spread. Exit with 1 if one is above 1.05."""
    console = Console(width=max(Console().width, 140), highlight=False)
    chosen = [each for each in WORKLOADS if only in ("", each.name)]
    if not chosen:
        raise typer.BadParameter(f"there is no {only!r}; there are {', '.join(each.name for each in WORKLOADS)}")
    began_s = time.monotonic()
    try:
        commit = commit_of(base or default_base())
        console.print(f"old: {commit[:10]}, new: {HERE}; {pairs} pairs; {conditions()}")
        found = _compare(chosen, commit, pairs, console)
    except (Failed, FootfallError) as error:
        console.print(f"[bold red]no result[/]: {error}")
        raise typer.Exit(2) from None
    console.print(table(found))
    for each in found:
        for difference in each.differences():
            console.print(f"{each.workload.name}: the trees did different work: {difference}")
    above = [each.workload.name for each in found if each.is_above]
    console.print(f"above {TARGET}: {', '.join(above) or 'none'}; {(time.monotonic() - began_s) / 60:.1f} minutes; {conditions()}")
    if above and not report:
        raise typer.Exit(1)


def _compare(chosen: list[Workload], commit: str, pairs: int, console: Console) -> list[Comparison]:
    found = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with unpacked(commit) as tree, TemporaryDirectory(prefix="footfall-pairs.") as folder, Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=2 * pairs * len(chosen))
        for workload in chosen:
            progress.update(task, description=workload.what)
            source = Path(folder) / workload.name
            source.write_bytes(workload.packed())
            old, new = partial(measure, tree, source), partial(measure, HERE, source)
            found.append(by_turns(workload, old, new, pairs, lambda: progress.advance(task)))
            source.unlink()
    return found


def _end(number: int, frame: FrameType | None) -> None:
    """The temporary folders go with us."""
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    typer.run(main)
