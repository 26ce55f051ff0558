"""How changes are scored against a true course."""

from __future__ import annotations

import pytest

from footfall.units import NS_PER_S
from gateway.calibration.scoring import Score, course_of
from gateway.calibration.trials import Change, Lead, Played
from gateway.calibration.walks import LevelRow, Walk

COURSE = course_of(Walk("w", [LevelRow(0, "b", "x", -60)], [(at * NS_PER_S, "a" if at < 10 else "b") for at in range(20)]))


def change(zone: str, from_s: float, decided_s: float) -> Change:
    return Change(zone, round(from_s * NS_PER_S), round(decided_s * NS_PER_S))


def score(changes: list[Change], *leads: Lead) -> Score:
    return COURSE.score(Played(changes, list(leads)))


def test_a_change_counts_from_when_it_is_known_live_from_its_stamp_in_the_end() -> None:
    found = score([change("a", 0, 0), change("b", 10, 13)])
    assert (found.live, found.soon, found.stored, found.wrong_changes) == (17, 19, 20, 0)


def test_a_change_too_many_costs_five_seconds_and_a_return_to_the_same_zone_is_none() -> None:
    plain = score([change("a", 0, 0), change("b", 10, 10)])
    again = score([change("a", 0, 0), change("a", 5, 5), change("b", 10, 10)])
    wrong = score([change("a", 0, 0), change("b", 10, 10), change("a", 19.5, 19.5)])
    assert plain == again
    assert (wrong.wrong_changes, wrong.stored) == (1, 20)
    assert wrong.value == pytest.approx(plain.value - 5 / 19)


def test_confusion_names_the_stored_zone_and_none_before_the_first() -> None:
    assert COURSE.confusion(Played([change("b", 5, 5)])) == {("a", ""): 5, ("a", "b"): 5, ("b", "b"): 10}


def test_a_lead_counts_live_until_it_is_decided_or_over_and_never_for_what_is_stored() -> None:
    changes = [change("a", 0, 0), change("b", 10, 13)]
    lead = Lead("b", 10 * NS_PER_S, 11 * NS_PER_S, 13 * NS_PER_S)
    found = score(changes, lead)
    assert (found.live, found.soon, found.stored) == (19, 20, 20)
    wrong = score(changes[:1], Lead("b", 5 * NS_PER_S, 6 * NS_PER_S, 8 * NS_PER_S))
    assert (wrong.live, wrong.stored) == (8, 10)
