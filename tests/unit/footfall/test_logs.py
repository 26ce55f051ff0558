"""What a log looks like where no terminal is."""

from __future__ import annotations

import io
import logging
import re
import subprocess
import sys

import pytest

from footfall import logs
from footfall.logs import DIFFERENT, ONCE, Repeats

CODE = """
import logging
from footfall.logs import log_to_stderr

log_to_stderr(verbose=False)
logging.getLogger("footfall.gateway").warning("[x] %s", "word " * 40)
logging.getLogger("footfall.gateway").debug("not this")
"""


def test_a_record_is_one_line_with_its_time() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    (line,) = done.stderr.splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ WARNING footfall\.gateway: \[x\] (word )+", line)


class Logged:
    def __init__(self) -> None:
        self.now_s, self._out = 0.0, io.StringIO()
        handler = logging.StreamHandler(self._out)
        self.repeats = Repeats(handler, lambda: self.now_s, watch=False)
        handler.addFilter(self.repeats)
        self.log = logging.Logger("footfall.test")
        self.log.addHandler(handler)

    @property
    def lines(self) -> list[str]:
        return self._out.getvalue().splitlines()


def test_the_same_line_again_is_written_once_a_minute_with_how_often_it_came() -> None:
    logged = Logged()
    for second in range(150):
        logged.now_s = float(second)
        logged.log.warning("the disk is %s", "full")
    logged.repeats.report(everything=True)
    said = "the disk is full"
    assert logged.lines == [said, f"{said} (repeated 59 times in 60 s)", said, f"{said} (repeated 59 times in 60 s)", said,
                            f"{said} (repeated 29 times in 60 s)"]  # fmt: skip


def test_lines_that_differ_in_details_are_written_a_few_times() -> None:
    logged = Logged()
    for number in range(100):
        logged.log.error("frame %d was spoilt", number)
    logged.now_s = 61.0
    logged.log.error("something else")
    assert logged.lines[:DIFFERENT] == [f"frame {number} was spoilt" for number in range(DIFFERENT)]
    assert logged.lines[DIFFERENT:] == [f"frame 99 was spoilt (repeated {100 - DIFFERENT} times in 60 s)", "something else"]


def test_what_makes_lines_different_may_be_given_with_them() -> None:
    logged = Logged()
    for number in range(100):
        logged.log.warning("%d rows of %s", number, f"a{number % 10}", extra={ONCE: f"a{number % 10}"})
    assert logged.lines == [f"{number} rows of a{number}" for number in range(10)]


def test_a_flood_of_different_lines_ends() -> None:
    logged = Logged()
    for number in range(5000):
        logged.log.warning("rows of %d", number, extra={ONCE: number})
    assert len(logged.lines) <= logs.MOST_KINDS + DIFFERENT


def test_levels_and_loggers_are_apart_and_debugging_is_never_held_back() -> None:
    logged = Logged()
    for _ in range(2):
        for level in (logging.DEBUG, logging.INFO, logging.WARNING):
            logged.log.log(level, "x")
    assert logged.lines == ["x"] * 4


def test_it_is_reported_in_time_also_when_nothing_else_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "WINDOW_S", 0.05)
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    repeats = Repeats(handler)
    handler.addFilter(repeats)
    log = logging.Logger("footfall.test")
    log.addHandler(handler)
    for _ in range(3):
        log.warning("again")
    timer = repeats._timer
    assert timer is not None
    timer.join(10)
    assert "repeated 2 times" in out.getvalue()
