"""`footfall emulate`: what it prints is a configuration that an agent takes, for every device, and ctrl-c ends it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import tomllib
from pathlib import Path
from typing import Any

import pytest

from edge_agent.config import AgentSettings
from footfall.config import check
from footfall.errors import ConfigError
from simulators.devices.kinds import KINDS
from simulators.parts import private_bus
from simulators.parts.programs import FOOTFALL
from tests.support.real_parts import missing
from tests.support.waiting import PATIENCE_S


def need_parts(name: str) -> None:
    if name != "bluez":
        return
    try:
        private_bus.binary()
    except ConfigError as error:
        missing(str(error))


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([FOOTFALL, "emulate", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)


def read_until(child: subprocess.Popen[str], word: str) -> str:
    """What it prints up to the line with `word`."""
    assert child.stdout is not None
    said, too_late = "", threading.Timer(PATIENCE_S, child.kill)
    too_late.start()
    try:
        while word not in said:
            line = child.stdout.readline()
            assert line, f"it has ended: {said}"
            said += line
    finally:
        too_late.cancel()
    return said


@pytest.mark.parametrize("name", KINDS)
def test_the_block_is_a_source_and_ctrl_c_ends_it(name: str) -> None:
    need_parts(name)
    child = start(name, "--hours", "0.1")
    try:
        printed = read_until(child, "Faults:")
        block = re.split(r"\n(?=The agent|Faults)", printed[printed.index("[[sources]]") :])[0]
        values: dict[str, Any] = {"store": "s", "agent": "a", "spool": {"path": "-"}, **tomllib.loads(block)}
        (source,) = check(values, AgentSettings, "the block").sources
        assert source.name == name
        child.send_signal(signal.SIGINT)
        rest, _ = child.communicate(timeout=PATIENCE_S)
    finally:
        child.kill()
    assert child.returncode == 0, rest
    assert "Traceback" not in rest
    assert "said and heard of" in rest


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(("telex",), "bluez, llrp"), (("modbus", "--fault", "burn@1"), "stall"), (("modbus", "--fault", "x"), "NAME@SECONDS")],
)
def test_mistakes_are_named(arguments: tuple[str, ...], word: str) -> None:
    done = subprocess.run(
        [FOOTFALL, "emulate", *arguments], capture_output=True, text=True, timeout=PATIENCE_S, env={**os.environ, "COLUMNS": "200"}
    )
    assert done.returncode == 2
    assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_help_teaches() -> None:
    done = subprocess.run([FOOTFALL, "emulate", "--help"], capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    for name in KINDS:
        assert f"{name}:" in done.stdout
    assert "--fault drop@20" in done.stdout


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", "from simulators.devices.kinds import KINDS\nwith KINDS['http-push'].emulator(): pass"]
    subprocess.run(command, env=environment, check=True, timeout=60)
    assert list(tmp_path.iterdir()) == []
