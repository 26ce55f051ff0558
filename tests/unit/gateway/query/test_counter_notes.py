"""What `doors` and `gaps` note about counters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from footfall.moments import to_ns
from gateway.points import SCHEMA
from gateway.query.answer import Request
from gateway.query.estate import QueryEstate, StoreFacts
from gateway.query.questions import ask
from tests.support.memory_reader import MemoryReader

ZONE = ZoneInfo("Asia/Shanghai")
LAST = date(2026, 11, 21)
NOW_NS = to_ns(datetime(2026, 11, 21, 21, tzinfo=ZONE))
NO_SITE: Mapping[str, Any] = {}
Count = Callable[[int, int], int]
"""Of a day, as days before the last, and an hour."""


def notes(
    doors: dict[str, Count], visits: Count = lambda ago, hour: 40, question: str = "doors", site: Mapping[str, Any] = NO_SITE, **asked: Any
) -> list[str]:
    points: dict[str, list[tuple[Any, ...]]] = {"door": [], "traffic": []}
    for ago in range(20, -1, -1):
        for hour in range(10, 20):
            at_ns = to_ns(datetime.combine(LAST - timedelta(days=ago), datetime.min.time(), ZONE)) + (hour * 60 + 30) * 60 * 10**9
            for number, (door, count) in enumerate(doors.items()):
                if people := count(ago, hour):
                    points["door"].append((at_ns + number, "a1", door, "s1", people // 2, people - people // 2))
            values = {"visits_started": visits(ago, hour)}
            points["traffic"].append((at_ns, "s1", *(values.get(name, 0) for name in SCHEMA["traffic"].fields)))
    estate = QueryEstate({"s1": StoreFacts("s1", ZONE)}, doors={"s1": site})
    found = ask(MemoryReader(points), Request(question, from_="2026-11-19", to="2026-11-22", **asked), estate, NOW_NS)
    return [note for note in found.notes if note.startswith(("door ", "each door "))]


def always(people: int) -> Count:
    return lambda ago, hour: people


def test_a_dead_counter_is_named_with_what_the_others_counted() -> None:
    east = lambda ago, hour: 0 if ago == 1 and 13 <= hour < 16 else 30  # noqa: E731 # one hour of one door
    for question in ("doors", "gaps"):
        (note,) = notes({"east": east, "west": always(60)}, question=question)
        assert note == (
            "door east of s1 counted nobody from 2026-11-20 13:00 to 2026-11-20 16:00, while 180 went through its other doors:"
            " 90 were to be expected"
        )


def test_what_was_before_the_span_is_not_noted() -> None:
    assert notes({"east": lambda ago, hour: 0 if ago == 5 else 30, "west": always(60)}) == []


def test_an_only_door_is_compared_with_visits() -> None:
    (note,) = notes({"east": lambda ago, hour: 30 if ago else 0})
    assert "while 400 visits began" in note


def test_a_counter_that_counts_half_is_named_with_the_day() -> None:
    (note,) = notes({"east": lambda ago, hour: 15 if ago < 4 else 30, "west": always(60)})
    assert note == "door east of s1 counts 0.50 times what it did for each visit, since 2026-11-18: look at the counter"


def test_where_all_doors_jump_alike_the_receivers_are_meant() -> None:
    (note,) = notes({"east": always(30), "west": always(60)}, lambda ago, hour: 20 if ago < 4 else 40)
    assert note.startswith("each door of s1 counts 2.00 times what it did for each visit, since 2026-11-18: its receivers")


@pytest.mark.parametrize("asked", [{"compare": "previous"}, {"measures": ("in",)}])
def test_counters_that_count_as_usual_have_no_note(asked: dict[str, Any]) -> None:
    assert notes({"east": always(30), "west": always(60)}, **asked) == []


def test_a_door_of_the_estate_that_never_counted_is_named() -> None:
    site = {"east": frozenset({"east"}), "north": frozenset({"north", "side"})}
    (note,) = notes({"east": always(30)}, site=site)
    assert note == (
        "door north of s1 counted nobody from 2026-10-22 00:00 to 2026-11-21 20:00, while 6,300 went through its other doors:"
        " look at its counter, or take it out of site.toml"
    )
    assert notes({"east": always(30), "side": always(30)}, site=site) == [], "under the name that it had"
    (note,) = notes({}, site={"east": frozenset({"east"})}, visits=always(40))
    assert "visits began" in note
