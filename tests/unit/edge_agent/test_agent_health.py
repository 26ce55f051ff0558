"""What an agent reports of itself, without a broker."""

from __future__ import annotations

from pathlib import Path

from device_profiles.reading import Counted
from edge_agent.agent import EdgeAgent
from edge_agent.clock import SystemClock
from edge_agent.config import AgentSettings, SpoolSettings
from edge_agent.health_size import reasons_of
from edge_agent.sources.source import Tally, Unexplained
from footfall.health import MOST_REASONS, decode_health, encode_health


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


def test_what_was_dropped_is_reported_by_reason_the_commonest_first(tmp_path: Path) -> None:
    clock = SystemClock()
    agent = EdgeAgent(AgentSettings(store="s", agent="a", spool=SpoolSettings(path=tmp_path / "spool.sqlite")), clock)
    for i in range(MOST_REASONS + 8):
        agent.core.hear(Unexplained(clock.boot_ns(), f"feed.r{i}", i + 1))
    health = agent.health()
    assert list(health.dropped.items())[:2] == [("feed.r39", 40), ("feed.r38", 39)]
    assert len(health.dropped) == MOST_REASONS
    assert health.dropped_total == sum(range(1, MOST_REASONS + 9))
    assert decode_health(encode_health(health)) == health
    agent.spool.close()


def test_rows_that_a_full_spool_dropped_have_their_reason_too() -> None:
    assert reasons_of({"feed.door": 3}, 5) == {"spool.full": 5, "feed.door": 3}
    assert reasons_of({}, 0) == {}
