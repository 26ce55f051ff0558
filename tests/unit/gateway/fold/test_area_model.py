"""The forward filter over areas: probabilities that stay probabilities, and what moves them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fold.area_model import LEAST_P, AreaModel

MODEL = AreaModel((0, 1, 2), (0, 1), ((-55.0, -75.0), (-65.0, -65.0), (-75.0, -55.0)), (5.0,) * 3, (5.0,) * 3, (300.0,) * 3, {0: 0, 1: 1})
levels = st.tuples(st.floats(-127, 20), st.floats(-127, 20))
probabilities = st.lists(st.floats(0.01, 1), min_size=3, max_size=3).map(lambda p: [each / sum(p) for each in p])


def test_the_area_with_these_levels_is_the_likeliest() -> None:
    for area, expected in enumerate(MODEL.level_dbm):
        found = MODEL.log_likelihoods(expected)
        assert found.index(max(found)) == area


def test_a_common_offset_changes_no_area_s_lead_over_another() -> None:
    near, off = MODEL.log_likelihoods((-57.0, -73.0)), MODEL.log_likelihoods((-67.0, -83.0))
    assert near[0] - near[1] == pytest.approx(off[0] - off[1])


def test_half_a_weight_moves_the_odds_by_the_root() -> None:
    even = [1 / 3] * 3
    whole, half = MODEL.weighed(even, (-60.0, -70.0), 1.0), MODEL.weighed(even, (-60.0, -70.0), 0.5)
    assert whole[0] / whole[1] == pytest.approx((half[0] / half[1]) ** 2)


def test_after_a_memory_nobody_knows_much_any_more_and_after_no_time_all() -> None:
    sure = [1.0, 0.0, 0.0]
    assert MODEL.predicted(sure, 0.0) == pytest.approx(sure)
    assert MODEL.predicted(sure, 300.0) == pytest.approx([0.368, 0.316, 0.316], abs=0.001)


@given(probabilities, levels, st.floats(0, 1), st.floats(0, 10**6))
def test_they_are_probabilities_whatever_is_heard_and_no_area_is_ruled_out(
    p: list[float], heard: tuple[float, float], weight: float, seconds: float
) -> None:
    for found in (MODEL.weighed(p, heard, weight), MODEL.predicted(p, seconds)):
        assert sum(found) == pytest.approx(1)
        assert min(found) >= LEAST_P / 2
