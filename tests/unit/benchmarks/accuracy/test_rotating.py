"""The figures of people by rotating phones: what is scored teaches nothing, and figures fall with what is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.accuracy import rotating, suite
from benchmarks.accuracy.found import IntervalPicture
from benchmarks.accuracy.rotating import PlayedDay, figures_of, rows, world_of
from edge_agent.sources.source import Crossing
from footfall.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE
from gateway.points import SCHEMA, Points, from_rows
from simulators.scenes import START_NS, scene
from simulators.world import World

STORE = "store-0"
WHOLE = 2**60 - 1


def answered(at_least: int | None, people: int | None, at_most: int | None) -> dict[str, Any]:
    return {"at_least": at_least, "people": people, "at_most": at_most, "arrivals": 200}


def values(people: list[int], found: list[dict[str, Any]]) -> dict[str, float | None]:
    return {row.name.removeprefix("rotating-"): row.value for row in figures_of(people, found).rows}


def test_an_interval_that_holds_the_truth_reaches_the_goals() -> None:
    assert all(row.reached in (True, None) for row in figures_of([300, 300], [answered(270, 310, 350), answered(260, 290, 320)]).rows)
    assert values([300], [answered(270, 310, 350)]) == {"interval-covers": 1.0, "interval-half-width": 40 / 310, "people-off": 10 / 300}


def test_a_truth_beside_the_interval_and_a_day_without_an_estimate_are_not_covered() -> None:
    found = values([300, 300, 300], [answered(301, 330, 360), answered(None, None, None), answered(290, 300, 310)])
    assert found["interval-covers"] == 1 / 3


def test_the_widest_interval_is_what_counts() -> None:
    assert values([300, 300], [answered(290, 300, 310), answered(210, 300, 390)])["interval-half-width"] == 0.3


def test_the_picture_has_the_truth_of_every_seed(tmp_path: Path) -> None:
    (picture,) = figures_of([300, 280], [answered(270, 310, 350), answered(None, None, None)]).pictures
    assert isinstance(picture, IntervalPicture)
    assert (picture.labels, picture.true) == (["1", "2"], [300, 280])
    picture.write(tmp_path / "one.png")
    assert (tmp_path / "one.png").stat().st_size > 1000


def short(seed: int) -> World:
    """Half an hour of the scene."""
    return replace(scene("rotating", seed), hours=0.5)


def test_on_a_day_that_is_scored_the_counter_counts_nobody_and_all_else_is_the_same() -> None:
    counted, dead = (replace(world_of(3, 2, is_counted), hours=0.5) for is_counted in (True, False))
    heard, silent = list(counted.heard()), list(dead.heard())
    assert [one for one in heard if not isinstance(one, Crossing)] == silent
    assert any(isinstance(one, Crossing) for one in heard)
    assert dead.start_ns == START_NS + 2 * NS_PER_DAY


def test_a_day_that_is_played_has_phones_in_its_minutes_and_its_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotating, "scene", lambda name, seed: short(seed))
    day = rotating.played(51, -1, True)
    traffic = [points for points in day.points if points.measurement == "traffic"]
    minutes: dict[int, int] = {}
    for points in traffic:
        minutes |= dict(zip(points.time_ns.tolist(), points.fields["anonymous_started"].tolist(), strict=True))  # type: ignore[union-attr] # numbers
    assert 0 < sum(minutes.values()) < 2 * day.people
    assert {points.measurement for points in day.points} == {"traffic", "coverage", "store"}


def test_no_two_days_have_the_same_seed_and_those_to_learn_from_come_first() -> None:
    (part,) = [part for part in suite.PARTS if part.name == "rotating"]
    asked = [job.arguments for job in part.jobs]
    seeds, days = [seed for seed, _, _ in asked], [day for _, day, _ in asked]
    assert len(set(seeds)) == len(seeds)
    assert days == list(range(-len(rotating.LEARNED), len(rotating.SCORED)))
    assert [is_counted for _, _, is_counted in asked] == [day < 0 for day in days]


def day_of(number: int, counted: int, started: int) -> PlayedDay:
    """A day of which so many were counted and so many visits of day subjects began, a minute long each."""
    start_ns = START_NS + number * NS_PER_DAY
    fields = {"in": counted, "anonymous_started": started, "anonymous_open": 2 * started}
    traffic = (start_ns + 90 * NS_PER_MINUTE, STORE, *(fields.get(name, 0) for name in SCHEMA["traffic"].fields))
    coverage = [
        (start_ns + hour * NS_PER_HOUR, f"{STORE}-{agent}", STORE, WHOLE, WHOLE if agent == "front" else -1, 60)
        for hour in range(-1, 8)
        for agent in ("front", "floor", "back")
    ]
    points: list[Points] = [from_rows("traffic", [traffic]), from_rows("coverage", coverage)]
    return PlayedDay(number, start_ns, 300, points)


def test_the_figures_are_those_of_the_question_and_a_truth_that_differs_from_it_is_not_covered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotating, "LEARNED", tuple(range(51, 57)))
    learned = [day_of(number, 300 + number, 200) for number in range(-6, 0)]
    usual, twice = day_of(0, 0, 200), day_of(1, 0, 400)
    found = rows([*learned, usual, replace(twice, people=600)])
    assert next(row.value for row in found.rows) == 1.0
    found = rows([*learned, usual, twice])
    assert next(row.value for row in found.rows) == 0.5
