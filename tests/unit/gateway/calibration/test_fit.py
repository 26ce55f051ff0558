"""What a fit finds of walks."""

from __future__ import annotations

from collections import Counter

import pytest

from device_profiles.registry import shipped
from gateway.calibration.fit import Judged, parts_of
from gateway.calibration.proposal import Proposal, calibrate
from gateway.calibration.scoring import Confusion, Score
from gateway.calibration.walks import Walk
from tests.support.calibration_walks import PROFILE, WORKSHOP, store_of, walk

_NO_CONFUSION: Confusion = Counter()


def fit(*walks: Walk) -> Proposal:
    return calibrate(walks, store_of(), PROFILE, WORKSHOP)


def test_receivers_that_are_louder_are_set_off_by_it() -> None:
    found = fit(*(walk(name, louder_db=14) for name in "abc"))
    assert found.calibration is not None
    assert sum(db * (1 if zone == "outside" else -1) for zone, db in found.calibration.offset_db.items()) == pytest.approx(14, abs=2)
    assert found.before.right == pytest.approx(0.5, abs=0.05)
    assert found.after.right > 0.95
    assert found.calibration.score == round(found.after.right, 3)


def test_levels_that_follow_late_are_stamped_back_by_it() -> None:
    found = fit(*(walk(name, louder_db=0, late_s=2) for name in "abc")).calibration
    assert found is not None
    assert found.back_s == pytest.approx(2, abs=0.5)


def test_no_offset_is_proposed_where_receivers_are_alike() -> None:
    found = fit(*(walk(name, louder_db=0) for name in "abc")).calibration
    assert found is None or found.offset_db == {}


def test_walks_that_contradict_each_other_win_nothing_since_each_is_judged_by_the_others() -> None:
    found = fit(walk("a", louder_db=14), walk("b", louder_db=-14))
    assert found.calibration is None
    assert "on walks that were left out" in found.reason


def test_a_change_is_confirmed_no_sooner_than_half_of_what_the_profile_has() -> None:
    found = fit(*(walk(name, louder_db=14) for name in "abc")).calibration
    confirm_s = shipped()[PROFILE].presence.confirm_min_s
    assert found is not None
    assert found.confirm_s in (None, confirm_s / 2)


def test_of_a_whole_that_is_better_by_chance_on_one_walk_nothing_is_proposed() -> None:
    before = Judged({name: Score(100, 50, 50, 50, 0, 1.0) for name in "abc"}, _NO_CONFUSION)
    once = Judged({**before.scores, "a": Score(100, 90, 90, 90, 0, 1.0), "b": Score(100, 49, 49, 49, 0, 1.0)}, _NO_CONFUSION)
    twice = Judged({**once.scores, "c": Score(100, 49, 49, 49, 0, 1.0)}, _NO_CONFUSION)
    assert once.wins_over(before)
    assert not twice.wins_over(before)
    assert not before.wins_over(before)


def test_one_walk_is_cut_in_the_middle_of_stays_and_each_part_crosses_a_border() -> None:
    whole = walk("a", louder_db=14, stays=12)
    parts = parts_of(whole)
    assert 2 <= len(parts) <= 5
    assert [moment for part in parts for moment in part.truth] == list(whole.truth)
    assert all(len(part.zones()) == 2 for part in parts)
    assert fit(whole).calibration is not None
