"""The notes of a comparison name what it is compared with, who is left out and why, and what of their time is compared."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from footfall.units import NS_PER_MINUTE
from gateway.query.answer import Answer
from gateway.query.compare_notes import notes_of
from gateway.query.comparison import parsed
from gateway.query.sides import Run, SideQuestion, Sides

NO_ANSWER = Answer((), [])


class Asked:
    """What notes need of a question: its stores and how days are aligned."""

    def __init__(self, stores: int, align: str = "weekday") -> None:
        self.stores, self.align = range(stores), align


def _notes(comparison: str, both: Sides, asked: Any = None, answer: Answer = NO_ANSWER) -> list[str]:
    return list(notes_of(parsed(comparison), cast(SideQuestion, asked or Asked(2)), both, answer))


def _sides(**fields: Any) -> Sides:
    return Sides(**({"runs": [Run({}, {})], "comparable": ["s1"], "grain_ns": NS_PER_MINUTE} | fields))


def test_the_days_of_the_other_side_are_named_as_spans() -> None:
    days = {date(2026, 6, day): date(2025, 6, other) for day, other in ((1, 1), (2, 2), (3, 5))}
    assert _notes("previous", _sides(days=days))[0] == "before is 2025-06-01 to 2025-06-02, 2025-06-05: weekday with weekday"
    assert _notes("year", _sides(days=days))[0].endswith("weekday with weekday, holidays that move with themselves")
    assert _notes("year", _sides(days=days), Asked(2, "date"))[0].endswith(": date with date")
    assert _notes("2025-06-01..2025-06-05", _sides(days=days))[0].endswith(": day by day in their order")
    weeks = {date(2026, 6, 1): date(2026, 5, 4)}
    assert _notes("2026-05-04..2026-05-04", _sides(days=weeks))[0] == "before is 2026-05-04: weekday with weekday"
    many = {date(2026, 6, day): date(2025, 6, day) for day in range(1, 20, 2)}
    assert _notes("year", _sides(days=many))[0].startswith(
        "before is 2025-06-01, 2025-06-03, 2025-06-05, 2025-06-07, 2025-06-09, 5 more spans"
    )


def test_other_places_and_usual_days_are_named() -> None:
    assert _notes("store:s9", _sides())[0] == "before is store s9, at the same local time"
    assert "mean of the other comparable stores" in _notes("group", _sides())[0]
    assert "median of the last 4 same weekdays" in _notes("usual", _sides(runs=[Run({}, {})] * 4))[0]


def test_stores_and_days_that_are_left_out_stand_by_their_reason_and_many_are_counted() -> None:
    reasons = {f"s{i}": "not open in the span" for i in range(7)} | {"dead": "doors observed in 3 % of its open minutes in the span"}
    both = _sides(
        reasons=reasons, left_out={date(2026, 4, 17): "its counterpart was Easter", date(2026, 4, 18): "its counterpart was Easter"}
    )
    notes = _notes("previous", both, Asked(9))
    assert notes[1] == "1 of 9 stores comparable: open, and observed in 90 % of open minutes, on both sides"
    assert "not comparable: s0, s1, s2, s3, s4 and 2 more (--wide names them): not open in the span" in notes
    assert "not comparable: dead: doors observed in 3 % of its open minutes in the span" in notes
    assert "left out: 2026-04-17, 2026-04-18: its counterpart was Easter" in notes


def test_the_grain_and_the_share_of_the_open_minutes_are_stated() -> None:
    both = _sides(grain_ns=15 * NS_PER_MINUTE, open_minutes=1000, compared_minutes=985)
    assert any(note.startswith("the same buckets of 15 minutes on both sides") and "98.5 %" in note for note in _notes("previous", both))
    assert any(note.startswith("the same minutes on both sides") for note in _notes("previous", _sides()))


def test_a_database_of_before_there_was_coverage_is_named() -> None:
    assert any("stored no coverage" in note for note in _notes("previous", _sides(is_covered=False)))
    assert not any("stored no coverage" in note for note in _notes("previous", _sides()))


def test_the_change_of_revenue_is_taken_apart_in_the_last_total_or_the_only_row() -> None:
    columns = ("store", "revenue_change", "revenue_from_traffic", "revenue_from_conversion", "revenue_from_basket")
    row = ("s1", 50.0, 70.0, -15.0, -5.0)
    text = "change of revenue +50.00 = +70.00 from traffic -15.00 from conversion -5.00 from basket"
    assert text in _notes("previous", _sides(), None, Answer(columns, [row]))
    assert text in _notes("previous", _sides(), None, Answer(columns, [("s0", 1.0, 1.0, 0.0, 0.0)] * 2, [row]))
    assert text not in _notes("previous", _sides(), None, Answer(columns, [row, row]))
    assert any("not taken apart" in note for note in _notes("previous", _sides(), None, Answer(columns, [("s1", 50.0, None, None, None)])))
