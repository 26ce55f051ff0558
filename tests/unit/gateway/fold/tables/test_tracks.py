"""Slots made many at a time are those that would be made one after the other, whoever came and left before."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import Tracks, distinct

STORES = 3
pairs = st.tuples(st.integers(1, 8) | st.sampled_from([0, (1 << 64) - 1]), st.integers(0, STORES - 1))
steps = st.lists(st.tuples(st.lists(pairs, max_size=12), st.sets(st.integers(0, 30), max_size=6)), max_size=12)


def came(slots: Tracks, rows: list[tuple[int, int]], at_once: bool) -> None:
    """New slots for those who have none; the profile marks the row that a slot was made for."""
    subject, store = np.array([row[0] for row in rows], np.uint64), np.array([row[1] for row in rows], np.int32)
    found = slots.find_many(subject, store)
    assert found.tolist() == [slots.find(*row) for row in rows]
    if at_once:
        missed = np.flatnonzero(found == NO_CODE)
        first, which = distinct(subject[missed], store[missed])
        new = missed[first]
        found[missed] = slots.add_many(subject[new], store[new], new, new % 2 == 0)[which]
        assert found.tolist() == [slots.find(*row) for row in rows]
        return
    for n, row in enumerate(rows):
        if slots.find(*row) == NO_CODE:
            slots.add(*row, n, n % 2 == 0)


@given(steps)
def test_many_at_once_are_as_one_by_one(steps: list[tuple[list[tuple[int, int]], set[int]]]) -> None:
    at_once, alone = Tracks(4), Tracks(4)
    for rows, leave in steps:
        for slots in (at_once, alone):
            came(slots, rows, slots is at_once)
            slots.last_ns[np.flatnonzero(slots.store[: slots.size] != NO_CODE)] = 7
            gone = [slot for slot in leave if slot < slots.size and slots.store[slot] != NO_CODE]
            slots.remove(np.array(gone, np.intp))
        assert dict(at_once.parts()) == dict(alone.parts())
        assert len(at_once.first) == len(alone.first)
        for subject in {pair[0] for pair in rows}:
            assert list(at_once.chain(subject)) == list(alone.chain(subject))


def test_a_second_track_is_out_of_order_and_a_slot_used_again_has_nothing_of_its_last_one() -> None:
    slots = Tracks()
    first, second = slots.add(5, 1, 2, True), slots.add(5, 1, 2, True)
    assert [bool(slots.out_of_order[slot]) for slot in (first, second, slots.add(5, 0, 2, True))] == [False, True, False]
    for name in Tracks.COLUMNS.keys() - {"next"}:
        getattr(slots, name)[second] = 1
    slots.subject[second], slots.store[second] = 5, 1
    slots.remove(np.array([second]))
    again = slots.add(6, 0, 0, False)
    fresh = slots.add(7, 0, 0, False)
    assert again == second
    for name in Tracks.COLUMNS.keys() - {"subject"}:
        assert getattr(slots, name)[again].tolist() == getattr(slots, name)[fresh].tolist()


def test_slots_that_were_freed_by_an_earlier_release_are_used_again_as_new_ones() -> None:
    """It cleared them when they were used again, not when they were freed."""
    slots = Tracks()
    slot = slots.add(5, 1, 2, True)
    slots.remove(np.array([slot]))
    slots.out_of_order[slot] = slots.last_ns[slot] = 1
    loaded = Tracks.restore(dict(slots.parts()))
    assert loaded.add(6, 0, 0, False) == slot
    assert (loaded.out_of_order[slot], loaded.last_ns[slot]) == (False, 0)


def test_a_lead_that_an_earlier_release_stored_began_when_its_zone_went_ahead() -> None:
    slots = Tracks()
    slot = slots.add(5, 1, 2, True)
    slots.lead_ns[slot] = 7
    parts = {name: part for name, part in slots.parts() if name != "slots.behind_ns"}
    assert Tracks.restore(parts).behind_ns[slot] == 7
