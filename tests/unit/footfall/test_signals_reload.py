"""SIGHUP: a reload, however many come, also while a process starts; the end where its terminal is gone."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys

PROGRAM = """
import os, sys, threading
from footfall.signals import hold_reloads, when_asked

hold_reloads()
os.write(1, b"started\\n")
input()
ended = threading.Event()
def reload():
    os.write(1, b"reload\\n")
    if "fails" in sys.argv:
        raise RuntimeError("a bug")
when_asked(ended.set, reload)
os.write(1, b"listens\\n")
ended.wait()
os.write(1, b"ended\\n")
"""


def started(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_it_reloads_each_time_also_after_a_reload_that_failed_and_ends_when_asked() -> None:
    child = started("fails")
    try:
        assert child.stdin
        assert child.stdout
        assert child.stdout.readline() == "started\n"
        child.send_signal(signal.SIGHUP)
        child.stdin.write("go on\n")
        child.stdin.flush()
        lines = {child.stdout.readline(), child.stdout.readline()}
        assert lines == {"listens\n", "reload\n"}, "a SIGHUP while it starts is kept"
        child.send_signal(signal.SIGHUP)
        assert child.stdout.readline() == "reload\n"
        child.send_signal(signal.SIGTERM)
        assert child.stdout.readline() == "ended\n"
    finally:
        child.kill()
        child.wait()


def test_it_ends_where_its_terminal_is_closed() -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", PROGRAM])  # noqa: S606  # the child of a pty has no other way
    said = b""
    while b"started" not in said:
        said += os.read(terminal, 1000)
    os.write(terminal, b"go on\n")
    while b"listens" not in said:
        said += os.read(terminal, 1000)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.WIFEXITED(status) or os.WTERMSIG(status) == signal.SIGPIPE
