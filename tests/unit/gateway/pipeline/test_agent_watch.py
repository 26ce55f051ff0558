from __future__ import annotations

from typing import Any

import pytest

from footfall.health import Health
from gateway.pipeline.agent_watch import AgentWatch

S = 1_000_000_000
NOW_NS = 1_795_000_000 * S
OURS = "j-ours"


def health(**more: Any) -> Health:
    return Health(state="online", agent="a1", store="s1", **({"boot": "b1"} | more))


class Watching:
    def __init__(self) -> None:
        self.watch, self.now_ns = AgentWatch(notice_s=60), NOW_NS
        self.last = health()

    def hear(self, **more: Any) -> None:
        self.last = health(**more)
        self.watch.hear(self.last, self.now_ns)

    def passes(self, seconds: float) -> None:
        self.now_ns += round(seconds * S)

    def problems(self) -> dict[str, str]:
        return self.watch.problems(self.last, self.now_ns, self.now_ns, OURS, NOW_NS - 1000 * S)


def test_an_agent_that_is_well_has_no_problem() -> None:
    watching = Watching()
    for step in range(30):
        watching.hear(uptime_s=100.0 + 10 * step, spool_frames=2, oldest_unsent_s=0.5, journals={OURS: 1.0})
        watching.passes(10)
    assert watching.problems() == {}


def test_frames_that_wait_without_a_receipt_are_named_after_a_minute() -> None:
    watching = Watching()
    for step in range(7):
        watching.hear(uptime_s=100.0 + 10 * step, spool_frames=45, oldest_unsent_s=5.0 + 10 * step)
        watching.passes(10)
    assert watching.problems() == {"agent_stuck": "45 frames, the oldest waits for 75 s"}
    watching.hear(uptime_s=170.0)
    assert watching.problems() == {}


def test_a_backlog_that_drains_is_not_stuck_however_old_it_is() -> None:
    watching = Watching()
    for step in range(20):
        watching.hear(uptime_s=100.0 + 10 * step, spool_frames=9000 - 400 * step, oldest_unsent_s=30_000.0 - 1400 * step)
        watching.passes(10)
    assert watching.problems() == {}


@pytest.mark.parametrize("boot", ["b1", "b2"])
def test_two_runs_that_speak_by_turns_are_two_agents(boot: str) -> None:
    watching = Watching()
    for step in range(2):
        watching.hear(uptime_s=1000.0 + 10 * step)
        watching.passes(3)
        watching.hear(boot=boot, uptime_s=50.0 + 10 * step)
        watching.passes(7)
    assert watching.problems() == {"two_agents": "two runs of it speak by turns"}
    watching.passes(121)
    assert watching.problems() == {}


def test_a_message_that_came_late_makes_no_second_agent() -> None:
    watching = Watching()
    for late_s in (0, 20, 0, 5, 0):
        watching.hear(uptime_s=100 + (watching.now_ns - NOW_NS) / S - late_s, sent_wall_ns=watching.now_ns - late_s * S)
        watching.passes(10)
    assert watching.problems() == {}


def test_restarts_and_reboots_are_no_second_agent() -> None:
    watching = Watching()
    for boot, uptime_s in (("b1", 1000.0), ("b1", 0.0), ("b1", 10.0), ("b1", 0.0), ("b2", 5.0), ("b2", 15.0), ("b3", 0.0)):
        watching.hear(boot=boot, uptime_s=uptime_s)
        watching.passes(10)
    assert watching.problems() == {}


def test_another_journal_that_answers_while_we_run_is_a_second_gateway_and_one_of_before_is_none() -> None:
    watching = Watching()
    watching.hear(uptime_s=100.0, journals={OURS: 1.0, "j-before": 1200.0})
    assert watching.problems() == {}
    watching.hear(uptime_s=100.0, journals={OURS: 1.0, "j-other": 300.0})
    assert "j-other" in watching.problems()["two_gateways"]


@pytest.mark.parametrize(
    ("ends_s", "code"),
    [(None, None), (1_795_000_000 - 1, "certificate_expired"), (1_795_000_000 + 86_400, "certificate_ends"),
     (1_795_000_000 + 31 * 86_400, None), (1 << 60, None), (-(1 << 60), "certificate_expired")],
)  # fmt: skip
def test_an_agents_certificate_is_watched_also_when_it_cannot_come_any_more(ends_s: int | None, code: str | None) -> None:
    watching = Watching()
    watching.hear(uptime_s=1.0, certificate_ends_s=ends_s)
    assert list(watching.problems()) == ([code] if code else [])


def test_the_agents_own_word_goes_before_ours() -> None:
    watching = Watching()
    watching.hear(uptime_s=1.0, certificate_ends_s=5, problems={"card_full": "0 MiB left", "certificate_expired": "its own word"})
    assert watching.problems() == {"card_full": "0 MiB left", "certificate_expired": "its own word"}
