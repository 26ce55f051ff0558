"""What a log looks like where no terminal is."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from footfall import logs
from footfall.errors import ConfigError
from footfall.log_options import log_as
from footfall.logs import DIFFERENT, ONCE, Repeats

CODE = """
import logging
import os
from footfall.logs import log_to_stderr

log_to_stderr({"": logging.INFO})
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


JSON = """
import logging, threading, warnings
from footfall.log_options import log_as

log_as("agent", False, "warning,footfall.gateway.mqtt=debug", "json")
logging.getLogger("footfall.gateway").info("not this")
logging.getLogger("footfall.gateway.mqtt").debug("this: %s", "ä\\n2")
try:
    raise ValueError("wrong")
except ValueError:
    logging.getLogger("footfall").exception("it failed")
for _ in range(5):
    logging.getLogger("paho").warning("again")
warnings.warn("old")
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()
raise KeyError("at last")
"""


def test_as_json_every_line_is_an_object_with_the_same_fields_whatever_wrote_it() -> None:
    done = subprocess.run([sys.executable, "-c", JSON], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    always = {"time", "level", "process", "logger", "message"}
    assert all(line.keys() - {"exception"} == always for line in lines)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]) for line in lines)
    assert {line["process"] for line in lines} == {"agent"}
    found = [(line["level"], line["logger"], line["message"].partition("\n")[0]) for line in lines]
    assert found[0] == ("debug", "footfall.gateway.mqtt", "this: ä")
    assert lines[0]["message"] == "this: ä\n2", "a line end in a message makes no second line"
    assert ("error", "footfall", "it failed") in found
    assert ("warning", "paho", "again") in found
    assert ("warning", "paho", "again (repeated 4 times in 60 s)") in found
    assert any(logger == "py.warnings" for _, logger, _ in found)
    assert [(line["message"], line["exception"].splitlines()[-1]) for line in lines if line["level"] == "critical"] == [
        ("ended by ZeroDivisionError", "ZeroDivisionError: division by zero"), ("ended by KeyError", "KeyError: 'at last'"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("level", "form", "said"),
    [
        ("loud", "text", "--log-level: 'loud' is none of debug, info, warning, error"),
        ("footfall.agent=warn", "text", "did you mean 'warning'"),
        ("info", "jsn", "--log-format: 'jsn' is none of auto, text, json: did you mean 'json'"),
    ],
)
def test_words_that_are_no_level_and_no_form_are_refused(level: str, form: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        log_as("agent", False, level, form)


@pytest.mark.parametrize("command", ["gateway", "agent", "serve"])
def test_a_mistake_in_the_configuration_is_a_line_of_json_too(command: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text("nonsense = 3")
    environment = os.environ | {"FOOTFALL_LOG_FORMAT": "json"}
    done = subprocess.run(
        [sys.executable, "-m", "footfall", command, "--config", str(tmp_path / "wrong.toml")],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    (line,) = map(json.loads, done.stderr.splitlines())
    assert (line["level"], line["process"]) == ("error", command)
    assert "nonsense: there is no such key" in line["message"]
