"""Persons: which fan ids are one, under which id, and when they may not be named."""

from __future__ import annotations

from itertools import permutations

from gateway.identity.facts import FOR_EVER_NS
from gateway.identity.persons import DISTINCT, STILL_JOINED, persons_of
from tests.support.identity_facts import at, consent, distinct, link, merge, touch


def test_the_fan_that_was_registered_first_stands() -> None:
    merged = merge("A", "B", "C")
    persons = persons_of([merged, touch(9, "member:1", fan="A"), link("member:2", "B", 5), touch(7, "member:3", fan="C")])
    assert {persons.of(fan) for fan in "ABC"} == {"B"}
    assert persons.of("D") == "D"


def test_a_link_without_from_was_always_and_of_two_the_smaller_fact_id_decides() -> None:
    claims = [link("member:1", "A", 0), link("member:2", "B", id="y"), link("member:3", "C", id="x")]
    assert persons_of([*claims, merge("A", "B"), merge("B", "C")]).of("A") == "C"


def test_of_two_registrations_of_one_moment_the_smaller_fact_id_decides_in_every_order() -> None:
    facts = [touch(5, "member:1", fan="A", id="y"), touch(5, "member:2", fan="B", id="x"), merge("A", "B")]
    assert {persons_of(order).of("A") for order in permutations(facts)} == {"B"}


def test_fans_that_never_were_registered_come_last_by_id() -> None:
    assert persons_of([merge("B", "A")]).of("B") == "A"
    assert persons_of([merge("B", "A"), touch(5, "member:1", fan="B")]).of("A") == "B"


def test_a_ring_of_merges_is_one_person() -> None:
    persons = persons_of([merge("A", "B"), merge("B", "C"), merge("C", "A"), touch(0, "member:1", fan="B")])
    assert {persons.of(fan) for fan in "ABC"} == {"B"}


def test_a_merge_of_distinct_fans_is_out_and_others_stay() -> None:
    wrong, right = merge("A", "B", "C"), merge("C", "D")
    persons = persons_of([wrong, right, distinct("B", "A")])
    assert (persons.of("A"), persons.of("D")) == ("A", "C")
    assert persons.refused == [(wrong, DISTINCT)]


def test_distinct_fans_that_others_join_take_out_all_merges_of_their_component() -> None:
    first, second, elsewhere = merge("A", "C"), merge("C", "B"), merge("X", "Y")
    persons = persons_of([first, second, elsewhere, distinct("A", "B")])
    assert [persons.of(fan) for fan in "ABCY"] == ["A", "B", "C", "X"]
    assert persons.refused == [(first, STILL_JOINED), (second, STILL_JOINED)]


def test_a_fan_that_is_distinct_from_itself_says_nothing() -> None:
    assert persons_of([distinct("A", "A"), merge("A", "B")]).of("B") == "A"


def test_consent_is_withdrawn_until_it_is_granted_for_all_fans_of_a_person() -> None:
    facts = [consent("A", False, 30), consent("A", True, 60), consent("B", False, 50), consent("B", True, 70)]
    persons = persons_of([*facts, merge("A", "B")])
    assert persons.withdrawn == {"A": [(at(30), at(70))]}
    assert persons_of(facts).withdrawn == {"A": [(at(30), at(60))], "B": [(at(50), at(70))]}


def test_of_two_consents_of_one_moment_the_withdrawal_counts_whatever_their_ids() -> None:
    for withdrawal_id, grant_id in (("a", "b"), ("b", "a")):
        withdrawal = consent("A", False, 30, id=withdrawal_id, learned_ns=at(40))
        grant = consent("A", True, 30, id=grant_id, learned_ns=at(40))
        assert persons_of([withdrawal, grant]).withdrawn == persons_of([grant, withdrawal]).withdrawn == {"A": [(at(30), FOR_EVER_NS)]}


def test_a_consent_for_something_else_withdraws_nothing() -> None:
    assert persons_of([consent("A", False, 30, purpose="marketing")]).withdrawn == {}


def test_of_consents_at_one_time_the_one_learned_last_holds() -> None:
    facts = [consent("A", True, 30, learned_ns=9), consent("A", False, 30, learned_ns=8)]
    assert persons_of(facts).withdrawn == {}
    assert persons_of([facts[1]]).withdrawn == {"A": [(at(30), FOR_EVER_NS)]}
