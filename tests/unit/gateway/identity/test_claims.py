"""Claims of one identifier: which are in force, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gateway.identity.claims import strength_of
from gateway.identity.facts import Fact, Link
from gateway.identity.in_force import NOTHING_BEFORE
from gateway.identity.naming import whom
from gateway.identity.resolve import resolve
from tests.support.identity_facts import DAY, KEY, TYPES, at, consent, link, name, revoke, touch, unlink, who


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


def test_a_link_that_is_revoked_at_its_own_from_never_holds_and_ends_nobody_else_s() -> None:
    facts = [link("phone:1", "A", 0, 300), link("phone:1", "B", 100), unlink("phone:1", "B", 100)]
    assert [who(facts, "phone:1", minute) for minute in (50, 150, 350)] == ["A", "A", None]
    assert who([*facts, link("phone:1", "B", 101)], "phone:1", 150) == "B"
    assert who([touch(100, "member:1", fan="A"), unlink("member:1", "A", 100)], "member:1", 150) == "A"


def test_a_revoke_before_all_that_its_fan_has_ends_nothing_and_is_listed() -> None:
    early, late = unlink("member:1", "A", 50), unlink("member:1", "A", 200)
    made = resolve([link("member:1", "A", 100), early, late], TYPES, KEY)
    assert made.refused == [(early, NOTHING_BEFORE)]
    assert resolve([early], TYPES, KEY).refused == []


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


def test_a_link_is_seen_when_it_was_learned_if_that_lies_in_its_span() -> None:
    learned = {day: link("phone:1", "A", 0, learned_ns=at(day * DAY)) for day in (-1, 1000)}
    assert [who([learned[1000]], "phone:1", day * DAY) for day in (900, 1729, 1731)] == ["A", "A", None]
    assert [who([learned[-1]], "phone:1", day * DAY) for day in (729, 731)] == ["A", None]
    assert who([learned[1000], unlink("phone:1", "A", 900 * DAY), touch(400 * DAY, "phone:1", fan="A")], "phone:1", 800 * DAY) == "A"


def test_what_another_person_does_with_a_number_is_no_sign_of_the_first() -> None:
    facts = [link("phone:1", "A", 0), link("phone:1", "B", 600 * DAY, 650 * DAY, source="inferred"), touch(700 * DAY, "phone:1", fan="B")]
    assert who(facts, "phone:1", 100 * DAY) == "A"


def test_a_span_that_ends_before_it_begins_claims_nothing() -> None:
    assert who([link("member:1", "A", 50, 20)], "member:1", 30) is None


def in_store(store: str, fan: str, start: float, end: float | None = None) -> Link:
    return replace(link("tag:1", fan, start, end), store=store)


def who_in(store: str, facts: Sequence[Fact], minute: float) -> str | None:
    """Return whom the tag means in a store."""
    standing = resolve(facts, TYPES, KEY).standings.get(name("tag:1"))
    return whom(standing.within(store) if standing else None, at(minute))


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

    def test_a_return_at_the_moment_of_the_next_handover_states_the_end_of_what_was_lent_before(self) -> None:
        half_ms = 500_000
        for back_ns, next_ns in ((0, 0), (half_ms, 0), (0, half_ms)):
            back, handed = replace(touch(40, "tag:1"), returned=True), link("tag:1", "B", 40)
            facts = [
                link("tag:1", "A", 0), replace(back, from_ns=back.from_ns + back_ns, to_ns=back.to_ns + back_ns),
                replace(handed, from_ns=handed.from_ns + next_ns),
            ]  # fmt: skip
            standing = resolve(facts, TYPES, KEY).standings[name("tag:1")]
            assert ([span.fan for span in standing.spans], standing.given_back, standing.lent) == (
                ["A", "B"],
                (at(0),),
                (at(40) + next_ns,),
            )

    def test_a_return_of_what_is_not_lent_ends_nothing(self) -> None:
        facts = [link("member:1", "A", 0), replace(touch(40, "member:1"), returned=True)]
        assert who(facts, "member:1", 50) == "A"

    def test_what_a_store_calls_by_a_name_is_its_own_and_what_states_no_store_may_be_any(self) -> None:
        facts = [in_store("s1", "A", 0), in_store("s2", "B", 50, 90), link("tag:1", "C", 100)]
        want = {"s1": ["A", "A", "C"], "s2": [None, "B", "C"], "s3": [None, None, "C"]}
        assert {store: [who_in(store, facts, minute) for minute in (20, 60, 120)] for store in want} == want
        standing = resolve(facts, TYPES, KEY).standings[name("tag:1")]
        assert [each.store for each in standing.in_stores] == ["s1", "s2"]
        assert (standing.lent, standing.within("s1").lent, standing.within("s2").given_back) == ((at(100),), (at(0), at(100)), (at(50),))

    def test_a_touch_hands_over_and_gives_back_what_its_own_store_calls_so_and_elsewhere_what_any_does(self) -> None:
        facts = [in_store("s1", "A", 0), in_store("s2", "B", 0)]
        handed, back = replace(touch(50, "tag:1", fan="C"), store="s1"), replace(touch(50, "tag:1"), returned=True, store="s1")
        assert [who_in(store, [*facts, handed], 60) for store in ("s1", "s2", "s3")] == ["C", "B", None]
        assert [who_in(store, [*facts, back], 60) for store in ("s1", "s2", "s3")] == [None, "B", None]
        for other in (replace(handed, store="web"), replace(handed, store="")):
            assert [who_in(store, [*facts, other], 60) for store in ("s1", "s2", "s3")] == ["C", "C", "C"]

    def test_two_handovers_at_once_in_two_stores_contradict_nothing(self) -> None:
        facts = [in_store("s1", "A", 0), in_store("s2", "B", 0)]
        assert [who_in(store, facts, 20) for store in ("s1", "s2", "s3")] == ["A", "B", None]
        contest = [*facts, in_store("s2", "C", 0)]
        standing = resolve(contest, TYPES, KEY).standings[name("tag:1")]
        assert [(each.store, each.label) for each in standing.in_stores] == [("s1", ""), ("s2", "shared")]
        assert [who_in(store, contest, 20) for store in ("s1", "s2")] == ["A", None]

    def test_a_store_means_nothing_to_what_is_not_lent(self) -> None:
        assert resolve([replace(link("member:1", "A", 0), store="s1")], TYPES, KEY).standings[name("member:1")].in_stores == ()

    def test_who_states_an_end_of_a_handover_states_it_for_all_who_state_the_handover(self) -> None:
        facts = [link("tag:1", "A", 0), link("tag:1", "A", 0, 40, source="erp")]
        standing = resolve(facts, TYPES, KEY).standings[name("tag:1")]
        assert ([each.to_ns for each in standing.spans], standing.lent, standing.given_back) == ([at(40)], (), (at(0),))

    def test_who_withdrew_consent_and_granted_it_again_was_lent_it_before(self) -> None:
        off, on = (consent("A", granted, minute) for granted, minute in ((False, 20), (True, 40)))
        standing = resolve([link("tag:1", "A", 10), off, on], TYPES, KEY).standings[name("tag:1")]
        assert [(span.fan, standing.lent_since(span)) for span in standing.spans] == [("A", at(10)), ("", at(10)), ("A", at(10))]
        given_back = resolve([link("tag:1", "A", 10, 90), off, on], TYPES, KEY).standings[name("tag:1")]
        assert {given_back.lent_since(span) for span in given_back.spans} == {None}

    def test_two_handovers_at_once_are_nobody_s(self) -> None:
        assert who([link("tag:1", "A", 0), link("tag:1", "B", 0)], "tag:1") is None
