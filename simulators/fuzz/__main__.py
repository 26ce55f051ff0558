"""`python -m simulators.fuzz --inputs 1000000 --seed 1`; with `--target T --input HEX` one input again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from device_profiles.settings import ProfileSettings
from footfall.errors import FootfallError
from simulators.fuzz.harness import Failure, Result, Run, reproduce
from simulators.fuzz.targets import Target, targets


def main(
    inputs: Annotated[int, typer.Option(min=1, help="How many, over all targets.")] = 200_000,
    seed: Annotated[int, typer.Option(min=0, help="Decides all of them.")] = 1,
    target: Annotated[list[str] | None, typer.Option(help="Only this one, or those whose names begin so; may be given again.")] = None,
    data: Annotated[str, typer.Option("--input", help="Only this one input, as hex, to the one target.")] = "",
    profiles: Annotated[Path | None, typer.Option(help="A folder of your own profiles, beside the shipped ones.")] = None,
    names: Annotated[bool, typer.Option("--list", help="List the targets.")] = False,
) -> None:
    """Spoilt and random bytes for everything that reads what devices send: no other error than the planned ones, no hang, memory flat."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        chosen = _chosen(targets(ProfileSettings(folder=profiles).registry()), target or [])
    except FootfallError as error:
        console.print(f"[bold red]fuzz:[/] {escape(str(error))}")
        raise typer.Exit(2) from None
    if names:
        console.print("\n".join(f"{one.name}  [dim]{len(one.seeds)} seeds[/]" for one in chosen))
        return
    if data:
        raise typer.Exit(_again(chosen, data, console))
    result = _run(chosen, inputs, seed, console)
    for failure in result.failures:
        _say(failure, console)
    if not result.is_flat:
        console.print("[bold red]memory is not flat[/]")
    unexpected = result.unexpected + (not result.is_flat)
    if unexpected:
        console.print(f"[bold red]seed {seed} failed[/]")
    print(f"inputs={result.inputs} unexpected={unexpected}", flush=True)
    raise typer.Exit(1 if unexpected else 0)


def _chosen(known: list[Target], wanted: list[str]) -> list[Target]:
    found = [one for one in known if not wanted or one.name.startswith(tuple(wanted))]
    exact = [one for one in known if one.name in wanted]
    if not found:
        raise FootfallError(f"--target: there is none of {', '.join(wanted)}; there are {', '.join(one.name for one in known)}")
    return exact if len(exact) == len(wanted) and exact else found


def _run(chosen: list[Target], inputs: int, seed: int, console: Console) -> Result:
    begun_s = time.monotonic()
    console.print(f"[bold]{inputs:,} inputs[/] to {len(chosen)} targets; seed {seed}")
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("{task.fields[said]}"))
    run = Run(chosen, seed)
    with Progress(*columns, console=console, transient=not console.is_terminal) as bars:
        task = bars.add_task("", total=inputs, said="")

        def progress(done: int) -> None:
            bars.update(task, completed=done, said=f"[red]{run.result.unexpected} unexpected[/]" if run.result.unexpected else "")

        result = run.go(inputs, progress)
    spent_s = time.monotonic() - begun_s
    megabytes = f"{result.memory_at_tenth >> 20} MiB at a tenth, {result.memory_at_end >> 20} MiB at the end"
    refused = f"{result.refused:,} refused as planned"
    console.print(f"[dim]{spent_s:.0f} s, {spent_s / result.inputs * 1e6:.0f} µs an input; {refused}; memory {megabytes}[/]")
    return result


def _again(chosen: list[Target], data: str, console: Console) -> int:
    if len(chosen) != 1:
        console.print("[bold red]fuzz:[/] --input needs the one --target that it is for")
        return 2
    try:
        found = reproduce(chosen[0], bytes.fromhex(data))
    except ValueError:
        console.print("[bold red]fuzz:[/] --input: must be an even number of hex digits")
        return 2
    if isinstance(found, Failure):
        _say(found, console)
        return 1
    console.print(f"{chosen[0].name}: {escape(found)}")
    return 0


def _say(failure: Failure, console: Console) -> None:
    console.print(f"\n[bold red]{failure.target}[/]: {escape(failure.what)}")
    console.print(escape(failure.trace), style="dim")
    console.print(f"again: python -m simulators.fuzz --target {failure.target} --input {failure.data.hex()}")


if __name__ == "__main__":
    typer.run(main)
