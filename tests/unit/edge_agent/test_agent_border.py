"""One thing heard that nobody planned is refused and counted; what was heard beside it is kept."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from edge_agent.agent import EdgeAgent
from edge_agent.clock import SystemClock
from edge_agent.config import AgentSettings, SpoolSettings
from edge_agent.core import Core
from edge_agent.sources.border import BUG
from edge_agent.sources.source import Crossing, Heard
from edge_agent.spool import Spool
from footfall.broker import Broker
from footfall.frames import Kind, decode_body
from footfall.units import NS_PER_S as S


def test_one_thing_heard_that_the_core_cannot_take_ends_no_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Core.hear

    def hear(core: Core, heard: Heard) -> None:
        if isinstance(heard, Crossing) and heard.door == "cursed":
            raise ZeroDivisionError
        real(core, heard)

    monkeypatch.setattr(Core, "hear", hear)
    clock = SystemClock()
    settings = AgentSettings(store="s", agent="a", spool=SpoolSettings(path=tmp_path / "s"), broker=Broker(port=1))
    agent = EdgeAgent(settings, clock)
    for door in ("cursed", "main"):
        agent._inbox.put(Crossing(100 * S, door, 1, 0))
    ended = threading.Event()
    ended.set()
    agent.run(ended)
    spool = Spool(tmp_path / "s", "e9", clock.boot)
    kinds = [kind for frame in spool.frames(agent.spool.epoch, 1, 9) for kind in decode_body(frame.body).kind.tolist()]
    spool.close()
    assert kinds == [Kind.IN]
    assert agent.core.dropped_total[BUG] == 1
