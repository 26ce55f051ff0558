"""`make bench`: speed and memory, each beside a peer or a limit of the same run."""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import Annotated, Final

import typer
from rich.console import Console

from benchmarks import results
from benchmarks.effort import Effort
from benchmarks.machine import AROUND, MEASURED, conditions
from benchmarks.profiling import Profiler
from benchmarks.suite import BENCHMARKS, PROFILES
from footfall.errors import FootfallError

OUT: Final = Path(__file__).parent / "out" / "bench.json"
TABLE_WIDTH: Final = 140


def main(
    only: Annotated[str, typer.Option(help="One benchmark or one of its results by name.")] = "",
    quick: Annotated[bool, typer.Option(help="Short runs, none repeated: a look, no figures to quote.")] = False,
    profile: Annotated[str, typer.Option(help=f"Where the gateway's CPU goes instead, with py-spy: {', '.join(PROFILES)}.")] = "",
) -> None:
    """Measure; end with a table and benchmarks/out/bench.json."""
    console = Console(width=max(Console().width, TABLE_WIDTH), soft_wrap=True, highlight=False)
    if profile:
        with tempfile.TemporaryDirectory(prefix="footfall-bench.") as folder:
            PROFILES[_known(profile, list(PROFILES))](Profiler(Path(folder)))
        return
    chosen = [b for b in BENCHMARKS if not only or only == b.name or only in b.results]
    if not chosen:
        _known(only, [name for b in BENCHMARKS for name in (b.name, *b.results)])
    began_s, found, failed = time.monotonic(), [], []
    console.print(f"measured process on core {MEASURED}, everything else on core {AROUND}; at the start {conditions()}")
    for benchmark in chosen:
        console.print(f"[bold]{benchmark.name}[/]: {benchmark.says}")
        try:
            found += benchmark.run(Effort(quick, lambda text: console.print(f"  {text}")))
        except (results.Failed, FootfallError) as error:
            failed.append(f"{benchmark.name}: {error}")
            console.print(f"  [bold red]no result[/]: {error}")
    results.save(OUT, found)
    console.print(results.table(found))
    console.print(*(f"{r.name}: {r.note}{f' [bold red]{r.broken}[/]' if r.broken else ''}" for r in found if r.note), sep="\n")
    short = sorted({r.name for r in found if r.reached is False})
    console.print(f"short of the target: {', '.join(short) or 'none'}; without a result: {len(failed)}; figures are in {OUT}")
    console.print(f"{(time.monotonic() - began_s) / 60:.1f} minutes; at the end {conditions()}")
    if failed:
        raise typer.Exit(1)


def _known(name: str, names: list[str]) -> str:
    if name not in names:
        raise typer.BadParameter(f"there is no {name!r}; there are {', '.join(dict.fromkeys(names))}")
    return name


def _end(number: int, frame: FrameType | None) -> None:
    """What was started ends with us."""
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    typer.run(main)
