"""What is proposed of walks, and when nothing is."""

from __future__ import annotations

from random import Random

import pytest

from footfall.errors import ConfigError
from footfall.units import NS_PER_S
from gateway.calibration.proposal import calibrate
from gateway.calibration.walks import LevelRow, Walk
from tests.support.calibration_walks import PROFILE, WORKSHOP, less_is_tried, store_of, walk


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    less_is_tried(monkeypatch)


def test_a_walk_that_crosses_one_border_is_refused_and_so_is_a_carrier_that_nobody_heard() -> None:
    with pytest.raises(ConfigError, match="cross every border twice"):
        calibrate([walk("a", louder_db=14, stays=2)], store_of(), PROFILE, WORKSHOP)
    with pytest.raises(ConfigError, match="was not heard"):
        calibrate([Walk("a", [], [(0, "inside")])], store_of(), PROFILE, WORKSHOP)


def test_what_wins_already_is_not_proposed_again() -> None:
    walks = [walk(name, louder_db=14) for name in "abc"]
    store = store_of()
    first = calibrate(walks, store, PROFILE, WORKSHOP).calibration
    assert first is not None
    tuned = store.model_copy(update={"calibrations": (first,)})
    again = calibrate(walks, tuned, PROFILE, WORKSHOP)
    assert again.calibration is None
    assert again.before.right > 0.95
    assert again.best is again.before


def test_walks_that_each_cross_a_border_once_of_which_none_heard_the_other_zone_set_nothing() -> None:
    deaf = [Walk(each.name, [row for row in each.rows if row.zone == "inside"], each.truth) for each in (walk(n, 14) for n in "ab")]
    found = calibrate(deaf, store_of(), PROFILE, WORKSHOP)
    assert found.calibration is None or "outside" not in found.calibration.offset_db


def test_borders_that_were_crossed_once_on_all_walks_together_set_nothing() -> None:
    once = [walk("a", louder_db=14, stays=2), walk("b", louder_db=14, stays=1)]
    found = calibrate(once, store_of(), PROFILE, WORKSHOP)
    assert found.calibration is None
    assert "each of its borders crossed 2 times" in found.reason


LEVELS = {"inside": (-60, -80), "between": (-69, -70), "outside": (-80, -60)}


def through_the_porch(name: str) -> Walk:
    """`between` has no receiver; both others hear it alike, and so weakly that neither zone is sure."""
    random, rows, truth = Random(name), [], []
    for number, zone in enumerate(("inside", "between", "outside", "between", "inside")):
        for second in range(30):
            t_ns = (number * 30 + second) * NS_PER_S
            truth.append((t_ns, zone))
            for at, dbm in zip(("inside", "outside"), LEVELS[zone], strict=True):
                rows.append(LevelRow(t_ns + 1, at, "x", dbm + random.gauss(0, 1.5), sightings=10))
    return Walk(name, rows, truth)


def test_areas_are_proposed_where_they_win_over_what_offsets_reach() -> None:
    store = store_of("inside", "between", "outside")
    found = calibrate([through_the_porch(name) for name in "abc"], store, PROFILE, WORKSHOP)
    assert found.calibration is None
    assert found.reason == ""
    assert {area.zone for area in found.areas} == set(LEVELS)
    assert found.best.right > found.before.right + 0.2
    assert {area.zone for area in found.put_into(store).areas} == set(LEVELS)


def test_areas_that_were_walked_once_are_not_proposed_since_none_can_be_left_out() -> None:
    store = store_of("inside", "between", "outside")
    once = [through_the_porch("a"), walk("b", louder_db=0)]
    assert calibrate(once, store, PROFILE, WORKSHOP).areas == ()


def test_a_calibration_states_the_receivers_that_it_was_made_with() -> None:
    store = store_of(agents=[{"name": "x", "receivers": {"r1": "inside", "r2": "outside"}}])
    found = calibrate([walk(name, louder_db=14) for name in "abc"], store, PROFILE, WORKSHOP).calibration
    assert found is not None
    assert found.receivers == {"x/r1": "inside", "x/r2": "outside"}


BAD_AREAS = [
    {"zone": zone, "profile": PROFILE, "level_dbm": {"inside": dbm}, "mean_sd_db": 1}
    for zone, dbm in (("inside", -58.0), ("outside", -59.0))
]


@pytest.mark.no_cover  # the same lines as of the tests above, for seconds
def test_areas_that_ruin_a_store_are_replaced_by_those_of_a_right_walk() -> None:
    store = store_of(areas=BAD_AREAS)
    found = calibrate([walk(name, louder_db=0) for name in "abc"], store, PROFILE, WORKSHOP)
    assert found.before.right < 0.8 < 0.95 < found.best.right
    assert not [area for area in found.put_into(store).areas if area in store.areas]


@pytest.mark.no_cover  # the same lines as of the tests above, for seconds
def test_areas_without_which_a_store_is_better_go_and_what_it_is_compared_with_is_the_store_as_it_is() -> None:
    """A porch whose receiver is silent: no new areas are to be had."""
    agents = [{"name": "x", "receivers": {"r1": "inside", "r2": "outside", "r3": "porch"}}]
    store, walks = store_of("inside", "outside", "porch", areas=BAD_AREAS, agents=agents), [walk(name, louder_db=0) for name in "abc"]
    found = calibrate(walks, store, PROFILE, WORKSHOP)
    assert found.areas == ()
    assert found.drops_areas_of == PROFILE
    assert found.reason == ""
    assert found.before.right < 0.8 < 0.95 < found.best.right
    assert found.put_into(store).areas == ()


@pytest.mark.no_cover  # the same lines as of the tests above, for seconds
def test_areas_are_not_proposed_where_all_receivers_of_a_zone_are_silent() -> None:
    walks = [through_the_porch(name) for name in "abc"]
    agents = [{"name": "x", "receivers": {"r1": "inside", "r2": "outside", "r3": "between"}}]
    assert calibrate(walks, store_of("inside", "between", "outside", agents=agents), PROFILE, WORKSHOP).areas == ()
