"""A run of pytest that ends before its tests can clean up leaves no process behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.real_parts import REPOSITORY
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only Linux tells whose a process is")
LEAVING = """
import os
import subprocess
import time
from pathlib import Path

from simulators.parts.process import Process, free_port
from tests.support.running_gateway import SECRET, SITE
from simulators.parts.programs import GatewayProcess


def test_it_leaves_all_that_it_starts(tmp_path):
    pids = Path(__file__).with_name("pids")
    gateway_folder = tmp_path / "gateway"
    gateway_folder.mkdir()
    (gateway_folder / "site.toml").write_text(SITE)
    (gateway_folder / "secret").write_text(SECRET)
    (gateway_folder / "secret").chmod(0o600)
    values = {"brand_secret_file": "secret", "broker": {"port": free_port(), "embedded": True}, "serve": {"enabled": False}}
    gateway = GatewayProcess(gateway_folder, free_port(), values).process
    gateway.start()
    part = Process(["sleep", "600"], tmp_path / "log", lambda: True)
    part.start()
    plain = subprocess.Popen(["sleep", "600"])
    deaf = subprocess.Popen(["sh", "-c", "trap '' TERM INT HUP; sleep 600 & sleep 600; wait"], start_new_session=True)
    started = [gateway.pid, part.pid, plain.pid, deaf.pid]
    below = [int(pid) for pid in Path(f"/proc/{gateway.pid}/task/{gateway.pid}/children").read_text().split()]
    while not (of_shell := Path(f"/proc/{deaf.pid}/task/{deaf.pid}/children").read_text().split()):
        time.sleep(0.01)
    assert below, "the embedded broker"
    made = pids.with_suffix(".made")
    made.write_text(" ".join(map(str, [*started, *below, *map(int, of_shell)])))
    made.rename(pids)
"""


def is_alive(pid: int) -> bool:
    """A process that nobody has asked for yet is over, too."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def wait(condition: Callable[[], bool], what: str, limit_s: float = PATIENCE_S) -> None:
    deadline_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline_s, f"waited {limit_s} s for {what}"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("how", "last", "workers"),
    [
        (signal.SIGKILL, "time.sleep(600)", 0),
        (signal.SIGKILL, "time.sleep(600)", 1),
        (None, "os._exit(1)  # as pytest-timeout ends a run", 0),
        (None, "raise AssertionError", 0),
    ],
    ids=["killed", "killed above its workers", "at a timeout", "failed"],
)
def test_a_run_that_is_ended_leaves_none(tmp_path: Path, how: signal.Signals | None, last: str, workers: int) -> None:
    settings, pids_file, log = tmp_path / "pytest.ini", tmp_path / "pids", tmp_path / "log"
    settings.write_text("[pytest]\n")
    (tmp_path / "test_leaving.py").write_text(f"{LEAVING}    {last}\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-n", str(workers), "--rootdir", tmp_path, "-c", settings]
    with log.open("wb") as out:
        run = subprocess.Popen([*command, tmp_path], cwd=REPOSITORY, stdout=out, stderr=subprocess.STDOUT)
    try:
        wait(lambda: pids_file.exists() or run.poll() is not None, "its processes")
        assert pids_file.exists(), log.read_text()
        pids = [int(pid) for pid in pids_file.read_text().split()]
        assert len(pids) >= 6, "a gateway with its broker, a part, a process of the test's own, a shell with its child"
        if how is not None:
            assert all(map(is_alive, pids))
            run.send_signal(how)
        assert run.wait(PATIENCE_S) != 0
        wait(lambda: not any(map(is_alive, pids)), "all to end")
    finally:
        run.kill()
        run.wait()
