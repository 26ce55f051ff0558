"""What people do has the stated rates, and nothing of it happens in a world that did not ask for it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from edge_agent.sources.source import Crossing
from simulators.paths import Gait
from simulators.people import Crowd, Person
from simulators.plan import shop_of_four
from simulators.world import World

S = 10**9
CROWD = Crowd(arrivals=(100.0,) * 24, exact=True, staff=0, door_miss=0.0, carries=(("beacon", 0.5), ("phone", 0.5)), gait=Gait())


def people(crowd: Crowd, hours: float = 5.0) -> list[Person]:
    return list(World(4, hours, plan=shop_of_four("s"), crowd=crowd).people())


def test_worlds_without_habits_are_those_of_before() -> None:
    """The figures are of the release before habits, gaits, streets and outages existed."""
    world = World(7, hours=0.5)
    windows = list(world.windows())
    assert sum(len(window.t_ns) for window in windows) == 37_833
    assert sum(int(window.rssi_dbm.sum()) for window in windows) == -3_144_525
    assert sum(person.path.to_ns for person in world.people()) // S == 143_732


def test_an_exact_crowd_brings_as_many_as_expected() -> None:
    assert len(people(CROWD)) == 500


def test_who_comes_back_does_so_after_two_to_ten_minutes_with_the_same_things() -> None:
    found = people(replace(CROWD, returning=0.3), hours=6)
    first = {person.name: person for person in found if person.entry == 0}
    again = [person for person in found if person.entry]
    assert 0.2 < len(again) / len(first) < 0.4
    for person in again:
        before = first[person.name]
        assert person.key != before.key
        assert person.fan == before.fan
        assert 120 * S <= person.path.from_ns - before.path.to_ns <= 600 * S
        if person.carries == "beacon":
            assert [d.identifier for d in person.devices] == [d.identifier for d in before.devices]
            assert [d.worn for d in person.devices] == [d.worn for d in before.devices]
        assert all(person.path.from_ns <= d.from_ns < d.to_ns <= person.path.to_ns for d in person.devices)
    assert [p.path.from_ns for p in found] == sorted(p.path.from_ns for p in found)


def test_staff_on_break_are_out_for_five_to_twenty_five_minutes() -> None:
    found = people(Crowd(arrivals=(1.0,) * 12 + (0.0,) * 12, staff=6, breaks_per_hour=2.0, door_miss=0.0), hours=2)
    shifts: dict[str, list[Person]] = {}
    for person in found:
        if person.staff_id:
            shifts.setdefault(person.name, []).append(person)
    assert len(shifts) == 6
    pauses_s = [(b.path.from_ns - a.path.to_ns) / S for parts in shifts.values() for a, b in pairwise(parts)]
    assert pauses_s
    assert all(300 <= pause_s <= 1500 for pause_s in pauses_s)
    assert len({(p.name, p.entry) for parts in shifts.values() for p in parts}) == sum(map(len, shifts.values()))


def crossings(crowd: Crowd) -> tuple[int, int]:
    heard = World(4, 2.5, plan=shop_of_four("s"), crowd=replace(crowd, arrivals=(0.0,) * 10 + (300.0,) + (0.0,) * 13)).heard()
    found = [item for item in heard if isinstance(item, Crossing)]
    return sum(c.entered for c in found), sum(c.left for c in found)


def test_children_are_there_and_counted_half_the_time_and_trolleys_are_not_there_and_counted() -> None:
    bare = replace(CROWD, carries=(("nothing", 1.0),))
    assert crossings(bare) == (300, 300)
    assert crossings(replace(bare, children=1.0, child_seen=1.0)) == (600, 600)
    entered, left = crossings(replace(bare, children=1.0))
    assert 400 < entered < 500
    assert 400 < left < 500
    assert crossings(replace(bare, trolleys=1.0)) == (600, 600)
    assert len(people(replace(bare, children=1.0), hours=1)) == 2 * len(people(replace(bare, trolleys=1.0), hours=1)) == 200


def test_silent_phones_send_a_fifth_of_the_time_and_only_while_they_are_there() -> None:
    phones = [p for p in people(replace(CROWD, silent_phones=1.0)) if p.carries == "phone"]
    sent_ns = sum(device.to_ns - device.from_ns for phone in phones for device in phone.devices)
    there_ns = sum(phone.path.to_ns - phone.path.from_ns for phone in phones)
    assert sent_ns / there_ns == pytest.approx(0.2, abs=0.03)
    assert any(not phone.devices for phone in phones)
    for phone in phones:
        spans = [(d.from_ns, d.to_ns) for d in phone.devices]
        assert spans == sorted(spans)
        assert all(phone.path.from_ns <= a < b <= phone.path.to_ns for a, b in spans)
        assert len({d.number for d in phone.devices}) == len(spans)


def test_shares_of_worn_devices_and_fast_beacons_are_as_stated() -> None:
    found = [device for person in people(replace(CROWD, worn=0.5, fast=0.3)) for device in person.devices[:1]]
    worn = [device.worn for device in found if device.worn is not None]
    assert len(worn) / len(found) == pytest.approx(0.5, abs=0.08)
    assert all(5 <= one.body_db <= 20 and 0 <= one.cloth_db <= 3 for one in worn)
    beacons = [device for device in found if device.profile == "ibeacon"]
    fast = [device.interval_ns for device in beacons if device.interval_ns]
    assert len(fast) / len(beacons) == pytest.approx(0.3, abs=0.08)
    assert set(fast) == {S // 2, S // 5, S // 10}
    assert not any(device.interval_ns for device in found if device.profile != "ibeacon")
