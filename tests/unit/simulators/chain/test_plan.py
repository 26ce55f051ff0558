"""The plan of the chain: names that are there, faults that can happen, and days of every store that tile its time."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from footfall.config import check
from footfall.errors import ConfigError
from simulators.chain.chain import MS_PER_HOUR, Chain
from simulators.chain.plan import PLAN_FILE, Plan, shipped_plan


def changed_fault(**changes: Any) -> Plan:
    values = tomllib.loads(PLAN_FILE.read_text())
    values["faults"][0] = {key: value for key, value in (values["faults"][0] | changes).items() if value is not None}
    return check(values, Plan, "chain.toml")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"store": "nowhere"}, "'nowhere'"),
        ({"kind": "offline", "door": None, "agent": "a"}, "full 10 minutes"),
        ({"agent": "a"}, "names a door if it is its counter's"),
        ({"door": "side-street"}, "'side-street'"),
    ],
)  # fmt: skip
def test_a_fault_that_cannot_happen_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        changed_fault(**({"at": "12:25:00"} | changes))


def test_the_site_has_every_store_with_its_boxes_and_till() -> None:
    chain = Chain()
    site = chain.site()
    assert len(site.stores) == 24
    assert {len(store.agents) for store in site.stores} == {2, 3, 4}
    assert all(store.agents[-1].name == f"{store.name}-till" for store in site.stores)
    assert len({store.timezone for store in site.stores}) >= 7


def test_beyond_the_plan_stores_have_names_of_their_own_and_no_faults() -> None:
    stores = Chain(50, 1).stores
    assert len({store.name for store in stores}) == 50
    assert stores[24].name == "berlin-mitte-2"
    assert not stores[24].outages
    assert stores[0].outages


def test_days_are_as_long_as_local_clocks_make_them() -> None:
    berlin, lord_howe = Chain().stores[0], Chain().stores[7]
    day = (Chain().first_day.replace(month=10, day=25) - Chain().first_day).days
    assert berlin.at_ms(day + 1) - berlin.at_ms(day) == 25 * MS_PER_HOUR
    day = (Chain().first_day.replace(month=10, day=4) - Chain().first_day).days
    assert lord_howe.at_ms(day + 1) - lord_howe.at_ms(day) == 23.5 * MS_PER_HOUR


def test_the_campaign_draws_people_into_every_second_store() -> None:
    chain, campaign = Chain(), shipped_plan().campaign
    assert [chain.is_treated(store, campaign.from_day) for store in chain.stores[:4]] == [True, False, True, False]
    assert not any(chain.is_treated(store, campaign.to_day + 1) for store in chain.stores)
