"""The truth against itself is perfect, and each figure falls with what is wrong, by a number that can be counted by hand."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.accuracy.course import Course, DecidedDwell, Span, course_of_rows
from simulators.accuracy.figures import Accuracy, figures, overlapping, paired

S = 10**9
OUTSIDE = frozenset({"yard"})


def course(*dwells: tuple[str, float, float, float], visits: tuple[Span, ...] = ()) -> Course:
    """20 s in the hall, 30 s in the yard, 50 s in the hall; dwells are (zone, from, to, decided) in seconds."""
    rows = [(t * S, "hall" if t < 20 else "yard" if t < 50 else "hall") for t in range(100)]
    found = [DecidedDwell(zone, round(a * S), round(b * S), round(c * S)) for zone, a, b, c in dwells]
    return course_of_rows("r", rows, found, visits, OUTSIDE, 5 * S)


def judged(*dwells: tuple[str, float, float, float], visits: tuple[Span, ...] = ()) -> Accuracy:
    return figures([course(*dwells, visits=visits)], OUTSIDE)


PERFECT = (("hall", 0.0, 20.0, 0.0), ("yard", 20.0, 50.0, 20.0), ("hall", 50.0, 99.0, 50.0))


def test_the_truth_against_itself_is_perfect() -> None:
    found = judged(*PERFECT, visits=(Span(0, 20 * S), Span(50 * S, 99 * S)))
    assert [found.zones_right(delay) for delay in found.right] == [1.0] * 5
    moves = found.transitions
    assert (moves.flapping, moves.f1(2), moves.precision(2), moves.recall(2)) == (1.0, 1.0, 1.0, 1.0)
    assert (moves.stamp_error_s, moves.delay_median_s, moves.delay_p90_s) == (0.0, 0.0, 0.0)
    assert all(each.true == each.stored for each in found.stays)
    visits = found.visits
    assert (visits.precision, visits.recall, visits.error_median_s, visits.error_p95_s) == (1.0, 1.0, 0.0, 0.0)
    assert found.inside.error == 0.0
    assert (found.first_right, found.confidence) == (1, 1.0)


def test_a_late_decision_costs_the_live_figure_and_is_the_delay() -> None:
    found = judged(("hall", 0, 20, 0), ("yard", 20, 50, 24), ("hall", 50, 99, 50))
    assert {delay: 100 - right for delay, right in found.right.items()} == {"live": 4, "1 s": 3, "2 s": 2, "3 s": 1, "stored": 0}
    assert (found.transitions.delay_median_s, found.transitions.stamp_error_s) == (2.0, 0.0)


def test_a_late_stamp_costs_the_tighter_tolerances() -> None:
    found = judged(("hall", 0, 24, 0), ("yard", 24, 50, 24), ("hall", 50, 99, 50))
    assert found.transitions.paired == {2: 1, 3: 1, 5: 2, 10: 2}
    assert found.transitions.f1(3) == 0.5
    assert found.right["stored"] == 96


def test_flapping_costs_precision_and_makes_stays_short() -> None:
    found = judged(("hall", 0, 20, 0), ("yard", 20, 30, 20), ("hall", 30, 31, 30), ("yard", 31, 50, 31), ("hall", 50, 99, 50))
    moves = found.transitions
    assert (moves.stored, moves.true, moves.flapping) == (4, 2, 2.0)
    assert moves.stored_an_hour == 4 * 3600 / 99
    assert (moves.precision(2), moves.recall(2)) == (0.5, 1.0)
    yard = next(each for each in found.stays if each.zone == "yard")
    assert (yard.true.count, yard.stored.count, yard.true.median_s, yard.stored.median_s) == (1, 2, 30.0, 14.5)


def test_changes_of_who_never_moved_are_stated_by_the_hour() -> None:
    rows = [(t * S, "hall") for t in range(1801)]
    flaps = [DecidedDwell("hall" if t % 600 else "yard", t * S, (t + 300) * S, t * S) for t in range(0, 1800, 300)]
    moves = figures([course_of_rows("r", rows, flaps, (), OUTSIDE, 5 * S)]).transitions
    assert (moves.true, moves.stored, moves.flapping == moves.flapping) == (0, 5, False)
    assert (moves.stored_an_hour, moves.true_an_hour) == (10.0, 0.0)


def test_an_open_visit_has_no_length_to_compare() -> None:
    found = judged(*PERFECT, visits=(Span(0, 23 * S), Span(60 * S, 400 * S, is_open=True))).visits
    assert (found.paired, found.error_p95_s) == (2, 3.0)


def test_stays_that_are_too_short_are_passes() -> None:
    found = figures([course(("hall", 0, 20, 0), ("yard", 20, 22, 20), ("hall", 22, 99, 22))], OUTSIDE, least_s=5.0)
    assert {each.zone: each.stored.count for each in found.stays} == {"hall": 2, "yard": 0}


def test_visits_pair_one_to_one_the_longest_overlap_first() -> None:
    assert overlapping([Span(0, 10), Span(20, 30)], [Span(9, 29)]) == [(1, 0)]
    found = judged(*PERFECT, visits=(Span(0, 23 * S), Span(60 * S, 99 * S), Span(99 * S, 99 * S)))
    visits = found.visits
    assert (visits.true, visits.stored, visits.paired) == (2, 3, 2)
    assert (visits.error_median_s, visits.precision) == (pytest.approx(6.5), pytest.approx(2 / 3))


@given(spans=st.lists(st.tuples(st.booleans(), st.integers(0, 30), st.integers(0, 12)), max_size=14))
@settings(max_examples=60, deadline=None)
def test_spans_are_paired_as_if_each_were_held_against_each(spans: list[tuple[bool, int, int]]) -> None:
    true, stored = ([Span(begin, begin + length) for is_true, begin, length in spans if is_true is side] for side in (True, False))
    each = [(min(a.to_ns, b.to_ns) - max(a.from_ns, b.from_ns), i, j) for i, a in enumerate(true) for j, b in enumerate(stored)]
    expected: list[tuple[int, int]] = []
    for overlap_ns, i, j in sorted(each, key=lambda one: (-one[0], one[1:])):
        if overlap_ns >= 0 and not any(i == a or j == b for a, b in expected):
            expected.append((i, j))
    assert overlapping(true, stored) == expected


def test_people_inside_are_counted_by_the_second() -> None:
    still = course(("hall", 0, 99, 0))
    found = figures([still, still], OUTSIDE).inside
    assert found.mean == pytest.approx(2 * 69 / 99)
    assert found.error == pytest.approx(2 * 30 / 99), "both are missing outside for 30 s of 99"


def test_pairs_are_of_one_direction_and_one_to_one() -> None:
    true = [(0, "in"), (4 * S, "in")]
    assert paired(true, [(1 * S, "in")], 10 * S) == [(0, 0)]
    assert paired(true, [(1 * S, "out")], 10 * S) == []
    assert paired(true, [(3 * S, "in"), (5 * S, "in")], 3 * S) == [(0, 0), (1, 1)]


def test_moments_near_a_jump_lower_the_confidence() -> None:
    disturbed = np.arange(100) < 25
    assert figures([replace(course(*PERFECT), disturbed=disturbed)], OUTSIDE).confidence == 0.75


def test_values_are_json_without_nan() -> None:
    values = json.loads(json.dumps(judged().values(), allow_nan=False))
    assert values["zone_accuracy"]["live"] == 0.0
    assert values["visits"]["error_median_s"] is None
    assert values["f1"]["10"] == 0.0
    assert figures([]).values()["inside"]["mean"] is None


def test_of_a_database_nothing_is_stated_that_needs_the_times_of_decisions() -> None:
    found = figures([course(*PERFECT)], OUTSIDE)
    played, stored = found.values(), found.values(is_timed=False)
    assert None not in [*played["zone_accuracy"].values(), played["transitions"]["delay_median_s"]]
    assert stored["zone_accuracy"] == {**dict.fromkeys(played["zone_accuracy"]), "stored": played["zone_accuracy"]["stored"]}
    assert stored["right"] == {**dict.fromkeys(played["right"]), "stored": played["right"]["stored"]}
    lost = {key for key in played["transitions"] if stored["transitions"][key] != played["transitions"][key]}
    assert lost == {"delay_median_s", "delay_p90_s"}
    assert "not stored" in stored["why_null"]
    assert "why_null" not in played
