from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gateway.http.status import ALARMS, agent_state, as_json, problems
from tests.unit.gateway.http.statuses import ILL, NOW_NS, WELL, agent

SECOND_NS = 1_000_000_000


def test_all_is_well() -> None:
    assert problems(WELL) == []


def test_every_alarm_is_tried() -> None:
    assert ILL.keys() == ALARMS.keys()


@pytest.mark.parametrize("code", ILL)
def test_each_problem_is_seen_alone_with_what_to_do(code: str) -> None:
    (problem,) = problems(ILL[code])
    assert problem.code == code
    assert problem.what
    assert problem.todo


def test_the_words_of_others_are_passed_on() -> None:
    assert "401 unauthorized" in problems(ILL["sink_down"])[0].what
    assert "90 s" in problems(ILL["sink_down"])[0].what
    assert "connection refused" in problems(ILL["broker_lost"])[0].what
    assert "s1/a1/ble (bluetoothd is not running)" in problems(ILL["device_lost"])[0].what
    assert "frame.crc 3" in problems(ILL["quarantine"])[0].what


def test_what_is_broken_comes_first_and_the_gateway_before_the_estate() -> None:
    status = replace(ILL["sink_down"], agents=(agent("offline"), agent("late", "a2")), quarantine={"x": 1})
    assert [problem.code for problem in problems(status)] == ["sink_down", "agent_offline", "agent_late", "quarantine"]


def test_many_agents_make_a_short_line() -> None:
    status = replace(WELL, agents=tuple(agent("offline", f"a{i}") for i in range(28_000)))
    assert problems(status)[0].what == (
        "28000 agents are silent for more than 10 minutes: s1/a0, s1/a1, s1/a2, s1/a3, s1/a4 and 27995 more"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("silent_s", "state"), [(0, "ok"), (120, "ok"), (121, "late"), (600, "late"), (601, "offline"), (-5, "ok")]
)  # fmt: skip
def test_states_of_agents(silent_s: int, state: str) -> None:
    assert agent_state(NOW_NS, NOW_NS - silent_s * SECOND_NS) == state


def test_an_agent_that_was_never_heard() -> None:
    assert agent_state(NOW_NS, 0) == "never"


@pytest.mark.parametrize("code", ILL)
def test_every_status_is_strict_json(code: str) -> None:
    values = json.loads(json.dumps(as_json(ILL[code]), allow_nan=False))
    assert [problem["code"] for problem in values["problems"]] == [code]


@pytest.mark.parametrize("width_ms", [float("inf"), (1 << 60) / 1e6])
def test_an_unknown_clock_is_null_and_no_problem(width_ms: float) -> None:
    values = as_json(replace(WELL, agents=(agent("ok", width_ms=width_ms),)))
    assert values["agents"][0]["clock_width_ms"] is None
    assert values["problems"] == []


def test_one_problem_a_code_names_the_agents_that_have_it_and_what_they_report() -> None:
    full = replace(agent("ok"), problems={"card_full": "2 MiB left"})
    status = replace(WELL, agents=(full, replace(agent("offline", "a2"), problems={"card_full": "0 MiB left", "of_tomorrow": "odd"})))
    whats = {problem.code: problem.what for problem in problems(status)}
    assert whats["card_full"] == "the disk of agents is full: s1/a1 (2 MiB left), s1/a2 (0 MiB left)"
    assert "s1/a2 (of_tomorrow: odd)" in whats["agent_problem"]
