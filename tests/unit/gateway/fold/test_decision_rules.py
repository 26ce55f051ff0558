"""What a lead rests on, and when the owner lost the subject: for numbers and for columns."""

from __future__ import annotations

import numpy as np

from footfall.units import NS_PER_S
from gateway.fold.decision_rules import DecisionLimits, Lead, Sighted, follow, is_backed, left_ns
from gateway.fold.zone_rules import ZoneLimits

LIMITS = DecisionLimits(2 * NS_PER_S, 5 * NS_PER_S, 2 * NS_PER_S, 8 * NS_PER_S)
EACH_SECOND = Sighted(100 * NS_PER_S, 100, 50)
TEN_A_SECOND = Sighted(100 * NS_PER_S, 1000, 200)


PROFILE = ZoneLimits(gap_ns=65 * NS_PER_S, stale_ns=11 * NS_PER_S, holdoff_ns=0, margin_db=5.0)
"""Of STAY rows every 5 s."""


def stale_s(span_s: float, sightings: int, rows: int) -> float:
    return float(follow(PROFILE, Sighted(round(span_s * NS_PER_S), sightings, rows)).stale_ns / NS_PER_S)


def lead(lead_s: float, own_s: float, last_s: float) -> Lead:
    return Lead(*[round(each * NS_PER_S) for each in (lead_s, own_s, last_s)])


def test_an_owner_that_is_heard_while_it_falls_behind_backs_the_lead() -> None:
    assert is_backed(lead(10, 10.5, 10.5), EACH_SECOND, LIMITS)


def test_a_lead_by_silence_is_backed_by_five_sightings_without_the_owner() -> None:
    assert not is_backed(lead(11, 10, 14.9), EACH_SECOND, LIMITS)
    assert is_backed(lead(11, 10, 15), EACH_SECOND, LIMITS)
    assert is_backed(lead(11, 10, 12), TEN_A_SECOND, LIMITS)


def test_an_owner_lost_the_subject_five_sightings_before_it_fell_behind() -> None:
    assert left_ns(lead(20, 22, 28), False, EACH_SECOND, LIMITS) == 15 * NS_PER_S
    assert left_ns(lead(20, 22, 28), False, TEN_A_SECOND, LIMITS) == 18 * NS_PER_S


def test_an_owner_that_fell_silent_had_the_subject_until_it_was_heard_last() -> None:
    assert left_ns(lead(20, 19, 28), True, EACH_SECOND, LIMITS) == 19 * NS_PER_S
    assert left_ns(lead(20, 12, 28), False, EACH_SECOND, LIMITS) == 12 * NS_PER_S


def test_what_is_heard_as_often_as_its_profile_has_rows_is_stale_as_its_profile_has_it() -> None:
    assert stale_s(100, 1000, 200) == stale_s(100, 100, 20) == stale_s(0, 0, 0) == 11


def test_what_is_heard_rarely_is_stale_when_three_sightings_failed_to_come_and_a_row_after_them() -> None:
    assert stale_s(100, 20, 15) == 5 + 3.2 * 5


def test_what_has_rare_rows_of_many_sightings_is_stale_when_two_rows_failed_to_come() -> None:
    assert stale_s(100, 100, 10) == 22


def test_nothing_is_stale_later_than_it_is_lost_in_any_case() -> None:
    assert stale_s(100, 2, 2) == 65


def test_limits_of_columns_follow_as_those_of_each_alone() -> None:
    heard = [Sighted(0, 0, 0), EACH_SECOND, TEN_A_SECOND, Sighted(100 * NS_PER_S, 20, 10), Sighted(100 * NS_PER_S, 2, 2)]
    columns = ZoneLimits(*[np.full(len(heard), each) for each in PROFILE])
    found = follow(columns, Sighted(*[np.array(each) for each in zip(*heard, strict=True)]))
    assert found.stale_ns.tolist() == [follow(PROFILE, each).stale_ns for each in heard]


def test_columns_give_what_each_row_alone_gives() -> None:
    rows = [lead(20, 22, 28), lead(20, 19, 21), lead(20, 12, 28), lead(11, 10, 15)]
    columns, silent = Lead(*[np.array(each) for each in zip(*rows, strict=True)]), np.array([False, True, False, True])
    heard = Sighted(*[np.full(4, each) for each in EACH_SECOND])
    assert left_ns(columns, silent, heard, LIMITS).tolist() == [
        left_ns(row, gone, EACH_SECOND, LIMITS) for row, gone in zip(rows, silent.tolist(), strict=True)
    ]
    assert is_backed(columns, heard, LIMITS).tolist() == [is_backed(row, EACH_SECOND, LIMITS) for row in rows]
