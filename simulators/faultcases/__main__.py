"""`python -m simulators.faultcases --seed 1 [--case NAME] [--jobs 2]`"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from footfall.errors import ConfigError, FootfallError
from simulators.faultcases.case import Case, catalogue
from simulators.faultcases.disks import unmount_below
from simulators.faultcases.findings import Findings, Missing, Stuck, last_line
from simulators.faultcases.scene import Scene

RESULT: Final = "result.json"
SKIPPED: Final = "skipped"
LINES_SHOWN: Final = 6
_END_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Done:
    """`skipped`: why it did not run. `folder` is kept if something was found."""

    case: Case
    findings: Findings
    seconds: float
    folder: Path
    skipped: str = ""


def main(
    seed: Annotated[int, typer.Option(min=0, help="Decides all that is random.")] = 1,
    case: Annotated[list[str] | None, typer.Option(help="Only these cases; a beginning of the name will do.")] = None,
    jobs: Annotated[int, typer.Option(min=1, max=16, help="Cases side by side.")] = 2,
    short: Annotated[bool, typer.Option("--short", help="Only those that `make test` runs.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="Say which there are, and end.")] = False,
    folder: Annotated[Path | None, typer.Option(help="For all files; default: a temporary one.")] = None,
    run_here: Annotated[bool, typer.Option("--run-here", hidden=True)] = False,
) -> None:
    """Do to real processes what went wrong once, and look for every row afterwards."""
    chosen = _chosen(case or [], short)
    if listed:
        for each in chosen:
            print(f"{each.group:<12} {each.name:<36} {each.sentence}")
        return
    place = (folder or Path(tempfile.mkdtemp(prefix="footfall-faults-"))).absolute()
    if run_here:
        _run_here(chosen[0], place, seed)
        return
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
    """Each in a process of its own, whose group ends with it: whatever a case leaves behind does not live on."""
    running: set[int] = set()
    finished = 0
    lock = threading.Lock()

    def run(case: Case) -> Done:
        nonlocal finished
        found = _run_apart(case, place / case.name, seed, running)
        with lock:
            finished += 1
            said = f"skipped: {found.skipped}" if found.skipped else "right" if found.findings.is_right else "WRONG"
            print(f"[{finished}/{len(chosen)}] {case.name:<36} {found.seconds:5.1f} s  {said}", flush=True)
        return found

    longest_first = sorted(chosen, key=lambda case: -case.limit_s)
    try:
        with ThreadPoolExecutor(jobs) as pool:
            try:
                found = list(pool.map(run, longest_first))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for group in list(running):
                    _end_group(group)
                raise
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    return sorted(found, key=lambda done: chosen.index(done.case))


def _run_apart(case: Case, folder: Path, seed: int, running: set[int]) -> Done:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    begun_s = time.monotonic()
    command = [sys.executable, "-m", "simulators.faultcases", "--run-here", "--case", case.name, "--seed", str(seed)]
    findings = Findings()
    with (folder / "case.log").open("wb") as log:
        child = subprocess.Popen(
            [*command, "--folder", str(folder)], stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        running.add(child.pid)
        try:
            child.wait(case.limit_s)
        except subprocess.TimeoutExpired:
            findings.stuck.append(f"the case was not done after {case.limit_s:.0f} s")
            _interrupt(child)
        finally:
            _end_group(child.pid)
            running.discard(child.pid)
            child.wait()
            unmount_below(folder)
    result, skipped = folder / RESULT, folder / SKIPPED
    why = skipped.read_text(encoding="utf-8") if skipped.exists() else ""
    if result.exists():
        findings.add(Findings.loads(result.read_text(encoding="utf-8")))
    elif not why and not findings.stuck:
        findings.errors.append("the case's process ended without a word")
    if findings.is_right:
        shutil.rmtree(folder, ignore_errors=True)
    return Done(case, findings, time.monotonic() - begun_s, folder, why)


def _interrupt(child: subprocess.Popen[bytes]) -> None:
    """Print what the case found, and where it stood."""
    child.send_signal(signal.SIGINT)
    try:
        child.wait(_END_S)
    except subprocess.TimeoutExpired:
        return


def _end_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def _run_here(case: Case, folder: Path, seed: int) -> None:
    """The case in this process; what it found goes to a file."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with Scene(folder, seed) as scene:
        try:
            case.run(scene)
        except Missing as error:
            (folder / SKIPPED).write_text(str(error), encoding="utf-8")
            return
        except (Stuck, ConfigError) as error:  # the latter: a process does not start
            traceback.print_exc()
            scene.findings.stuck.append(f"{error} ({_where(error)})"[-2000:])
        except KeyboardInterrupt as error:
            traceback.print_exc()
            scene.findings.stuck.append(f"it stood at {_where(error)}")
        except (FootfallError, OSError, ArithmeticError, LookupError, RuntimeError, TypeError, ValueError, AttributeError,
                AssertionError, subprocess.SubprocessError) as error:  # fmt: skip # a case that breaks is a finding, too, and others go on
            traceback.print_exc()
            scene.findings.errors.append(f"{type(error).__name__}: {error} ({_where(error)})"[:2000])
        (folder / RESULT).write_text(scene.findings.dumps(), encoding="utf-8")


def _end_with_parent() -> None:
    """Standard input ends with whoever started us, however that ended: then nothing of ours may live on."""
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)


def _where(error: BaseException) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "faultcases" in frame.filename]
    found = next((frame for frame in reversed(frames) if "/cases/" in frame.filename), frames[-1] if frames else None)
    return f"{Path(found.filename).name}:{found.lineno}" if found else "?"


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
