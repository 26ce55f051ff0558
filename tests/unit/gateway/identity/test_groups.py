"""Groups: whom identifiers without a claim inherit."""

from __future__ import annotations

import pytest

from gateway.identity import groups
from gateway.identity.facts import Fact
from gateway.identity.resolve import resolve
from tests.support.identity_facts import DAY, KEY, TYPES, at, consent, link, merge, name, same, touch, who

A: list[Fact] = [link("member:a", "A")]
AB: list[Fact] = [*A, link("member:b", "B")]


def test_who_is_joined_with_a_fan_s_identifier_is_the_fan_over_any_number_of_steps() -> None:
    chain = [touch(nth, f"wx-{nth}:1 wx-{nth + 1}:1") for nth in range(9)]
    assert who([*A, *chain, touch(20, "wx-9:1 member:a")], "wx-0:1") == "A"


def test_a_claim_is_never_overridden_nor_passed_through() -> None:
    facts = [*AB, touch(0, "member:a wx-a:1"), same("member:a member:b")]
    assert [who(facts, each) for each in ("member:a", "member:b", "wx-a:1")] == ["A", "B", "A"]


def test_inheritance_follows_the_moment() -> None:
    facts = [link("member:a", "A", 0, 100), link("member:a", "B", 200), same("member:a wx-a:1")]
    assert [who(facts, "wx-a:1", minute) for minute in (50, 150, 250)] == ["A", "anon", "B"]


def test_two_identifiers_without_a_person_have_a_provisional_fan_and_one_has_none() -> None:
    assert who([touch(0, "wx-a:1 wx-b:1")], "wx-a:1") == "anon"
    assert who([touch(0, "wx-a:1 card:1")], "wx-a:1") is None


def test_a_provisional_fan_keeps_its_id_while_it_grows_by_later_facts() -> None:
    first = touch(0, "wx-a:1 wx-b:1", id="1")
    ids = {resolve(facts, TYPES, KEY).standings[name("wx-a:1")].spans for facts in ([first], [first, touch(1, "wx-b:1 wx-c:1", id="2")])}
    assert len(ids) == 1
    assert resolve([first], TYPES, b"other").standings[name("wx-a:1")].spans not in ids


def test_of_what_lies_between_two_fans_the_weakest_class_dissolves_first() -> None:
    facts = [*AB, touch(0, "member:a wx-a:1"), touch(1, "wx-a:1 web:1"), touch(2, "web:1 member:b"), touch(3, "web:2 wx-a:1")]
    assert [who(facts, each, 3) for each in ("wx-a:1", "web:1", "web:2")] == ["A", None, "A"]


def test_all_of_the_weakest_class_dissolve_at_once() -> None:
    facts = [*AB, touch(0, "member:a wx-a:1"), touch(1, "wx-a:1 web:1"), touch(2, "web:1 web:2"), touch(3, "web:2 member:b")]
    assert [who(facts, each, 3) for each in ("wx-a:1", "web:1", "web:2")] == ["A", None, None]


def test_strong_identifiers_between_two_fans_name_nobody() -> None:
    facts = [*AB, touch(0, "member:a wx-a:1"), touch(1, "wx-a:1 member:b")]
    assert who(facts, "wx-a:1") is None
    assert resolve(facts, TYPES, KEY).standings[name("wx-a:1")].label == "conflict"
    assert who([*facts, merge("A", "B")], "wx-a:1") == "A"


def test_a_number_that_was_named_with_another_fan_s_card_is_a_household_s() -> None:
    facts: list[Fact] = [*AB, touch(0, "phone:1", fan="B")]
    assert who(facts, "phone:1") == "B"
    facts = [*facts, touch(9, "member:a phone:1")]
    assert [who(facts, each) for each in ("phone:1", "member:a", "member:b")] == [None, "A", "B"]
    assert resolve(facts, TYPES, KEY).standings[name("phone:1")].label == "household"


def test_so_is_one_at_the_end_of_a_way_to_another_fan_before_the_stronger_on_it() -> None:
    facts = [*AB, touch(0, "phone:1", fan="B"), touch(1, "phone:1 wx-a:1"), touch(2, "wx-a:1 member:a")]
    assert [who(facts, each) for each in ("phone:1", "wx-a:1")] == [None, "A"]


def test_what_dissolves_loses_its_joins_at_all_times() -> None:
    facts = [*AB, touch(0, "web:1 member:a"), touch(20 * DAY, "web:1 member:b"), touch(200 * DAY, "web:1 member:a")]
    assert [who(facts, "web:1", day * DAY) for day in (-20, 10, 40, 200)] == [None, None, None, "A"]


def test_repeated_logins_cost_what_one_does_and_end_with_the_last() -> None:
    daily: list[Fact] = [touch(day * DAY, "web:1 member:a") for day in range(0, 3000, 5)]
    assert [who([*A, *daily], "web:1", day * DAY) for day in (-31, -29, 1500, 3024, 3030)] == [None, "A", "A", "A", None]


def test_beyond_the_work_that_is_allowed_joins_with_an_end_do_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = [*A, touch(0, "member:a wx-a:1"), *(touch(nth, f"wx-a:1 web:{nth}") for nth in range(6))]
    assert who(facts, "web:3") == "A"
    monkeypatch.setattr(groups, "WORK", 20)
    assert [who(facts, each) for each in ("web:3", "wx-a:1")] == [None, "A"]
    monkeypatch.setattr(groups, "WORK", 0)
    assert who(facts, "wx-a:1") == "A"  # one step for each join is always allowed


def test_withdrawn_consent_is_inherited() -> None:
    facts = [*A, touch(0, "member:a wx-a:1"), consent("A", False, 30)]
    assert [who(facts, "wx-a:1", minute) for minute in (20, 40)] == ["A", ""]
    assert at(30) == resolve(facts, TYPES, KEY).standings[name("wx-a:1")].spans[1].from_ns
