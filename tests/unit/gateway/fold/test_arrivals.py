"""Arrivals of known fans for the live stream: once a visit, however many rows it begins with."""

from __future__ import annotations

import pytest

from footfall.frames import Kind
from gateway.fold import arrivals
from gateway.fold.arrivals import Arrival
from tests.support.journal_stories import Link, Row, Story, new_fold, pairs

KNOWN, SECOND, OTHER = 100, 101, 102


def story() -> Story:
    links = [Link(f"{subject:016x}", fan, 0, 1 << 62, "crm", 1.0) for subject, fan in ((KNOWN, "fan-1"), (SECOND, "fan-2"))]
    return Story().links(links).frame(0, []).frame(1, [])


def entered(journal: Story, subject: int = KNOWN) -> Story:
    return journal.frame(0, [Row(Kind.ENTER, subject)])


def arrived(journal: Story) -> list[Arrival]:
    """Return the arrivals, each record folded by itself."""
    fold, found = new_fold(), []
    for pair in pairs(journal.records):
        fold.apply([pair])
        found += fold.arrived
        fold.arrived.clear()
    return found


def test_a_fan_whose_rows_still_wait_arrives_once() -> None:
    journal = story()
    for _ in range(5):
        entered(journal.wait(2))
    (arrival,) = arrived(journal)
    assert (arrival.fan, arrival.store) == ("fan-1", "s1")


def test_a_fan_who_stays_in_the_visit_does_not_arrive_again() -> None:
    journal = entered(story().wait(2))
    for _ in range(4):
        entered(journal.wait(250).frame(1, []))
    assert len(arrived(journal)) == 1


def test_the_next_visit_is_the_next_arrival() -> None:
    journal = entered(story().wait(2)).end(2.0)
    entered(journal)
    assert [arrival.fan for arrival in arrived(journal)] == ["fan-1", "fan-1"]


def test_people_whom_nobody_knows_do_not_arrive() -> None:
    assert arrived(entered(story().wait(2), OTHER)) == []


def test_of_too_many_fans_the_least_recent_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "REMEMBERED", 1)
    journal = story()
    for subject in (KNOWN, SECOND, KNOWN):
        entered(journal.wait(2), subject)
    assert [arrival.fan for arrival in arrived(journal)] == ["fan-1", "fan-2", "fan-1"]
