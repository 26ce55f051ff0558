"""The demo, shorter: real processes, and what it ends with is true."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

from rich.cells import cell_len

from tests.support.waiting import until
from tools.browser import Browser

DEMO_S: Final = 400.0
LOOK_S: Final = 55.0
IN_AND_OUT: Final = re.compile(r"^(\d\d:00) +[\d.]+ % +(\d+) +(\d+) ", re.MULTILINE)
"""An hour of traffic, what was observed of it, who came in and out: visits go on being closed in the evening."""


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
    _is_what_query_answers(printed, folder)
    score = dict(re.findall(r"^│ ([a-z, ]+?) +│ ([\d.]+)[ %s]", printed, re.MULTILINE))
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


def _is_what_query_answers(printed: str, folder: Path) -> None:
    """Traffic is what `footfall query` answers of the hour that is over, and every line fits 80 characters but those with a path."""
    command = [str(Path(sys.executable).with_name("footfall")), "query", "traffic", "--config", str(folder / "gateway.toml")]
    table = subprocess.run([*command, "--interval", "1h"], capture_output=True, text=True, check=True).stdout
    assert table.partition(" to ")[0] in printed
    first = re.search(IN_AND_OUT, table)
    assert first is not None, table
    assert first.groups() in re.findall(IN_AND_OUT, printed)
    assert max(cell_len(line) for line in printed.splitlines() if str(folder) not in line and "http://" not in line) <= 80


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
