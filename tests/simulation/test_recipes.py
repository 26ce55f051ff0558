"""Recipes on a simulated chain: what the database gives them is what its truth gives them, and a campaign's lift is found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from footfall.analysis import Footfall, recipes
from gateway.sinks.sqlite.sink import SQLite
from simulators.chain.chain import Chain
from simulators.chain.people import People
from simulators.chain.plan import shipped_plan
from simulators.chain.run import Simulated, simulate_chain
from simulators.chain.truth import Dwell, Visit

WHOLE = "new-york-soho"
"""A store that nothing fails in, in the first weeks; its clocks go back on the second Sunday."""
STORES = tuple(store for store in shipped_plan().stores if store.name in (WHOLE, "mumbai-fort"))
CHAIN = Chain(count=len(STORES), weeks=2, seed=11, plan=shipped_plan().model_copy(update={"stores": STORES}))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Simulated, Path]:
    path = tmp_path_factory.mktemp("recipes") / "chain.db"
    with closing(SQLite(path)) as sink:
        return simulate_chain(CHAIN, [sink]), path


@pytest.fixture(scope="module")
def footfall(made: tuple[Simulated, Path]) -> Iterator[Footfall]:
    with Footfall(db=made[1]) as opened:
        yield opened


def local(store: Sequence[str], times_ms: Sequence[int]) -> list[pd.Timestamp]:
    zones = {each.name: each.plan.timezone for each in CHAIN.stores}
    utc = [pd.Timestamp(ms, unit="ms", tz="UTC") for ms in times_ms]
    return [time.tz_convert(zones[name]).tz_localize(None) for name, time in zip(store, utc, strict=True)]


def true_visits(visits: Sequence[Visit]) -> pd.DataFrame:
    frame = pd.DataFrame(visits)
    utc = pd.to_datetime(frame["from_ms"], unit="ms", utc=True)
    seconds = (frame["to_ms"] - frame["from_ms"]) / 1000
    return frame.assign(started=local(frame["store"], frame["from_ms"]), started_utc=utc, seconds=seconds, open=False)


def true_dwells(dwells: Sequence[Dwell]) -> pd.DataFrame:
    frame = pd.DataFrame(dwells)
    utc = pd.to_datetime(frame["from_ms"], unit="ms", utc=True)
    return frame.assign(time=local(frame["store"], frame["from_ms"]), time_utc=utc, seconds=(frame["to_ms"] - frame["from_ms"]) / 1000)


SPAN = {"from_": "2026-10-18", "to": "2026-11-03"}


def test_fans_come_again_as_often_as_in_truth(made: tuple[Simulated, Path], footfall: Footfall) -> None:
    found = recipes.repeat_visits(footfall.visits(**SPAN), within_days=6)
    assert found == recipes.repeat_visits(true_visits(made[0].truth.visits), within_days=6)
    assert found.n > 100
    assert 0 < found.low < found.high < 1


def test_ways_through_zones_are_those_of_truth(made: tuple[Simulated, Path], footfall: Footfall) -> None:
    zones = ["entrance", "shoes", "fitting", "checkout"]
    found = recipes.funnel(footfall.rows("dwell", **SPAN), zones)
    pd.testing.assert_frame_equal(found, recipes.funnel(true_dwells(made[0].truth.dwells), zones))
    assert (found["ways"] > 20).all()


def test_people_and_staff_are_inside_as_in_truth(made: tuple[Simulated, Path], footfall: Footfall) -> None:
    # Rows have milliseconds, where the list of visits has seconds.
    stored, true = footfall.rows("visit", **SPAN), true_visits(made[0].truth.visits)
    found, expected = (
        recipes.people_to_staff(each.astype({"store": str})).sort_values(["store", "time"], ignore_index=True) for each in (stored, true)
    )
    pd.testing.assert_frame_equal(found, expected)
    assert found["people_per_staff"].notna().sum() > 50


def test_the_usual_week_is_that_of_truth_across_a_change_of_clocks(made: tuple[Simulated, Path], footfall: Footfall) -> None:
    found = recipes.profile(footfall.traffic(stores=WHOLE, interval="1h", measures="in", **SPAN))
    passed = pd.DataFrame([each for each in made[0].truth.passings if each.store == WHOLE])
    wall = pd.Series(local(passed["store"], passed["time_ms"]))
    weeks = passed.groupby([wall.dt.day_of_week, wall.dt.hour])["entered"].sum() / CHAIN.weeks
    expected = [weeks.get((day, hour), 0.0) for day in range(7) for hour in range(10, 20)]
    assert found["mean"].to_list() == expected
    assert set(found["n"]) == {CHAIN.weeks}


def chain_days(seed: int) -> tuple[Chain, pd.DataFrame]:
    """Return the people of each day of a chain in which a campaign runs, without its gateway."""
    chain = Chain(count=24, weeks=7, seed=seed)
    rows = []
    for store in chain.stores:
        people = People(chain, store)
        for day in range(chain.days):
            if chain.is_open(store, day):
                came = sum(party.size for party in people.parties(day) if party.staff < 0)
                rows.append((store.name, pd.Timestamp(store.date_of(day)), came))
    return chain, pd.DataFrame(rows, columns=["store", "time", "in"])


@pytest.mark.parametrize("seed", [1, 2])
def test_the_lift_of_a_campaign_is_found_and_none_where_there_is_none(seed: int) -> None:
    chain, days = chain_days(seed)
    treated = [store.name for store in chain.stores if store.number % chain.plan.campaign.every == 0]
    first, last = (chain.stores[0].date_of(day).isoformat() for day in (chain.plan.campaign.from_day, chain.plan.campaign.to_day))
    found = recipes.lift(days, treated, ("2026-09-07", "2026-09-20"), (first, last))
    assert found.low < chain.plan.campaign.lift < found.high
    assert found.high / found.low < 1.2
    assert found.treated + found.controls + len(found.left_out) == 24
    assert found.left_out
    placebo = recipes.lift(days, treated, ("2026-09-07", "2026-09-13"), ("2026-09-14", "2026-09-20"))
    assert placebo.low < 1 < placebo.high
    assert np.isfinite(placebo.value)
