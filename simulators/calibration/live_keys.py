"""Keys of a terminal as they are pressed, without waiting for the end of a line."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from footfall.errors import ConfigError


@contextmanager
def single_keys(stream: IO[str] | None = None) -> Iterator[int]:
    """Give a terminal's file number; until the end its keys come one by one, and are not shown. Raise ConfigError if it is none."""
    source = stream or sys.stdin
    if not source.isatty():
        raise ConfigError("a live calibration needs a terminal to tap keys on; from a file, use --recording")
    number = source.fileno()
    before = termios.tcgetattr(number)
    try:
        tty.setcbreak(number)
        yield number
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def keys_at(number: int, wait_s: float) -> str:
    """Return the keys that were pressed, after at most `wait_s`; "" if none was. The end of the terminal is `q`."""
    ready, _, _ = select.select([number], [], [], wait_s)
    if not ready:
        return ""
    try:
        return os.read(number, 256).decode(errors="replace") or "q"
    except OSError:
        return "q"
