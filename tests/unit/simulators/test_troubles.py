"""The table of troubles: names, rates and mistakes; each changes a world, and a rate of zero none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from footfall.errors import ConfigError
from simulators.people import Crowd
from simulators.plan import shop_of_four
from simulators.scenes import SCENES
from simulators.troubles import TROUBLES, outages, rates_of, two_devices, with_troubles
from simulators.truth import Link, truth_of
from simulators.world import World

WORLD = World(9, hours=3, plan=shop_of_four("s"), crowd=Crowd(arrivals=(50.0,) * 24, exact=True))


def figures(world: World) -> tuple[object, ...]:
    return world.digest(), [record for record in truth_of(world) if not isinstance(record, Link)]


@pytest.fixture(scope="module")
def small() -> World:
    return replace(WORLD, hours=0.3, crowd=replace(WORLD.crowd, arrivals=(100.0,) * 24))


@pytest.fixture(scope="module")
def before(small: World) -> tuple[object, ...]:
    return figures(small)


@pytest.mark.parametrize("name", TROUBLES)
def test_each_trouble_changes_the_world_and_none_of_it_does_nothing(name: str, small: World, before: tuple[object, ...]) -> None:
    assert with_troubles(small, {name: 0.0}) == small
    assert figures(with_troubles(small, {name: min(TROUBLES[name].most, 2 * TROUBLES[name].usual)})) != before


def test_the_same_seed_has_the_same_troubles(small: World) -> None:
    rates = {name: trouble.usual for name, trouble in TROUBLES.items()}
    assert figures(with_troubles(small, rates)) == figures(with_troubles(small, rates))


def test_rates_are_read_and_default_to_the_usual() -> None:
    assert rates_of(["pockets", "re-entries=0.4"]) == {"pockets": TROUBLES["pockets"].usual, "re-entries": 0.4}


@pytest.mark.parametrize(
    ("text", "reason"), [("pocket", "did you mean 'pockets'"), ("pockets=much", "write pockets=0.5"), ("=1", "lists no trouble ''")]
)
def test_mistakes_are_named(text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        rates_of([text])


@pytest.mark.parametrize("rate", [-0.1, 1.5, float("nan")])
def test_a_rate_that_makes_no_sense_is_refused(rate: float) -> None:
    with pytest.raises(ConfigError, match="between 0 and 1"):
        with_troubles(WORLD, {"pockets": rate})


def test_two_devices_come_on_the_stated_share_of_fans() -> None:
    found = dict(two_devices((("nothing", 0.5), ("beacon", 0.4), ("two", 0.1)), 0.3))
    assert found == pytest.approx({"nothing": 0.5, "beacon": 0.35, "two": 0.15})
    people = list(with_troubles(replace(WORLD, hours=8), {"two-devices": 0.3}).people())
    fans = [person for person in people if person.carries in ("beacon", "two")]
    assert sum(person.carries == "two" for person in fans) / len(fans) == pytest.approx(0.3, abs=0.1)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_receivers_fail_one_after_the_other_within_the_world(count: int) -> None:
    found = outages(WORLD, count)
    assert len({outage.receiver for outage in found}) == count
    ends = [0] + [outage.to_ns for outage in found]
    assert all(end <= outage.from_ns < outage.to_ns <= WORLD.length_ns for end, outage in zip(ends, found, strict=False))


def test_more_failures_than_receivers_are_refused() -> None:
    with pytest.raises(ConfigError, match="4 receivers"):
        with_troubles(WORLD, {"failures": 5})


def test_the_page_of_the_simulator_has_the_tables_of_scenes_and_troubles() -> None:
    page = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    assert [row for row in rows if len(row) == 4] == [
        [f"`{name}`", f"{trouble.usual:g}", trouble.unit, trouble.text] for name, trouble in TROUBLES.items()
    ]
    assert [row for row in rows if row[0].strip("`") in SCENES][: len(SCENES)] == [[f"`{name}`", one.text] for name, one in SCENES.items()]
