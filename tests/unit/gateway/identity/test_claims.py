"""Claims of one identifier: which are in force, and when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.identity.claims import strength_of
from gateway.identity.facts import Fact
from gateway.identity.resolve import resolve
from tests.support.identity_facts import DAY, KEY, TYPES, at, link, name, revoke, touch, unlink, who


@pytest.mark.parametrize(
    ("source", "strength"),
    [("desk", 3), ("desk.shanghai", 3), ("crm:sap", 2), ("touch", 1), ("inferred-model", 0), ("erp", 2), ("", 2), ("desktop", 2)],
)
def test_the_class_of_a_source_stands_before_its_first_sign(source: str, strength: int) -> None:
    assert strength_of(source) == strength


def test_a_stronger_source_stands_while_it_claims_for_another_fan() -> None:
    facts = [link("member:1", "A"), link("member:1", "B", 20, 40, source="desk")]
    assert [who(facts, "member:1", minute) for minute in (10, 30, 50)] == ["A", "B", "A"]


def test_a_weaker_source_for_the_same_fan_is_in_force_beside_it() -> None:
    facts = [link("member:1", "A", 20, 40, source="desk"), link("member:1", "A", 0, 100, source="inferred")]
    assert [who(facts, "member:1", minute) for minute in (10, 30, 50)] == ["A", "A", "A"]


def test_what_a_limit_dissolves_still_keeps_weaker_sources_out() -> None:
    facts = [link("member:1", "A"), link("member:1", "B"), touch(1, "member:1", fan="C")]
    assert who(facts, "member:1") is None


@pytest.mark.parametrize(
    ("first", "second", "fan"),
    [
        ({"end": 99, "learned_ns": 2}, {"learned_ns": 1}, None),
        ({"end": 99, "learned_ns": 1}, {"learned_ns": 2}, "A"),
        ({"end": 99, "id": "a"}, {"id": "b"}, None),
        ({"end": 99, "source": "crm.other"}, {}, "A"),
        ({"end": 99, "start": 1}, {}, "A"),
    ],
)
def test_a_link_again_replaces_the_one_before_by_what_it_states(
    first: dict[str, object], second: dict[str, object], fan: str | None
) -> None:
    facts: list[Fact] = [link("member:1", "A", **first), link("member:1", "A", **second)]  # type: ignore[arg-type] # of mixed keys
    assert who(facts, "member:1", 150) == fan


def test_a_revoked_link_does_not_replace() -> None:
    facts = [link("member:1", "A", end=99, learned_ns=1), link("member:1", "A", learned_ns=2, id="x"), revoke("x")]
    assert who(facts, "member:1", 150) is None


def test_of_two_revokes_of_one_link_the_earlier_end_counts_in_either_order() -> None:
    facts = [link("member:1", "A"), touch(200, "member:1", fan="B")]
    ends = [unlink("member:1", "A", 50), unlink("member:1", "A", 100)]
    for some in (ends, ends[::-1]):
        assert [who([*facts, *some], "member:1", minute) for minute in (49, 70, 150)] == ["A", "B", "B"]


def test_a_revoke_of_a_link_ends_what_began_before_it_of_any_source_and_of_that_fan_only() -> None:
    facts = [touch(10, "member:1", fan="A"), link("member:1", "A", 0, source="desk"), unlink("member:1", "A", 100)]
    assert [who(facts, "member:1", minute) for minute in (50, 100)] == ["A", None]
    assert who([*facts, unlink("member:1", "B", 20)], "member:1") == "A"
    assert who([*facts, link("member:1", "A", 200)], "member:1", 250) == "A"


def test_a_touch_claims_for_the_default_span_of_the_type() -> None:
    facts = [touch(50 * DAY, "web:1 card:1 member:1", fan="A")]
    assert [who(facts, "web:1", day * DAY) for day in (19, 21, 50)] == [None, "A", "A"]
    assert [who(facts, "card:1", year * 365 * DAY) for year in (-4, -3, 4, 5)] == [None, "A", "A", None]
    assert who(facts, "member:1", -9999 * DAY) == "A"


def test_a_number_that_was_not_seen_for_24_months_is_nobody_s() -> None:
    facts: list[Fact] = [touch(0, "phone:1", fan="A"), touch(700 * DAY, "phone:1"), touch(1400 * DAY, "phone:1 web:1")]
    assert [who(facts, "phone:1", day * DAY) for day in (0, 1400, 2129, 2140)] == ["A", "A", "A", None]
    assert [who([*facts, touch(2500 * DAY, "phone:1")], "phone:1", day * DAY) for day in (2129, 2500)] == ["A", None]
    assert who([touch(0, "phone:1", fan="A"), touch(9, "phone:1", fan="A"), link("phone:1", "A")], "phone:1", 9999 * DAY) == "A"


def test_who_states_an_end_is_not_cut_by_silence() -> None:
    facts = [link("phone:1", "A", 0, 1000 * DAY), link("phone:2", "A", 0)]
    assert [who(facts, text, 900 * DAY) for text in ("phone:1", "phone:2")] == ["A", None]


def test_what_another_person_does_with_a_number_is_no_sign_of_the_first() -> None:
    facts = [link("phone:1", "A", 0), link("phone:1", "B", 600 * DAY, 650 * DAY, source="inferred"), touch(700 * DAY, "phone:1", fan="B")]
    assert who(facts, "phone:1", 100 * DAY) == "A"


def test_a_span_that_ends_before_it_begins_claims_nothing() -> None:
    assert who([link("member:1", "A", 50, 20)], "member:1", 30) is None


class TestLent:
    def test_it_ends_with_the_next_handover_or_the_stated_return(self) -> None:
        facts = [link("tag:1", "A", 0), link("tag:1", "B", 100, 140), link("tag:1", "A", 200)]
        assert [who(facts, "tag:1", minute) for minute in (-1, 50, 120, 150, 250)] == [None, "A", "B", None, "A"]

    def test_spans_whose_end_nobody_stated_are_named_so_that_a_visit_may_end_them(self) -> None:
        facts = [link("tag:1", "A", 0), link("tag:1", "B", 100, 140), link("tag:1", "A", 200), link("tag:1", "C", 300)]
        standing = resolve([*facts, unlink("tag:1", "C", 350)], TYPES, KEY).standings[name("tag:1")]
        assert standing.lent == (at(0), at(200))

    def test_a_revoke_never_prolongs(self) -> None:
        facts = [link("tag:1", "A", 0), link("tag:1", "B", 100, 140), link("tag:1", "A", 200), unlink("tag:1", "A", 250)]
        assert [who(facts, "tag:1", minute) for minute in (50, 120, 150, 220, 260)] == ["A", "B", None, "A", None]

    def test_spans_of_one_fan_stay_apart(self) -> None:
        standing = resolve([link("tag:1", "A", 0), link("tag:1", "A", 100)], TYPES, KEY).standings[name("tag:1")]
        assert [span.from_ns for span in standing.spans] == [at(0), at(100)]

    def test_a_touch_that_returns_it_ends_it_right_after_itself_and_one_of_goods_does_not(self) -> None:
        facts = [link("tag:1", "A", 0), replace(touch(40, "tag:1"), returned=True), link("tag:1", "B", 100), touch(120, "tag:1")]
        assert [who(facts, "tag:1", minute) for minute in (39, 40, 41, 99, 100, 130)] == ["A", "A", None, None, "B", "B"]
        standing = resolve(facts, TYPES, KEY).standings[name("tag:1")]
        assert standing.lent == (at(100),), "a return that somebody recorded needs no visit's end"

    def test_a_return_of_what_is_not_lent_ends_nothing(self) -> None:
        facts = [link("member:1", "A", 0), replace(touch(40, "member:1"), returned=True)]
        assert who(facts, "member:1", 50) == "A"

    def test_the_store_of_a_handover_stands_with_its_span(self) -> None:
        facts = [replace(link("tag:1", "A", 0), store="s1"), link("tag:1", "B", 100), replace(link("member:1", "A", 0), store="s1")]
        assert resolve(facts, TYPES, KEY).standings[name("tag:1")].lent_in == ((at(0), "s1"),)
        assert resolve(facts, TYPES, KEY).standings[name("member:1")].lent_in == (), "what is not lent is the fan's everywhere"

    def test_two_handovers_at_once_are_nobody_s(self) -> None:
        assert who([link("tag:1", "A", 0), link("tag:1", "B", 0)], "tag:1") is None
