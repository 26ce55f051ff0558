"""The child of a gateway: started again, named when it stays down, ended with the gateway."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from footfall.errors import AddressTaken
from gateway.pipeline import serve_process
from gateway.pipeline.notices import Notices
from gateway.pipeline.serve_process import ServeProcess
from tests.support.waiting import until

LIVES = "import sys; sys.stdin.read()"


def child(program: str, notices: Notices, notice_s: float = 0.0) -> ServeProcess:
    return ServeProcess([sys.executable, "-c", program], dict(os.environ), notices, notice_s)


def is_gone(pid: int) -> Callable[[], bool]:
    return lambda: not Path(f"/proc/{pid}").exists()


def test_a_child_that_is_killed_is_started_again_and_ends_with_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve_process, "FIRST_PAUSE_S", 0.05)
    page = child(LIVES, Notices())
    page.start()
    until(lambda: page.pid is not None)
    first = page.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    until(lambda: page.pid not in (first, None))
    second = page.pid
    assert second is not None
    page.stop()
    until(is_gone(second))


def test_one_that_stays_down_is_named_and_one_that_is_up_again_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve_process, "STEADY_S", 0.5)
    monkeypatch.setattr(serve_process, "LONGEST_PAUSE_S", 0.5)
    notices, works = Notices(), tmp_path / "works"
    page = child(f"import os, sys\nif not os.path.exists({str(works)!r}): sys.exit(3)\n{LIVES}", notices, 1.0)
    page.start()
    until(lambda: "serve_down" in notices.shown())
    works.touch()
    until(lambda: "serve_down" not in notices.shown())
    page.stop()


def test_a_port_that_another_process_has_is_named_with_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve_process, "LONGEST_PAUSE_S", 0.1)
    notices = Notices()
    page = ServeProcess([sys.executable, "-c", f"exit({AddressTaken.exit_code})"], dict(os.environ), notices, 0.0, "127.0.0.1:8090")
    page.start()
    until(lambda: "127.0.0.1:8090" in notices.shown().get("serve_down", ""))
    assert "serve.port" in notices.shown()["serve_down"]
    page.stop()


def test_a_command_that_cannot_be_started_harms_nobody() -> None:
    page = ServeProcess(["/nowhere/footfall"], {}, Notices(), 60.0)
    page.start()
    page.stop()
