"""Who has the sale: the examples of docs/analysing.md, worked by hand, and rules that there are none of."""

from __future__ import annotations

import pytest

from footfall.errors import ConfigError
from footfall.units import NS_PER_DAY
from gateway.outcome.rules import WEIGHING, ContributionSettings, check_rule
from gateway.outcome.shares import shared_out

AGES_NS = (14 * NS_PER_DAY, 7 * NS_PER_DAY, 0)


def shares(rule: str, names: tuple[str, ...] = ("ben", "anna", "cleo"), cents: int = 100_00) -> dict[str, int]:
    weights = WEIGHING[rule](AGES_NS, ContributionSettings())
    return shared_out(cents, dict(zip(names, weights, strict=True)))


@pytest.mark.parametrize(("rule", "anna", "ben", "cleo"), [
    ("first", 0, 100_00, 0),
    ("last", 0, 0, 100_00),
    ("equal", 33_34, 33_33, 33_33),
    ("decayed", 28_57, 14_29, 57_14),
])  # fmt: skip
def test_examples_of_the_page(rule: str, anna: int, ben: int, cleo: int) -> None:
    assert shares(rule) == {"anna": anna, "ben": ben, "cleo": cleo}


def test_what_is_brought_back_is_shared_as_what_was_sold() -> None:
    assert shares("equal", cents=-10_00) == {"anna": -3_34, "ben": -3_33, "cleo": -3_33}


def test_a_touch_of_long_ago_still_weighs_something() -> None:
    (weight,) = WEIGHING["decayed"]((10**6 * NS_PER_DAY,), ContributionSettings())
    assert weight == 1, "who stands alone has all of it"


@pytest.mark.parametrize("weights", [{}, {"anna": 0}, {"anna": 2, "ben": -1}])
def test_weights_that_share_nothing_out_are_refused(weights: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="share nothing out"):
        shared_out(100, weights)


def test_an_unknown_rule_is_refused_with_the_nearest_one() -> None:
    assert check_rule("decayed") == "decayed"
    with pytest.raises(ConfigError, match="decayed"):
        check_rule("decay")
