"""A simulated store is played through agents and gateway; its truth against itself is perfect."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from simulators.accuracy.figures import figures
from simulators.accuracy.playing import SELDOM_S, Played, play_world
from simulators.accuracy.simulated import courses_of_truth, stored_by_subject
from simulators.accuracy.stays import least_stay_s
from simulators.estate import brand_secret
from simulators.people import Crowd
from simulators.stored_rows import Stored, StoredDwell, StoredVisit
from simulators.truth import Truth, collect, subject_hex, truth_of
from simulators.world import World

WORLD = World(11, hours=0.5, crowd=Crowd(busy=4))
SECRET = brand_secret(11)


@pytest.fixture(scope="module")
def truth() -> Truth:
    return collect(truth_of(WORLD))


def perfect(truth: Truth) -> Stored:
    stored = Stored()
    for visit in truth.visits:
        for carried in [one for one in visit.carried if one.lasting][:1]:
            subject = subject_hex(SECRET, carried.id_type, carried.identifier)
            stored.visits.append(StoredVisit(visit.store, subject, visit.fan, bool(visit.staff_id), False, visit.enter_ns, visit.leave_ns))
            stored.dwells += [
                StoredDwell(visit.store, stay.zone, subject, stay.from_ns, stay.to_ns) for stay in (*visit.stays, *visit.passes)
            ]
    return stored


def test_the_truth_against_itself_is_perfect(truth: Truth) -> None:
    found = figures(courses_of_truth(truth, SECRET, *stored_by_subject(perfect(truth)), truth.end_ns), least_s=least_stay_s(truth))
    assert found.courses > 5
    assert (found.zones_right("stored"), found.transitions.flapping, found.transitions.f1(2)) == (1.0, 1.0, 1.0)
    assert (found.visits.precision, found.visits.recall, found.visits.error_p95_s) == (1.0, 1.0, 0.0)
    assert all(each.true == each.stored for each in found.stays)


def test_staff_and_those_who_are_still_there_are_not_judged(truth: Truth) -> None:
    courses = courses_of_truth(truth, SECRET, {}, {}, truth.end_ns)
    left = {visit.person for visit in truth.visits if not visit.staff_id and visit.leave_ns <= truth.end_ns}
    assert {course.name for course in courses} < left
    assert courses_of_truth(truth, SECRET, {}, {}, 0) == []


def test_who_comes_back_within_the_idle_timeout_of_the_store_is_on_the_same_visit(truth: Truth) -> None:
    known = {course.name for course in courses_of_truth(truth, SECRET, {}, {}, truth.end_ns)}
    first = next(visit for visit in truth.visits if visit.person in known)
    by_ns = first.leave_ns - first.enter_ns + 600 * 10**9
    stays = tuple(replace(stay, from_ns=stay.from_ns + by_ns, to_ns=stay.to_ns + by_ns) for stay in first.stays)
    again = replace(first, entry=first.entry + 1, enter_ns=first.enter_ns + by_ns, leave_ns=first.leave_ns + by_ns, stays=stays, passes=())
    twice = replace(truth, visits=[first, again])
    for idle_s, courses in ((1800, 1), (601, 1), (599, 2)):
        found = courses_of_truth(twice, SECRET, {}, {}, again.leave_ns, idle_ns={first.store: idle_s * 10**9})
        assert len(found) == courses


def test_what_is_played_is_found_again(truth: Truth) -> None:
    played = play_world(WORLD, every_s=SELDOM_S)
    found = figures(courses_of_truth(truth, SECRET, *stored_by_subject(played.sink.stored(played.end_ns)), truth.end_ns))
    assert found.visits.recall > 0.9
    assert found.zones_right("stored") > 0.8
    assert 0 <= found.transitions.delay_median_s < 60
    assert played.rows > 100


def test_a_gateway_that_takes_what_comes_seldom_stores_the_same() -> None:
    world = World(11, hours=0.1, crowd=Crowd(busy=4, members=50))
    often, seldom = (_stored_of(play_world(world, every_s=every_s)) for every_s in (1, SELDOM_S))
    assert len(often["dwells"]) > 5
    assert often == seldom


def _stored_of(played: Played) -> dict[str, list[object]]:
    """What is stored, in one order, but for when it was decided."""
    stored = played.sink.stored(played.end_ns)
    undated = replace(stored, dwells=[replace(dwell, decided_ns=None) for dwell in stored.dwells])
    return {each.name: sorted(getattr(undated, each.name), key=repr) for each in fields(undated)}


def test_a_visit_that_is_not_over_is_found_and_its_length_is_not_judged(truth: Truth) -> None:
    """Who leaves before the end of a recording is stored as inside until the idle timeout."""
    whole = perfect(truth)
    ends_ns = truth.end_ns + 1800 * 10**9
    going_on = replace(whole, visits=[replace(visit, open=True, to_ns=ends_ns) for visit in whole.visits[:3]] + whole.visits[3:])
    found = figures(courses_of_truth(truth, SECRET, *stored_by_subject(going_on), truth.end_ns)).visits
    assert (found.precision, found.recall, found.error_p95_s) == (1.0, 1.0, 0.0)
    none_over = replace(whole, visits=[replace(visit, open=True) for visit in whole.visits])
    judged = figures(courses_of_truth(truth, SECRET, *stored_by_subject(none_over), truth.end_ns)).visits
    assert judged.recall == 1.0
    assert judged.error_median_s != judged.error_median_s, "nothing to judge"
