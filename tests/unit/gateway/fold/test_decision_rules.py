"""What a lead rests on, and when the owner lost the subject: for numbers and for columns."""

from __future__ import annotations

import numpy as np

from footfall.units import NS_PER_S
from gateway.fold.decision_rules import DecisionLimits, Lead, Sighted, is_backed, left_ns

LIMITS = DecisionLimits(2 * NS_PER_S, 5 * NS_PER_S, 2 * NS_PER_S, 8 * NS_PER_S)
EACH_SECOND = Sighted(100 * NS_PER_S, 100, 50)
TEN_A_SECOND = Sighted(100 * NS_PER_S, 1000, 200)


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


def test_columns_give_what_each_row_alone_gives() -> None:
    rows = [lead(20, 22, 28), lead(20, 19, 21), lead(20, 12, 28), lead(11, 10, 15)]
    columns, silent = Lead(*[np.array(each) for each in zip(*rows, strict=True)]), np.array([False, True, False, True])
    heard = Sighted(*[np.full(4, each) for each in EACH_SECOND])
    assert left_ns(columns, silent, heard, LIMITS).tolist() == [
        left_ns(row, gone, EACH_SECOND, LIMITS) for row, gone in zip(rows, silent.tolist(), strict=True)
    ]
    assert is_backed(columns, heard, LIMITS).tolist() == [is_backed(row, EACH_SECOND, LIMITS) for row in rows]
