"""Where no groups and no interval are asked for, a table has the finest that fit a screen, and states how to see more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.points import SCHEMA
from gateway.query.answer import Answer, Request
from gateway.query.estate import QueryEstate, StoreFacts
from gateway.query.fitting import SCREEN_ROWS
from gateway.query.questions import ask
from tests.support.memory_reader import MemoryReader

BERLIN = ZoneInfo("Europe/Berlin")
FIRST = datetime(2025, 11, 21, tzinfo=BERLIN)


def _answer(stores: int, most_rows: int | None = SCREEN_ROWS, **asked: Any) -> Answer:
    """Of stores that have a row of traffic, of a door and of a zone at noon of each day of a year."""
    names = [f"s{i}" for i in range(stores)]
    noons = [int((FIRST + timedelta(days=day, hours=12)).timestamp()) * 10**9 for day in range(366)]
    rows = {
        name: [(at, *(store if tag == "store" else "main" for tag in SCHEMA[name].tags), *dict.fromkeys(SCHEMA[name].fields, 1).values())
               for at in noons for store in names]
        for name in ("traffic", "door", "zone_traffic")
    }  # fmt: skip
    estate = QueryEstate({name: StoreFacts(name, BERLIN) for name in names})
    request = Request(**{"question": "traffic"} | asked)
    return ask(MemoryReader(rows), request, estate, noons[-1] + 10**15, most_rows=most_rows)


def _shape(answer: Answer) -> tuple[list[str], int]:
    keys = ("chain", "store", "zone", "door", "time")
    return [name for name in answer.columns if name in keys], len(answer.rows)


@pytest.mark.parametrize(
    ("stores", "asked", "keys", "rows", "title"),
    [
        (1, {"from_": "2026-11-21", "to": "2026-11-21"}, ["store", "time"], 24, ""),
        (1, {}, ["store", "time"], 7, "a row for each store and each day, to fit a screen: --interval 1h shows each hour"),
        (1, {"from_": "2026-03-01"}, ["store", "time"], 39, "a row for each store and each week, to fit a screen: --interval 1d"),
        (1, {"from_": "2025-11-21"}, ["store", "time"], 13, "a row for each store and each month, to fit a screen"),
        (7, {}, ["store", "time"], 49, "each store and each day"),
        (8, {}, ["store"], 8, "a row for each store, to fit a screen: --interval 1d shows each day"),
        (8, {"from_": "2026-11-21", "to": "2026-11-21"}, ["store"], 8, "each store, to fit a screen: --interval 1h shows each hour"),
        (51, {"from_": "2026-11-15"}, ["chain", "time"], 7, "for all stores and each day, to fit a screen: --by store shows each store"),
        (8, {"question": "doors"}, ["store", "door"], 8, "a row for each store and each door, to fit a screen: --interval 1d"),
        (12, {"question": "zones"}, ["store", "time", "zone"], 12, ""),
        (13, {"question": "zones"}, ["chain", "zone"], 1, "a row for each zone, to fit a screen: --by store,zone shows each store"),
    ],
)  # fmt: skip
def test_the_finest_that_fits_is_shown_with_what_shows_more(
    stores: int, asked: dict[str, Any], keys: list[str], rows: int, title: str
) -> None:
    answer = _answer(stores, **asked)
    assert _shape(answer) == (keys, rows)
    assert (title in answer.by_default) if title else ("to fit a screen" not in answer.by_default)


@pytest.mark.parametrize("asked", [{"interval": "1h"}, {"by": ("store", "hour")}, {"by": ("store",), "interval": "1h"}])
def test_what_is_asked_for_is_shown_whatever_its_size(asked: dict[str, Any]) -> None:
    answer = _answer(8, **asked)
    assert len(answer.rows) > SCREEN_ROWS
    assert "screen" not in answer.by_default


def test_a_program_gets_the_question_s_own_groups_and_interval() -> None:
    answer = _answer(8, most_rows=None)
    assert _shape(answer)[0] == ["store", "time"]
    assert len(answer.rows) > 8 * 24 * 6


def test_a_comparison_with_a_group_keeps_its_stores() -> None:
    """Of stores that nobody observed nothing is comparable: the refusal is not that stores must be asked for."""
    answer = _answer(51, compare="group", from_="2026-11-20", to="2026-11-20", measures=("transactions",))
    assert _shape(answer) == (["store"], 51)


def test_the_span_that_was_not_asked_for_stands_below_the_title_and_not_in_a_picture() -> None:
    found = _answer(1, interval="1d")
    assert found.by_default == "by default the last 7 days with data"
    assert found.by_default not in found.title
    assert _answer(1, interval="month").by_default == "by default the last 12 months with data"
    assert _answer(1, interval="1d", from_="-3d").by_default == ""
    assert _answer(1, as_of="2026-11-20", interval="1d", measures=("in",)).by_default == found.by_default
    assert _answer(1).by_default.startswith("by default the last 7 days with data; a row for each store and each day, to fit a screen")
