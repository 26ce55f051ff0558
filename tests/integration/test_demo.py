"""The demo, shorter: real processes, and what it ends with is true."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from operator import le
from pathlib import Path
from typing import Final

from rich.cells import cell_len

from simulators.truth import read_truth
from tests.support.waiting import until
from tools.browser import Browser

DEMO_S: Final = 400.0
LOOK_S: Final = 55.0
HEADING: Final = re.compile(r"^time +covered +(in) +(out) .*$", re.MULTILINE)
HOUR: Final = re.compile(r"^(?:\d{4}-\d\d-\d\d )?(\d\d:00) .*$", re.MULTILINE)
"""An hour of traffic, a single one with its day."""


def test_the_demo_ends_with_traffic_score_balance_and_arrivals_that_go_on(tmp_path: Path, browser: Browser) -> None:
    folder, log = tmp_path / "demo", tmp_path / "printed"
    arguments = [sys.executable, "-u", "-m", "simulators.demo", "--folder", str(folder), "--hours", "1", "--live-s", "4", "--seed", "3"]
    with log.open("w") as out, subprocess.Popen([*arguments, "--stay"], stdout=out, stderr=subprocess.STDOUT) as demo:
        try:
            until(lambda: demo.poll() is not None or "Ctrl-C ends it" in log.read_text(), "the end of the report", DEMO_S)
            assert demo.poll() is None, log.read_text()
            _somebody_is_seen_to_come(log.read_text(), browser)
        finally:
            demo.send_signal(signal.SIGINT)
        assert demo.wait(DEMO_S) == 0
    printed = log.read_text()
    assert printed.rstrip().endswith("Ended.")
    balance = re.search(r"quarantined \+ dropped: ([\d,]+) = ([\d,]+) \+ ([\d,]+) \+ ([\d,]+)", printed)
    assert balance is not None, printed
    came, written, quarantined, dropped = (int(number.replace(",", "")) for number in balance.groups())
    assert came == written + quarantined + dropped
    assert came > 5000
    assert quarantined == 0
    assert (folder / "traffic.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert "footfall query" in printed
    assert "4 visits and 6 touches of the same fan" in " ".join(printed.split())
    assert "anonymity of store-0" in printed
    score = dict(re.findall(r"^│ ([a-z, ]+?) +│ ([\d.]+)[ %s]", printed, re.MULTILINE))
    _is_what_query_answers(printed, int(score["people counted"]), folder)
    assert float(score["visit precision"]) > 95
    assert float(score["visit recall"]) > 80, "one who came just before the end may not have been heard"
    assert float(score["right fan"]) == 100
    assert float(score["dwell error, median"]) < 5.0
    assert float(score["zone accuracy"]) > 90


def _somebody_is_seen_to_come(printed: str, browser: Browser) -> None:
    """The address shows those of the day, and then one more, as a guide sees them."""
    found = re.search(r"(\d+) arrivals of its fans are at (http://\S+), as a guide", printed)
    assert found is not None, printed
    assert int(found[1]) > 0
    assert f"watch its fans come at {found[2]}" in printed
    page = browser.open(found[2], 1120, 640)
    assert page.wait_for("document.querySelectorAll('#arrivals strong').length > 0", LOOK_S)
    shown = int(page.value("document.querySelectorAll('#arrivals strong').length"))
    assert shown >= int(found[1])
    assert page.wait_for(f"document.querySelectorAll('#arrivals strong').length > {shown}", LOOK_S), "the evening"
    assert page.text("#arrivals li:first-child strong").startswith(("fan-0-", "guest-0-"))
    assert "Came before" in page.text("#arrivals li:first-child dt")
    assert browser.errors == []


def _is_what_query_answers(printed: str, counted: int, folder: Path) -> None:
    """Traffic printed is of all who were counted, and what `footfall query` answers later of the hours that were over.

    In the running one others come in the evening. Every line fits 80 characters but those with a path.
    """
    heading = HEADING.search(printed)
    assert heading is not None, printed
    ends = heading.end(1) - heading.start(), heading.end(2) - heading.start()
    rows = {row[1]: (_number_before(row[0], ends[0]), _number_before(row[0], ends[1])) for row in HOUR.finditer(printed)}
    assert sum(came + left for came, left in rows.values()) == counted > 0
    command = [str(Path(sys.executable).with_name("footfall")), "query", "traffic", "--config", str(folder / "gateway.toml")]
    answer = subprocess.run([*command, "--interval", "1h", "--format", "json"], capture_output=True, text=True, check=True).stdout
    ended = datetime.fromtimestamp(read_truth(folder / "truth.jsonl").end_ns / 1e9, UTC)
    for row in json.loads(answer):
        begun, later = datetime.fromisoformat(row["time"]), (row["in"] or 0, row["out"] or 0)
        before = rows.pop(f"{begun:%H:%M}", (0, 0))
        assert before == later or (ended < begun + timedelta(hours=1) and all(map(le, before, later))), (row, before)
    assert not rows, "nothing is printed that is not there"
    assert [line for line in printed.splitlines() if str(folder) not in line and "http://" not in line and cell_len(line) > 80] == []


def _number_before(line: str, end: int) -> int:
    """The number of a cell that ends there; one without is of an hour of which no whole minute was observed, in which nobody passed."""
    found = re.search(r"\d+$", line[:end])
    return int(found[0]) if found else 0


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    done = subprocess.run([sys.executable, "-m", "simulators.demo", "--folder", str(tmp_path)], capture_output=True, text=True, timeout=580)
    assert done.returncode == 2
    assert "choose another --folder" in done.stdout
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_port_that_is_taken_is_named_before_anything_runs(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        command = [sys.executable, "-m", "simulators.demo", "--folder", str(tmp_path / "demo"), "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, timeout=580)
    assert done.returncode == 2
    assert f"port {port} is taken" in done.stdout
