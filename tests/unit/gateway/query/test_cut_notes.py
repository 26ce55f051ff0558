"""An interval that the span cuts, or that is not over, is named; whole ones are not."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.query.asked import AskedStore
from gateway.query.cut_notes import cut_notes
from gateway.query.estate import StoreFacts
from gateway.query.intervals import cut

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")


def _ns(wall: str, zone: ZoneInfo = BERLIN) -> int:
    return int(datetime.fromisoformat(wall).replace(tzinfo=zone).timestamp()) * 10**9


def _store(from_: str, to: str, interval: str | None, zone: ZoneInfo = BERLIN) -> AskedStore:
    facts = StoreFacts("s1", zone)
    return AskedStore(facts, ("s1",), zone, cut(facts, _ns(from_, zone), _ns(to, zone), interval))


def _notes(from_: str, to: str, interval: str | None, now: str = "2027-01-01T00:00") -> list[str]:
    return cut_notes([_store(from_, to, interval)], interval, _ns(now))


@pytest.mark.parametrize(
    ("from_", "to", "interval", "notes"),
    [
        ("2026-10-01T00:00", "2026-12-01T00:00", "month", []),
        ("2026-10-24T00:00", "2026-12-01T00:00", "month", ["not whole: 2026-10 (only from 2026-10-24 00:00)"]),
        (
            "2026-09-24T00:00", "2026-11-26T00:00", "month",
            ["not whole: 2026-09 (only from 2026-09-24 00:00), 2026-11 (only until 2026-11-26 00:00)"],
        ),
        ("2026-10-24T00:00", "2026-10-26T00:00", "quarter", ["not whole: 2026-Q4 (only 2026-10-24 00:00 to 2026-10-26 00:00)"]),
        ("2026-10-20T00:00", "2026-11-02T00:00", "1w", ["not whole: 2026-W43 (only from 2026-10-20 00:00)"]),
        ("2026-10-24T00:00", "2026-10-26T00:00", "1d", []),
        ("2026-10-24T10:30", "2026-10-24T12:00", "1h", ["not whole: 2026-10-24 10:00 (only from 2026-10-24 10:30)"]),
        ("2026-10-24T10:30", "2026-10-24T12:20", None, []),
    ],
)  # fmt: skip
def test_what_the_span_cuts_is_named_with_what_is_left(from_: str, to: str, interval: str | None, notes: list[str]) -> None:
    assert _notes(from_, to, interval) == notes


@pytest.mark.parametrize(
    ("now", "notes"),
    [
        ("2026-11-25T11:00", ["not over yet: 2026-11"]),
        ("2026-11-26T00:00", ["not whole: 2026-11 (only until 2026-11-26 00:00)"]),
        ("2026-09-30T23:59", ["not whole: 2026-11 (only until 2026-11-26 00:00)"]),
        ("2026-10-01T00:00", ["not whole: 2026-11 (only until 2026-11-26 00:00)", "not over yet: 2026-10"]),
    ],
)
def test_an_interval_that_is_not_over_is_named_and_not_called_cut(now: str, notes: list[str]) -> None:
    assert _notes("2026-10-01T00:00", "2026-11-26T00:00", "month", now) == notes


def test_stores_of_several_clocks_have_one_note_and_many_intervals_are_counted() -> None:
    stores = [_store("2026-10-24T00:00", "2026-11-01T00:00", "month", zone) for zone in (BERLIN, SHANGHAI)]
    assert cut_notes(stores, "month", _ns("2027-01-01T00:00")) == ["not whole: 2026-10 (only from 2026-10-24 00:00)"]
    zones = [ZoneInfo(f"Etc/GMT-{hours}") for hours in range(1, 6)]
    begin, end = _ns("2026-10-24T00:30"), _ns("2026-10-24T02:00")
    running = [AskedStore(StoreFacts("s", zone), ("s",), zone, cut(StoreFacts("s", zone), begin, end, "30m")) for zone in zones]
    (note,) = cut_notes(running, "30m", begin)
    assert note.endswith("2026-10-24 01:30, and 2 more by other clocks")
