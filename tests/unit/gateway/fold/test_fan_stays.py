"""Which dwells of a fan's devices count, and as which stays."""

from __future__ import annotations

from gateway.fold.fan_codes import FanCodes
from gateway.fold.fan_stays import STILL_NS, CountedDwell, counted, in_one_place, reach
from gateway.fold.minute_counts import ZONE_COLUMN

S = 10**9
A, B, C = 0, 1, 2


def dwell(who: str, zone: int, from_s: float, to_s: float, is_open: bool = False) -> CountedDwell:
    start_ns, last_ns = round(from_s * S), round(to_s * S)
    return CountedDwell(who, zone, 0, start_ns, "x", start_ns, last_ns, last_ns // (60 * S), is_open, False)


def kept(*dwells: CountedDwell, from_ns: int = 0) -> set[tuple[str, int]]:
    return {(each.subject, each.zone) for each in in_one_place(dwells, from_ns)}


def test_a_dwell_within_one_of_another_device_elsewhere_is_none() -> None:
    long = dwell("ann", A, 0, 60)
    assert kept(long, dwell("ben", B, 20, 50)) == {("ann", A)}
    assert kept(long, dwell("ben", B, 20, 60)) == kept(long, dwell("ben", B, 0, 40)) == {("ann", A)}
    assert kept(long._replace(is_open=True), dwell("ben", B, 70, 90)) == {("ann", A)}


def test_what_overlaps_or_is_of_the_same_device_or_zone_or_goes_on_counts() -> None:
    long = dwell("ann", A, 0, 60)
    for other in (dwell("ben", B, 20, 61), dwell("ben", B, 0, 60), dwell("ann", B, 20, 50), dwell("ben", A, 20, 50)):
        assert kept(long, other) == {("ann", A), (other.subject, other.zone)}
    assert kept(long, dwell("ben", B, 20, 50, is_open=True)) == {("ann", A), ("ben", B)}


def test_minutes_between_an_open_dwell_and_the_next_of_another_device_count_once_it_is_known_to_have_lasted() -> None:
    """Who left an hour ago may not have been settled yet when the other device comes."""
    fans = FanCodes()
    before, after = dwell("ann", A, 0, 60, is_open=True), dwell("ben", A, 600, 660, is_open=True)
    present = {minute for (_, minute, column), amount in counted([before, after], fans) if column == ZONE_COLUMN["present"] and amount}
    assert present == {0, 1, 10, 11}


def test_of_an_earlier_release_all_dwells_count() -> None:
    dwells = dwell("ann", A, 0, 60), dwell("ben", B, 20, 30), dwell("ben", C, 40, 50)
    assert kept(*dwells, from_ns=30 * S) == {("ann", A), ("ben", B)}


def test_a_zone_reaches_as_far_as_its_own_dwells_overlap() -> None:
    dwells = [dwell("ann", A, 0, 60), dwell("ben", A, 50, 90), dwell("ben", B, 90, 120), dwell("ann", A, 120, 130)]
    assert reach(dwells, {A: (10 * S, 20 * S), B: (10 * S, 20 * S)}) == {A: (0, 90 * S), B: (10 * S, 20 * S)}
    assert reach([dwell("ann", A, 0, 60)._replace(is_open=True)], {A: (70 * S, 80 * S)}) == {A: (0, STILL_NS)}
