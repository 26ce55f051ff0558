"""The rules of others decide as their constants have it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.accuracy.baselines import RULES, Bermuda, EdgeX, EspresenseRoom, Habluetooth, ReelyActive, Rule, dwells_by
from edge_agent.sources.source import Sighting

S = 10**9


def heard(rule: Rule, *sightings: tuple[float, str, float]) -> list[str]:
    return [rule.hear(t_s, receiver, rssi_dbm) for t_s, receiver, rssi_dbm in sightings]


def test_the_strongest_of_a_mixing_delay_owns_the_next() -> None:
    owners = heard(ReelyActive(), (0, "a", -70), (0.2, "b", -60), (0.5, "a", -62), (1.0, "a", -80), (2.1, "a", -80))
    assert owners == ["a", "a", "a", "b", "a"]


def test_a_challenger_needs_sixteen_decibels_or_a_stale_owner() -> None:
    assert heard(Habluetooth(), (0, "a", -70), (1, "b", -55), (2, "c", -53)) == ["a", "a", "c"]
    regular = [(float(t), "a", -60.0) for t in range(4)]
    assert heard(Habluetooth(), *regular, (8.5, "b", -90))[-1] == "a", "a second and five have not passed"
    assert heard(Habluetooth(), *regular, (9.5, "b", -90))[-1] == "b"


def test_a_nearer_report_owns_at_once_and_a_farther_one_after_five_seconds() -> None:
    assert heard(EspresenseRoom(), (0, "a", -60), (1, "b", -50), (2, "a", -80)) == ["a", "b", "b"]
    assert heard(EspresenseRoom(), (0, "a", -50), (4, "b", -60), (6, "b", -90)) == ["a", "a", "b"]


def test_a_node_that_hears_the_same_reports_every_five_seconds() -> None:
    same = [(t * 0.5, "b", -60.0) for t in range(1, 10)]
    owners = heard(EspresenseRoom(), (0, "b", -60), (0.1, "a", -50), *same, (5.2, "b", -60))
    assert set(owners[1:-1]) == {"a"}, "nobody reports what is as it was"
    assert owners[-1] == "b"


def test_the_least_smoothed_distance_owns_and_near_readings_last() -> None:
    seconds = [(t * 1.1, "a", -50.0 if t < 10 else -80.0) for t in range(15)]
    assert heard(Bermuda(), *seconds, (17.6, "b", -70.0), (18.7, "b", -70.0))[-1] == "a", "most of its readings were near ones"
    assert heard(Bermuda(), *seconds, (17.6, "b", -65.0), (18.7, "b", -65.0))[-1] == "b", "nearer than the mean of its readings"
    assert heard(Bermuda(), *seconds, (30.0, "b", -90.0))[-1] == "b", "what is 10 s old cannot win"
    assert heard(Bermuda(), (0, "a", -120)) == [""], "nothing within 20 m"


def test_the_owner_loses_eight_decibels_a_second_after_the_first_half() -> None:
    assert heard(EdgeX(), (0, "a", -60), (0.1, "b", -56), (0.2, "c", -53)) == ["a", "a", "c"]
    assert heard(EdgeX(), (0, "a", -60), (1.0, "b", -61))[-1] == "a", "it would take 2 dB more"
    assert heard(EdgeX(), (0, "a", -60), (1.5, "b", -61))[-1] == "b", "2 dB less are enough"


@pytest.mark.parametrize("make", RULES.values(), ids=RULES)
def test_what_is_beyond_doubt_every_rule_gets_right(make: Callable[[], Rule]) -> None:
    levels = [(t, "in" if t < 300 else "out") for t in range(600)]
    sightings = [Sighting(0, at, "p", "x", -45, t * S // 10) for t, at in levels]
    (dwells,) = dwells_by(make, sightings, {"in": "inside", "out": "outside"}).values()
    assert [dwell.zone for dwell in dwells] == ["inside", "outside"]
    assert 30 * S <= dwells[1].from_ns <= 46 * S


def test_each_identifier_has_its_own_rule_and_strangers_are_left_out() -> None:
    sightings = [Sighting(0, "in", "p", "x", -45, 1), Sighting(0, "out", "p", "y", -45, 2), Sighting(0, "far", "p", "z", -45, 3)]
    found = dwells_by(ReelyActive, sightings, {"in": "inside", "out": "outside"})
    assert {who: [dwell.zone for dwell in dwells] for who, dwells in found.items()} == {"x": ["inside"], "y": ["outside"]}
