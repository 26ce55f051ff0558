"""The agent as a process: `footfall agent` and `footfall replay` against a real broker, also killed in the middle."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edge_agent.keys import write_keys
from edge_agent.sources.recording import format_line
from edge_agent.sources.source import Crossing, Sighting
from footfall.beacons import OwnBeacon
from footfall.dates import EARLIEST_NS
from footfall.frames import Kind
from footfall.pseudonyms import is_day_subject, lasting_subject, type_key
from footfall.receipts import DayKey
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.process import free_port
from tests.support.agent_responder import Responder, until
from tests.support.waiting import PATIENCE_S

S = 1_000_000_000
FOOTFALL = [sys.executable, "-c", "from footfall.cli import main; main()"]


@pytest.fixture
def responder(embedded_broker: EmbeddedBroker) -> Iterator[Responder]:
    with Responder(embedded_broker.port_v4) as responder:
        yield responder


def configured(folder: Path, broker_port: int, intake_port: int | None = None, sources: str = "") -> Path:
    (folder / "keys.toml").write_text(write_keys(b"the brand's secret", ["ibeacon"]))
    intake = f"[intake]\nport = {intake_port}\n" if intake_port else ""
    path = folder / "agent.toml"
    path.write_text(
        f'store = "s1"\nagent = "a1"\n[broker]\nport = {broker_port}\n[spool]\npath = "{folder}/spool.sqlite"\n'
        f'[keys]\nfile = "{folder}/keys.toml"\n{intake}{sources}'
    )
    return path


@contextmanager
def running(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([*FOOTFALL, "agent", "--config", str(config)], stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=PATIENCE_S)
        assert process.returncode in (0, -signal.SIGKILL), errors.decode()


def ask(port: int, method: str, path: str, payload: object = None) -> tuple[int, dict[str, Any]]:
    """Status and answer of the agent's intake."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, None if payload is None else json.dumps(payload))
        answer = connection.getresponse()
        return answer.status, json.load(answer)
    finally:
        connection.close()


def recording(path: Path, seconds: int, from_ns: int = 0) -> None:
    halves, quarters = (range(from_ns, from_ns + seconds * S, S // parts) for parts in (2, 4))
    lines: list[tuple[int, Crossing | Sighting]] = [(t, Crossing(t, "main", 1, 0)) for t in halves]
    lines += [(t, Sighting(t, "r1", "ibeacon", "u:1:7", -60)) for t in quarters]
    lines += [(t, Sighting(t, "r1", "ble-anonymous", "aa:bb:cc:dd:ee:ff", -60)) for t in quarters]
    path.write_text("".join(format_line(heard) for _, heard in sorted(lines, key=lambda line: line[0])))


def test_devices_to_frames(tmp_path: Path, embedded_broker: EmbeddedBroker, responder: Responder) -> None:
    """Two people and a door for ten seconds; the key of the day comes with the first receipt."""
    now = time.time_ns()
    responder.key = DayKey(7, b"d" * 32, 0, now * 2)
    recording(tmp_path / "heard.jsonl", 10)
    sources = f'[[sources]]\nkind = "simulated"\nname = "play"\npath = "{tmp_path}/heard.jsonl"\nreceivers = {{ r1 = "hall" }}\n'
    with running(configured(tmp_path, embedded_broker.port, sources=sources)):
        until(lambda: responder.count(Kind.IN) == 20, PATIENCE_S, "every crossing, once")
        until(lambda: responder.health[-1].sources["play"].detail == "ended")
    until(lambda: responder.health[-1].state == "offline")
    entered = {int(body.subject[i]): body for body in responder.bodies() for i in range(len(body)) if body.kind[i] == Kind.ENTER}
    lasting = lasting_subject(type_key(b"the brand's secret", "ibeacon"), "ibeacon", "u:1:7")
    assert lasting in entered
    assert set(entered[lasting].zones) == {"hall", "main"}
    assert {body.key_id for subject, body in entered.items() if is_day_subject(subject)} >= {7}
    stays = [body for body in responder.bodies() if (body.kind == Kind.STAY).any()]
    assert stays, "evidence while they stay"
    for file in tmp_path.glob("spool.sqlite*"):
        assert b"aa:bb:cc" not in file.read_bytes(), "no raw identifier reaches the spool"
        assert b"u:1:7" not in file.read_bytes()


def test_receipts_state_whose_beacons_are_whose_also_after_a_restart(
    tmp_path: Path, embedded_broker: EmbeddedBroker, responder: Responder
) -> None:
    ours, other = "f7826da6-4fa2-4e98-8024-bc5b71e0893e", "e2c56db5-dffb-48d2-b060-d0f5a71096e0"
    responder.sends = lambda receipt: [receipt._replace(beacons=(OwnBeacon(ours, minor=False),))]
    heard = [Sighting(t * S // 10, "r1", "ibeacon", f"{uuid}:7:{t}", -60) for t in range(20) for uuid in (ours, other)]
    (tmp_path / "heard.jsonl").write_text("".join(map(format_line, heard)))
    sources = f'[[sources]]\nkind = "simulated"\nname = "play"\npath = "{tmp_path}/heard.jsonl"\nreceivers = {{ r1 = "hall" }}\n'
    config = configured(tmp_path, embedded_broker.port, sources=sources)
    for _ in range(2):  # the first start knows nothing until its first receipt, the second one what the first has kept
        responder.health.clear()
        with running(config):
            until(lambda: responder.health and responder.health[-1].neighbours_total == 20, PATIENCE_S)
        until(lambda: responder.health[-1].state == "offline")
        responder.sends = lambda receipt: [receipt]
    subjects = {
        int(subject) for body in responder.bodies() for kind, subject in zip(body.kind, body.subject, strict=True) if kind == Kind.ENTER
    }
    assert subjects == {lasting_subject(type_key(b"the brand's secret", "ibeacon"), "ibeacon", f"{ours}:7:*")}


def test_kill_9_loses_nothing_that_was_answered_202(tmp_path: Path, embedded_broker: EmbeddedBroker, responder: Responder) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    rng = random.Random(seed)
    port = free_port()
    config = configured(tmp_path, embedded_broker.port, port)
    accepted: list[str] = []
    for life in range(4):
        with running(config) as agent:
            until(lambda: is_listening(port))
            die_at = time.monotonic() + rng.uniform(0.3, 1.0)
            while time.monotonic() < die_at:
                name = f"{life}-{len(accepted)}"
                status, _ = ask(port, "POST", "/events", {"kind": "touch", "what": "scan", "id": name})
                assert status == 202
                accepted.append(name)
            os.kill(agent.pid, signal.SIGKILL)
    with running(config):
        until(lambda: is_listening(port))
        until(lambda: set(accepted) <= {json.loads(row["event"])["id"] for row in responder.rows(Kind.EVENT)}, PATIENCE_S, f"seed {seed}")
    names = [json.loads(row["event"])["id"] for row in responder.rows(Kind.EVENT)]
    assert len(names) == len(set(names)), f"seed {seed}"
    assert "agent.restart" in {row["reason"] for row in responder.rows(Kind.GAP)}
    assert responder.taken_again_total == 0


def is_listening(port: int) -> bool:
    try:
        return ask(port, "GET", "/health")[0] == 200
    except OSError:
        return False


def test_events_wait_for_a_broker_that_is_not_there(tmp_path: Path) -> None:
    port = free_port()
    with running(configured(tmp_path, free_port(), port)):
        until(lambda: is_listening(port))
        assert ask(port, "POST", "/events", [{"kind": "touch", "what": "scan"}] * 3) == (202, {"accepted": 3})
        status, answer = ask(port, "POST", "/events", {"kind": "touch", "what": "payment"})
        assert status == 400
        assert "needs an `id`" in str(answer["message"])
        assert ask(port, "GET", "/health")[1]["spool_frames"] >= 1


def replay(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*FOOTFALL, "replay", *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def test_replay_of_real_counts_twice(embedded_broker: EmbeddedBroker, responder: Responder, real_data: Path) -> None:
    """The building's counts come out exactly, its four broken lines are refused, and a second replay adds nothing."""
    arguments = ("--format", "uci-calit2", real_data / "uci-calit2", "--store", "s1", "--agent", "a1", "--port", embedded_broker.port)
    for _ in range(2):
        done = replay(*arguments, "--timezone", "America/Los_Angeles")
        assert done.returncode == 1, "lines were refused"
        assert "4 refused lines, look at line:\n  cal-inflow.csv:3994: " in done.stderr
        assert responder.count(Kind.IN) == 19_625
        assert responder.count(Kind.OUT) == 18_806
        assert sorted(row["where"] for row in responder.rows(Kind.REFUSED)) == [
            "cal-inflow.csv:3994", "cal-inflow.csv:4745", "cal-outflow.csv:3994", "cal-outflow.csv:4746",
        ]  # fmt: skip
    assert responder.taken_again_total == 0
    assert len(responder.marks) == 1


def test_replay_names_what_is_missing(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    recording(tmp_path / "heard.jsonl", 2, EARLIEST_NS)
    no_gateway = replay(
        "-f", "jsonl", tmp_path / "heard.jsonl", "--store", "s1", "--agent", "a1", "--port", embedded_broker.port, "--timeout-s", 2
    )
    assert no_gateway.returncode == 2
    assert "no gateway receipts" in no_gateway.stderr
    no_file = replay("-f", "jsonl", tmp_path / "none.jsonl", "--store", "s1", "--agent", "a1")
    assert no_file.returncode == 2
    assert "no such file" in no_file.stderr
    no_format = replay("-f", "xml", tmp_path / "heard.jsonl", "--store", "s1", "--agent", "a1")
    assert no_format.returncode == 2
    assert "format 'xml': one of sal-rb, pa-ble" in no_format.stderr
