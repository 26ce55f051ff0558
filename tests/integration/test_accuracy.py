"""`make accuracy` as a process: parts without a recording are skipped by name, and what it started ends with it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks.accuracy", *arguments]


def test_a_part_whose_recording_is_absent_is_skipped_by_name(tmp_path: Path) -> None:
    done = subprocess.run(
        command("--only", "pa-ble", "--out", str(tmp_path)),
        capture_output=True,
        text=True,
        check=False,
        env={"FOOTFALL_REAL_DATA": str(tmp_path / "nowhere")},
    )
    assert done.returncode == 0, done.stderr
    assert f"skipped pa-ble: the recording is not in {tmp_path / 'nowhere'}" in done.stdout
    (absent,) = json.loads((tmp_path / "accuracy.json").read_text())
    assert (absent["name"], absent["value"]) == ("pa-ble", None)
    assert "the recording is not in" in absent["how"]
    assert "skipped" in (tmp_path / "accuracy.html").read_text().lower()


def test_a_part_that_is_misspelt_is_recognised(tmp_path: Path) -> None:
    done = subprocess.run(command("--only", "pa-bel", "--out", str(tmp_path)), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "did you mean 'pa-ble'" in " ".join(done.stderr.split())


def test_what_it_started_ends_with_it(tmp_path: Path) -> None:
    running = subprocess.Popen(command("--only", "still", "--out", str(tmp_path)), stdout=subprocess.DEVNULL)
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    try:
        while len(started := children.read_text().split()) < 2:  # one keeps track of what processes share
            assert running.poll() is None
            time.sleep(0.05)
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 128 + signal.SIGTERM
    finally:
        running.kill()
    while any(_is_running(int(pid)) for pid in started):
        time.sleep(0.05)


def _is_running(pid: int) -> bool:
    try:
        return "multiprocessing" in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False
