"""Between two runs of an agent nothing is observed, which its first frame reports."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from edge_agent.agent import EdgeAgent
from edge_agent.clock import SystemClock
from edge_agent.config import AgentSettings, SpoolSettings
from edge_agent.spool import Spool
from footfall.broker import Broker
from footfall.frames import Kind, decode_body
from footfall.units import NS_PER_S as S
from tests.unit.edge_agent.spool.test_spool import bodies


class Clock(SystemClock):
    """100 s into a boot of that name."""

    def __init__(self, boot: str) -> None:
        super().__init__()
        self.boot = boot

    def boot_ns(self) -> int:
        return 100 * S


@pytest.mark.parametrize(("boot", "since_s"), [("b1", 40), ("b2", 0)])
def test_a_restart_is_a_gap_since_the_last_frame_or_since_this_boot_began(tmp_path: Path, boot: str, since_s: int) -> None:
    spool = Spool(tmp_path / "s", "e1", "b1")
    spool.append(bodies(3, made_s=40))
    spool.close()
    settings = AgentSettings(store="s", agent="a", spool=SpoolSettings(path=tmp_path / "s"), broker=Broker(port=1))
    agent = EdgeAgent(settings, Clock(boot))
    ended = threading.Event()
    ended.set()
    agent.run(ended)
    spool = Spool(tmp_path / "s", "e9", boot)
    body = decode_body(spool.frames(agent.spool.epoch, 1, 1)[0].body)
    spool.close()
    assert body.kind.tolist() == [Kind.GAP]
    assert body.t_boot_ns.tolist() == [since_s * S]
    assert body.extra[0] == {"to_boot_ns": 100 * S, "rows": 0, "reason": "agent.restart"}


def test_a_first_start_is_no_gap(tmp_path: Path) -> None:
    settings = AgentSettings(store="s", agent="a", spool=SpoolSettings(path=tmp_path / "s"), broker=Broker(port=1))
    agent = EdgeAgent(settings, Clock("b1"))
    ended = threading.Event()
    ended.set()
    agent.run(ended)
    spool = Spool(tmp_path / "s", "e9", "b1")
    assert all(len(decode_body(frame.body)) == 0 for frame in spool.frames(agent.spool.epoch, 1, 9))
    spool.close()
