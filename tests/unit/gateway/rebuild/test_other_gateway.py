"""What the database has of a day that another gateway made, and this journal has not."""

from __future__ import annotations

from datetime import date

from gateway.fold.rebuilt import RebuiltPart, StoredPoint
from gateway.rebuild.other_gateway import Known, Takeover, Touch, missing, stored_day
from tests.support.memory_reader import MemoryReader

DAY = date(2026, 5, 29)
HOUR_NS = 3600 * 10**9
MINUTE_NS = 60 * 10**9


def test_nothing_is_missing_where_this_journal_has_as_much_or_more() -> None:
    stored = Known({"x": {7: 30}}, {Touch("till", 1)}, {420: (2, 1)})
    here = Known({"x": {7: 31}, "y": {7: 1}}, {Touch("till", 1), Touch("till", 2)}, {420: (2, 1), 421: (9, 9)})
    assert list(missing(DAY, stored, here)) == []


def test_what_is_missing_is_counted_hour_by_hour_and_minute_by_minute() -> None:
    stored = Known({"x": {7: 30, 8: 60}, "y": {7: 60}}, {Touch("till", 1), Touch("till", 2)}, {420: (2, 1), 421: (5, 0)})
    here = Known({"x": {7: 60, 8: 50}}, {Touch("till", 1)}, {420: (9, 0)})
    assert list(missing(DAY, stored, here)) == [
        "2026-05-29: 10 minutes that x observed are not in this journal",
        "2026-05-29: 60 minutes that y observed are not in this journal",
        "2026-05-29: 1 touch of the database is not in this journal: visits and minutes would be without it",
        "2026-05-29: 5 people that came in, and 1 that went out, are not in this journal",
    ], "more in one minute does not make up for less in another"


def test_a_day_of_the_database_is_named_point_by_point_with_the_hour_in_which_it_begins() -> None:
    traffic = (11 * HOUR_NS, "s1", 4, 1, *[0] * 17)
    coverage = [(hour * HOUR_NS, agent, "s1", 0, 0, 59) for hour, agent in ((10, "x"), (9, "x"), (11, "x"))]
    rows = {"traffic": [traffic], "coverage": coverage}
    day = stored_day(MemoryReader(rows), "s1", 10 * HOUR_NS + 30 * MINUTE_NS, 12 * HOUR_NS)
    assert day.known == Known({"x": {10: 59, 11: 59}}, set(), {660: (4, 1)})
    assert [point for point in day.points if point.measurement == "traffic"] == [StoredPoint("traffic", 11 * HOUR_NS, "", "", "")]


def test_nothing_is_taken_over_that_was_ours() -> None:
    part = RebuiltPart(from_ns=0, to_ns=1, day="2026-05-30", actor="", reason="", learned_ns=0)
    assert Takeover(5, True, {}).of(part) == part
