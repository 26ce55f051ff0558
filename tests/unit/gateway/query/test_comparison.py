"""Two numbers become a difference and a share; a change of sales is taken apart without a remainder; usual days have quartiles."""

from __future__ import annotations

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import ConfigError
from gateway.query.comparison import (
    BEFORE,
    NO_SPLIT,
    NOT_KNOWN_YET,
    SPLIT,
    Comparison,
    Quartiles,
    SalesSide,
    change,
    change_ratio,
    parsed,
    quartiles,
    split,
    suffixed,
)
from gateway.query.figures import figure

SIDES = st.builds(SalesSide, st.integers(1, 10**6), st.integers(1, 10**5), st.floats(0.01, 1e8))


@pytest.mark.parametrize(
    ("text", "comparison"),
    [
        ("previous", Comparison("previous")),
        ("year", Comparison("year")),
        ("usual", Comparison("usual")),
        ("group", Comparison("group")),
        ("store:mitte", Comparison("store", store="mitte")),
        ("2026-05-04..2026-05-10", Comparison("span", from_="2026-05-04", to="2026-05-10")),
        ("-14d..-8d", Comparison("span", from_="-14d", to="-8d")),
    ],
)
def test_every_comparison_has_its_word(text: str, comparison: Comparison) -> None:
    assert parsed(text) == comparison


def test_a_column_of_a_comparison_has_the_meaning_of_its_measure_and_of_what_it_is_of_it() -> None:
    assert suffixed("mean_dwell_s_before") == ("mean_dwell_s", BEFORE)
    assert suffixed("mean_dwell_s") is None
    ratio, low = figure("revenue_ratio", "traffic"), figure("mean_dwell_s_low", "traffic")
    assert (ratio.unit, ratio.title) == ("share", "revenue ratio")
    assert ratio.meaning == f"{figure('revenue', 'traffic').meaning}: the change as a share of the other side"
    assert (low.unit, low.wide) == ("s", figure("mean_dwell_s", "traffic").wide)
    assert [figure(name).unit for name in SPLIT] == ["money"] * 3
    with pytest.raises(KeyError, match="nothing"):
        figure("nothing_low")


@pytest.mark.parametrize("text", ["", "prevous", "store", "store:", "store:A b", "..2026-05-10", "2026-05-04.."])
def test_what_is_no_comparison_is_refused_with_what_there_is(text: str) -> None:
    with pytest.raises(ConfigError, match=r"previous \(the span before.*store:NAME"):
        parsed(text)


def test_a_near_word_is_proposed() -> None:
    with pytest.raises(ConfigError, match="did you mean 'previous'"):
        parsed("prevous")


def test_a_change_is_a_difference_and_a_share_of_what_was() -> None:
    assert (change(12, 10), change_ratio(12, 10)) == (2, 0.2)
    assert (change(8.1, 2.7, 6), change(3, 1, 6)) == (5.4, 2), "what is added is not given decimal places by doubles"
    assert (change(0, 0), change_ratio(0, 0)) == (0, None), "nothing to divide by is no percentage"
    assert (change(None, 10), change_ratio(None, 10), change(10, None), change_ratio(10, None)) == (None,) * 4
    assert change_ratio(-5.0, -10.0) == 0.5, "more is positive, whatever the sign"


@given(now=SIDES, before=SIDES)
def test_the_split_of_revenue_adds_up_and_is_opposite_the_other_way(now: SalesSide, before: SalesSide) -> None:
    found, back = split(now, before), split(before, now)
    parts = [part for part in found if part is not None]
    scale = sum(abs(part) for part in parts)
    assert now.revenue is not None
    assert before.revenue is not None
    assert isclose(sum(parts), now.revenue - before.revenue, rel_tol=1e-9, abs_tol=1e-9 * scale + 1e-9)
    for one, other in zip(found, back, strict=True):
        assert one is not None
        assert other is not None
        assert isclose(one, -other, rel_tol=1e-6, abs_tol=1e-9 * scale + 1e-9)


def test_what_only_one_factor_changed_comes_from_it_alone() -> None:
    before = SalesSide(100, 20, 1000.0)
    traffic, conversion, basket = split(SalesSide(110, 22, 1100.0), before)
    assert (round(traffic or 0, 9), round(conversion or 0, 9), round(basket or 0, 9)) == (100, 0, 0)
    assert round(split(SalesSide(100, 20, 1300.0), before).basket or 0, 9) == 300


def test_factors_that_outweigh_each_other_are_seen_though_revenue_did_not_change() -> None:
    traffic, conversion, basket = split(SalesSide(200, 20, 1000.0), SalesSide(100, 20, 1000.0))
    assert (round(traffic or 0, 6), round(conversion or 0, 6), basket) == (693.147181, -693.147181, 0)


@pytest.mark.parametrize("side", [SalesSide(0, 20, 1000.0), SalesSide(100, 0, 0.0), SalesSide(100, 20, -50.0), SalesSide(None, 20, 1000.0)])
def test_a_product_that_contains_nothing_is_not_taken_apart(side: SalesSide) -> None:
    assert split(side, SalesSide(100, 20, 1000.0)) == split(SalesSide(100, 20, 1000.0), side) == NO_SPLIT


def test_the_usual_course_needs_four_days() -> None:
    assert quartiles([1, 2, None, 3]) == NOT_KNOWN_YET
    assert quartiles([1, 2, None, 3, 6]) == Quartiles(2.5, 1.75, 3.75)
