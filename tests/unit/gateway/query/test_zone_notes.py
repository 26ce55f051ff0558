"""What `zones` and `dwell` note about receivers that were silent."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from footfall.moments import to_ns
from gateway.points import SCHEMA
from gateway.points.rows import ZoneTrafficPoint
from gateway.query.answer import Request
from gateway.query.estate import QueryEstate, StoreFacts
from gateway.query.questions import ask
from tests.support.memory_reader import MemoryReader

ZONE = ZoneInfo("Asia/Shanghai")
NOW_NS = to_ns(datetime(2026, 11, 21, 21, tzinfo=ZONE))
MINUTE_NS = 60 * 10**9


def notes(silent_minutes: range, question: str = "zones", **asked: Any) -> list[str]:
    """Two days of 8 hours: somebody comes into the window and two into the hall each minute, but for some minutes of the second day."""
    rows = []
    for day in (20, 21):
        begin_ns = to_ns(datetime(2026, 11, day, 11, tzinfo=ZONE))
        for minute in range(480):
            for zone, entries in (("hall", 2), ("window", 1)):
                if not (day == 21 and zone == "window" and minute in silent_minutes):
                    rows.append(
                        ZoneTrafficPoint(begin_ns + minute * MINUTE_NS, "s1", zone, entries, entries, entries, 0, 30.0, entries, 0, 0.0)
                    )
    estate = QueryEstate({"s1": StoreFacts("s1", ZONE)})
    span = {"from_": "2026-11-21", "to": "2026-11-22"} | asked
    traffic = [(row.time_ns, "s1", *(0 for _ in SCHEMA["traffic"].fields)) for row in rows if row.zone == "hall"]
    found = ask(MemoryReader({"zone_traffic": rows, "traffic": traffic}), Request(question, **span), estate, NOW_NS)
    return [note for note in found.notes if "receiver silent" in note]


@pytest.mark.parametrize("question", ["zones", "dwell"])
def test_a_silent_receiver_is_named_with_its_time_and_what_is_missing(question: str) -> None:
    assert notes(range(182, 250), question) == [
        "zone window of s1: receiver silent from 2026-11-21 14:02 to 2026-11-21 15:10, while 136 came into its other zones and 68 into this"
        " one were to be expected: stays of that time are missing, or with its neighbours; heard 85.8 % of the time in which anybody was in"
        " the store"
    ]


def test_what_is_usual_is_learned_before_the_span() -> None:
    (note,) = notes(range(480))
    assert "receiver silent from 2026-11-21 11:00 to 2026-11-21 19:00" in note
    assert "heard 0.0 %" in note


def test_a_zone_that_hears_has_no_note_nor_has_another_than_the_one_that_is_asked_for() -> None:
    assert notes(range(0)) == []
    assert notes(range(100, 105)) == []
    assert notes(range(182, 250), zone="hall") == []
    assert len(notes(range(182, 250), zone="window")) == 1


def test_a_long_span_is_looked_at_by_the_hour() -> None:
    (note,) = notes(range(180, 300), from_="2026-11-01")
    assert "receiver silent from 2026-11-21 14:00 to 2026-11-21 16:00" in note
