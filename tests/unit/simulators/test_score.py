"""The score of the truth against itself is perfect, and falls with each thing that is wrong."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import pytest

from simulators.paths import Gait
from simulators.people import Crowd, Shares
from simulators.score import IDLE_NS, Score, score
from simulators.stored_rows import Stored, StoredDwell, StoredMinute, StoredVisit
from simulators.true_figures import whole_visits
from simulators.truth import Truth, collect, subject_hex, truth_of
from simulators.world import World

SECRET = b"a brand's secret"
MINUTE_NS = 60 * 10**9


@pytest.fixture(scope="module")
def truth() -> Truth:
    return collect(truth_of(World(11, hours=3, crowd=Crowd(busy=2))))


@pytest.fixture
def stored(truth: Truth) -> Stored:
    """What a gateway without any fault would store."""
    found = Stored()
    minutes: dict[int, Counter[str]] = {}
    for visit in truth.visits:
        for t_ns, what, seen in ((visit.enter_ns, "in", visit.counted[0]), (visit.leave_ns, "out", visit.counted[1])):
            minutes.setdefault(t_ns // MINUTE_NS * MINUTE_NS, Counter())[what] += seen
        if visit.sale:
            minutes.setdefault(visit.sale.t_ns // MINUTE_NS * MINUTE_NS, Counter())["sale"] += 1
        for carried in visit.carried[:1]:
            if carried.lasting:
                subject = subject_hex(SECRET, carried.id_type, carried.identifier)
                found.visits.append(
                    StoredVisit(visit.store, subject, visit.fan, bool(visit.staff_id), False, visit.enter_ns, visit.leave_ns)
                )
                found.dwells += [StoredDwell(visit.store, stay.zone, subject, stay.from_ns, stay.to_ns) for stay in visit.stays]
    store, end_ns = truth.stores[0].store, truth.end_ns
    found.minutes = [StoredMinute(store, t_ns, n["in"], n["out"], n["sale"]) for t_ns, n in sorted(minutes.items()) if t_ns < end_ns]
    return found


def judged(truth: Truth, stored: Stored) -> Score:
    return score(truth, stored, SECRET, truth.stores[0].start_ns, truth.end_ns)


def test_truth_against_itself_is_perfect(truth: Truth, stored: Stored) -> None:
    found = judged(truth, stored)
    assert found.visits_true > 10
    assert (found.precision, found.recall, found.identity) == (1.0, 1.0, 1.0)
    assert (found.dwell_error_median_s, found.dwell_error_p90_s) == (0.0, 0.0)
    assert (found.zones.accuracy, found.zones.flapping) == (1.0, 1.0)
    assert found.staff_right == found.staff_true == Crowd().staff
    counts = found.counts
    assert (counts.hours_exact, counts.error, counts.stored) == (counts.hours, 0, counts.counted)
    assert counts.sales_stored == counts.sales_true > 0
    assert counts.counted < counts.people


def test_a_visit_missing_costs_recall_only(truth: Truth, stored: Stored) -> None:
    stored.visits.remove(next(v for v in stored.visits if not v.is_staff))
    found = judged(truth, stored)
    assert found.recall == 1 - 1 / found.visits_true
    assert found.precision == 1.0


def test_a_visit_stored_twice_costs_precision_only(truth: Truth, stored: Stored) -> None:
    stored.visits.append(next(v for v in stored.visits if not v.is_staff))
    found = judged(truth, stored)
    assert found.recall == 1.0
    assert found.precision == found.visits_matched / (found.visits_matched + 1)


def test_a_visit_of_nobody_or_at_another_time_matches_nothing(truth: Truth, stored: Stored) -> None:
    first = next(v for v in stored.visits if not v.is_staff)
    stored.visits += [replace(first, subject="00000000000000aa"), replace(first, from_ns=first.to_ns + 1, to_ns=first.to_ns + 2)]
    found = judged(truth, stored)
    assert found.visits_stored - found.visits_matched == 2


def test_a_wrong_fan_costs_identity_only(truth: Truth, stored: Stored) -> None:
    k = next(k for k, v in enumerate(stored.visits) if v.fan)
    stored.visits[k] = replace(stored.visits[k], fan="someone-else")
    found = judged(truth, stored)
    assert found.identity == 1 - 1 / found.visits_matched
    assert found.precision == found.recall == 1.0


def test_dwell_errors_are_the_difference_in_length(truth: Truth, stored: Stored) -> None:
    stored.visits = [replace(v, to_ns=v.to_ns + 7 * 10**9) for v in stored.visits]
    found = judged(truth, stored)
    assert found.dwell_error_median_s == found.dwell_error_p90_s == 7.0


def test_open_visits_are_matched_but_not_timed(truth: Truth, stored: Stored) -> None:
    stored.visits = [replace(v, open=True) for v in stored.visits]
    found = judged(truth, stored)
    assert found.recall == 1.0
    assert math.isnan(found.dwell_error_median_s)


def test_dwells_in_the_wrong_zone_cost_accuracy_but_not_coverage(truth: Truth, stored: Stored) -> None:
    stored.dwells = [replace(d, zone="elsewhere") if d.zone == "fitting" else d for d in stored.dwells]
    zones = judged(truth, stored).zones
    assert zones.accuracy < 1.0
    assert zones.heard_s == zones.true_s
    assert zones.flapping == 1.0


def test_a_dwell_that_flickers_elsewhere_flaps(truth: Truth, stored: Stored) -> None:
    staff = {v.subject for v in stored.visits if v.is_staff}
    k, dwell = next((k, d) for k, d in enumerate(stored.dwells) if d.zone == "shelf-a" and d.subject not in staff)
    third_ns = (dwell.to_ns - dwell.from_ns) // 3
    stored.dwells[k : k + 1] = [
        replace(dwell, to_ns=dwell.from_ns + third_ns),
        replace(dwell, zone="shelf-b", from_ns=dwell.from_ns + third_ns, to_ns=dwell.from_ns + 2 * third_ns),
        replace(dwell, from_ns=dwell.from_ns + 2 * third_ns),
    ]
    zones = judged(truth, stored).zones
    assert zones.transitions_stored == zones.transitions_true + 2


def test_a_count_lost_shows_in_its_hour(truth: Truth, stored: Stored) -> None:
    k = next(k for k, minute in enumerate(stored.minutes) if minute.entered)
    stored.minutes[k] = replace(stored.minutes[k], entered=stored.minutes[k].entered - 1)
    counts = judged(truth, stored).counts
    assert (counts.error, counts.hours_exact) == (1, counts.hours - 1)


def test_nothing_stored_is_zero_recall_and_no_precision(truth: Truth) -> None:
    found = judged(truth, Stored())
    assert found.recall == 0.0
    assert math.isnan(found.precision)
    assert found.counts.error == found.counts.counted


def hard(**crowd: float | Gait) -> Truth:
    shares: Shares = (("beacon", 0.7), ("two", 0.3))
    return collect(truth_of(World(11, hours=3, crowd=Crowd(carries=shares, **crowd))))  # type: ignore[arg-type] # the numbers of a crowd


def perfect(truth: Truth) -> Stored:
    """One visit for all entries of one person, of their first device."""
    found = Stored()
    for visit in whole_visits(truth.visits, IDLE_NS):
        subject = subject_hex(SECRET, visit.carried[0].id_type, visit.carried[0].identifier)
        staff = bool(visit.staff_id)
        found.visits.append(StoredVisit(visit.store, subject, visit.fan, staff, False, visit.enter_ns, visit.leave_ns, visit.entries))
        found.dwells += [StoredDwell(visit.store, stay.zone, subject, stay.from_ns, stay.to_ns) for stay in visit.stays]
    return found


def test_who_comes_back_soon_is_one_visit() -> None:
    truth = hard(returning=0.5)
    found = judged(truth, perfect(truth))
    assert (found.precision, found.recall, found.identity) == (1.0, 1.0, 1.0)
    assert found.dwell_error_p90_s == 0.0
    assert found.people.returning_once == found.people.returning_true > 3
    assert found.people.entries_stored == found.people.entries_true > found.visits_true
    assert found.people.two_devices_once == found.people.two_devices_true > 3
    assert found.zones.flapping == found.zones.accuracy == 1.0


def test_a_shorter_idle_time_makes_two_true_visits_of_it() -> None:
    truth = hard(returning=0.5)
    found = score(truth, perfect(truth), SECRET, truth.stores[0].start_ns, truth.end_ns, idle_ns=60 * 10**9)
    assert found.visits_true > found.visits_matched
    assert found.people.returning_true == 0


def test_a_trolley_that_was_counted_is_what_counters_saw() -> None:
    assert judged(hard(trolleys=1.0), Stored()).counts.counted > judged(hard(), Stored()).counts.counted


def test_a_pass_that_is_stored_is_no_flapping_and_a_stay_that_is_not_true_is() -> None:
    truth = hard(gait=Gait())
    stored = perfect(truth)
    right = judged(truth, stored).zones
    assert right.flapping == 1.0
    for visit in whole_visits(truth.visits, IDLE_NS):
        subject = subject_hex(SECRET, visit.carried[0].id_type, visit.carried[0].identifier)
        stored.dwells += [StoredDwell(visit.store, span.zone, subject, span.from_ns, span.to_ns) for span in visit.passes]
    assert judged(truth, stored).zones.transitions_stored == right.transitions_stored
    longer_ns = 60 * 10**9
    stored.dwells = [replace(d, to_ns=d.to_ns + longer_ns) if d.zone == "entrance" else d for d in stored.dwells]
    assert judged(truth, stored).zones.transitions_stored > right.transitions_stored
