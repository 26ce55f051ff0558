"""How good the evidence of a dwell's zone is: by how far it was ahead, how surely levels tell, and where the person came from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from device_profiles.registry import shipped
from gateway.fold.dwell_quality import SILENT_DB, sure_percent
from gateway.fold.state import State
from gateway.site.recorded import RecordedSite
from tests.support.journal_stories import S
from tests.support.memory_fold_store import MemoryStore
from tests.support.shop_stories import Seen, Shop, seen

ZONES = [{"name": "entrance", "type": "entrance"}, {"name": "shelf"}, {"name": "street", "type": "outside"}]
NOW_NS = 10_000 * S


def heard(lead_db: int, profile: str = "ibeacon", entrance: bool = True, **columns: Any) -> tuple[State, int]:
    """A track in a calibrated store for staff badges, of whom a zone is about to be decided."""
    zones = ZONES if entrance else ZONES[1:]
    state = State(shipped(), MemoryStore())
    calibrations = [{"profile": "staff-badge"}]
    state.estate.apply(RecordedSite.model_validate({"stores": [{"name": "s", "zones": zones, "calibrations": calibrations}]}))
    state.deaf_zones.grow(len(state.estate.zone_store), len(state.estate.stores))
    slot = state.tracks.add(5, state.estate.stores.of("s"), state.estate.profile(profile, "s"), False)
    for name, value in ({"lead_db": lead_db, "v_state": 1, "v_last_ns": NOW_NS - 60 * S} | columns).items():
        getattr(state.tracks, name)[slot] = value
    return state, slot


def percent(lead_db: int, zone: str = "shelf", **more: Any) -> int:
    state, slot = heard(lead_db, **more)
    code = state.estate.zone("s", zone)
    alone = sure_percent(state, slot, code, NOW_NS)
    (column,) = sure_percent(state, np.array([slot]), np.array([code]), np.array([NOW_NS])).tolist()
    assert column == alone
    return int(alone)


def test_it_rises_with_how_far_the_zone_is_ahead() -> None:
    found = [percent(lead_db) for lead_db in (-5, 0, 2, 5, 8, 12, 20, 30)]
    assert found == sorted(found)
    assert (found[0], found[1]) == (0, 0)
    assert found[-1] > 95


def test_a_zone_that_nobody_was_heard_beside_is_no_better_than_a_lead_of_some_db() -> None:
    assert percent(8) > percent(SILENT_DB) == percent(140) > percent(5)


def test_who_goes_back_and_forth_is_less_sure() -> None:
    found = [percent(12, wary_db=wary_db) for wary_db in (0, 1, 4, 12)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 2 * found[2]


def test_levels_of_many_sightings_are_sharper_and_those_of_calibrated_carriers_too() -> None:
    often, rarely = ({"sighted_ns": 100 * S, "sightings": n, "sighted_rows": 50} for n in (1000, 100))
    assert percent(8, **often) > percent(8, **rarely)
    assert percent(8, profile="staff-badge") > percent(8)


def test_whom_nobody_saw_come_in_is_less_sure_deep_inside_than_at_the_entrance() -> None:
    new = {"v_state": 0, "v_last_ns": 0}
    assert percent(12, "shelf", **new) < percent(12, "entrance", **new) == percent(12, "street", **new) == percent(12)
    assert percent(12, "shelf", v_state=2, v_last_ns=NOW_NS - 7200 * S) == percent(12, "shelf", **new)
    assert percent(12, "shelf", entrance=False, **new) == percent(12)


def test_who_is_only_supposed_in_a_zone_is_less_sure_there() -> None:
    state, slot = heard(20)
    shelf, entrance = (state.estate.zone("s", name) for name in ("shelf", "entrance"))
    before = sure_percent(state, slot, shelf, NOW_NS)
    state.deaf_zones.are_deaf = lambda zone: zone == shelf  # type: ignore[method-assign] # without the minutes in which it missed people
    assert sure_percent(state, slot, shelf, NOW_NS) < 0.75 * before
    assert sure_percent(state, slot, entrance, NOW_NS) == before


def story(far_dbm: int) -> list[Seen]:
    return [
        seen("ann", zone, at + 0.1 * n, dbm=dbm) for at in range(0, 20, 2) for n, (zone, dbm) in enumerate((("a", -60), ("b", far_dbm)))
    ]


@pytest.mark.parametrize(("far_dbm", "least", "most"), [(-62, 0.0, 0.4), (-70, 0.75, 0.9), (-85, 0.95, 1.0)])
def test_a_dwell_bears_its_quality_from_its_beginning_on(far_dbm: int, least: float, most: float) -> None:
    shop = Shop().hear(*story(far_dbm))
    (begun,) = shop._of("dwell")
    assert begun["open"]
    assert least <= begun["quality"] <= most
    (ended,) = shop.close()._of("dwell")
    assert (ended["open"], ended["quality"]) == (False, begun["quality"])


def test_a_dwell_that_another_followed_keeps_its_own() -> None:
    there = [seen("ann", "b", at + 0.5, dbm=-50) for at in range(24, 60, 2)]
    shop = Shop().hear(*story(-62), *[seen("ann", "a", at) for at in range(24, 60, 2)], *there).close()
    first, second = sorted(shop._of("dwell"), key=lambda row: row["time_ns"])
    assert first["quality"] < 0.4 < second["quality"]
