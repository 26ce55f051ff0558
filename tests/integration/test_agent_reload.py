"""SIGHUP to a running agent: its sources, profiles and keys are those of the changed file; one with mistakes is refused by name."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from edge_agent.sources.recording import format_line
from edge_agent.sources.source import Sighting
from footfall.pseudonyms import lasting_subject, type_key
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.process import free_port
from simulators.parts.programs import AgentProcess
from tests.support.agent_responder import Responder
from tests.support.waiting import PATIENCE_S, until

S = 1_000_000_000
PUSH = {"kind": "http_push", "host": "127.0.0.1", "receivers": {"r1": "hall"}}


@pytest.fixture
def responder(embedded_broker: EmbeddedBroker) -> Iterator[Responder]:
    with Responder(embedded_broker.port_v4) as responder:
        yield responder


def keys(secret: bytes) -> str:
    return f'ibeacon = "{type_key(secret, "ibeacon").hex()}"\n'


def started(folder: Path, port: int, sources: list[dict[str, Any]]) -> AgentProcess:
    (folder / "keys.toml").write_text(keys(b"first"))
    values = {
        "store": "s1", "agent": "a1", "broker": {"port": port}, "spool": {"path": str(folder / "spool.sqlite")},
        "keys": {"file": str(folder / "keys.toml")}, "sources": sources,
    }  # fmt: skip
    agent = AgentProcess(folder, free_port(), values)
    agent.process.start()
    return agent


def reload(agent: AgentProcess, before: str, after: str) -> None:
    text = agent.config.read_text()
    assert before in text
    agent.config.write_text(text.replace(before, after))
    os.kill(agent.process.pid, signal.SIGHUP)


def sources(agent: AgentProcess) -> set[str]:
    return set(agent.health()["sources"])


def log(agent: AgentProcess) -> str:
    return agent.log.read_text()


def post(port: int) -> int:
    """An iBeacon as a gateway of a vendor posts it."""
    body = json.dumps([{"timestamp": "2026-11-29T21:00:00Z", "type": "Gateway", "mac": "AC233FC00001"}])
    return urllib3.request("POST", f"http://127.0.0.1:{port}/", body=body, retries=False, timeout=PATIENCE_S).status


def listens(port: int) -> bool:
    try:
        post(port)
    except urllib3.exceptions.HTTPError:
        return False
    return True


def test_sources_that_change_begin_anew_the_others_go_on_and_mistakes_change_nothing(
    tmp_path: Path, responder: Responder, embedded_broker: EmbeddedBroker
) -> None:
    ports = [free_port() for _ in range(3)]
    first, second = ({**PUSH, "name": f"p{n}", "port": ports[n], "receivers": {f"r{n}": "hall"}} for n in range(2))
    agent = started(tmp_path, embedded_broker.port, [first, second])
    try:
        until(lambda: listens(ports[0]) and listens(ports[1]), lambda: log(agent))
        pid = agent.process.pid
        reload(agent, str(ports[1]), str(ports[2]))
        until(lambda: listens(ports[2]), lambda: log(agent))
        assert listens(ports[0])
        assert not listens(ports[1])
        until(lambda: "reloaded: 2 sources, 1 of them anew" in log(agent), lambda: log(agent))
        reload(agent, 'name = "p1"', 'nane = "p1"')
        until(lambda: "reload_refused" in agent.health()["problems"], lambda: log(agent))
        assert "sources.1" in agent.health()["problems"]["reload_refused"]
        until(lambda: "did you mean `name`" in log(agent), lambda: log(agent))
        assert listens(ports[2]), "what was in use stays in use"
        reload(agent, 'nane = "p1"', 'name = "p9"')
        until(lambda: sources(agent) == {"p0", "p9"}, lambda: log(agent))
        assert not agent.health()["problems"]
        reload(agent, 'agent = "a1"', 'agent = "a2"')
        until(lambda: "changes of agent are not taken: they need a restart" in log(agent), lambda: log(agent))
        assert agent.health()["agent"] == "a1"
        assert agent.process.pid == pid
    finally:
        agent.process.stop()


def test_keys_that_change_make_other_subjects(tmp_path: Path, responder: Responder, embedded_broker: EmbeddedBroker) -> None:
    heard = tmp_path / "heard.jsonl"
    heard.write_text("".join(format_line(Sighting(n * S // 10, "r1", "ibeacon", "x", -50)) for n in range(3000)))
    play = {"kind": "simulated", "name": "play", "path": str(heard), "receivers": {"r1": "hall"}}
    agent = started(tmp_path, embedded_broker.port, [play])
    subjects = [lasting_subject(type_key(secret, "ibeacon"), "ibeacon", "x") for secret in (b"first", b"second")]

    def seen() -> list[int]:
        return [int(subject) for body in responder.bodies() for subject in body.subject if subject]

    try:
        until(lambda: subjects[0] in seen(), lambda: log(agent))
        (tmp_path / "keys.toml").write_text("ibeacon = 3")
        os.kill(agent.process.pid, signal.SIGHUP)
        until(lambda: "keys.toml: ibeacon: must be text" in agent.health()["problems"].get("reload_refused", ""), lambda: log(agent))
        (tmp_path / "keys.toml").write_text(keys(b"second"))
        os.kill(agent.process.pid, signal.SIGHUP)
        until(lambda: subjects[1] in seen(), lambda: log(agent))
        assert set(seen()) == set(subjects)
    finally:
        agent.process.stop()
