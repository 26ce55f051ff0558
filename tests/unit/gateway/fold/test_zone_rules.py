"""The rule of zone ownership: one answer for a row alone and for the same row in a column."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fold.decision_rules import (
    MOST_WARY_DB,
    DecisionLimits,
    Sighted,
    confirms_ns,
    lasts_ns,
    margin_of,
    settles_ns,
    strong_db,
    wary_after,
    wary_left,
)
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.zone_rules import GONE_DBM, Standing, ZoneLimits, changes_owner, follows, is_ahead, is_clear, is_unowned, takes_over

LIMITS = ZoneLimits(gap_ns=100, stale_ns=40, holdoff_ns=10, margin_db=6.0)
DECIDES = DecisionLimits(settle_min_ns=20, settle_max_ns=50, confirm_min_ns=20, confirm_max_ns=80)
HELD = Standing(owner=1, level_dbm=-60, silent_ns=5, held_ns=50)


def test_a_zone_takes_over_when_it_is_louder_by_more_than_the_margin() -> None:
    assert [bool(takes_over(level, HELD, LIMITS)) for level in (-55, -54, -53)] == [False, False, True]


def test_within_the_holdoff_nobody_takes_over_however_loud() -> None:
    assert [bool(takes_over(0, HELD._replace(held_ns=held), LIMITS)) for held in (9, 10)] == [False, True]


def test_a_stale_owner_loses_to_any_level() -> None:
    assert [bool(takes_over(-99, HELD._replace(silent_ns=silent), LIMITS)) for silent in (40, 41)] == [False, True]


def test_an_owner_that_sent_an_exit_loses_to_whoever_hears_the_subject() -> None:
    assert takes_over(-99, HELD._replace(level_dbm=GONE_DBM), LIMITS)


def test_nobody_owns_what_was_silent_for_longer_than_the_gap() -> None:
    assert [bool(is_unowned(HELD._replace(silent_ns=silent), LIMITS)) for silent in (100, 101)] == [False, True]
    assert is_unowned(HELD._replace(owner=NO_CODE), LIMITS)


def test_the_owners_own_row_changes_nothing_until_the_gap_has_passed() -> None:
    assert [bool(changes_owner(1, 0, HELD._replace(silent_ns=silent), LIMITS)) for silent in (41, 100, 101)] == [False, False, True]


def test_who_is_ahead_by_however_little_leads_and_owns_by_the_margin() -> None:
    assert [bool(is_ahead(level, HELD, LIMITS)) for level in (-60, -59)] == [False, True]
    assert [bool(is_clear(level, HELD, LIMITS)) for level in (-54, -53)] == [False, True]


@pytest.mark.parametrize("silent", [{"silent_ns": 41}, {"level_dbm": GONE_DBM}])
def test_an_owner_that_fell_silent_is_behind_whoever_was_heard_after_it(silent: dict[str, int]) -> None:
    at = HELD._replace(**silent)
    assert is_ahead(-99, at, LIMITS)
    assert is_clear(-99, at, LIMITS)
    assert [bool(follows(heard_ns, 1000, at, LIMITS)) for heard_ns in (1000 - at.silent_ns, 1000)] == [False, True]
    assert follows(0, 1000, HELD, LIMITS)


def test_a_lead_that_is_not_clear_lapses_after_twice_the_confirm_time() -> None:
    heard = Sighted(span_ns=600, sightings=100, rows=100)
    assert [lasts_ns(settles, clear, clear, 0, heard, DECIDES) for settles, clear in ((True, False), (False, True), (False, False))] == [
        30,
        48,
        96,
    ]


def test_a_lead_that_is_clear_and_not_strong_is_confirmed_after_twice_the_confirm_time() -> None:
    heard = Sighted(span_ns=600, sightings=100, rows=100)
    assert [lasts_ns(False, True, strong, 0, heard, DECIDES) for strong in (True, False)] == [48, 96]
    assert lasts_ns(False, True, False, 0, heard, DECIDES._replace(weak_confirms=1)) == 48
    assert lasts_ns(True, True, False, 0, heard, DECIDES) == 30


@pytest.mark.parametrize(
    ("interval_ms", "strong", "weak"), [(1, 3.0, 2.0), (300, 3.0, 2.0), (600, 4.24, 2.41), (1200, 6.0, 3.0), (9999, 6.0, 3.0)]
)
def test_where_sightings_are_rare_a_strong_lead_is_longer_and_a_weak_one_waits_longer(interval_ms: int, strong: float, weak: float) -> None:
    heard = Sighted(span_ns=100 * interval_ms * 10**6, sightings=100, rows=100)
    limits = DECIDES._replace(confirm_min_ns=1000, confirm_max_ns=1000)
    assert strong_db(heard, limits) == pytest.approx(strong, abs=0.01)
    assert strong_db(heard, limits._replace(weak_confirms=1)) == 3
    assert lasts_ns(False, True, False, 0, heard, limits) == pytest.approx(1000 * weak, abs=10)
    assert lasts_ns(False, True, False, 0, heard, limits._replace(weak_confirms=1)) == lasts_ns(False, True, True, 0, heard, limits) == 1000


def test_whose_interval_nobody_knows_is_no_duller_than_others() -> None:
    assert strong_db(Sighted(0, 0, 0), DECIDES) == strong_db(Sighted(100, 100, 100), DECIDES)


def test_a_column_of_leads_lasts_as_its_rows_do() -> None:
    heard = Sighted(span_ns=600, sightings=100, rows=100)
    kinds = [(settles, clear, strong) for settles in (False, True) for clear, strong in ((False, False), (True, False), (True, True))]
    columns = [np.array(column) for column in zip(*kinds, strict=True)]
    wary_db, limits = np.full(len(kinds), 3), DecisionLimits(*(np.full(len(kinds), limit) for limit in DECIDES))
    assert lasts_ns(*columns, wary_db, heard, limits).tolist() == [lasts_ns(*kind, 3, heard, DECIDES) for kind in kinds]


def test_a_lead_without_a_break_is_trusted_more_the_longer_it_lasts_and_does_not_lapse_before() -> None:
    heard = Sighted(span_ns=600, sightings=100, rows=100)
    assert [wary_left(3, led_ns, heard, DECIDES) for led_ns in (0, 5 * 48 - 1, 5 * 48, 7 * 48, 1000)] == [3, 3, 2, 0, 0]
    assert [lasts_ns(False, clear, clear, 3, heard, DECIDES) for clear in (False, True)] == [9 * 48, 48]


@pytest.mark.parametrize(("interval_ns", "settles", "confirms"), [(1, 20, 20), (6, 30, 48), (30, 50, 80)])
def test_zones_are_decided_after_five_and_eight_sightings_within_bounds(interval_ns: int, settles: int, confirms: int) -> None:
    heard = Sighted(span_ns=100 * interval_ns, sightings=100, rows=100)
    assert (settles_ns(heard, DECIDES), confirms_ns(heard, DECIDES)) == (settles, confirms)


def test_of_a_subject_whose_interval_nobody_knows_zones_are_decided_latest() -> None:
    assert (settles_ns(Sighted(0, 0, 0), DECIDES), confirms_ns(Sighted(0, 0, 0), DECIDES)) == (50, 80)


def test_a_change_is_confirmed_by_more_than_one_row_however_many_sightings_each_stands_for() -> None:
    assert confirms_ns(Sighted(span_ns=400, sightings=4000, rows=10), DECIDES) == 50


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 300), st.integers(0, 300)), min_size=1))
def test_a_column_is_decided_when_its_rows_are(rows: list[tuple[int, int, int]]) -> None:
    columns = Sighted(*(np.array(column) for column in zip(*rows, strict=True)))
    limits = DecisionLimits(*(np.full(1, limit) for limit in DECIDES)).of(np.zeros(len(rows), np.intp))
    assert settles_ns(columns, limits).tolist() == [settles_ns(Sighted(*row), DECIDES) for row in rows]
    assert confirms_ns(columns, limits).tolist() == [confirms_ns(Sighted(*row), DECIDES) for row in rows]


@pytest.mark.parametrize("dtype", [np.int8, np.int16])
@given(st.lists(st.tuples(st.integers(-1, 2), st.integers(-110, 0), st.integers(-1, 2), st.sampled_from([GONE_DBM, -80, -66, -60]),
                          st.integers(0, 120), st.integers(0, 20)), min_size=1))  # fmt: skip
def test_a_column_has_the_answers_of_its_rows(dtype: type[np.signedinteger], rows: list[tuple[int, int, int, int, int, int]]) -> None:
    zone, rssi_dbm, owner, level_dbm, silent_ns, held_ns = (np.array(column) for column in zip(*rows, strict=True))
    at = Standing(owner.astype(np.int32), level_dbm.astype(np.int16), silent_ns, held_ns)
    columns = ZoneLimits(*(np.full(1, limit) for limit in LIMITS)).of(np.zeros(len(rows), np.intp))
    alone = [changes_owner(row_zone, level, Standing(*standing), LIMITS) for row_zone, level, *standing in rows]
    assert changes_owner(zone, rssi_dbm.astype(dtype), at, columns).tolist() == alone


@pytest.mark.parametrize(("interval_ms", "margin_db"), [(1000, 6.0), (300, 6.0), (75, 3.0), (1, 1.2)])
def test_the_margin_is_that_of_a_level_of_five_sightings_and_less_the_more_there_are(interval_ms: int, margin_db: float) -> None:
    heard = Sighted(span_ns=100 * interval_ms * 10**6, sightings=100, rows=10)
    assert margin_of(heard, 0, LIMITS) == pytest.approx(margin_db)
    assert margin_of(heard, 4, LIMITS) == pytest.approx(margin_db + 4)


def test_a_subject_whose_interval_nobody_knows_needs_the_whole_margin() -> None:
    assert margin_of(Sighted(0, 0, 0), 0, LIMITS) == LIMITS.margin_db


def test_each_return_without_a_clear_difference_makes_wary_and_a_clear_move_makes_that_good() -> None:
    assert [int(wary_after(2, returns, strong)) for returns, strong in ((True, False), (False, False), (True, True), (False, True))] == [
        3,
        2,
        0,
        0,
    ]
    assert int(wary_after(MOST_WARY_DB, True, False)) == MOST_WARY_DB
