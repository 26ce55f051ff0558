"""The product's identity stage with a small month: the same in every order, across crashes, and as the oracle has it."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from simulators.identity.orders import FEW, Month, Ordered, crashed, every_order, random_order, small_groups
from simulators.identity.pure import PureBrand, facts_of
from simulators.identity.run import Verdict
from simulators.identity.score import Score
from simulators.identity.truth import Class
from simulators.identity.world import Sizes
from simulators.identity.world_made import make_world

SMALL = Sizes(fans=300, stores=3)
TINY = Sizes(fans=60, stores=2)


@pytest.fixture(scope="module")
def month() -> Month:
    return Month.of(make_world(1, SMALL))


@pytest.fixture(scope="module")
def tiny() -> Month:
    return Month.of(make_world(1, TINY))


@pytest.mark.parametrize("seed", range(1, 4))
def test_rows_do_not_depend_on_the_order_of_facts(month: Month, seed: int) -> None:
    assert random_order(month, seed).differences == 0


def test_one_by_one_and_with_a_crash_before_every_fact_the_rows_are_the_same(tiny: Month) -> None:
    assert random_order(tiny, 0).differences == 0
    assert crashed(tiny).differences == 0


def test_a_few_facts_that_hang_together_come_to_the_same_in_every_order(tiny: Month) -> None:
    groups = list(small_groups(tiny.facts))
    assert groups
    assert all(1 < len(group) <= FEW for group in groups)
    assert sum((every_order(group).differences for group in groups[:20]), 0) == 0


def test_every_order_finds_rows_that_depend_on_it(monkeypatch: pytest.MonkeyPatch, tiny: Month) -> None:
    group = next(small_groups(tiny.facts))
    monkeypatch.setattr(PureBrand, "standings_of", lambda self, facts: {"first": next(iter(facts)).id})
    found = every_order(group)
    assert found.orders > 1
    assert found.differences > 0


def test_a_crash_is_a_stage_that_is_made_anew(monkeypatch: pytest.MonkeyPatch, tiny: Month) -> None:
    made = Counter[str]()
    fresh = PureBrand._fresh
    monkeypatch.setattr(PureBrand, "_fresh", lambda self: made.update(["stages"]) or fresh(self))
    crashed(tiny)
    assert made["stages"] > len(tiny.world.sent)


def test_every_kind_of_event_states_a_fact() -> None:
    world = make_world(6, Sizes(fans=1000, stores=4))
    kinds = {type(fact).__name__ for fact in facts_of(world.sent)}
    assert kinds == {"Mention", "Link", "Same", "Merge", "Split", "Distinct", "Revoke", "RevokeLink", "Consent"}


def verdict(**values: object) -> Verdict:
    right = {
        "score": Score(right=999, known=1000),
        "rows": 2000,
        "by_class": {Class.KNOWN: 1000, Class.NOBODY: 900, Class.UNDETECTABLE: 90, Class.UNCORRECTED: 10},
        "orders": Ordered(500, 0),
        "oracle_differences": (),
        "anonymous_before": 0.9,
        "anonymous_after": 0.5,
        "anonymous_oracle": 0.5,
        "truth_after": 0.51,
        "conflicts": 1,
        "shared": 7,
    }
    return Verdict(**{**right, **values})  # type: ignore[arg-type]  # the values of a verdict, by name


def test_the_last_line_has_what_a_run_came_to() -> None:
    assert re.fullmatch(
        r"precision=1\.0000 recall=0\.9990 order_differences=0 oracle_differences=0 anonymous_before=0\.9000 anonymous_after=0\.5000"
        r" anonymous_oracle=0\.5000 truth_after=0\.5100 conflicts=1 shared=7 uncorrectable=100",
        verdict().last_line(),
    )
    assert verdict().faults() == []


@pytest.mark.parametrize(
    "values",
    [
        {"score": Score(right=960, known=1000)},
        {"orders": Ordered(500, 1)},
        {"oracle_differences": ("t1",)},
        {"anonymous_after": 0.55, "anonymous_oracle": 0.55},
        {"anonymous_after": 0.5001},
    ],
)
def test_a_run_fails_if_one_figure_is_not_as_it_must_be(values: dict[str, object]) -> None:
    assert len(verdict(**values).faults()) == 1
