"""What is stored of people who come back, carry two devices, or never enter: perfect against itself, and worse by what is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulators.stored_rows import StoredDwell, StoredVisit
from simulators.true_figures import WholeVisit
from simulators.truth import Carried, Other, ZoneStay, subject_hex
from simulators.visit_score import VisitFigures, visit_figures

SECRET = b"a brand's secret"
S = 10**9


def carried(name: str, from_s: int = 0, to_s: int = 600) -> Carried:
    return Carried("ibeacon", name, True, from_s * S, to_s * S)


def subject(name: str) -> str:
    return subject_hex(SECRET, "ibeacon", name)


def whole(person: str, *names: str, entries: int = 1, staff_id: str = "") -> WholeVisit:
    stays = (ZoneStay("shelf", 0, 600 * S),)
    return WholeVisit("s", person, person, staff_id, 0, 600 * S, entries, 600 * S, tuple(map(carried, names)), stays)


def visit(name: str, from_s: int = 0, to_s: int = 600, entries: int | None = 1) -> StoredVisit:
    return StoredVisit("s", subject(name), "", False, False, from_s * S, to_s * S, entries)


def dwell(name: str, from_s: int, to_s: int, zone: str = "shelf") -> StoredDwell:
    return StoredDwell("s", zone, subject(name), from_s * S, to_s * S)


VISITORS = [whole("ann", "a1", "a2"), whole("bob", "b", entries=2)]
STAFF = [whole("eve", "e", staff_id="s0-0")]
OTHERS = [Other("s", "tag", "parked", 0, 600 * S, (carried("p"),)), Other("s", "phone", "passing", 0, 9 * S, ())]
RIGHT = [visit("a1"), visit("b", entries=2)]
DWELLS = [dwell("a1", 0, 600), dwell("b", 0, 600)]


def judged(shown: list[StoredVisit] = RIGHT, dwells: list[StoredDwell] = DWELLS) -> VisitFigures:
    return visit_figures(VISITORS, STAFF, OTHERS, shown, dwells, SECRET)


def test_what_is_true_is_perfect() -> None:
    assert judged() == VisitFigures(3, 3, 1, 1, 1, 1, 600.0, 0.0, 1, 0, 0)


def test_a_visit_for_each_device_is_not_one() -> None:
    assert judged([*RIGHT, visit("a2")]).two_devices_once == 0


def test_a_visit_for_each_entry_is_not_one() -> None:
    found = judged([RIGHT[0], visit("b", 0, 200), visit("b", 400, 600)])
    assert (found.returning_once, found.entries_stored, found.entries_true) == (0, 3, 3)


def test_a_visit_that_is_not_stored_counts_for_neither() -> None:
    found = judged(RIGHT[:1])
    assert (found.returning_once, found.entries_true, found.entries_stored) == (0, 1, 1)


def test_entries_are_unknown_where_one_is_not_stored() -> None:
    assert judged([RIGHT[0], replace(RIGHT[1], entries=None)]).entries_stored is None


@pytest.mark.parametrize(("begin", "twice_s"), [(0, 600), (500, 100), (600, 0)])
def test_seconds_that_two_devices_both_dwell_are_twice(begin: int, twice_s: float) -> None:
    found = judged(dwells=[*DWELLS, dwell("a2", begin, 600, zone="till")])
    assert (found.two_devices_s, found.twice_s) == (1200 - begin, twice_s)


def test_visits_of_who_never_entered_and_of_staff_are_named() -> None:
    found = judged([*RIGHT, visit("p"), visit("e")])
    assert (found.outside_true, found.outside_stored, found.staff_as_visitors) == (1, 1, 1)
