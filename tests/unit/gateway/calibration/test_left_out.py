"""Receivers that have no part in a walk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from footfall.units import NS_PER_S
from gateway.calibration.advice import ReceiverHeard
from gateway.calibration.left_out import left_out, silent_zones
from gateway.calibration.walks import Walk
from tests.support.calibration_walks import store_of, walk

WALKS = [walk("a", louder_db=0)]
DEAF = [Walk("a", [row for row in WALKS[0].rows if row.zone == "inside"], WALKS[0].truth)]
NOW_NS = 1_796_000_000 * NS_PER_S


def agents(**receivers: str) -> list[dict[str, Any]]:
    return [{"name": "box", "receivers": receivers}]


def heard(mute: Sequence[str] = (), **receivers: str) -> list[ReceiverHeard]:
    return [ReceiverHeard(name, zone, {} if name in mute else {zone: [-60.0]}, {}) for name, zone in receivers.items()]


def test_a_receiver_of_the_mapping_that_heard_nothing_is_named() -> None:
    assert left_out(WALKS, store_of(), heard(("r2",), r1="inside", r2="outside"), NOW_NS) == ["r2 (outside) heard nothing"]
    assert left_out(WALKS, store_of(), heard(r1="inside", r2="outside"), NOW_NS) == []


def test_a_receiver_of_the_store_is_missed_where_the_recording_has_its_names() -> None:
    store = store_of(agents=agents(r1="inside", r2="outside", r3="outside"))
    assert left_out(WALKS, store, heard(r1="inside", r2="outside"), NOW_NS) == ["r3 (outside) of site.toml is not in the mapping"]
    assert left_out(WALKS, store, heard(hall_dbm="inside", yard_dbm="outside"), NOW_NS) == []


def test_a_live_walk_has_zones_in_the_place_of_receivers() -> None:
    store = store_of(agents=agents(inside="inside", outside="outside", second="outside"))
    assert left_out(WALKS, store, heard(inside="inside", outside="outside"), NOW_NS) == []


def test_a_zone_whose_receivers_are_all_silent_is_named() -> None:
    store = store_of(agents=agents(r1="inside", r2="outside"))
    assert left_out(DEAF, store, heard(hall_dbm="inside"), NOW_NS) == ["no receiver of outside heard anything"]
    assert silent_zones(DEAF, store) == ["outside"]


def test_a_zone_without_receivers_may_be_silent() -> None:
    store = store_of("inside", "outside", "porch", agents=agents(r1="inside", r2="outside"))
    assert left_out(WALKS, store, heard(("porch",), inside="inside", outside="outside", porch="porch"), NOW_NS) == []


def test_an_agent_that_left_the_store_is_not_missed() -> None:
    gone = {"name": "old", "receivers": {"r3": "outside"}, "to": "2020-01-01"}
    store = store_of(agents=[*agents(r1="inside", r2="outside"), gone])
    assert left_out(WALKS, store, heard(r1="inside", r2="outside"), NOW_NS) == []
