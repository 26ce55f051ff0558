"""What this process starts does not outlive it, however it ends: a test run that is killed leaves no gateway behind.

    subprocess.Popen(command, env=guard.environment())     # this one, and all that it starts
    guard.everything()                                     # whatever is started from now on

A process of its own waits until ours is gone, then kills everybody whose environment bears our mark; where proc(5) is missing it does
nothing. PR_SET_PDEATHSIG would not do: it comes when the *thread* ends that started the child, and grandchildren know nothing of it.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Final

VARIABLE: Final = "FOOTFALL_ENDS_WITH"
"""The marks of all who guard a process, the outermost first: a run of `make chaos` within a test has two."""
_PROC: Final = Path("/proc")
_LIMIT_S: Final = 10.0
_POLL_S: Final = 0.05


def environment() -> dict[str, str]:
    """This process's, with its mark; the guard runs on return."""
    before = [mark for mark in os.environ.get(VARIABLE, "").split() if mark != _mark()]
    return {**os.environ, VARIABLE: " ".join((*before, _mark()))}


def everything() -> None:
    """Marks the environment of this process itself, for those whom nobody starts with ours."""
    os.environ[VARIABLE] = environment()[VARIABLE]


@functools.cache
def _mark() -> str:
    """Ours. Whoever holds the other end of the guard's standard input is us: no child inherits it."""
    mark = uuid.uuid4().hex
    command = [sys.executable, "-I", "-S", __file__, mark]
    nowhere = subprocess.DEVNULL
    _guards.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere, start_new_session=True))
    return mark


_guards: Final[list[subprocess.Popen[bytes]]] = []


def _main(mark: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    deadline_s = time.monotonic() + _LIMIT_S
    while (found := _marked(mark)) and time.monotonic() < deadline_s:
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_POLL_S)


def _marked(mark: str) -> list[int]:
    """Those who live; one that has ended, and waits to be asked for, has no environment any more."""
    return [int(folder.name) for folder in _PROC.glob("[0-9]*") if mark.encode() in _environment_of(folder)]


def _environment_of(folder: Path) -> bytes:
    with contextlib.suppress(OSError):
        return (folder / "environ").read_bytes()
    return b""


if __name__ == "__main__":
    _main(sys.argv[1])
