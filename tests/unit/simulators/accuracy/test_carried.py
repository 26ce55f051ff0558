"""What is carried is judged where its truth is of one clock, and agrees with itself."""

from __future__ import annotations

import pytest

from edge_agent.sources.replay_settings import Part, Run, TrueZone
from simulators.accuracy.carried import Carried, TrueZones, carried_in, twice

S = 10**9
MS = 10**6


def only(*rows: tuple[int, str]) -> Carried:
    (found,) = carried_in([Run("r", [], [TrueZone(t_ns, "r", "x", zone) for t_ns, zone in rows], [])])
    return found


def test_two_truths_that_alternate_are_left_out_and_what_is_beyond_doubt_stays() -> None:
    sure = [(t * S, "hall") for t in range(10)]
    mixed = [(t * S + at, zone) for t in range(10, 20) for at, zone in ((0, "hall"), (0, "yard"), (9 * MS, "hall"), (9 * MS, "yard"))]
    found = only(*sure, *mixed)
    assert found.rows == [*sure, (10 * S, "hall"), (19 * S + 9 * MS, "yard")]
    assert len(found.fleeting) == len(mixed) - 2


def test_a_change_in_a_second_of_which_both_zones_have_rows_is_one() -> None:
    rows = [(1 * S, "hall"), (2 * S, "hall"), (2 * S, "yard"), (3 * S, "yard"), (4 * S, "hall"), (5 * S, "hall")]
    assert (only(*rows).rows, only(*rows).fleeting) == (rows, [])


def test_who_is_in_a_zone_for_two_seconds_was_there() -> None:
    rows = [(0, "hall"), (1 * S, "yard"), (3 * S, "hall")]
    assert only(*rows).fleeting == []
    assert only((0, "hall"), (1 * S + 1, "yard"), (3 * S, "hall")).fleeting == [(1 * S + 1, "yard")]


def test_a_zone_is_true_at_its_rows_and_between_them_and_in_no_gap() -> None:
    truths = TrueZones([only(*((t * S, "hall") for t in (0, 10, 100)), (110 * S, "yard"))])
    found = {t_s: truths.at("x", t_s * S) for t_s in (-1, 0, 5, 50, 100, 105, 110, 111)}
    assert found == {-1: "", 0: "hall", 5: "hall", 50: "", 100: "hall", 105: "", 110: "yard", 111: ""}
    assert truths.at("y", 0) == ""


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(0, 9)], []),
        ([(100, 109), (0, 9)], []),
        ([(0, 9), (5, 20)], [(5, 9)]),
        ([(0, 9), (5, 20), (7, 30)], [(5, 20)]),
        ([(0, 99), (10, 20), (15, 17), (30, 40)], [(10, 20), (30, 40)]),
    ],
)
def test_times_that_a_clock_had_twice_are_found(parts: list[tuple[int, int]], expected: list[tuple[int, int]]) -> None:
    assert [tuple(span)[:2] for span in twice([Part(*part) for part in parts])] == expected
