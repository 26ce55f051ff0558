"""The demo of hardware, shorter: every device over its real protocol, its fault, and what the table shows is true."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from footfall.errors import ConfigError
from simulators.parts import private_bus
from tests.support.real_parts import missing

LIVE_S = 35
"""A stay is decided once its settling and confirm times are over: whoever stays has to be heard for longer, on a busy machine, too."""


def rows_of(printed: str) -> dict[str, list[str]]:
    """The cells of each device in the table."""
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in printed.splitlines() if line.startswith("│")]
    return {row[0]: row[1:] for row in cells if len(row) == 6 and row[0]}


def number(text: str) -> int:
    found = re.match(r"[\d,]+", text)
    assert found is not None, text
    return int(found[0].replace(",", ""))


def test_each_device_is_heard_and_its_fault_is_a_gap(tmp_path: Path) -> None:
    try:
        private_bus.binary()
    except ConfigError as error:
        missing(str(error))
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "simulators.demo_hardware", "--folder", str(folder), "--live-s", str(LIVE_S), "--seed", "3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=580, env={**os.environ, "COLUMNS": "240"})
    assert done.returncode == 0, done.stdout + done.stderr
    devices = rows_of(done.stdout)
    for name in ("modbus", "beams", "http-push", "xovis"):
        said, _, stored, *_ = devices[name]
        assert number(said) == number(stored) > 0, devices[name]
    for name in ("bluez", "vendor-mqtt", "llrp"):
        said, heard, stored, _, gap = devices[name]
        assert number(said) == number(heard), "its fault comes when all is heard, and then it says nothing until somebody listens"
        assert number(stored) > 0
        assert "source." in gap, devices[name]
    assert "source.fault" in devices["modbus"][4]
    cards = re.findall(r"(\d+) of the fans' cards near bluez have two slots", done.stdout)
    assert cards, done.stdout
    assert int(cards[0]) > 0
    came, written, quarantined, dropped = map(number, re.findall(r"[\d,]+", re.findall(r"dropped: (.*)", done.stdout)[0])[:4])
    assert came == written + quarantined + dropped > 0
    assert quarantined == 0
    command = [str(Path(sys.executable).with_name("footfall")), "score", "--truth", str(folder / "truth.jsonl"), "--json"]
    scored = subprocess.run([*command, "--config", str(folder / "gateway.toml")], capture_output=True, text=True, check=True)
    score = json.loads(scored.stdout)
    assert score["precision"] == 1.0
    assert score["recall"] > 0.6, "whoever came a few seconds before the end is not settled in a zone yet"
    assert score["identity"] == 1.0
    assert score["counts"]["error"] == 0
    assert score["counts"]["stored"] > 0
