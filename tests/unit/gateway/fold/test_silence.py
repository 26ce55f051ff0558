"""A store that falls silent: people leave it all the same, and its backlog is still put in order when it comes."""

from __future__ import annotations

import pytest

from footfall.frames import Kind
from tests.support.journal_stories import Row, Story, folded, of, stored_minutes

STAY = Row(Kind.STAY, 5)
LONG = 2
"""The agent of the store whose visits take ten minutes to close."""


@pytest.mark.parametrize("agent", [0, LONG])
def test_visits_and_dwells_end_though_nobody_reports_any_more(agent: int) -> None:
    story = Story().frame(agent, [STAY]).wait(30).frame(agent, [STAY])
    for _ in range(30):
        story.wait(60).tick()
    rows = folded(story.records)
    assert [(visit["open"], visit["seconds"]) for visit in of(rows, "visit")] == [(False, 30.0)]
    assert [(dwell["open"], dwell["seconds"]) for dwell in of(rows, "dwell")] == [(False, 30.0)]
    closed = [cell for cell in stored_minutes(rows, "traffic").values() if "visits_closed" in cell]
    assert [(cell["visits_closed"], cell["dwell_sum_s"]) for cell in closed] == [(1, 30.0)]


def test_other_stores_that_go_on_close_them_too() -> None:
    """In a chain there is no tick: somebody always reports something."""
    story = Story().frame(LONG, [STAY])
    for _ in range(60):
        story.wait(30).frame(0, [])
    assert [visit["open"] for visit in of(folded(story.records), "visit")] == [False]


def test_the_backlog_of_an_outage_splits_no_visit() -> None:
    """The line was away for three hours, in which somebody stayed for one."""
    story = Story().frame(LONG, [STAY])
    for _ in range(180):
        story.wait(60).tick()
    away = [visit["open"] for visit in of(folded(story.records), "visit")]
    assert away == [False]
    for minute in range(1, 61):
        story.wait(0.05).frame(LONG, [STAY], lag_s=10_800 - 60 * minute)
    rows = folded(story.end().records)
    assert [(visit["open"], visit["void"], round(visit["seconds"])) for visit in of(rows, "visit")] == [(False, False, 3603)]
    assert sum(cell.get("visits_started", 0) for cell in stored_minutes(rows, "traffic").values()) == 1


def test_a_gateway_that_was_away_closes_nobody_before_the_agents_had_time_to_come_back() -> None:
    """Its state may be a copy from before: what agents report of it comes after its first tick."""
    story = Story().frame(LONG, [STAY]).wait(30).frame(LONG, [STAY]).wait(3600).tick()
    assert [visit["open"] for visit in of(folded(story.records), "visit")] == [True]
    assert "visits_closed" not in next(iter(stored_minutes(folded(story.records), "traffic").values()))
    for _ in range(15):
        story.wait(60).tick()
    assert [(visit["open"], visit["seconds"]) for visit in of(folded(story.records), "visit")] == [(False, 30.0)]


def test_a_gateway_that_was_away_for_days_gives_no_agent_up_before_it_could_be_heard() -> None:
    """What waits for the agent that owes is put in order at once, else, and written though another state may have written more of it."""
    story = Story().frame(0, []).frame(1, []).wait(30).frame(0, [STAY]).wait(2 * 86_400).tick().wait(2).tick()
    assert of(folded(story.records), "visit") == []
    for _ in range(11):
        story.wait(60).tick()
    assert len(of(folded(story.records), "visit")) == 1
