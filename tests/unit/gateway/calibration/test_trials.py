"""Trials decide as a gateway does, since it is the gateway's rule that plays them."""

from __future__ import annotations

import pytest

from device_profiles.registry import shipped
from footfall.units import NS_PER_S
from gateway.calibration.settings import Settings, calibrated, calibration_of
from gateway.calibration.trials import Lead, Played, Trial, play
from gateway.calibration.walks import LevelRow, Walk
from gateway.site import Store
from gateway.site.calibrations import Calibration
from tests.support.calibration_walks import PROFILE, WORKSHOP, store_of, walk
from tests.support.journal_stories import CALIBRATION, site_of
from tests.support.shop_stories import Shop, left, seen

Row = tuple[float, str, int | None]

STORIES: list[list[Row]] = [
    [(0, "a", -60), (9, "a", -60), (10, "b", -50), (20, "b", -50), (25, "b", -50)],
    [(0, "a", -60), (9, "b", -58), (14, "a", -60), (16, "b", -58)],
    [(0, "a", -60), (9, "b", -55), (12, "a", -50), (16, "b", -58), (22, "b", -58)],
    [(0, "a", -60), (5, "a", -60), (6, "a", None), (7, "b", -80), (20, "b", -80)],
    [(at_s, zone, -60 - 3 * (at_s % 40 < 20) * (zone == "a")) for at_s in range(120) for zone in ("a", "b")],
]
STORE = site_of().stores[0]
TUNED = calibrated(STORE, Calibration.model_validate(CALIBRATION))


def played(store: Store, walk: Walk, profile: str) -> Played:
    return play([Trial(store, 0)], [walk], profile, WORKSHOP)[0]


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("tuned", [False, True])
def test_they_give_the_zones_and_the_begins_that_the_gateway_stores(story: list[Row], tuned: bool) -> None:
    shop = Shop().calibrate() if tuned else Shop()
    for at_s, zone, dbm in story:
        shop.hear(left("ann", zone, at_s) if dbm is None else seen("ann", zone, at_s, dbm=dbm))
    rows = [LevelRow(round(at_s * NS_PER_S), zone, "x", dbm) for at_s, zone, dbm in story]
    found = played(TUNED if tuned else STORE, Walk("w", rows, []), "ibeacon")
    dwells = shop.close().dwells()
    assert [each.zone for each in found.changes] == [dwell.zone for dwell in dwells]
    assert [each.from_ns / NS_PER_S for each in found.changes] == pytest.approx([dwell.begin_s for dwell in dwells], abs=0.01)


def test_a_change_is_known_once_it_is_confirmed() -> None:
    presence = shipped()[PROFILE].presence
    changes = played(store_of(), walk("a", louder_db=0, noise_db=0), PROFILE).changes
    assert [change.zone for change in changes] == ["inside", "outside", "inside", "outside"]
    waits_s = [(change.decided_ns - change.from_ns) / NS_PER_S for change in changes[1:]]
    assert waits_s == pytest.approx([presence.confirm_min_s] * 3, abs=0.5)


def test_many_stores_and_walks_are_played_at_once_and_none_knows_of_another() -> None:
    walks = [walk(name, louder_db=14) for name in "ab"]
    stores = [store_of()] + [
        calibrated(store_of(), calibration_of(PROFILE, Settings({"inside": db}, 3.0, 1.0, 1.0), shipped()[PROFILE].presence))
        for db in range(-20, 20, 8)
    ]
    trials = [Trial(store, number) for store in stores for number in (0, 1)]
    together = play(trials, walks, PROFILE, WORKSHOP)
    assert together == [play([trial], walks, PROFILE, WORKSHOP)[0] for trial in trials]
    assert len({tuple(each.changes) for each in together}) > 2


def test_a_walk_without_rows_changes_nothing() -> None:
    assert played(store_of(), Walk("w", [], []), PROFILE) == Played()


def test_a_zone_that_leads_is_known_before_it_is_decided() -> None:
    found = played(store_of(), walk("a", louder_db=0, noise_db=0), PROFILE)
    ahead = [lead for lead in found.leads if lead.zone == "outside"]
    assert ahead[0].since_ns == found.changes[1].from_ns
    assert ahead[0].from_ns < found.changes[1].decided_ns
    assert isinstance(ahead[0], Lead)
