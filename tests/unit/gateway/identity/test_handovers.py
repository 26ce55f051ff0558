"""How an identifier passes from one person to another."""

from __future__ import annotations

import pytest

from tests.support.identity_facts import DAY, T0_NS, at, link, merge, touch, who


def _over(facts: list[object], text: str, *days: float) -> list[str | None]:
    return [who(facts, text, day * DAY) for day in days]  # type: ignore[arg-type] # facts


def test_a_claim_that_states_its_from_ends_the_one_before() -> None:
    assert _over([link("phone:1", "A"), link("phone:1", "B", 100 * DAY)], "phone:1", 99, 100) == ["A", "B"]
    assert _over([link("phone:1", "A", 0, 900 * DAY), link("phone:1", "B", 100 * DAY)], "phone:1", 99, 100) == ["A", "B"]


def test_a_touch_takes_a_number_that_was_not_seen_with_its_fan_for_90_days() -> None:
    facts = [touch(0, "phone:1", fan="A"), touch(50 * DAY, "phone:1", fan="A"), touch(141 * DAY, "phone:1", fan="B")]
    assert _over(facts, "phone:1", 0, 140, 141, 300) == ["A", "A", "B", "B"]


def test_within_90_days_both_hold_and_so_nobody() -> None:
    facts = [touch(0, "phone:1", fan="A"), touch(50 * DAY, "phone:1", fan="A"), touch(139 * DAY, "phone:1", fan="B")]
    assert _over(facts, "phone:1", 0, 140) == [None, None]


@pytest.mark.parametrize(("minutes", "fans"), [(0, [None, None]), (1, ["A", "B"])])
def test_a_number_passes_after_more_than_90_days(minutes: int, fans: list[str | None]) -> None:
    facts = [touch(0, "phone:1", fan="A"), touch(90 * DAY + minutes, "phone:1", fan="B")]
    assert _over(facts, "phone:1", 1, 91) == fans


@pytest.mark.parametrize(("learned", "fan"), [(60, None), (40, "B")])
def test_a_number_does_not_pass_on_within_90_days_after_its_link_was_learned(learned: int, fan: str | None) -> None:
    facts = [link("phone:1", "A", 0, source="touch", learned_ns=at(learned * DAY)), touch(140 * DAY, "phone:1", fan="B")]
    assert _over(facts, "phone:1", 141) == [fan]


@pytest.mark.parametrize(("beside", "passes"), [("member:1", False), ("wx-a:1", True), ("email:1", True)])
def test_a_number_that_was_named_with_a_card_of_its_fan_was_seen_with_the_fan(beside: str, passes: bool) -> None:
    facts = [touch(0, "phone:1", fan="A"), link("member:1", "A"), link("email:1", "A")]
    facts = [*facts, touch(100 * DAY, f"phone:1 {beside}"), touch(150 * DAY, "phone:1", fan="B")]
    assert _over(facts, "phone:1", 160) == ["B" if passes else None]


def test_a_link_without_from_was_made_when_it_was_learned() -> None:
    learned_ns = at(200 * DAY)
    facts = [link("phone:1", "A", learned_ns=T0_NS), link("phone:1", "B", learned_ns=learned_ns)]
    assert _over(facts, "phone:1", 199, 200) == ["A", "B"]
    assert _over([link("phone:1", "A", learned_ns=0), link("phone:1", "B", learned_ns=0)], "phone:1", 199) == [None]


def test_fans_that_are_one_person_do_not_take_from_each_other() -> None:
    facts = [touch(0, "phone:1", fan="A"), touch(200 * DAY, "phone:1", fan="B"), touch(1, "phone:1 wx-a:1")]
    assert _over([*facts, merge("A", "B")], "phone:1", 0, 300) == ["A", "A"]
    assert _over([*facts, merge("A", "B")], "wx-a:1", 300) == ["A"]
    assert _over(facts, "wx-a:1", 100, 300) == ["A", None]


def test_a_number_that_comes_back_is_its_first_fan_s_again() -> None:
    facts = [link("phone:1", "A", 0), link("phone:1", "B", 100 * DAY), link("phone:1", "A", 200 * DAY)]
    assert _over(facts, "phone:1", 50, 150, 250) == ["A", "B", "A"]


def test_a_beacon_passes_with_every_touch_of_another_fan_and_every_stated_from() -> None:
    facts = [touch(0, "nfc:1", fan="A"), touch(5 * DAY, "nfc:1", fan="B"), link("nfc:1", "C", 9 * DAY)]
    assert _over(facts, "nfc:1", -5, 4, 6, 10) == ["A", "A", "B", "C"]


def test_open_links_of_a_beacon_contradict_each_other() -> None:
    assert _over([link("nfc:1", "A"), link("nfc:1", "B")], "nfc:1", 0) == [None]


def test_a_card_does_not_pass() -> None:
    assert _over([link("member:1", "A"), link("member:1", "B", 100 * DAY)], "member:1", 50, 150) == [None, None]
