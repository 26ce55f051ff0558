"""Who may correct whose events, and for how long."""

from __future__ import annotations

from typing import Any

import pytest

from footfall.config import check
from footfall.errors import ConfigError
from footfall.units import NS_PER_DAY, NS_PER_HOUR
from gateway.site import Site
from gateway.site.corrections import CorrectionRules, CorrectionWindows, MayCorrect
from gateway.site.recorded import record_site

STORES = [{"name": "n-1", "agents": [{"name": "till-1"}, {"name": "desk"}]}, {"name": "s-1", "agents": [{"name": "till-2"}]}]


def site(**more: Any) -> Site:
    return check({"brand": "b", "stores": STORES} | more, Site, "site.toml")


def rules(*entries: dict[str, Any]) -> CorrectionRules:
    return CorrectionRules([MayCorrect.model_validate(each) for each in entries])


def test_everybody_corrects_its_own_and_nobody_else_s() -> None:
    assert rules().stage_of("till-1", "till-1", "n-1") == "store"
    assert rules().stage_of("till-1", "till-2", "n-1") is None


def test_a_rule_names_who_whose_where_and_at_which_stage() -> None:
    area = rules({"publisher": "desk", "of": ["till-*"], "stores": ["n-*"], "stage": "area"})
    assert area.stage_of("desk", "till-1", "n-1") == "area"
    assert area.stage_of("desk", "till-1", "s-1") is None
    assert area.stage_of("desk", "door-1", "n-1") is None
    assert area.stage_of("till-1", "till-2", "n-1") is None


def test_of_several_rules_the_furthest_counts_also_for_its_own() -> None:
    both = rules({"publisher": "desk", "stage": "area"}, {"publisher": "desk", "stage": "headquarters", "stores": ["s-1"]})
    assert [both.stage_of("desk", "desk", store) for store in ("n-1", "s-1")] == ["area", "headquarters"]


def test_windows_are_those_that_the_brand_sets() -> None:
    assert rules().windows_ns == {"store": 72 * NS_PER_HOUR, "area": 40 * NS_PER_DAY, "headquarters": 400 * NS_PER_DAY}
    assert CorrectionRules(windows=CorrectionWindows(store_hours=1)).windows_ns["store"] == NS_PER_HOUR


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"may_correct": [{"publisher": "desc"}]}, "may_correct.0: publisher 'desc' is no agent of the estate: did you mean 'desk'?"),
        ({"may_correct": [{"publisher": "desk", "of": ["tills-*"]}]}, "may_correct.0: `of` has 'tills-*', which fits nobody"),
        (
            {"may_correct": [{"publisher": "desk", "stores": ["n-2"]}]},
            "may_correct.0: `stores` has 'n-2', which fits nobody: did you mean 'n-1'?",
        ),
        ({"may_correct": [{"publisher": "desk", "of": []}]}, "may_correct.0.of"),
        ({"may_correct": [{"publisher": "desk", "stage": "hq"}]}, "may_correct.0.stage: Input should be 'store', 'area' or 'headquarters'"),
        ({"correction_windows": {"area_days": 2}}, "each stage corrects for at least as long as the one before"),
        ({"correction_windows": {"headquarters_days": 401}}, "correction_windows.headquarters_days"),
        ({"correction_windows": {"store_hour": 1}}, "did you mean `store_hours`?"),
    ],
)
def test_a_mistake_is_named(more: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        site(**more)
    assert message in str(raised.value), str(raised.value)


def test_the_record_of_the_estate_is_the_same_whoever_may_correct() -> None:
    assert record_site(site(may_correct=[{"publisher": "desk"}], correction_windows={"store_hours": 1})) == record_site(site())
