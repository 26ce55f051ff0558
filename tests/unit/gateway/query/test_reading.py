"""Reading: what ratios need of the hours that were observed is read together with all else, and only once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from footfall.moments import to_ns
from footfall.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE
from gateway.query.answer import Request
from gateway.query.estate import QueryEstate, StoreFacts
from gateway.query.open_minutes import WHOLE_HOUR
from gateway.query.questions import ask
from gateway.sinks.cells import CellTable
from tests.support.memory_reader import MemoryReader
from tests.support.query_rows import minute, records

FIRST_NS = to_ns(datetime(2026, 10, 23, 10, tzinfo=UTC))
HOURS = 48
"""Around the Saturday of each time zone."""
ZONES = ("Europe/Berlin", "Asia/Kolkata", "America/St_Johns")
LENGTHS_NS = {"1d": NS_PER_DAY, "1h": NS_PER_HOUR, "15m": 15 * NS_PER_MINUTE}


def traffic(store: str, at: int) -> tuple[Any, ...]:
    """One to three people, and a sale in each other minute."""
    _, _, *values = minute(0, in_=at % 3 + 1, transactions=at % 2)
    return (FIRST_NS + at * NS_PER_MINUTE, store, *values)


def counter(store: str, seen: list[bool]) -> list[tuple[Any, ...]]:
    """The hours that the counter of doors observed."""
    return [(FIRST_NS + hour * NS_PER_HOUR, "door-1", store, -1, WHOLE_HOUR, 60) for hour, is_seen in enumerate(seen) if is_seen]


def conversions(reader: MemoryReader, zone: str, interval: str, *stores: str) -> list[dict[str, Any]]:
    request = Request("traffic", ("in", "transactions", "conversion"), stores, "2026-10-24", "2026-10-24", interval, timezone=zone)
    known = QueryEstate({store: StoreFacts(store) for store in stores})
    return records(ask(reader, request, known, FIRST_NS + 40 * NS_PER_DAY))


@given(
    st.lists(st.booleans(), min_size=HOURS, max_size=HOURS),
    st.lists(st.integers(0, HOURS * 60 - 1), unique=True, max_size=20),
    st.sampled_from(ZONES),
    st.sampled_from(sorted(LENGTHS_NS)),
)
def test_a_ratio_is_of_the_hours_that_were_observed_in_whatever_interval(seen: list[bool], at: list[int], zone: str, interval: str) -> None:
    begin_ns = to_ns(datetime(2026, 10, 24, tzinfo=ZoneInfo(zone)))
    counted: dict[int, list[int]] = {}
    for each in at:
        since_ns = FIRST_NS + each * NS_PER_MINUTE - begin_ns
        if 0 <= since_ns < NS_PER_DAY and seen[each // 60]:
            both = counted.setdefault(since_ns // LENGTHS_NS[interval], [0, 0])
            both[0] += each % 3 + 1
            both[1] += each % 2
    reader = MemoryReader({"traffic": [traffic("s1", each) for each in (*at, HOURS * 60)], "coverage": counter("s1", seen)})
    found = {i: row["conversion"] for i, row in enumerate(conversions(reader, zone, interval, "s1")) if row["conversion"] is not None}
    assert found == {i: sales / people for i, (people, sales) in counted.items()}


class Watched(MemoryReader):
    """`read`: the stores of each read of cells of traffic, None for all."""

    def __init__(self, rows: dict[str, list[tuple[Any, ...]]]) -> None:
        super().__init__(rows)
        self.read: list[list[str] | None] = []

    def cells(self, measurement: str, *asked: Any, **named: Any) -> CellTable:
        if measurement == "traffic":
            self.read.append(asked[5])
        return super().cells(measurement, *asked, **named)


def test_a_store_that_was_observed_in_part_is_read_once_apart_from_the_others() -> None:
    seen = {"s1": [True] * HOURS, "s2": [hour != 20 for hour in range(HOURS)], "s3": [False] * HOURS, "s4": [True] * HOURS}
    rows = [traffic(store, 60 * hour + hour % 2) for store in seen for hour in range(HOURS)]
    reader = Watched({"traffic": rows, "coverage": [row for store, hours in seen.items() for row in counter(store, hours)]})
    found = conversions(reader, "Europe/Berlin", "1d", *seen)
    assert [(row["in"], row["transactions"]) for row in found] == [(36, 12)] * 4
    assert [row["conversion"] for row in found] == [12 / 36, 12 / 35, None, 12 / 36]
    assert reader.read == [["s1", "s3", "s4"], ["s2"]]
