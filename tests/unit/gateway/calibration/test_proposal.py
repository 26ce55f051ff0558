"""What is proposed of walks, and when nothing is."""

from __future__ import annotations

import pytest

from footfall.errors import ConfigError
from gateway.calibration.proposal import calibrate
from gateway.calibration.walks import Walk
from tests.support.calibration_walks import PROFILE, WORKSHOP, store_of, walk


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
