"""Zones that heard nobody though many were to be expected."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.query.zone_checks import Usual, ZoneCounts, heard_share, usual_of, zone_silences


def counts(*zones: list[int]) -> np.ndarray:
    return np.array(zones, np.int64)


def found(entries: np.ndarray, present: np.ndarray | None = None, usual: Usual | None = None) -> list[tuple[int, int, int, int]]:
    silences = zone_silences(ZoneCounts(entries, entries if present is None else present), usual or usual_of(entries))
    return [(each.zone, each.first, each.end, round(each.expected)) for each in silences]


def test_a_zone_is_silent_where_others_go_on_and_many_were_to_be_expected() -> None:
    window = [1] * 30 + [0] * 30 + [1] * 30
    assert found(counts(window, [2] * 90)) == [(0, 30, 60, 30)]
    assert found(counts([1] * 40 + [0] * 10 + [1] * 40, [2] * 90)) == [], "ten are no proof"


def test_who_lingers_is_heard() -> None:
    window = [1] * 30 + [0] * 30 + [1] * 30
    there = [1] * 90
    assert found(counts(window, [2] * 90), counts(there, there)) == []


def test_where_nobody_is_in_the_store_nobody_is_to_be_expected() -> None:
    night = [1] * 30 + [0] * 600 + [1] * 30
    assert found(counts(night, [2 * each for each in night])) == []


def test_a_silence_that_lasts_from_the_beginning_or_to_the_end_is_found_by_what_is_usual() -> None:
    usual = Usual(np.array([900, 900]), np.array([900, 900]))
    assert found(counts([0] * 40, [1] * 40), usual=usual) == [(0, 0, 40, 42)]
    assert found(counts([0] * 40, [1] * 40)) == [], "a zone that nobody ever came into"


def test_the_share_that_was_heard_is_of_the_time_with_anybody_in_the_store() -> None:
    entries = counts([1] * 30 + [0] * 30 + [1] * 30 + [0] * 90, [2] * 90 + [0] * 90)
    every = ZoneCounts(entries, entries)
    silences = zone_silences(every, usual_of(entries))
    assert heard_share(0, every, silences) == pytest.approx(60 / 90)
    assert heard_share(1, every, silences) == 1.0
