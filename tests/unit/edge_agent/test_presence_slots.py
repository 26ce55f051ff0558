"""The columns of a zone's slots: which row an identifier has, and when another may have it."""

from __future__ import annotations

from device_profiles.profile import Presence
from edge_agent.levels import ReceiverLimits
from edge_agent.presence import Presences
from edge_agent.presence_slots import Group, PresenceLimits, Reception

S = 1_000_000_000
LIMITS = PresenceLimits.of(Presence(enter_dbm=-80, exit_dbm=-90, tau_s=2, timeout_min_s=5, timeout_max_s=60, stay_s=5, step_db=4, step_s=1))


def group() -> Group:
    return Group("hall", "p", LIMITS, receivers=1, is_mean=False, sku_of=None)


def test_a_slot_is_used_again_once_it_is_freed_and_knows_nothing_of_the_one_before() -> None:
    found = group()
    reception = Reception("r", found, ReceiverLimits())
    slot = found.open("x", 1, 5 * S)
    reception.levels.take(slot, 5 * S, -60.0, LIMITS.level)
    found.gaps[slot], found.present[slot] = 9, True
    found.close(slot)
    assert found.open("y", 2, 6 * S) != slot, "a check of its timeout is still due"
    found.free(slot)
    assert found.open("z", 3, 7 * S) == slot
    assert (found.identifiers[slot], found.subjects[slot], found.last_ns[slot], found.gaps[slot]) == ("z", 3, 7 * S, 0)
    assert not found.present[slot]
    assert found.levels_dbm(slot) == {}


def test_a_receiver_that_hears_for_the_first_time_has_a_level_for_every_slot() -> None:
    found = group()
    slots = [found.open(identifier, 1, 0) for identifier in "abc"]
    late = Reception("r", found, ReceiverLimits())
    assert late.levels.take(slots[2], S, -70.0, LIMITS.level) == -70.0


def test_those_who_come_and_go_take_no_more_slots_than_were_there_at_once() -> None:
    found = Presences([], {"r": "hall"}, {"p": LIMITS}, lambda profile, identifier: 7, max_slots=100)
    heard = []
    for number in range(2_000):
        heard.append(found.hear("r", "p", str(number), number * S, -60))
        found.expire(number * S)
    assert all(heard)
    (taken,) = found._groups.values()
    assert len(taken.identifiers) <= 64
