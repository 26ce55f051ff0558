"""What sensors see of people becomes events, and a sensor that repeats itself few of them."""

from __future__ import annotations

import json

import pytest

from edge_agent import occupancies
from edge_agent.occupancies import REPEAT_NS, Occupancies
from edge_agent.sources.source import Observed
from footfall.events import parse_event


def seen(people: int, counted: bool = True, sensor: str = "radar") -> Observed:
    return Observed(0, "hall", sensor, people, counted)


def test_a_report_is_an_event_that_the_gateway_takes() -> None:
    texts = [Occupancies().event(seen(people, counted), 0) for people, counted in ((3, True), (1, False), (0, False))]
    assert [json.loads(text) for text in texts] == [
        {"kind": "occupancy", "zone": "hall", "sensor": "radar", "people": 3},
        {"kind": "occupancy", "zone": "hall", "sensor": "radar", "occupied": True},
        {"kind": "occupancy", "zone": "hall", "sensor": "radar", "occupied": False},
    ]
    assert all(parse_event(json.loads(text)) for text in texts)


def test_what_is_repeated_is_reported_every_five_minutes_and_a_change_at_once() -> None:
    made = Occupancies()
    reports = [made.event(seen(people), t_ns) != "" for people, t_ns in (
        (2, 0), (2, 1), (2, REPEAT_NS - 1), (3, REPEAT_NS), (3, REPEAT_NS + 1), (3, 2 * REPEAT_NS), (2, 2 * REPEAT_NS + 1))]  # fmt: skip
    assert reports == [True, False, False, True, False, True, True]
    assert made.repeated_total == 3


def test_sensors_of_one_zone_do_not_hide_each_other() -> None:
    made = Occupancies()
    assert all(made.event(seen(2, sensor=sensor), 0) for sensor in ("a", "b"))


def test_the_memory_of_sensors_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occupancies, "MAX_SENSORS", 2)
    made = Occupancies()
    assert all(made.event(seen(1, sensor=sensor), 0) for sensor in ("a", "b", "c", "a"))
