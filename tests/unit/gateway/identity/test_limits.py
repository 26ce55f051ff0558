"""Limits: too many persons of one identifier, too many identifiers beside it."""

from __future__ import annotations

import pytest

from gateway.identity.facts import Fact
from gateway.identity.limits import label_of
from gateway.identity.resolve import resolve
from tests.support.identity_facts import DAY, KEY, TYPES, link, merge, name, same, touch, who


def _label(facts: list[Fact], text: str) -> str:
    standing = resolve(facts, TYPES, KEY).standings.get(name(text))
    return standing.label if standing else ""


@pytest.mark.parametrize(
    ("text", "persons", "label"),
    [
        ("phone", 2, "household"),
        ("phone", 4, "household"),
        ("phone", 5, "shared"),
        ("alipay.a", 2, "household"),
        ("member", 2, "conflict"),
        ("web", 2, "shared"),
        ("phone", 0, "shared"),
    ],
)
def test_the_label_tells_why_it_names_nobody(text: str, persons: int, label: str) -> None:
    assert label_of(TYPES.of(text), persons) == label


def test_what_dissolves_goes_whole_and_what_never_met_it_stays() -> None:
    facts = [link("member:1", "A", 0, 100), link("member:1", "B", 50, 150), link("member:1", "C", 200)]
    assert [who(facts, "member:1", minute) for minute in (10, 70, 120, 250)] == [None, None, None, "C"]
    assert _label([*facts], "member:1") == "conflict"


def test_a_claim_that_a_stronger_source_interrupts_goes_whole_too() -> None:
    facts = [link("member:1", "A"), link("member:1", "B", 20, 40, source="desk"), link("member:1", "C", 50, 60)]
    assert [who(facts, "member:1", minute) for minute in (10, 30, 55, 70)] == [None, "B", None, None]
    assert who([*facts, same("member:1 web:1", 0, 15)], "web:1", 10) != "A"


def test_what_lost_its_claim_is_nobody_s_as_long_as_the_claim_held_whatever_it_is_joined_with() -> None:
    facts: list[Fact] = [link("member:1", "A", 0, 100), link("member:1", "B", 50, 150), link("wx-a:1", "C")]
    facts = [*facts, same("member:1 wx-a:1", 110, 140), same("member:1 wx-a:1", 160, 200)]
    assert [who(facts, "member:1", minute) for minute in (120, 170)] == [None, "C"]


def test_persons_count_and_not_fan_ids() -> None:
    facts: list[Fact] = [touch(0, "phone:1", fan="A"), touch(1, "phone:1", fan="B")]
    assert who(facts, "phone:1") is None
    assert who([*facts, merge("A", "B")], "phone:1") == "A"


def test_the_joins_of_what_is_shared_dissolve_too() -> None:
    facts: list[Fact] = [touch(0, "phone:1 wx-a:1"), touch(1, "phone:1", fan="A")]
    assert who(facts, "wx-a:1") == "A"
    assert who([*facts, touch(2, "phone:1", fan="B")], "wx-a:1") is None


def test_two_may_hold_one_bank_card_but_it_names_neither_while_they_do() -> None:
    facts: list[Fact] = [link("card:1", "A", 0, 100), link("card:1", "B", 50, 150)]
    assert [who(facts, "card:1", minute) for minute in (10, 70, 120)] == ["A", None, "B"]
    assert _label(facts, "card:1") == "household"
    assert who([*facts, link("card:1", "C", 60, 65)], "card:1", 10) is None


def _beside(text: str, others: str, count: int, apart: float = 1) -> list[Fact]:
    return [touch(nth * apart, f"{text} {others}:{nth}") for nth in range(count)]


def test_more_than_five_identifiers_of_one_type_beside_one_are_too_many() -> None:
    assert who([*_beside("phone:1", "member", 5), link("member:0", "A")], "member:4") == "A"
    six = _beside("phone:1", "member", 6)
    assert who([*six, link("member:0", "A")], "member:4") is None
    assert _label(six, "phone:1") == "shared"


def test_a_fan_may_have_more_of_some_types() -> None:
    assert _label(_beside("phone:1", "web", 20), "phone:1") == ""
    assert _label(_beside("phone:1", "web", 21), "phone:1") == "shared"


def test_only_those_at_one_time_count() -> None:
    assert _label(_beside("phone:1", "web", 40, apart=5 * DAY), "phone:1") == ""


def test_a_member_card_may_stand_beside_any_number() -> None:
    assert _label(_beside("member:1", "phone", 9), "member:1") == ""


def test_types_are_counted_apart() -> None:
    assert _label([*_beside("phone:1", "wx-a", 5), *_beside("phone:1", "wx-b", 5)], "phone:1") == ""
