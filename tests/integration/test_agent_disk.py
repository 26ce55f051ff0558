"""`footfall agent` on disks that fail under it: it sends on, reports it, answers its tills, and goes on by itself."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from footfall.frames import Kind
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.process import free_port
from tests.integration.test_agent import ask, configured, is_listening, recording, running
from tests.support.agent_responder import Responder, until
from tests.support.waiting import PATIENCE_S


@pytest.fixture
def responder(embedded_broker: EmbeddedBroker) -> Iterator[Responder]:
    with Responder(embedded_broker.port_v4) as responder:
        yield responder


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=False)


def event(name: str) -> dict[str, str]:
    return {"kind": "touch", "what": "scan", "id": name}


def test_a_full_card_stops_neither_sources_nor_tills_nor_sending(
    tmp_path: Path, disk: Path, embedded_broker: EmbeddedBroker, responder: Responder
) -> None:
    recording(tmp_path / "heard.jsonl", 12)
    port = free_port()
    sources = f'[[sources]]\nkind = "simulated"\nname = "play"\npath = "{tmp_path}/heard.jsonl"\nreceivers = {{ r1 = "hall" }}\n'
    config = configured(tmp_path, embedded_broker.port, port, sources)
    config.write_text(config.read_text().replace(f"{tmp_path}/spool.sqlite", f"{disk}/spool.sqlite"))
    with running(config):
        until(lambda: is_listening(port))
        until(lambda: responder.count(Kind.IN) > 0)
        with (disk / "other").open("wb", buffering=0) as other, suppress(OSError):
            while True:
                other.write(bytes(4096))
        until(
            lambda: ask(port, "POST", "/events", event(str(time.monotonic_ns()))) == (202, {"accepted": 1}), what="durable at the gateway"
        )
        until(lambda: "card_full" in ask(port, "GET", "/health")[1]["problems"])
        until(lambda: responder.count(Kind.IN) == 24, PATIENCE_S, "every crossing, though the card takes nothing")
        (disk / "other").unlink()
        until(lambda: "card_full" not in ask(port, "GET", "/health")[1]["problems"])
        assert ask(port, "POST", "/events", event("after")) == (202, {"accepted": 1})
        until(lambda: ask(port, "GET", "/health")[1]["spool_frames"] == 0)
        assert ask(port, "GET", "/health")[1]["dropped_total"] == 0
    assert responder.taken_again_total == 0
    assert responder.count(Kind.IN) == 24


def test_a_spool_that_is_deleted_under_the_agent_loses_nothing(
    tmp_path: Path, embedded_broker: EmbeddedBroker, responder: Responder
) -> None:
    port = free_port()
    config = configured(tmp_path, embedded_broker.port, port)
    responder.deaf = lambda header: header.seq > 0
    with running(config):
        until(lambda: is_listening(port))
        assert ask(port, "POST", "/events", [event("1"), event("2")])[0] == 202
        for part in tmp_path.glob("spool.sqlite*"):
            part.unlink()
        until(lambda: (tmp_path / "spool.sqlite").exists(), PATIENCE_S, "a new file within a second or so")
        assert ask(port, "POST", "/events", event("3"))[0] == 202
        assert "spool_damaged" in ask(port, "GET", "/health")[1]["problems"]
    responder.deaf = lambda header: False
    with running(config):
        until(lambda: len(responder.rows(Kind.EVENT)) == 3)
        until(lambda: "agent.restart" in {row["reason"] for row in responder.rows(Kind.GAP)})
