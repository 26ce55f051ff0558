"""Rows of both sides stand beside each other by their keys; a row that only one side has is nothing on the other."""

from __future__ import annotations

from typing import Any

from gateway.query.answer import Answer
from gateway.query.compare_rows import Beside
from gateway.query.measures import measures_of

COLUMNS = ("store", "time", "open_minutes", "covered", "in", "occupancy_max")
MEASURES = measures_of("traffic")


def _answer(*rows: tuple[Any, ...], totals: list[tuple[Any, ...]] | None = None) -> Answer:
    return Answer(COLUMNS, list(rows), totals or [])


def _records(answer: Answer) -> list[dict[str, Any]]:
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def test_rows_meet_by_their_keys_and_what_was_observed_on_both_sides_is_called_compared() -> None:
    now, before = _answer(("s1", "t1", 60, 1.0, 5, 3)), _answer(("s1", "t0", 60, 1.0, 9, 9), ("s1", "t1", 30, 0.5, 4, 2))
    found = _records(Beside(MEASURES).answer(now, [before]))
    assert found[0] == {
        "store": "s1", "time": "t1", "open_minutes": 60, "compared": 1.0, "in": 5, "in_before": 4, "in_change": 1, "in_ratio": 0.25,
        "occupancy_max": 3, "occupancy_max_before": 2, "occupancy_max_change": 1, "occupancy_max_ratio": 0.5,
    }  # fmt: skip


def test_a_row_of_one_side_alone_is_zero_of_counts_and_nothing_of_gauges_on_the_other() -> None:
    found = _records(Beside(MEASURES).answer(_answer(("s1", "t1", 60, 1.0, 5, 3)), [_answer(("s1", "t2", 60, 1.0, 4, 2))]))
    assert [(row["time"], row["in"], row["in_before"], row["occupancy_max"], row["occupancy_max_before"]) for row in found] == [
        ("t1", 5, 0, 3, None), ("t2", 0, 4, None, 2),
    ]  # fmt: skip


def test_a_ranking_keeps_to_the_rows_of_this_side() -> None:
    beside = Beside(MEASURES, only_here=True)
    found = beside.answer(_answer(("s1", "t1", 60, 1.0, 5, 3)), [_answer(("s1", "t2", 60, 1.0, 4, 2))])
    assert [row["time"] for row in _records(found)] == ["t1"]


def test_totals_are_compared_as_rows_are() -> None:
    totals = [[("all stores", None, 60, 1.0, people, None)] for people in (6, 4)]
    found = Beside(MEASURES).answer(_answer(totals=totals[0]), [_answer(totals=totals[1])])
    assert found.totals == [("all stores", None, 60, 1.0, 6, 4, 2, 0.5, None, None, None, None)]


def test_a_gauge_has_no_mean_of_several_stores() -> None:
    (row,) = _records(Beside(MEASURES, mean=True).answer(_answer(("s1", "t1", 60, 1.0, 5, 3)), [_answer(("s1", "t1", 60, 1.0, 4.5, 2))]))
    assert (row["in_before"], row["occupancy_max_before"]) == (4.5, None)


def test_the_total_of_stores_that_are_compared_with_means_has_no_other_side() -> None:
    totals = [[("s1", None, 60, 1.0, people, None), ("all stores", None, 60, 1.0, people, None)] for people in (6, 4)]
    found = Beside(MEASURES, mean=True).answer(_answer(totals=totals[0]), [_answer(totals=totals[1])]).totals
    assert [row[4:8] for row in found] == [(6, 4, 2, 0.5), (6, None, None, None)]


def test_usual_days_are_a_median_between_quartiles() -> None:
    days = [_answer(("s1", "t1", 60, 1.0, people, None)) for people in (1, 2, 3, 4, 10)]
    (row,) = _records(Beside(MEASURES, usual=True).answer(_answer(("s1", "t1", 60, 1.0, 5, 3)), days))
    assert row["covered"] == 1.0, "this side is as it was observed"
    assert [row[f"in{end}"] for end in ("", "_before", "_low", "_high", "_change")] == [5, 3, 2, 4, 2]
    assert row["occupancy_max_before"] is None


def test_a_change_of_money_is_in_whole_hundredths_and_one_of_a_mean_is_exact() -> None:
    columns = ("store", "revenue", "basket")
    sides = [Answer(columns, [("s1", money, mean)]) for money, mean in ((8.1, 1 / 3), (2.7, 0.25))]
    (row,) = _records(Beside(MEASURES).answer(sides[0], [sides[1]]))
    assert (row["revenue_change"], row["basket_change"]) == (5.4, 1 / 3 - 0.25)
