"""Intervals contain the truth of simulated worlds as often as they claim, and values are off by no more than the documents state.

`pytest -s` prints both; docs/analysing.md has them, and this test holds it to them: to the digit with all seeds, `make test-whole`, and
within what a quarter of them may be off in `make test`. Seeds are fixed: nothing here depends on luck.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isfinite, nan
from typing import NamedTuple

import numpy as np
import pytest

from footfall.analysis import recipes
from tests.docs.blocks import ROOT
from tests.support import analysed_worlds as worlds
from tests.support.whole import small_or_whole

SEEDS = range(small_or_whole(50, 200))
OFF = small_or_whole(0.06, 0.0)
"""By so much the share of intervals may differ from what the document states."""
CLASSES_S = [0.0, 120.0, 300.0, 900.0]
CLASSES_BUY = [0.05, 0.15, 0.3, 0.45]
STEPS = [0.6, 0.5]


class Tried(NamedTuple):
    """One estimate of a world, and what is true in it."""

    value: float
    low: float
    high: float
    truth: float


def repeat_visits(seed: int) -> Iterator[Tried]:
    world = worlds.FanWorld()
    found = recipes.repeat_visits(world.visits(seed), within_days=28, until=worlds.MONDAY + np.timedelta64(world.days - 1, "D"))
    yield Tried(*found[:3], world.comes_again(28))


def visits_before_purchase(seed: int) -> Iterator[Tried]:
    world = worlds.FanWorld()
    frame = recipes.visits_before_purchase(world.visits(seed), most=3)
    yield from (Tried(row.share, row.low, row.high, world.buys) for row in frame.itertuples())


def dwell_against_sale(seed: int) -> Iterator[Tried]:
    frame = recipes.dwell_against_sale(worlds.buyers_by_length(seed, CLASSES_S, CLASSES_BUY), CLASSES_S)
    yield from (Tried(row.share, row.low, row.high, truth) for row, truth in zip(frame.itertuples(), CLASSES_BUY, strict=True))


def capture_rate(seed: int) -> Iterator[Tried]:
    yield Tried(*recipes.capture_rate(worlds.passing_days(seed, 0.12))[:3], 0.12)


def lift(seed: int) -> Iterator[Tried]:
    days = worlds.campaign_days(seed, 1.3)
    treated = [f"s{number:02}" for number in range(0, 12, 2)]
    yield Tried(*recipes.lift(days, treated, ("2026-09-07", "2026-10-04"), ("2026-10-05", "2026-11-01"))[:3], 1.3)


def funnel(seed: int) -> Iterator[Tried]:
    frame = recipes.funnel(worlds.ways_of_dwells(seed, STEPS), ["z0", "z1", "z2"])
    truths = np.cumprod(STEPS).tolist()
    yield from (Tried(row.share_of_first, row.low, row.high, truth) for row, truth in zip(frame.iloc[1:].itertuples(), truths, strict=True))


def profile(seed: int) -> Iterator[Tried]:
    means = worlds.usual_mean()
    frame = recipes.profile(worlds.usual_hours(seed))
    weekdays = frame["weekday"].cat.codes
    yield from (
        Tried(row.mean, row.low, row.high, means[weekday, row.hour])
        for row, weekday in zip(frame.itertuples(), weekdays, strict=True)
        if row.hour in (10, 18)
    )


def naive_forecast(seed: int) -> Iterator[Tried]:
    weeks, steps = 26, 14
    days = worlds.noisy_days(seed, 7 * weeks + steps)
    frame = recipes.naive_forecast(days.iloc[:-steps], steps)
    after = days.iloc[-steps:]["in"].tolist()
    yield from (Tried(row.forecast, row.low, row.high, truth) for row, truth in zip(frame.itertuples(), after, strict=True))


TRIALS: dict[str, Callable[[int], Iterator[Tried]]] = {
    each.__name__: each
    for each in (repeat_visits, visits_before_purchase, dwell_against_sale, capture_rate, lift, funnel, profile, naive_forecast)
}


class Found(NamedTuple):
    """The share of intervals with the truth inside, and the mean of value / truth - 1."""

    inside: float
    bias: float


def measured(trial: Callable[[int], Iterator[Tried]]) -> Found:
    tried = [each for seed in SEEDS for each in trial(seed)]
    assert all(map(isfinite, (value for each in tried for value in each)))
    return Found(float(np.mean([each.low <= each.truth <= each.high for each in tried])),
                 float(np.mean([each.value for each in tried]) / np.mean([each.truth for each in tried]) - 1))  # fmt: skip


ROUNDED = 0.0005
"""The document has tenths of a percent."""


def share(percent: str) -> float:
    return float(percent.replace("−", "-").removesuffix(" %")) / 100


def documented(recipe: str) -> tuple[str, str]:
    text = (ROOT / "docs" / "analysing.md").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith(f"| `{recipe}` |") and " % |" in line]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    return cells[-2], cells[-1]


@pytest.mark.parametrize("recipe", TRIALS)
def test_intervals_contain_the_truth_as_often_as_the_document_states(recipe: str) -> None:
    found = measured(TRIALS[recipe])
    print(f"{recipe}: {found.inside:.1%} inside, bias {found.bias:+.1%}")  # noqa: T201 # pytest -s shows it
    inside, bias = documented(recipe)
    assert 0.92 <= share(inside) <= 0.985
    assert abs(share(bias)) <= 0.01
    assert abs(found.inside - share(inside)) <= OFF + ROUNDED
    assert abs(found.bias - share(bias)) <= OFF / 3 + ROUNDED


def test_an_interval_that_misses_the_truth_is_counted() -> None:
    assert measured(lambda seed: iter([Tried(1.0, 0.9, 1.1, 1.0 if seed % 2 else 2.0)])).inside == 0.5
    with pytest.raises(AssertionError):
        measured(lambda seed: iter([Tried(nan, nan, nan, 1.0)]))
