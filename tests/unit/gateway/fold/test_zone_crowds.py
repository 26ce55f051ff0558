"""Crowds of many stores are shown in turn: each look takes some, and none is passed over."""

from __future__ import annotations

import pytest

from device_profiles.registry import shipped
from gateway.fold import zone_crowds
from gateway.fold.dwell_rows import OPEN
from gateway.fold.state import State
from gateway.fold.zone_crowds import ZoneCrowd, ZoneCrowds
from tests.support.memory_fold_store import MemoryStore


def crowded(stores: int) -> State:
    """A state with one person in the only zone of each store."""
    state = State(shipped(), MemoryStore())
    for number in range(stores):
        name = f"s{number}"
        enter(state, state.estate.zone(name, "hall"), state.estate.stores.of(name), number + 1)
    return state


def enter(state: State, zone: int, store: int, subject: int) -> None:
    slot = state.tracks.add(subject, store, 0, staff=False)
    state.tracks.zone[slot], state.tracks.d_state[slot] = zone, OPEN


def test_a_look_has_the_stores_that_changed_since_the_last() -> None:
    state = crowded(3)
    crowds = ZoneCrowds(state)
    assert (crowds.look(), crowds.look()) == ([0, 1, 2], [])
    assert crowds.of(1) == {"hall": ZoneCrowd(1, 1)}
    enter(state, 1, 1, 77)
    assert (crowds.look(), crowds.of(1)) == ([1], {"hall": ZoneCrowd(2, 2)})


def test_of_more_than_one_look_takes_the_next_are_those_whose_turn_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zone_crowds, "STORES_AT_ONCE", 2)
    monkeypatch.setattr(zone_crowds, "SLOTS_AT_ONCE", 3)
    state = crowded(5)
    crowds = ZoneCrowds(state)
    assert crowds.look() == [0, 1]
    enter(state, 0, 0, 77)
    assert [crowds.look() for _ in range(3)] == [[2, 3], [4, 0], []]
    assert (crowds.of(0), crowds.of(4)) == ({"hall": ZoneCrowd(2, 2)}, {"hall": ZoneCrowd(1, 1)})
