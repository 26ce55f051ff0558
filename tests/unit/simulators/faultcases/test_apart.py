"""A case runs in a process of its own: whatever it does, what came of it is known, and nothing of it lives on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.real_parts import REPOSITORY

# In an interpreter of its own: it forks, and the worker of a test run has other threads.
PROGRAM = """
import dataclasses, json, os, subprocess, sys, time
from pathlib import Path
from simulators.faultcases.apart import Running
from simulators.faultcases.case import Case
from simulators.faultcases.findings import Missing

def leaves_a_process(scene):
    (scene.folder.parent / "left").write_text(str(subprocess.Popen(["sleep", "600"]).pid))

def finds_something(scene):
    print("to the log")
    scene.findings.lost.append("row 7")

def breaks(scene):
    raise ValueError("as it should not")

def lacks_a_part(scene):
    raise Missing("no mosquitto")

def dies(scene):
    os._exit(3)

def never_ends(scene):
    (scene.folder.parent / "began").touch()
    while True:
        time.sleep(0.01)

folder = Path(sys.argv[1])
found = {}
for run in (leaves_a_process, finds_something, breaks, lacks_a_part, dies, never_ends):
    limit_s = 0.0 if run is never_ends else 100.0
    running = Running.start(Case(run.__name__, "group", "Sentence.", run, limit_s, False), folder / run.__name__, 1)
    while run is never_ends and not (folder / "began").exists():
        time.sleep(0.01)
    while (done := running.poll()) is None:
        time.sleep(0.01)
    log = done.folder / "case.log"
    found[run.__name__] = {
        **dataclasses.asdict(done.findings), "skipped": done.skipped, "log": log.read_text() if log.exists() else None
    }
ended = Running.start(Case("never_ends", "group", "Sentence.", never_ends, 100.0, False), folder / "ended", 1)
ended.end()
found["ended"] = Path(f"/proc/{ended.pid}").exists()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of each case, by its function's name."""
    folder = tmp_path_factory.mktemp("cases")
    command = [sys.executable, "-c", PROGRAM, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    values: dict[str, Any] = json.loads(done.stdout)
    return {**values, "left": int((folder / "left").read_text())}


def test_what_a_case_leaves_running_is_ended(found: dict[str, Any]) -> None:
    state = Path(f"/proc/{found['left']}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] in "ZX"


def test_of_a_case_that_finds_nothing_no_file_stays(found: dict[str, Any]) -> None:
    assert found["leaves_a_process"]["log"] is None


def test_what_a_case_finds_and_prints_is_kept(found: dict[str, Any]) -> None:
    assert found["finds_something"]["lost"] == ["row 7"]
    assert found["finds_something"]["log"] == "to the log\n"


def test_a_case_that_breaks_is_a_finding(found: dict[str, Any]) -> None:
    (error,) = found["breaks"]["errors"]
    assert error.startswith("ValueError: as it should not")


def test_a_case_whose_part_is_missing_is_skipped(found: dict[str, Any]) -> None:
    assert found["lacks_a_part"]["skipped"] == "no mosquitto"
    assert not found["lacks_a_part"]["errors"]


def test_a_case_that_ends_without_a_word_is_a_finding(found: dict[str, Any]) -> None:
    assert found["dies"]["errors"] == ["the case's process ended without a word"]


def test_a_case_that_takes_too_long_is_stuck_where_it_stood(found: dict[str, Any]) -> None:
    limit, place = found["never_ends"]["stuck"]
    assert limit == "the case was not done after 0 s"
    assert place.startswith("it stood at")


def test_a_case_can_be_ended_at_once(found: dict[str, Any]) -> None:
    assert found["ended"] is False
