"""The agent as a process that is killed again and again while it reads a counter: the sum stored is the true sum."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from pathlib import Path

from edge_agent.sources.source import Crossing
from footfall.frames import Kind
from simulators.devices.modbus import ModbusCounter
from simulators.files import toml_text
from simulators.parts.broker import EmbeddedBroker
from tests.integration.test_agent import configured, running
from tests.support.agent_responder import Responder, until
from tests.support.waiting import PATIENCE_S

KILLS = 3


def test_kill_9_between_poll_and_commit_counts_nobody_twice_and_loses_nobody(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    rng = random.Random(seed)
    entered = left = 0
    with Responder(embedded_broker.port_v4) as responder, ModbusCounter(totals=((1 << 32) - 12, 5)) as counter:
        settings = toml_text({"sources": [{"name": "counter", **counter.settings(), "poll_s": 0.05}]})
        config = configured(tmp_path, embedded_broker.port, sources=settings)
        with running(config):
            until(lambda: bool(responder.bodies()), PATIENCE_S, "the baseline is durable")
        for _ in range(KILLS):
            entered, left = entered + 3, left + 1
            counter.say(Crossing(0, "main", 3, 1))  # while no agent is there
            asked = counter.asked_total
            with running(config) as agent:
                until(lambda asked=asked: counter.asked_total > asked + rng.randrange(3), PATIENCE_S, "it polls")
                walking = threading.Event()
                for _ in range(rng.randint(3, 20)):
                    entered, left = entered + 1, left + 1
                    counter.say(Crossing(0, "main", 1, 1))
                    walking.wait(rng.uniform(0.01, 0.1))
                os.kill(agent.pid, signal.SIGKILL)
        asked = counter.asked_total
        with running(config):
            until(lambda: counter.asked_total > asked, PATIENCE_S, "it polls")
            until(
                lambda: (responder.count(Kind.IN), responder.count(Kind.OUT)) == (entered, left),
                PATIENCE_S,
                f"seed {seed}: {entered}, {left}",
            )
        time.sleep(0.5)
        assert (responder.count(Kind.IN), responder.count(Kind.OUT)) == (entered, left), f"seed {seed}"
        assert entered > 12, "it rolled over meanwhile"
        assert "agent.restart" in {row["reason"] for row in responder.rows(Kind.GAP)}
        assert responder.taken_again_total == 0
