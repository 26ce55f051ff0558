"""A course of rows has their stays, visits and changes, and an estimate by what was decided in time."""

from __future__ import annotations

from simulators.accuracy.course import Course, DecidedDwell, Lead, Span, TrueStay, course_of_rows, visits_of

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
    assert course(dwell("yard", -90, -60), dwell("hall", -0.5, 9), dwell("yard", 120, 130)).dwells == (dwell("hall", -0.5, 9),)


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
