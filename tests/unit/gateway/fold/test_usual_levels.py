"""What is usual in a zone: learned in slices of time, used from the next on, and by half forgotten each day."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.fold.usual_levels import FAINT_DB, FLOOR_DB, LEAST, UsualLevels
from gateway.fold.zone_rules import GONE_DBM

ZONE_STORE = np.array([0, 0, 1], np.int32)
DAY = 1440
"""Slices of a minute."""


@pytest.fixture
def usual() -> UsualLevels:
    found = UsualLevels()
    found.grow(3, 2)
    begin(found, 0, 1000)
    begin(found, 1, 1000)
    return found


def begin(usual: UsualLevels, store: int, number: int) -> None:
    usual.begin(np.array([store]), np.array([number]), ZONE_STORE)


def came(usual: UsualLevels, zone: int, *levels_dbm: int) -> None:
    usual.learn(np.full(len(levels_dbm), zone), np.array(levels_dbm))


def test_what_was_learned_counts_from_the_next_slice_of_its_store_on(usual: UsualLevels) -> None:
    came(usual, 1, *[-60] * LEAST)
    begin(usual, 1, 1001)
    assert usual.floor_dbm.tolist() == [GONE_DBM] * 3
    begin(usual, 0, 1001)
    assert usual.floor_dbm.tolist() == [GONE_DBM, -60 - FLOOR_DB, GONE_DBM]


def test_the_floor_lies_below_the_median_so_a_few_of_the_weakest_hardly_change_it(usual: UsualLevels) -> None:
    came(usual, 0, *[-70] * 10, *[-60] * 11, *[-95] * 1)
    begin(usual, 0, 1001)
    assert usual.floor_dbm.item(0) == -70 - FLOOR_DB
    came(usual, 0, *[-60] * 2)
    begin(usual, 0, 1002)
    assert usual.floor_dbm.item(0) == -60 - FLOOR_DB


def test_where_many_are_weaker_than_usual_they_are_there_all_the_same(usual: UsualLevels) -> None:
    came(usual, 0, *[-60] * 11, *[-70] * 1)
    came(usual, 1, *[-60] * 11, *[-75] * 2)
    begin(usual, 0, 1001)
    assert usual.there_dbm.tolist() == [-60 - FAINT_DB, -75, GONE_DBM]


def test_what_an_earlier_release_knew_is_taken_over(usual: UsualLevels) -> None:
    came(usual, 1, *[-60] * LEAST)
    begin(usual, 0, 1001)
    again = UsualLevels()
    again.load({name: value for name, value in usual.dump().items() if name != "there"})
    assert again.there_dbm[1] == usual.there_dbm[1] == -60 - FAINT_DB
    assert again.there_dbm[0] <= GONE_DBM


def test_of_a_few_changes_nothing_is_usual(usual: UsualLevels) -> None:
    came(usual, 0, *[-60] * (LEAST - 1))
    begin(usual, 0, 1001)
    assert usual.floor_dbm.item(0) == GONE_DBM


def test_the_day_before_counts_half_so_a_receiver_that_hangs_elsewhere_is_followed(usual: UsualLevels) -> None:
    came(usual, 0, *[-50] * 100)
    begin(usual, 0, 1000 // DAY * DAY + 2 * DAY)
    came(usual, 0, *[-65] * 24)
    begin(usual, 0, 1000 // DAY * DAY + 2 * DAY + 1)
    assert usual.floor_dbm.item(0) == -50 - FLOOR_DB
    came(usual, 0, *[-65] * 4)
    begin(usual, 0, 1000 // DAY * DAY + 2 * DAY + 2)
    assert usual.floor_dbm.item(0) == -65 - FLOOR_DB


def test_a_slice_of_another_day_is_reached_by_that_day_s_first(usual: UsualLevels) -> None:
    store, first = np.array([0, 1]), 1000 // DAY * DAY + DAY
    assert usual.day_between(store, np.array([1001, first + 7])).tolist() == [1001, first]


def test_a_row_that_comes_late_belongs_to_the_slice_that_has_begun(usual: UsualLevels) -> None:
    place_ns = np.array([999, 1000, 1003]) * 60 * 10**9
    assert usual.slice_of(np.zeros(3, np.int64), place_ns).tolist() == [1000, 1000, 1003]


def test_what_is_usual_can_be_forgotten_and_stored(usual: UsualLevels) -> None:
    for zone in (0, 1):
        came(usual, zone, *[-60] * LEAST)
    begin(usual, 0, 1001)
    usual.forget(np.array([True, False, True]))
    again = UsualLevels()
    again.load(usual.dump())
    assert again.floor_dbm.tolist() == usual.floor_dbm.tolist() == [GONE_DBM, -60 - FLOOR_DB, GONE_DBM]
    for each in (usual, again):
        came(each, 1, *[-40] * (LEAST + 1))
        begin(each, 0, 1002)
        assert each.floor_dbm.item(1) == -40 - FLOOR_DB
