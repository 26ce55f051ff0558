"""`python -m simulators.faultcases --seed 1 [--case NAME] [--jobs 2]`"""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from simulators.faultcases.apart import Done, Running
from simulators.faultcases.case import Case, catalogue
from simulators.faultcases.findings import last_line

LINES_SHOWN: Final = 6
POLL_S: Final = 0.05


def main(
    seed: Annotated[int, typer.Option(min=0, help="Decides all that is random.")] = 1,
    case: Annotated[list[str] | None, typer.Option(help="Only these cases; a beginning of the name will do.")] = None,
    jobs: Annotated[int, typer.Option(min=1, max=16, help="Cases side by side.")] = 2,
    short: Annotated[bool, typer.Option("--short", help="Only those that `make test` runs.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="Say which there are, and end.")] = False,
    folder: Annotated[Path | None, typer.Option(help="For all files; default: a temporary one.")] = None,
) -> None:
    """Do to real processes what went wrong once, and look for every row afterwards."""
    chosen = _chosen(case or [], short)
    if listed:
        for each in chosen:
            print(f"{each.group:<12} {each.name:<36} {each.sentence}")
        return
    place = (folder or Path(tempfile.mkdtemp(prefix="footfall-faults-"))).absolute()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    begun_s = time.monotonic()
    done = _run_all(chosen, place, seed, jobs)
    for one in done:
        _say_wrong(one, seed)
    skipped = [one for one in done if one.skipped]
    if skipped:
        print("skipped: " + "; ".join(f"{one.case.name} ({one.skipped})" for one in skipped))
    right = all(one.findings.is_right for one in done)
    if right and folder is None:
        shutil.rmtree(place, ignore_errors=True)
    print(f"{time.monotonic() - begun_s:.0f} s in all")
    print(last_line(len(done) - len(skipped), [one.findings for one in done]), flush=True)
    raise typer.Exit(0 if right else 1)


def _chosen(names: Sequence[str], short: bool) -> list[Case]:
    every = catalogue()
    chosen = [each for each in every.values() if each.is_short or not short]
    if names:
        begins = tuple(name for name in names if name not in every)
        chosen = [each for each in chosen if each.name in names or each.name.startswith(begins)]
    if not chosen:
        raise typer.BadParameter(f"no such case; there are {', '.join(every)}", param_hint="--case")
    return chosen


def _run_all(chosen: Sequence[Case], place: Path, seed: int, jobs: int) -> list[Done]:
    """Run cases side by side, those first that may take long; return what came of each, in the order of `chosen`."""
    waiting = sorted(chosen, key=lambda case: case.limit_s)
    running: list[Running] = []
    found: list[Done] = []
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                running.append(Running.start(case := waiting.pop(), place / case.name, seed))
            time.sleep(POLL_S)
            for each in list(running):
                if (done := each.poll()) is not None:
                    running.remove(each)
                    found.append(done)
                    _print_line(done, len(found), len(chosen))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    finally:
        for each in running:
            each.end()
    return sorted(found, key=lambda done: chosen.index(done.case))


def _print_line(done: Done, finished: int, cases: int) -> None:
    result = f"skipped: {done.skipped}" if done.skipped else "right" if done.findings.is_right else "WRONG"
    print(f"[{finished}/{cases}] {done.case.name:<36} {done.seconds:5.1f} s  {result}", flush=True)


def _say_wrong(done: Done, seed: int) -> None:
    lines = done.findings.lines()
    if not lines:
        return
    print(f"\n{done.case.name}: {done.case.sentence}")
    for line in lines[:LINES_SHOWN]:
        print(f"  {line[:1000]}")
    if len(lines) > LINES_SHOWN:
        print(f"  … and {len(lines) - LINES_SHOWN} more")
    print(f"  all of it is in {done.folder}; again: make faults CASE={done.case.name} SEED={seed}")


if __name__ == "__main__":
    typer.run(main)
