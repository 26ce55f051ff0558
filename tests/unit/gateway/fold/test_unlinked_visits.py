"""Visits of subjects whom nobody is linked to: opened and closed as columns, with the result of one by one."""

from __future__ import annotations

import pytest

from footfall.frames import Kind
from footfall.pseudonyms import TOP_BIT
from gateway.fold import zone_rules
from gateway.query.people_factor import arrivals
from tests.support import journal_stories as made
from tests.support.journal_stories import Row, Story, folded, of, stored_minutes

CROWD = range(100, 200)
"""More people than the fold takes one by one."""


def crowd(seconds: float = 30.0) -> Story:
    """Everybody is heard at once, and once more after a while; then all are gone."""
    story = Story().frame(0, []).frame(1, []).wait(20)
    for _ in range(2):
        story.wait(seconds).frame(0, [Row(Kind.STAY, subject) for subject in CROWD]).frame(1, [])
    return story.end(0.5)


def test_a_crowd_is_more_than_the_fold_takes_one_by_one() -> None:
    assert len(CROWD) > zone_rules.FEW


def test_each_person_of_a_crowd_has_one_visit_of_its_length() -> None:
    visits = of(folded(crowd(seconds=30.0).records), "visit")
    assert {visit["subject"] for visit in visits} == {f"{subject:016x}" for subject in CROWD}
    assert {(visit["seconds"], visit["open"], visit["void"], visit["fan"]) for visit in visits} == {(30.0, False, False, "")}


def test_the_minutes_count_everybody_once() -> None:
    cells = stored_minutes(folded(crowd().records), "traffic").values()
    sums = {name: sum(cell.get(name, 0) for cell in cells) for name in ("visits_started", "visits_closed", "known_open", "dwell_sum_s")}
    assert sums == {"visits_started": 100, "visits_closed": 100, "known_open": 0, "dwell_sum_s": 3000}


def test_taken_one_by_one_the_rows_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    records = crowd().records
    as_columns = folded(records)
    monkeypatch.setattr(zone_rules, "FEW", 10**9)
    assert folded(records) == as_columns


def test_staff_in_a_crowd_have_a_visit_that_counts_nowhere() -> None:
    story = Story().frame(0, []).frame(1, []).wait(20)
    story.frame(0, [Row(Kind.STAY, subject) for subject in (*CROWD, made.STAFF)]).frame(1, [])
    rows = folded(story.end(0.5).records)
    assert [visit["subject"] for visit in of(rows, "visit") if visit["is_staff"]] == [f"{made.STAFF:016x}"]
    assert sum(cell.get("visits_started", 0) for cell in stored_minutes(rows, "traffic").values()) == len(CROWD)


def test_who_of_a_crowd_is_linked_is_known_and_the_others_are_not() -> None:
    story = crowd()
    story.links([made.Link(f"{CROWD[0]:016x}", "fan-1", 0, 1 << 62, "crm", 1.0)]).wait(5).tick().wait(2).tick()
    visits = of(folded(story.records), "visit")
    assert [(visit["subject"], visit["fan"]) for visit in visits if visit["known"]] == [(f"{CROWD[0]:016x}", "fan-1")]


def test_a_phone_that_lies_in_the_store_for_hours_arrives_once_whatever_its_address() -> None:
    """What `footfall query visitors` makes of it: 16 visits in four hours, of which 15 are changes of address."""
    story = Story().frame(0, []).frame(1, []).wait(20)
    for quarter in range(16):
        for _ in range(30):
            story.wait(30).frame(0, [Row(Kind.STAY, TOP_BIT | (100 + quarter))]).frame(1, [])
    cells = stored_minutes(folded(story.end(0.5).records), "traffic").values()
    started, minutes = (sum(cell.get(name, 0) for cell in cells) for name in ("anonymous_started", "anonymous_open"))
    assert started == 16
    assert arrivals(started, minutes) == pytest.approx(1, abs=1)
