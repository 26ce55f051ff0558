"""The rule of goods, in numbers and in columns."""

from __future__ import annotations

import numpy as np
import pytest

from footfall.units import NS_PER_S
from gateway.fold.item_rules import HELD_NS, MEMORY_NS, SHIFT_DB, Usual, is_ahead, is_silent, is_usually_ahead, learned_after

MARGIN_DB = 6.0
KNOWN = MEMORY_NS


def test_a_usual_level_is_the_mean_over_the_time_that_levels_held() -> None:
    first, learned_ns = learned_after(Usual(-60, -99.0, 0), 10 * NS_PER_S)
    assert (first, learned_ns) == (-60, 10 * NS_PER_S)
    second, learned_ns = learned_after(Usual(-50, first, learned_ns), 30 * NS_PER_S)
    assert second == pytest.approx((10 * -60 + 30 * -50) / 40)
    assert learned_ns == 40 * NS_PER_S


def test_what_was_long_ago_is_forgotten_and_a_gap_is_no_level_that_held() -> None:
    usual = Usual(-50, -60.0, 100 * MEMORY_NS)
    after, _ = learned_after(usual, 30 * NS_PER_S)
    assert after == pytest.approx(-60 + 10 * 30 * NS_PER_S / MEMORY_NS)
    assert learned_after(usual, 24 * 3600 * NS_PER_S) == learned_after(usual, HELD_NS)


@pytest.mark.parametrize(
    ("other_dbm", "usual_dbm", "learned_ns", "ahead"),
    [
        (-54, -60.0, KNOWN, False),  # not by the margin
        (-53, -60.0, KNOWN, False),  # no more than usual
        (-45, -60.0, KNOWN, True),
        (-46, -60.0, KNOWN, False),
        (-53, -53.0, 0, True),  # nothing is known of it
    ],
)
def test_another_zone_is_ahead_by_the_margin_and_by_more_than_usual(other_dbm: int, usual_dbm: float, learned_ns: int, ahead: bool) -> None:
    other, owner = Usual(other_dbm, usual_dbm, learned_ns), Usual(-60, -60.0, KNOWN)
    assert SHIFT_DB == 15
    assert is_ahead(other, owner, MARGIN_DB) == ahead


def test_what_is_ahead_on_average_too_needs_no_shift_once_minutes_are_known() -> None:
    owner = Usual(-60, -60.0, KNOWN)
    assert is_usually_ahead(Usual(-53, -53.0, KNOWN), owner, MARGIN_DB)
    assert not is_usually_ahead(Usual(-53, -53.0, KNOWN - 1), owner, MARGIN_DB)
    assert not is_usually_ahead(Usual(-53, -55.0, KNOWN), owner, MARGIN_DB)
    assert not is_usually_ahead(Usual(-55, -53.0, KNOWN), owner, MARGIN_DB)


def test_columns_give_what_each_row_gives() -> None:
    rng = np.random.default_rng(3)
    columns = [rng.integers(-90, -30, 200), rng.uniform(-90, -30, 200), rng.integers(0, 2 * MEMORY_NS, 200)]
    other, owner = Usual(*columns), Usual(*[rng.permutation(column) for column in columns])
    since_ns = rng.integers(0, 2 * HELD_NS, 200)
    for n in range(200):
        one, own = (Usual(*[column.item(n) for column in each]) for each in (other, owner))
        assert learned_after(one, since_ns.item(n)) == tuple(column[n] for column in learned_after(other, since_ns))
        assert is_ahead(one, own, MARGIN_DB) == is_ahead(other, owner, MARGIN_DB)[n]
        assert is_usually_ahead(one, own, MARGIN_DB) == is_usually_ahead(other, owner, MARGIN_DB)[n]


def test_an_owner_is_silent_after_its_exit_or_when_its_rows_fail_to_come() -> None:
    assert is_silent(True, 0, 10)
    assert is_silent(False, 11, 10)
    assert not is_silent(False, 10, 10)
