"""The demo, shorter: real processes, and what it ends with is true."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from rich.cells import cell_len


def test_the_demo_ends_with_traffic_score_and_balance(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    arguments = [sys.executable, "-m", "simulators.demo", "--folder", str(folder), "--hours", "1", "--live-s", "4", "--seed", "3"]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, done.stdout + done.stderr
    balance = re.search(r"quarantined \+ dropped: ([\d,]+) = ([\d,]+) \+ ([\d,]+) \+ ([\d,]+)", done.stdout)
    assert balance is not None, done.stdout
    came, written, quarantined, dropped = (int(number.replace(",", "")) for number in balance.groups())
    assert came == written + quarantined + dropped
    assert came > 5000
    assert quarantined == 0
    assert (folder / "traffic.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert "footfall query" in done.stdout
    assert "4 visits and 6 touches of the same fan" in " ".join(done.stdout.split())
    assert "anonymity of store-0" in done.stdout
    _prints_what_query_answers(done.stdout, folder)
    command = [str(Path(sys.executable).with_name("footfall")), "score", "--truth", str(folder / "truth.jsonl")]
    scored = subprocess.run([*command, "--config", str(folder / "gateway.toml"), "--json"], capture_output=True, text=True, check=True)
    score = json.loads(scored.stdout)
    assert score["precision"] > 0.95
    assert score["recall"] > 0.8, "one who came just before the end may not have been heard"
    assert score["identity"] == 1.0
    assert score["dwell_error_median_s"] < 5.0
    assert score["zone_accuracy"] > 0.9


def _prints_what_query_answers(printed: str, folder: Path) -> None:
    """The table of traffic is that of `footfall query`, with what was observed, and every line fits 80 characters but those with a path."""
    command = [str(Path(sys.executable).with_name("footfall")), "query", "traffic", "--config", str(folder / "gateway.toml")]
    table = subprocess.run([*command, "--interval", "1h"], capture_output=True, text=True, check=True).stdout
    assert _without_shares(table) in _without_shares(printed)
    assert "covered" in table
    assert max(cell_len(line) for line in printed.splitlines() if str(folder) not in line) <= 80


def _without_shares(table: str) -> str:
    """Return a table without what was observed: the hour that goes on is a minute older when it is asked for again."""
    return re.sub(r"(?m)^([^%\n]*?) +\d+\.\d %", r"\1 %", table)


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    done = subprocess.run([sys.executable, "-m", "simulators.demo", "--folder", str(tmp_path)], capture_output=True, text=True, timeout=580)
    assert done.returncode == 2
    assert "choose another --folder" in done.stdout
    assert (tmp_path / "precious").read_text() == "mine"
