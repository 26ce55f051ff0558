"""What an agent reports of itself, without a broker."""

from __future__ import annotations

from pathlib import Path

from device_profiles.reading import Counted
from edge_agent.agent import EdgeAgent
from edge_agent.clock import SystemClock
from edge_agent.config import AgentSettings, SpoolSettings
from edge_agent.sources.source import Tally


def test_reports_that_rightly_count_nobody_twice_are_reported(tmp_path: Path) -> None:
    clock = SystemClock()
    agent = EdgeAgent(AgentSettings(store="s", agent="a", spool=SpoolSettings(path=tmp_path / "spool.sqlite")), clock)
    report = Counted(3, 1, cumulative=False, t_wall_ns=1_700_000_000 * 10**9, period_s=60.0, serial="r1")
    assert agent.health().ignored_total == 0
    for _ in range(3):
        agent.core.hear(Tally(clock.boot_ns(), "camera", "main", report, "xovis"))
    assert agent.health().ignored_total == 2
    assert agent.health().dropped_total == 0
    agent.spool.close()
