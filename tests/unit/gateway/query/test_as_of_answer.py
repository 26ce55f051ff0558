"""A time of `as_of` without an offset is of the stores' own clock, where they have one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.points import SCHEMA
from gateway.query.answer import Request
from gateway.query.estate import QueryEstate, StoreFacts
from gateway.query.questions import ask
from tests.support.memory_reader import MemoryReader

NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
ESTATE = QueryEstate({"ny": StoreFacts("ny", NEW_YORK), "boston": StoreFacts("boston", NEW_YORK), "berlin": StoreFacts("berlin", BERLIN)})
EVENING_NS = int(datetime(2026, 11, 20, 22, 0, tzinfo=NEW_YORK).timestamp()) * 10**9
NOW_NS = EVENING_NS + 10**15


def _row(store: str) -> tuple[Any, ...]:
    return (EVENING_NS, store, *(int(name == "in") for name in SCHEMA["traffic"].fields))


@pytest.mark.parametrize(
    ("stores", "timezone", "note", "people"),
    [
        (("ny",), None, "as of 2026-11-21T00:00-05:00", 1),
        (("ny", "boston"), None, "as of 2026-11-21T00:00-05:00", 2),
        (("ny", "berlin"), None, "as of 2026-11-21T00:00+00:00", 0),
        (("ny",), "Europe/Berlin", "as of 2026-11-21T00:00+01:00", 0),
    ],
)
def test_a_date_ends_by_the_clock_of_the_stores(stores: tuple[str, ...], timezone: str | None, note: str, people: int) -> None:
    reader = MemoryReader({"traffic": [_row("berlin"), _row("boston"), _row("ny")]})
    request = Request("traffic", ("in",), stores, "2026-11-20", "2026-11-20", by=("chain",), as_of="2026-11-20", timezone=timezone)
    answer = ask(reader, request, ESTATE, NOW_NS)
    assert answer.notes[0].startswith(note)
    assert sum(row[answer.columns.index("in")] or 0 for row in answer.rows) == people
