"""What a small truth amounts to, reckoned by hand."""

from __future__ import annotations

from simulators.true_figures import DoorFigures, ZoneFigures, door_figures, occupancy, whole_visits, zone_at, zone_figures
from simulators.truth import Carried, Visit, ZoneStay

S = 10**9
M = 60 * S


def carried(name: str, from_ns: int, to_ns: int) -> Carried:
    return Carried("ibeacon", name, True, from_ns, to_ns)


FIRST = Visit(
    "s", "ann", "fan-1", "", 1 * M, 10 * M, "main", (True, False), (ZoneStay("shelf", 2 * M, 6 * M),),
    (carried("a", M, 10 * M), carried("b", M, 10 * M)), passes=(ZoneStay("entrance", 1 * M, 1 * M + 5 * S),), extra=(1, 1),
)  # fmt: skip
AGAIN = Visit(
    "s", "ann", "fan-1", "", 15 * M, 17 * M, "main", (True, True), (ZoneStay("shelf", 15 * M, 16 * M),), (carried("a", 15 * M, 17 * M),),
    entry=1,
)  # fmt: skip
STAFF = Visit("s", "bob", "", "s0-0", 0, 20 * M, "side", (True, True))


def test_entries_within_the_idle_time_are_one_visit() -> None:
    whole, staff = sorted(whole_visits([AGAIN, STAFF, FIRST], 30 * M), key=lambda visit: visit.person)
    assert (whole.enter_ns, whole.leave_ns, whole.entries, whole.inside_ns) == (1 * M, 17 * M, 2, 11 * M)
    assert (whole.devices, len(whole.stays), whole.fan) == (2, 2, "fan-1")
    assert (staff.entries, staff.staff_id) == (1, "s0-0")


def test_a_longer_absence_makes_two_visits() -> None:
    assert [visit.entries for visit in whole_visits([FIRST, AGAIN], 5 * M)] == [2]
    assert [visit.entries for visit in whole_visits([FIRST, AGAIN], 5 * M - 1)] == [1, 1]


def test_people_of_two_stores_are_not_joined() -> None:
    elsewhere = Visit("t", "ann", "fan-1", "", 15 * M, 17 * M, "main", (True, True))
    assert len(whole_visits([FIRST, elsewhere], 30 * M)) == 2


def test_the_zone_at_a_moment_is_that_of_a_stay_or_a_pass_or_none() -> None:
    assert [zone_at(FIRST, t_ns) for t_ns in (1 * M, 1 * M + 5 * S, 2 * M, 6 * M - 1, 6 * M)] == ["entrance", "", "shelf", "shelf", ""]


def test_stays_and_passes_are_counted_apart() -> None:
    found = zone_figures([FIRST, AGAIN])
    assert found["shelf"] == ZoneFigures(2, 0, 150.0, 222.0)
    assert (found["entrance"].stays, found["entrance"].passes) == (0, 1)


def test_doors_know_people_staff_and_what_was_counted() -> None:
    found = door_figures([FIRST, AGAIN, STAFF], 0, 20 * M)
    assert found["main"] == DoorFigures(entered=2, left=2, counted_in=3, counted_out=2)
    assert found["side"] == DoorFigures(entered=1, staff_entered=1, counted_in=1)


def test_occupancy_is_at_the_end_of_each_minute_without_staff() -> None:
    expected = [1 if 1 <= minute < 10 or 15 <= minute < 17 else 0 for minute in range(1, 21)]
    assert occupancy([FIRST, AGAIN, STAFF], 0, 20 * M) == [int(1 * M < t * M <= 10 * M or 15 * M < t * M <= 17 * M) for t in range(1, 21)]
    assert sum(occupancy([FIRST, AGAIN, STAFF], 0, 20 * M, staff=True)) == sum(expected) + 20
