"""Which facts of a set count."""

from __future__ import annotations

from itertools import permutations

from gateway.identity.facts_json import content_of
from gateway.identity.in_force import NO_EFFECT, NO_MERGE, REVOKED, SAME_ID, SPLIT, Refused, facts_in_force
from tests.support.identity_facts import link, merge, revoke, split, touch


def test_a_revoke_takes_out_what_it_names_and_waits_for_what_is_not_there() -> None:
    claim, back = link("member:1", "A", id="l"), revoke("l")
    assert facts_in_force([back]) == ([back], [])
    for order in permutations([claim, back]):
        assert facts_in_force(order) == ([back], [Refused(claim, REVOKED)])


def test_a_split_takes_out_a_merge_and_nothing_else() -> None:
    merged, claim = merge("A", "B", id="m"), link("member:1", "A", id="l")
    apart, in_vain = split("m"), split("l")
    found = facts_in_force([merged, claim, apart, in_vain])
    assert found.facts == [claim, apart, in_vain]
    assert found.refused == [Refused(merged, SPLIT), Refused(in_vain, NO_MERGE)]


def test_what_takes_back_cannot_be_taken_back() -> None:
    claim, back, again, apart = link("member:1", "A", id="l"), revoke("l", id="r"), revoke("r"), revoke("s")
    split_of = split("m", id="s")
    found = facts_in_force([claim, back, again, apart, split_of])
    assert found.facts == [back, again, apart, split_of]
    assert [each.rule for each in found.refused] == [REVOKED, NO_EFFECT, NO_EFFECT]


def test_a_voided_touch_is_revoked() -> None:
    registered = touch(1, "member:1", fan="A", id="t")
    assert facts_in_force([registered, revoke("t")]).refused == [Refused(registered, REVOKED)]


def test_of_two_contents_of_one_id_the_same_one_counts_in_every_order() -> None:
    both = [link("member:1", each, id="x") for each in "ABC"]
    kept = {facts_in_force(order).facts[0] for order in permutations(both)}
    assert kept == {min(both, key=content_of)}, "the one whose content has the smallest digest, whatever its fan's name is"
    refused = facts_in_force(both).refused
    assert {each.fact for each in refused} | kept == set(both)
    assert {each.rule for each in refused} == {SAME_ID}


def test_a_fact_that_comes_twice_is_one() -> None:
    claim = link("member:1", "A")
    assert facts_in_force([claim, claim]) == ([claim], [])
