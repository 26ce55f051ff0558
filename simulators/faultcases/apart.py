"""A case in a process of its own, whose group ends with it: whatever a case leaves behind does not live on.

    running = Running.start(case, folder, seed)
    done = running.poll()      # None until it is done; to be called again and again
    running.end()              # at once

It is forked: a new interpreter would import all cases again, which takes more CPU than many a case. So ours may have no other thread.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn, Self

from footfall.errors import ConfigError, FootfallError
from simulators.faultcases.case import Case
from simulators.faultcases.disks import unmount_below
from simulators.faultcases.findings import Findings, Missing, Stuck
from simulators.faultcases.scene import Scene

RESULT: Final = "result.json"
SKIPPED: Final = "skipped"
_END_S: Final = 20.0
"""So long a case that took too long may take to write down where it stood."""


@dataclass(frozen=True, slots=True)
class Done:
    """`skipped`: why it did not run. `folder` is kept if something was found."""

    case: Case
    findings: Findings
    seconds: float
    folder: Path
    skipped: str = ""


@dataclass(slots=True)
class Running:
    """A case under way. `asked_s`: when it was asked where it stands, because it took too long; on time.monotonic, as `begun_s`."""

    case: Case
    folder: Path
    pid: int
    begun_s: float
    asked_s: float | None = None
    findings: Findings = field(default_factory=Findings)

    @classmethod
    def start(cls, case: Case, folder: Path, seed: int) -> Self:
        """Run `case` in an empty `folder`; its output goes to `case.log` there."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if not pid:
            _child(case, folder, seed)
        return cls(case, folder, pid, time.monotonic())

    def poll(self) -> Done | None:
        """Return what came of it; None while it runs."""
        if os.waitpid(self.pid, os.WNOHANG)[0]:
            self._end_group()
            return self._done()
        now_s = time.monotonic()
        if self.asked_s is None and now_s - self.begun_s > self.case.limit_s:
            self.findings.stuck.append(f"the case was not done after {self.case.limit_s:.0f} s")
            self.asked_s = now_s
            os.kill(self.pid, signal.SIGINT)
        elif self.asked_s is not None and now_s - self.asked_s > _END_S:
            self.end()
            return self._done()
        return None

    def end(self) -> None:
        """End it and all that it started."""
        self._end_group()
        with suppress(ProcessLookupError):  # it may have no group of its own yet
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def _end_group(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def _done(self) -> Done:
        unmount_below(self.folder)
        result, skipped = self.folder / RESULT, self.folder / SKIPPED
        why = skipped.read_text(encoding="utf-8") if skipped.exists() else ""
        if result.exists():
            self.findings.add(Findings.loads(result.read_text(encoding="utf-8")))
        elif not why and not self.findings.stuck:
            self.findings.errors.append("the case's process ended without a word")
        if self.findings.is_right:
            shutil.rmtree(self.folder, ignore_errors=True)
        return Done(self.case, self.findings, time.monotonic() - self.begun_s, self.folder, why)


_ours: Final = os.pipe()
"""Nobody writes into it: only the process that imported this holds its writing end, so it ends with that."""


def _child(case: Case, folder: Path, seed: int) -> NoReturn:
    try:
        os.setsid()
        os.close(_ours[1])
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _redirect(folder / "case.log")
        threading.Thread(target=_end_with_parent, daemon=True).start()
        _run(case, folder, seed)
    except BaseException:  # nothing of the parent's may run here
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _redirect(log: Path) -> None:
    with log.open("wb") as file, Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)


def _end_with_parent() -> None:
    """However our parent ended: then nothing of ours may live on."""
    os.read(_ours[0], 1)
    os.killpg(0, signal.SIGKILL)


def _run(case: Case, folder: Path, seed: int) -> None:
    """What the case found goes to a file."""
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


def _where(error: BaseException) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "faultcases" in frame.filename]
    found = next((frame for frame in reversed(frames) if "/cases/" in frame.filename), frames[-1] if frames else None)
    return f"{Path(found.filename).name}:{found.lineno}" if found else "?"
