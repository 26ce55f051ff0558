"""What a fan probably did stands beside the history, marked, and comes of the visits that are asked about."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from footfall.units import NS_PER_S
from gateway.fans.history import Visited
from gateway.fans.probable import as_objects, lines, probably
from gateway.fans.show import Clocks
from gateway.points import SCHEMA
from gateway.sinks.reader import columns_of
from tests.support.memory_reader import MemoryReader
from tests.support.query_rows import touch

DAY_NS = 86_400 * NS_PER_S
NOON_NS = 1_790_000_000 * NS_PER_S


def visit(day: int) -> Visited:
    start_ns = NOON_NS + day * DAY_NS
    return Visited("s1", start_ns, start_ns + 600 * NS_PER_S, False, (), ())


def dwell(fan: str, start_ns: int) -> tuple[Any, ...]:
    """A stay of 100 s at the till."""
    values = {
        "store": "s1",
        "zone": "checkout",
        "agent": "a1",
        "subject": f"{start_ns:016x}",
        "fan": fan,
        "seconds": 100.0,
        "is_staff": False,
    }
    return (start_ns, *(values.get(name, 0) for name in columns_of(SCHEMA["dwell"])))


def sale(at_ns: int, ref: str) -> tuple[Any, ...]:
    return touch(at_ns, fan="", zone="checkout", ref=ref)


@pytest.fixture
def reader() -> MemoryReader:
    """On both days f-1 alone was at the till when somebody paid; on the first, so was f-2, an hour later."""
    stays = [dwell("f-1", NOON_NS + day * DAY_NS) for day in (0, 1)]
    sales = [sale(NOON_NS + day * DAY_NS + 60 * NS_PER_S, f"T-{day}") for day in (0, 1)]
    later_ns = NOON_NS + 3600 * NS_PER_S
    others = dwell("f-2", later_ns), sale(later_ns + 60 * NS_PER_S, "T-other")
    return MemoryReader({"dwell": [*stays, others[0]], "touch": [*sales, others[1]]})


def test_it_is_what_is_inferred_of_the_fan_in_these_visits_alone(reader: MemoryReader) -> None:
    assert [each.inference.of for each in probably(reader, "f-1", [visit(0), visit(1)])] == ["T-1", "T-0"]
    assert [each.inference.of for each in probably(reader, "f-1", [visit(1)])] == ["T-1"]
    assert probably(reader, "f-2", [visit(0)]) == [], "an hour later is another visit"
    assert probably(reader, "f-1", []) == []


def test_each_is_marked_as_no_fact(reader: MemoryReader) -> None:
    found = probably(reader, "f-1", [visit(1)])
    (shown,) = as_objects(found)
    assert shown["inferred"] is True
    assert 0.5 < shown["confidence"] < 1.0
    assert (shown["what"], shown["store"], shown["zone"], shown["of"]) == ("transaction", "s1", "checkout", "T-1")
    heading, line = lines(found, Clocks({"s1": UTC}))
    assert heading == "inferred, not known: with confidence, counted nowhere"
    assert line.startswith(f"  {shown['confidence']:.2f} ")
    assert line.endswith("Z s1, checkout: probably bought (sale T-1)")
    assert list(lines([], Clocks({}))) == []
