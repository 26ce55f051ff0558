"""The embedded broker outlives a SIGHUP to all processes of the gateway, and is started again where it was killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.support.embedded_gateway import EmbeddedGateway
from tests.support.waiting import until

COUNT = {"kind": "count", "id": "c1", "door": "main", "in": 1, "out": 0}


def brokers(gateway: int) -> list[int]:
    """The processes of embedded brokers that this gateway started, those that ended left out."""
    tasks = Path(f"/proc/{gateway}/task").iterdir()
    children = [int(pid) for task in tasks for pid in read_if_there(task / "children").split()]
    return [pid for pid in children if b"embedded_broker" in read_if_there(Path(f"/proc/{pid}/cmdline"))]


def read_if_there(path: Path) -> bytes:
    """Return what the kernel says of a thread or process; nothing if it ended meanwhile."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def is_connected(gateway: EmbeddedGateway) -> bool:
    status = gateway.gateway.status()
    return bool(status["broker"]["connected"])


def test_an_embedded_broker_survives_a_hangup_and_is_started_again_when_it_is_killed(tmp_path: Path) -> None:
    with EmbeddedGateway(tmp_path / "gateway") as gateway:
        (before,) = brokers(gateway.gateway.process.pid)
        until(lambda: is_connected(gateway), "the connection")
        os.kill(before, signal.SIGHUP)
        assert gateway.post(COUNT) == 202
        assert brokers(gateway.gateway.process.pid) == [before], "the hangup is none of its business"
        os.kill(before, signal.SIGKILL)
        until(lambda: brokers(gateway.gateway.process.pid) not in ([], [before]), "another broker")
        until(lambda: "the embedded broker runs again" in gateway.log() and is_connected(gateway), gateway.log)
        until(lambda: gateway.post(COUNT) == 202, gateway.log)
        (again,) = brokers(gateway.gateway.process.pid)
    assert not Path(f"/proc/{again}").exists(), "it ends with its gateway"
