"""A course of rows has their stays, visits and changes, and an estimate by what was decided in time."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.accuracy.course import Course, DecidedDwell, Lead, Span, TrueStay, course_of_rows, usual_step_ns, visits_of

S = 10**9
ROWS = [(t * S, "hall" if t < 20 else "yard" if t < 50 else "hall") for t in range(100)]


def dwell(zone: str, from_s: float, to_s: float, decided_s: float | None = None) -> DecidedDwell:
    return DecidedDwell(zone, round(from_s * S), round(to_s * S), round((from_s if decided_s is None else decided_s) * S))


def course(*dwells: DecidedDwell, visits: tuple[Span, ...] = (), window_s: int = 0, leads: tuple[Lead, ...] = ()) -> Course:
    return course_of_rows("r", ROWS, dwells, visits, frozenset({"yard"}), 10 * S, window_s * S, leads)


def test_rows_become_stays_and_changes() -> None:
    found = course()
    assert found.stays == (TrueStay("hall", 0, 20 * S), TrueStay("yard", 20 * S, 50 * S), TrueStay("hall", 50 * S, 99 * S))
    assert found.changes() == [(20 * S, "yard"), (50 * S, "hall")]
    assert found.visits == (Span(0, 20 * S), Span(50 * S, 99 * S))


def test_a_stay_ends_where_nothing_is_recorded_for_long() -> None:
    rows = [(t * S, "hall") for t in (*range(20), *range(120, 140))] + [(141 * S, "yard")]
    found = course_of_rows("r", rows, (), (), frozenset(), 600 * S)
    assert found.stays == (TrueStay("hall", 0, 19 * S), TrueStay("hall", 120 * S, 141 * S), TrueStay("yard", 141 * S, 141 * S))
    assert (found.changes(), found.visits) == ([(141 * S, "yard")], (Span(0, 141 * S),))
    rare = course_of_rows("r", [(t * S, "hall") for t in range(0, 600, 60)], (), (), frozenset(), 600 * S)
    assert rare.stays == (TrueStay("hall", 0, 540 * S),), "rows a minute apart are no gaps"


@pytest.mark.parametrize("spread_ns", [10**6, 3 * S], ids=["of one clock", "of clocks that differ"])
def test_a_slow_tag_that_several_receivers_hear_has_the_rhythm_of_its_moments(spread_ns: int) -> None:
    rows = [(minute * 60 * S + at * spread_ns, "hall") for minute in range(10) for at in range(4)]
    found = course_of_rows("r", [*rows, (1200 * S, "hall")], (), (), frozenset(), 600 * S)
    assert found.stays == (TrueStay("hall", 0, rows[-1][0]), TrueStay("hall", 1200 * S, 1200 * S)), "ten of its steps are a gap"


def test_one_silence_makes_no_rhythm() -> None:
    assert usual_step_ns([]) == usual_step_ns([0]) == 0
    assert usual_step_ns([0, 10 * S, 900 * S]) == 10 * S


def test_times_inside_that_are_close_are_one_visit() -> None:
    stays = course().stays
    assert visits_of(stays, frozenset({"yard"}), 30 * S) == (Span(0, 99 * S),)
    assert visits_of(stays, frozenset({"hall"}), 0) == (Span(20 * S, 50 * S),)


def test_a_moment_belongs_to_the_latest_dwell_that_was_decided_in_time() -> None:
    found = course(dwell("hall", 0, 18), dwell("yard", 22, 50, decided_s=25))
    live, soon, stored = (found.estimate(delay_ns) for delay_ns in (0, 2 * S, None))
    assert (live[21], live[24], live[25]) == ("hall", "hall", "yard")
    assert (soon[22], soon[23]) == ("hall", "yard")
    assert (stored[21], stored[22]) == ("hall", "yard")


def test_a_zone_that_leads_counts_until_it_is_decided_or_falls_behind_and_is_not_stored() -> None:
    led = (Lead("yard", 22 * S, 24 * S, 26 * S), Lead("street", 30 * S, 31 * S, 33 * S))
    found = course(dwell("hall", 0, 18), dwell("yard", 22, 50, decided_s=26), leads=led)
    live, soon, stored = (found.estimate(delay_ns) for delay_ns in (0, 2 * S, None))
    assert live[21:34] == ["hall"] * 3 + ["yard"] * 7 + ["street"] * 2 + ["yard"]
    assert soon[20:34] == ["hall"] * 2 + ["yard"] * 8 + ["street"] + ["yard"] * 3, "30 s is asked by evidence up to 32 s, 31 s up to 33 s"
    assert "street" not in stored


def test_nothing_stored_is_no_zone() -> None:
    assert set(course().estimate(None)) == {""}
    assert course(dwell("hall", 10, 20)).estimate(None)[:11] == [""] * 10 + ["hall"]


def test_dwells_of_the_runs_before_and_after_are_left_out() -> None:
    found = course(dwell("yard", -90, -60), dwell("hall", -0.5, 9), dwell("yard", 120, 130))
    assert found.dwells == (dwell("hall", 0, 9, decided_s=-0.5),)


def test_a_dwell_that_began_before_the_truth_or_ends_after_it_counts_as_far_as_the_truth_goes() -> None:
    found = course(dwell("hall", -300, 20), dwell("yard", 20, 50), dwell("hall", 50, 900))
    assert [(one.zone, one.from_ns // S, one.to_ns // S) for one in found.dwells] == [("hall", 0, 20), ("yard", 20, 50), ("hall", 50, 99)]
    assert found.estimate(None) == [zone for _, zone in ROWS]
    assert [t_ns // S for t_ns, _, _ in found.stored_changes()] == [20, 50]


def test_the_zone_of_the_last_dwell_holds_where_the_truth_sets_in_soon_after() -> None:
    assert course(dwell("hall", -30, -5)).estimate(None)[0] == "hall"
    assert course(dwell("hall", -90, -61)).estimate(None)[0] == "", "another walk"
    assert course(dwell("hall", -30, -5)).dwells == ()


def test_what_changes_in_a_gap_of_the_truth_is_neither_true_nor_false() -> None:
    rows = [(t * S, "hall") for t in range(60)] + [(t * S, "yard") for t in range(200, 260)]
    stored = (dwell("hall", 0, 100), dwell("yard", 100, 120), dwell("hall", 120, 130), dwell("yard", 130, 230), dwell("hall", 230, 240))
    found = course_of_rows("r", rows, stored, [Span(0, 500 * S)], frozenset(), 1800 * S)
    assert found.changes() == []
    assert [(t_ns // S, zone) for t_ns, zone, _ in found.stored_changes()] == [(230, "hall")]
    assert [(one.zone, one.from_ns // S, one.to_ns // S) for one in found.dwells] == [
        ("hall", 0, 59),
        ("yard", 200, 230),
        ("hall", 230, 240),
    ]
    assert found.judged == (Span(0, 59 * S), Span(200 * S, 259 * S))
    assert found.stored_visits == (Span(0, 259 * S),)
    apart = course_of_rows("r", rows, stored, [Span(0, 500 * S, is_open=True)], frozenset(), 100 * S)
    assert len(apart.visits) == len(apart.stored_visits) == 2, "a gap that is longer than the idle timeout parts visits, stored as true"
    assert all(visit.is_open for visit in apart.stored_visits), "that its end is not known stays known"


def test_a_change_of_the_time_before_the_truth_that_is_stored_late_is_no_false_one() -> None:
    rows = [(t * S, "yard") for t in range(60)]
    late, later = (course_of_rows("r", rows, (dwell("hall", -40, end), dwell("yard", end, 60)), (), frozenset(), 9 * S) for end in (5, 15))
    assert (len(late.stored_changes()), len(later.stored_changes())) == (0, 1)


def test_a_stored_change_is_one_of_zone_with_the_time_of_its_decision() -> None:
    found = course(dwell("hall", 0, 10), dwell("hall", 12, 18), dwell("yard", 22, 50, decided_s=25))
    assert found.stored_changes() == [(22 * S, "yard", 25 * S)]


def test_stored_visits_are_cut_at_the_ends_of_the_run() -> None:
    assert course(visits=(Span(-500 * S, 500 * S), Span(200 * S, 300 * S))).stored_visits == (Span(0, 99 * S),)


def test_windows_are_judged_at_their_ends() -> None:
    found = course(dwell("hall", 0, 99), window_s=10)
    assert (found.t_ns // S).tolist() == list(range(10, 101, 10))
    assert found.zones == ("hall",) * 2 + ("yard",) * 3 + ("hall",) * 5
    assert found.span == Span(0, 99 * S), "stays are those of the rows"


@given(leads=st.lists(st.tuples(st.sampled_from("abc"), *[st.integers(-5, 110)] * 3), max_size=6), delay_s=st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_leads_count_at_the_moments_that_know_of_them(leads: list[tuple[str, int, int, int]], delay_s: int) -> None:
    every = tuple(Lead(zone, since * S, from_s * S, to_s * S) for zone, since, from_s, to_s in leads)
    expected = [""] * len(ROWS)
    for lead in every:
        for moment, (t_ns, _) in enumerate(ROWS):
            if lead.from_ns <= t_ns + delay_s * S < lead.to_ns and t_ns >= lead.since_ns:
                expected[moment] = lead.zone
    assert course(leads=every).estimate(delay_s * S) == expected


@given(
    gaps=st.lists(st.integers(1, 300), min_size=3, max_size=12),
    dwells=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 1200), st.integers(0, 400)), max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_what_is_stored_is_cut_to_each_span_of_the_truth(gaps: list[int], dwells: list[tuple[str, int, int]]) -> None:
    times = list(accumulate(gaps))
    found = course_of_rows("r", [(t * S, "a") for t in times], [dwell(zone, t, t + s) for zone, t, s in dwells], (), frozenset(), 0)
    expected = [
        (max(one.from_ns, span.from_ns), min(one.to_ns, span.to_ns))
        for span in found.known
        for one in found.uncut
        if max(one.from_ns, span.from_ns) < min(one.to_ns, span.to_ns) or span.from_ns <= one.from_ns == one.to_ns <= span.to_ns
    ]
    assert [(one.from_ns, one.to_ns) for one in found.dwells] == expected
