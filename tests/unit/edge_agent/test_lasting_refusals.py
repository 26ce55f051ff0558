"""When what is refused again and again becomes a problem of status."""

from __future__ import annotations

import pytest

from edge_agent.lasting_refusals import MOST_RUNS, QUIET_NS, LastingRefusals, refused_by
from footfall.units import NS_PER_S
from gateway.http.alarms import ALARMS


def noted(*times_s: float, reason: str = "secret", sender: str = "10.0.0.5") -> LastingRefusals:
    refusals = LastingRefusals("intake")
    for time_s in times_s:
        refusals.note(sender, reason, round(time_s * NS_PER_S))
    return refusals


@pytest.mark.parametrize("times_s", [(0,), (0, 5, 59.9), (0, 601, 660)])
def test_refusals_of_less_than_a_minute_are_the_senders_own(times_s: tuple[float, ...]) -> None:
    assert noted(*times_s).lasting(round(times_s[-1] * NS_PER_S)) == {}


def test_a_run_of_a_minute_is_named_with_who_sends_and_how_often_until_it_is_over() -> None:
    refusals = noted(0, 30, 75)
    assert refusals.lasting(75 * NS_PER_S) == {"secret": "intake: 10.0.0.5, 3 times in 75 s"}
    assert refusals.lasting(75 * NS_PER_S + QUIET_NS) != {}
    assert refusals.lasting(75 * NS_PER_S + QUIET_NS + 1) == {}


def test_senders_of_one_reason_are_named_up_to_three_the_latest_ones() -> None:
    refusals = noted(0, 60)
    for n in (6, 7, 8):
        refusals.note(f"10.0.0.{n}", "secret", 0)
        refusals.note(f"10.0.0.{n}", "secret", 60 * NS_PER_S)
    text = refusals.lasting(60 * NS_PER_S)["secret"]
    assert text == "intake: 10.0.0.6, 2 times in 60 s; 10.0.0.7, 2 times in 60 s; 10.0.0.8, 2 times in 60 s and 1 more"


def test_a_scan_of_the_network_fills_no_memory_and_hides_nobody_who_sends_on() -> None:
    refusals = noted(0)
    for n in range(2 * MOST_RUNS):
        refusals.note(f"10.0.{n >> 8}.{n & 255}", "path", NS_PER_S)
        refusals.note("10.0.0.5", "secret", (1 + n) * NS_PER_S)
    assert "secret" in refusals.lasting(60 * NS_PER_S)
    assert len(refusals._runs) == MOST_RUNS


def test_a_device_that_is_asked_for_the_secret_each_time_and_then_gives_it_is_not_named() -> None:
    refusals = LastingRefusals("cameras")
    for time_s in range(0, 300, 20):
        refusals.note("10.0.0.5", "secret", time_s * NS_PER_S)
        refusals.note("10.0.0.6", "secret", time_s * NS_PER_S)
        refusals.note("10.0.0.5", "feed.json", time_s * NS_PER_S)
        refusals.note("10.0.0.5", "", time_s * NS_PER_S)
    found = refusals.lasting(300 * NS_PER_S)
    assert "10.0.0.5" not in found["secret"]
    assert "10.0.0.5" in found["feed.json"], "what it sends beside is refused all the same"


class Part:
    def __init__(self, found: dict[str, str]) -> None:
        self.found = found

    def lasting_refusals(self) -> dict[str, str]:
        return self.found


def test_the_want_of_a_key_is_a_problem_of_its_own_and_others_are_one() -> None:
    found = refused_by(Part({"event.key": "intake: a", "secret": "intake: b"}), None, object(), Part({"feed.json": "cameras: c"}))
    assert found == {"intake_no_key": "intake: a", "clients_refused": "secret: intake: b; feed.json: cameras: c"}
    assert found.keys() <= ALARMS.keys()
    assert len(refused_by(Part({f"reason-{n}": "intake: x" * 20 for n in range(9)}))["clients_refused"]) == 300
